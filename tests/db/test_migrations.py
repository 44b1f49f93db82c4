"""Migrations: the newest revision is what the models say, on both databases, and no row is lost."""

import asyncio
import os
import shutil
import sys
from asyncio.subprocess import PIPE
from collections.abc import Callable, Coroutine
from contextlib import closing
from pathlib import Path
from textwrap import dedent
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Connection, create_engine, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shop_core.customers.models import Identity, Person
from shop_core.db.connect import BadDatabaseUrl
from shop_core.kernel.clock import SystemClock
from shop_core.migrations import upgrade as upgrading
from shop_core.migrations.draft import draft
from shop_core.migrations.drift import compare
from shop_core.migrations.upgrade import BrokenReferences, DatabaseIsNewer, find_drift, is_current, upgrade
from shop_core.tables import METADATA
from tests.postgres import PostgresServer

ROOT = Path(__file__).parents[2]
REVISIONS = sorted(path.name[:4] for path in (ROOT / "shop_core/migrations/versions").glob("[0-9]*.py"))
NEWEST = REVISIONS[-1]
NEXT = f"{int(NEWEST) + 1:04}"

CHANGE_PEOPLE = """
    import sqlalchemy as sa
    from alembic import op

    revision, down_revision = NEXT, NEWEST

    def upgrade() -> None:
        with op.batch_alter_table("people") as people:
            people.add_column(sa.Column("nickname", sa.String(20), nullable=False, server_default="-"))
            people.alter_column("name", type_=sa.String(200), existing_nullable=False)
            people.create_check_constraint(op.f("ck_people_named"), "name <> ''")
"""
FAIL_HALFWAY = """
    import sqlalchemy as sa
    from alembic import op

    revision, down_revision = NEXT, NEWEST

    def upgrade() -> None:
        op.create_table("half", sa.Column("id", sa.Integer()))
        op.execute("DELETE FROM identities")
        op.execute("SELECT * FROM no_such_table")
"""
ORPHAN_IDENTITIES = """
    from alembic import op

    revision, down_revision = NEXT, NEWEST

    def upgrade() -> None:
        op.execute("DELETE FROM people")
"""


async def with_connection(url: str, work: Callable[[Connection], Any]) -> Any:
    engine: AsyncEngine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
async def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database that no migration has seen."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'new.db'}"
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return await server.create_database(f"migrated_{os.getpid()}_{abs(hash(request.node.name))}")


