"""Two processes on one PostgreSQL: the clock's work is done by one of them, people's letters by either, each once."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from bot.commands.admin import Terminal
from shop_core.invariants.verify import verify
from tests.process.premises import Premises, Running, until

pytestmark = pytest.mark.postgresql

PEOPLE: Final = 50
PURGED: Final = 'kapu_job_seconds_count{job="purge"}'


async def test_two_processes_share_the_work_and_nothing_is_done_twice(
    postgresql_url: str, tmp_path: Path
) -> None:
    premises = Premises.lay(tmp_path, postgresql_url)
    async with premises.hands() as hands:
        variant = await hands.stock(3 * PEOPLE)
        async with premises.open() as one, premises.open() as other:
            await until(lambda: _leaders(one, other))
            [leader] = await _leaders(one, other)
            for person in range(PEOPLE):
                # The "2" is a quantity only if it is read right after the question and before the other press.
                await hands.press(f"d{person}", f"n/{variant}/{hands.key()}")
                await hands.say(f"d{person}", "2")
                await hands.press(f"d{person}", f"buy/{variant}/1/{hands.key()}")
            await until(hands.all_letters_are_done)

            letters = await hands.rows("SELECT id, lane, done_at, attempts FROM inbox ORDER BY id")
            assert {letter["attempts"] for letter in letters} == {1}
            for person in range(PEOPLE):
                done = [letter["done_at"] for letter in letters if letter["lane"] == f"web:d{person}"]
                assert len(done) == 3
                assert done == sorted(done)
            ordered = await hands.rows(
                "SELECT orders.external_id AS device, quantity FROM orders"
                " JOIN order_lines ON order_lines.order_id = orders.id ORDER BY orders.id"
            )
            for person in range(PEOPLE):
                assert [row["quantity"] for row in ordered if row["device"] == f"d{person}"] == [2, 1]
            assert len(ordered) == 2 * PEOPLE

            figures = [await shop.figures() for shop in (one, other)]
            handled = [
                figure['kapu_letters_handled_total{channel="web",outcome="done"}'] for figure in figures
            ]
            assert sum(handled) == 3 * PEOPLE
            assert all(handled), "both had a hand in it"
            assert await _leaders(one, other) == [leader], "one ticks"

            # Once an hour, unless somebody wants it now: pressed in a third process, run where the lease is.
            await until(lambda: hands.rows("SELECT name FROM jobs WHERE name = 'purge'"))
            await Terminal(hands.shop, "zh").run(["job", "run", "purge"])
            await until(lambda: hands.rows("SELECT name FROM jobs WHERE name = 'purge' AND ended_at > 0"))
            ran = [(await shop.figures()).get(PURGED, 0) for shop in (leader, one, other)]
            assert (ran[0], sum(ran[1:])) == (1, 1)
            assert await hands.rows("SELECT name FROM jobs WHERE wanted_at IS NOT NULL") == []

            assert await leader.stop() == 0
            heir = other if leader is one else one
            await until(lambda: _leaders(heir))
            assert await heir.stop() == 0
            assert [*one.complaints, *other.complaints] == []
        assert await hands.shop.read(verify) == []


async def _leaders(*shops: Running) -> list[Running]:
    """Those that have done work which only one may do."""
    figures = [(shop, await shop.figures()) for shop in shops]
    return [shop for shop, figure in figures if figure.get('kapu_job_seconds_count{job="expire_orders"}')]
