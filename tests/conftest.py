"""What every test has: both databases, no network, Hypothesis by profile. See README.md beside this file."""

import asyncio
import os
import shutil
import sqlite3
import sys
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, TypeVar

import hypothesis
import pytest
import structlog

from tests.network import only_loopback
from tests.postgres import PostgresServer, PostgresUnavailable, delete_all_rows, run_postgres

Result = TypeVar("Result")

IN_CI = bool(os.environ.get("CI"))

# Processes that tests start would compile every module anew, each time: seconds of a processor for each start.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# A log line of a test that breaks something on purpose has its traceback as text. As rich's panels, with every variable of
# every frame, they took a tenth of the processor's time.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)

# Derandomized in CI, so that a run means the same twice; at a desk new examples are welcome. No deadline:
# on a busy machine any one example may be slow.
hypothesis.settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
hypothesis.settings.register_profile("dev", deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if IN_CI else "dev"))


# ---------------------------------------------------------------------- one server for all workers
# Under xdist the controlling process runs the server and tells the workers where it is; without xdist the one
# process there is runs it, once a test asks. Either way who starts it stops it, whatever becomes of a worker.

_running = pytest.StashKey[PostgresServer | str]()


def _server_of_this_run(config: pytest.Config) -> PostgresServer | str:
    """Return the server, started on the first call, or why there is none."""
    if _running not in config.stash:
        cleanup = ExitStack()
        config.add_cleanup(cleanup.close)
        try:
            config.stash[_running] = cleanup.enter_context(run_postgres())
        except PostgresUnavailable as error:
            config.stash[_running] = str(error)
    return config.stash[_running]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of xdist, before it starts, where the server is."""
    server = _server_of_this_run(node.config)
    node.workerinput["postgres"] = (
        server if isinstance(server, str) else {"socket_dir": str(server.socket_dir), "pid": server.pid}
    )


def _server_told_to_this_worker(told: dict[str, Any] | str) -> PostgresServer | str:
    if isinstance(told, str):
        return told
    return PostgresServer(socket_dir=Path(told["socket_dir"]), pid=told["pid"])


@pytest.fixture(scope="session")
def postgres_server(request: pytest.FixtureRequest) -> PostgresServer:
    """A server shared by the whole run; a test that makes databases there gives them names of its own."""
    workerinput = getattr(request.config, "workerinput", None)
    server = (
        _server_of_this_run(request.config)
        if workerinput is None
        else _server_told_to_this_worker(workerinput["postgres"])
    )
    if isinstance(server, PostgresServer):
        return server
    if IN_CI:
        pytest.fail(f"CI tests on PostgreSQL too, but: {server}", pytrace=False)
    pytest.skip(f"no PostgreSQL: {server}")


# ---------------------------------------------------------------------- databases


def _run_apart(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine in a thread of its own: the test's thread may have a running loop already."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, work).result()


def _create_schema(url: str) -> None:
    from shop_core.migrations.upgrade import upgrade  # noqa: PLC0415 - most tests need neither Alembic nor all tables

    _run_apart(upgrade(url))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the newest schema and no rows, made once and copied for each test."""
    template = tmp_path_factory.mktemp("sqlite") / "template.db"
    _create_schema(f"sqlite+aiosqlite:///{template}")
    with closing(sqlite3.connect(template)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return template


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A SQLite database of this test's own: the newest schema, no rows."""
    database = tmp_path / "kapu.db"
    shutil.copyfile(sqlite_template, database)
    return f"sqlite+aiosqlite:///{database}"


@pytest.fixture(scope="session")
def postgresql_database(postgres_server: PostgresServer, request: pytest.FixtureRequest) -> str:
    """The address of this worker's PostgreSQL database: the newest schema, rows of whatever test ran last."""
    worker = getattr(request.config, "workerinput", {"workerid": "alone"})["workerid"]
    url = _run_apart(postgres_server.create_database(f"kapu_{worker}"))
    _create_schema(url)
    return url


@pytest.fixture
def postgresql_url(postgresql_database: str) -> str:
    """A PostgreSQL database with the newest schema and no rows."""
    _run_apart(delete_all_rows(postgresql_database))
    return postgresql_database


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty shop's database: the test runs once on SQLite and once on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


# ---------------------------------------------------------------------- network


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    with only_loopback():
        yield