@pytest.fixture
def a_second_revision(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Puts a copy of the migrations in their place, with one more after the newest."""

    def add(source: str) -> None:
        copied = shutil.copytree(upgrading._HERE, tmp_path / "migrations")
        numbers = f"NEXT, NEWEST = {NEXT!r}, {NEWEST!r}\n"
        (copied / "versions" / f"{NEXT}_second.py").write_text(numbers + dedent(source))
        monkeypatch.setattr(upgrading, "_HERE", copied)

    return add


def add_a_customer(connection: Connection) -> None:
    now = SystemClock().now()
    person = connection.execute(
        insert(Person).values(name="小明", language="zh", since=now).returning(Person.id)
    )
    connection.execute(
        insert(Identity).values(person_id=person.scalar_one(), channel="telegram", external_id="52900000001")
    )


def customers(connection: Connection) -> list[tuple[str, str]]:
    joined = select(Person.name, Identity.external_id).join(Identity, Identity.person_id == Person.id)
    return [(row.name, row.external_id) for row in connection.execute(joined)]


# --------------------------------------------------------------------------------------- the newest revision


def test_the_migrations_make_what_the_models_say() -> None:
    assert find_drift() == []


@pytest.mark.postgresql
async def test_the_migrations_make_what_the_models_say_on_postgresql(postgres_server: PostgresServer) -> None:
    migrated = await postgres_server.create_database(f"drift_migrated_{os.getpid()}")
    modelled = await postgres_server.create_database(f"drift_modelled_{os.getpid()}")
    await upgrade(migrated)
    await with_connection(modelled, METADATA.create_all)
    assert await definitions(migrated) == await definitions(modelled)


async def definitions(url: str) -> set[tuple[str, ...]]:
    """Columns, constraints and indexes as PostgreSQL itself prints them."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        rows = await connection.fetch("""
            SELECT table_name, column_name, data_type, character_maximum_length::text,
                   is_nullable, column_default
              FROM information_schema.columns WHERE table_schema = 'public'
            UNION ALL
            SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', '', ''
              FROM pg_constraint WHERE connamespace = 'public'::regnamespace
            UNION ALL
            SELECT tablename, indexname, indexdef, '', '', '' FROM pg_indexes WHERE schemaname = 'public'
        """)
    finally:
        await connection.close()
    return {tuple(row) for row in rows if "alembic_version" not in row["table_name"]}


def test_drift_of_every_kind_is_told(sqlite_url: str) -> None:
    with (
        create_engine(sqlite_url.replace("+aiosqlite", "")).connect() as migrated,
        create_engine("sqlite://").connect() as modelled,
    ):
        for statement in (
            "DROP TABLE exposures",
            "CREATE TABLE visitors (id INTEGER PRIMARY KEY)",
            "ALTER TABLE people ADD COLUMN nickname TEXT",
            "ALTER TABLE reveals RENAME COLUMN by TO seen_by",
            "DROP INDEX ix_audit_log_at",
            "DROP INDEX ix_cards_shelf",
            """CREATE INDEX ix_cards_shelf ON cards (variant_id, expires_on, batch_id, place)
               WHERE state = 'held'""",
            "DROP TABLE ledger_balances",
            """CREATE TABLE ledger_balances (account VARCHAR(80) NOT NULL PRIMARY KEY,
               currency VARCHAR(3) NOT NULL, amount_minor VARCHAR(9) NOT NULL)""",
        ):
            migrated.execute(text(statement))
        assert compare(migrated, modelled) == [
            "add column reveals.by",
            "add index audit_log.ix_audit_log_at",
            "add index exposures.ix_exposures_product_at",
            "add table exposures",
            "check ck_ledger_balances_not_negative: missing",
            "condition of ix_cards_shelf: state = 'held' → state = 'available'",
            "modify type of ledger_balances.amount_minor: VARCHAR(9) → BIGINT",
            "remove column people.nickname",
            "remove column reveals.seen_by",
            "remove table visitors",
        ]


# -------------------------------------------------------------------------------------------------- applying


async def test_a_new_database_becomes_current(new_url: str) -> None:
    assert not await is_current(new_url)
    assert await upgrade(new_url) == REVISIONS
    assert await is_current(new_url)


async def test_upgrading_twice_applies_nothing_and_keeps_every_row(new_url: str) -> None:
    await upgrade(new_url)
    await with_connection(new_url, add_a_customer)
    assert await upgrade(new_url) == []
    assert await with_connection(new_url, customers) == [("小明", "52900000001")]


async def test_rows_and_what_points_at_them_survive_a_change_of_their_table(
    new_url: str, a_second_revision: Callable[[str], None]
) -> None:
    await upgrade(new_url)
    await with_connection(new_url, add_a_customer)
    a_second_revision(CHANGE_PEOPLE)
    assert not await is_current(new_url)
    assert await upgrade(new_url) == [NEXT]
    assert await with_connection(new_url, customers) == [("小明", "52900000001")]
    nicknames = await with_connection(
        new_url, lambda c: c.execute(text("SELECT nickname FROM people")).scalars().all()
    )
    assert nicknames == ["-"]


async def test_a_migration_that_fails_halfway_leaves_nothing_behind(
    new_url: str, a_second_revision: Callable[[str], None]
) -> None:
    await upgrade(new_url)
    await with_connection(new_url, add_a_customer)
    a_second_revision(FAIL_HALFWAY)
    with pytest.raises(DBAPIError, match="no_such_table"):
        await upgrade(new_url)
    assert await with_connection(new_url, customers) == [("小明", "52900000001")]
    with pytest.raises(DBAPIError, match="half"):
        await with_connection(new_url, lambda c: c.execute(text("SELECT * FROM half")))


async def test_a_migration_that_leaves_orphans_is_undone(
    new_url: str, a_second_revision: Callable[[str], None]
) -> None:
    await upgrade(new_url)
    await with_connection(new_url, add_a_customer)
    a_second_revision(ORPHAN_IDENTITIES)
    with pytest.raises((BrokenReferences, DBAPIError), match="identities"):
        await upgrade(new_url)
    assert await with_connection(new_url, customers) == [("小明", "52900000001")]


async def test_a_database_of_a_newer_program_is_refused(new_url: str) -> None:
    await upgrade(new_url)
    await with_connection(
        new_url, lambda c: c.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    )
    assert not await is_current(new_url)
    with pytest.raises(DatabaseIsNewer, match="9999"):
        await upgrade(new_url)


async def test_several_processes_may_upgrade_at_once(new_url: str) -> None:
    program = (
        "import asyncio, sys\n"
        "from shop_core.migrations.upgrade import upgrade\n"
        "print(asyncio.run(upgrade(sys.argv[1])))"
    )
    command = [sys.executable, "-W", "error", "-c", program, new_url]
    processes = [
        await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=PIPE, stderr=PIPE) for _ in range(3)
    ]
    said = await asyncio.gather(*(process.communicate() for process in processes))
    assert sorted(said) == sorted([(f"{REVISIONS}\n".encode(), b""), (b"[]\n", b""), (b"[]\n", b"")])
    assert await is_current(new_url)


async def test_two_upgrades_in_one_process_go_one_after_the_other(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    both: list[Coroutine[Any, Any, list[str]]] = [upgrade(url), upgrade(url)]
    assert sorted(await asyncio.gather(*both)) == [[], REVISIONS]


# ---------------------------------------------------------------------------------------------------- around


async def test_asking_makes_no_file(tmp_path: Path) -> None:
    assert not await is_current(f"sqlite:///{tmp_path / 'none.db'}")
    assert not (tmp_path / "none.db").exists()


async def test_a_database_in_memory_is_refused() -> None:
    with pytest.raises(BadDatabaseUrl):
        await upgrade("sqlite://")


async def test_the_sqlite_file_is_left_in_wal_mode(tmp_path: Path) -> None:
    await upgrade(f"sqlite:///{tmp_path / 'shop.db'}")
    with closing(create_engine(f"sqlite:///{tmp_path / 'shop.db'}").raw_connection()) as connection:
        assert connection.cursor().execute("PRAGMA journal_mode").fetchone() == ("wal",)


async def test_nothing_is_printed_and_no_logger_is_touched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await upgrade(f"sqlite:///{tmp_path / 'shop.db'}")
    find_drift()
    assert capsys.readouterr() == ("", "")


def test_a_draft_is_numbered_and_teaches(
    a_second_revision: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    a_second_revision("revision, down_revision = NEXT, NEWEST\ndef upgrade(): pass")
    written = draft("Add coupons")
    assert written.name == f"{int(NEXT) + 1:04}_add_coupons.py"
    assert "batch_alter_table" in written.read_text()
    assert f'down_revision: Final = "{NEXT}"' in written.read_text()
    compile(written.read_text(), written.name, "exec")
    capsys.readouterr()
