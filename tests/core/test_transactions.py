"""How a transaction runs: whole or not at all, answered after the commit, on either database."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import event, insert, make_url, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.util import await_only

from shop_core.conversations.models import UsedKey
from shop_core.db.base import table_of
from shop_core.db.connect import BadDatabaseUrl, backend_of
from shop_core.db.tx import Tx, View
from shop_core.kernel.errors import ShopError
from tests.core.builders import Market, a_market


def note(tx: Tx, key: str, *, then: Exception | None = None) -> str:
    """Write one row, and perhaps think better of it."""
    tx.execute(insert(table_of(UsedKey)), {"person_id": 1, "key": key, "result": 1, "used_at": tx.now})
    if then is not None:
        raise then
    return key


async def notes(market: Market) -> set[str]:
    return {row["key"] for row in await market.rows("SELECT key FROM used_keys")}


@pytest_asyncio.fixture
async def market(database_url: str) -> AsyncIterator[Market]:
    """Its rows are no trade, so they are taken away before the books are verified."""
    async with a_market(database_url) as made:
        yield made
        await made.sql("DELETE FROM used_keys")


@pytest_asyncio.fixture
async def on_sqlite(sqlite_url: str) -> AsyncIterator[Market]:
    async with a_market(sqlite_url) as made:
        yield made
        await made.sql("DELETE FROM used_keys")


async def test_a_refusal_leaves_nothing_behind(market: Market) -> None:
    with pytest.raises(ShopError):
        await market.shop.write(note, "a", then=ShopError())
    assert await notes(market) == set()


async def test_of_many_at_once_each_keeps_or_loses_only_its_own(market: Market) -> None:
    works = [market.shop.write(note, f"k{n}", then=ShopError() if n % 3 else None) for n in range(30)]
    answers = await asyncio.gather(*works, return_exceptions=True)
    kept = {answer for answer in answers if isinstance(answer, str)}
    assert kept == await notes(market) == {f"k{n}" for n in range(0, 30, 3)}


async def test_a_broken_rule_of_the_database_undoes_one_body_only(market: Market) -> None:
    works = [market.shop.write(note, key) for key in ("a", "b", "a", "c")]
    answers = await asyncio.gather(*works, return_exceptions=True)
    assert [isinstance(answer, IntegrityError) for answer in answers].count(True) == 1
    assert await notes(market) == {"a", "b", "c"}


async def test_a_reader_cannot_write(market: Market) -> None:
    def sneak(view: View) -> None:
        view.execute(text("DELETE FROM people"))

    with pytest.raises(DBAPIError):
        await market.shop.read(sneak)


async def test_an_answer_comes_only_when_others_can_see_it(market: Market) -> None:
    for number in range(5):
        key = await market.shop.write(note, f"k{number}")
        assert key in await notes(market)


def _commits(market: Market) -> list[int]:
    commits: list[int] = []
    event.listen(market.shop.database.sync_engines()[0], "commit", lambda _conn: commits.append(1))
    return commits


async def test_those_who_wait_together_share_a_commit(on_sqlite: Market) -> None:
    await on_sqlite.shop.write(note, "first")
    commits = _commits(on_sqlite)
    await asyncio.gather(*(on_sqlite.shop.write(note, f"k{n}") for n in range(40)))
    assert len(commits) < 10
    assert len(await notes(on_sqlite)) == 41


async def test_when_the_commit_fails_nobody_is_told_that_his_work_was_kept(on_sqlite: Market) -> None:
    def promise(tx: Tx) -> None:
        """Write a row whose reference is only looked at by COMMIT, which therefore fails."""
        tx.execute(text("PRAGMA defer_foreign_keys = ON"))
        tx.execute(
            text("INSERT INTO identities (person_id, channel, external_id) VALUES (123456, 'web', 'x')")
        )

    works = [on_sqlite.shop.write(note, f"k{n}") for n in range(5)]
    answers = await asyncio.gather(*works, on_sqlite.shop.write(promise), return_exceptions=True)
    assert all(isinstance(answer, IntegrityError) for answer in answers)
    assert await notes(on_sqlite) == set()
    assert await on_sqlite.shop.write(note, "after") == "after", "and the writer goes on"


async def test_a_body_nobody_waits_for_any_more_is_done_all_the_same(on_sqlite: Market) -> None:
    waiting = asyncio.ensure_future(on_sqlite.shop.write(note, "a"))
    await asyncio.sleep(0)
    waiting.cancel()
    await on_sqlite.shop.write(note, "b")
    assert await notes(on_sqlite) == {"a", "b"}


async def test_the_shell_beside_a_running_shop_waits_its_turn(on_sqlite: Market, sqlite_url: str) -> None:
    path = Path(str(make_url(sqlite_url).database))
    await on_sqlite.shop.write(note, "shop")
    with closing(sqlite3.connect(path, isolation_level=None)) as shell:
        shell.execute("BEGIN IMMEDIATE")
        shell.execute("INSERT INTO used_keys (person_id, key, result, used_at) VALUES (1, 'shell', 1, 0)")
        waiting = asyncio.ensure_future(on_sqlite.shop.write(note, "waits"))
        assert await notes(on_sqlite) == {"shop"}, "readers do not wait"
        assert not waiting.done()
        shell.execute("COMMIT")
    await waiting
    assert await notes(on_sqlite) == {"shop", "shell", "waits"}


async def test_closing_finishes_what_was_taken(sqlite_url: str) -> None:
    async with a_market(sqlite_url) as market:
        works = [asyncio.ensure_future(market.shop.write(note, f"k{n}")) for n in range(20)]
        await asyncio.sleep(0)
        await market.shop.database.close()
        assert {await work for work in works} == {f"k{n}" for n in range(20)}
        await market.sql("DELETE FROM used_keys")


@pytest.mark.postgresql
async def test_two_bodies_in_each_others_way_both_get_through(postgresql_url: str) -> None:
    async with a_market(postgresql_url) as market:
        one, other = [(await market.a_customer()).person_id for _ in range(2)]
        met = asyncio.Barrier(2)
        runs = 0

        def lock_both(tx: Tx, first: int, second: int) -> str:
            nonlocal runs
            runs += 1
            lock = text("UPDATE people SET name = name WHERE id = :id")
            tx.execute(lock, {"id": first})
            if runs <= 2:
                await_both(met)
            tx.execute(lock, {"id": second})
            return "through"

        answers = await asyncio.gather(
            market.shop.write(lock_both, one, other), market.shop.write(lock_both, other, one)
        )
        assert list(answers) == ["through", "through"]
        assert runs == 3


def await_both(barrier: asyncio.Barrier) -> None:
    """Wait inside a body, which only a test may: PostgreSQL's bodies run in a greenlet of the event loop."""
    await_only(barrier.wait())


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite://", "sqlite:///:memory:", "nonsense", ""])
def test_only_a_file_or_a_server_is_a_database(url: str) -> None:
    with pytest.raises(BadDatabaseUrl):
        backend_of(url)
