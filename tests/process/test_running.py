"""A running shop: probes, stopping in the middle of work, others beside it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bot.outside import Outside
from bot.run import serve
from bot.timing import Timing
from shop_core.invariants.verify import verify
from tests.process.premises import PATIENCE_S, Premises, Running, until
from tests.process.slow_site import SlowSite, a_slow_site

BEGUN = "SELECT count(*) FROM payments WHERE state = 'open'"


async def test_a_shop_that_is_stopped_finishes_what_it_took_and_goes_on_with_the_rest_when_it_opens(
    database_url: str, tmp_path: Path
) -> None:
    async with a_slow_site() as site:
        premises = Premises.lay(tmp_path, database_url, cashier=site.url)
        async with premises.hands() as hands:
            variant = await hands.stock(9)
            async with premises.open() as shop:
                for device in ("d1", "d2", "d3"):
                    await hands.press(device, f"buy/{variant}/1/{hands.key()}")
                await until(lambda: _is_asked(site, 3))
                # Somebody presses again, and the clock's turn comes: both meet work that is under way.
                await hands.press("d1", f"buy/{variant}/1/{hands.key()}")
                await hands.make_payments_due()
                await until(lambda: _is_asked(site, 6))
                shop.ask_to_stop()
                await until(lambda: _has_said(shop, "shop is closing"))
                await hands.press("d4", f"buy/{variant}/1/{hands.key()}")
                assert shop.process.returncode is None
                site.released.set()
                assert await shop.ended() == 0
                assert shop.complaints == []
            letters = await hands.rows("SELECT lane, done_at, attempts, payload FROM inbox ORDER BY id")
            assert [letter["lane"] for letter in letters if letter["done_at"]] == [
                "web:d1",
                "web:d2",
                "web:d3",
            ]
            left = [letter for letter in letters if not letter["done_at"]]
            assert [(letter["lane"], letter["attempts"]) for letter in left] == [("web:d1", 0), ("web:d4", 0)]
            assert all(letter["payload"] for letter in left)
            assert await hands.one(BEGUN) == 3

            async with premises.open() as shop:
                await require_probes(shop)
                await until(hands.all_letters_are_done)
                assert await shop.stop() == 0
                assert shop.complaints == []
                assert shop.said[-1]["event"] == "shop is closed"
            assert await hands.one(BEGUN) == 5
            assert await hands.one("SELECT max(attempts) FROM inbox") == 1


async def test_what_takes_too_long_to_finish_is_handed_back(sqlite_url: str, tmp_path: Path) -> None:
    """The same in this process, with less patience than an operator has."""
    async with a_slow_site() as site:
        premises = Premises.lay(tmp_path, sqlite_url, cashier=site.url)
        outside = Outside(timing=Timing(lease=timedelta(minutes=5), drain_s=0.1))
        async with premises.hands() as hands:
            variant = await hands.stock(3)
            await hands.press("d1", f"buy/{variant}/1/{hands.key()}")
            stop = asyncio.Event()
            serving = asyncio.create_task(serve(premises.config(), outside, stop=stop))
            await until(lambda: _is_asked(site, 1))
            await hands.make_payments_due()
            await until(lambda: _is_asked(site, 2))
            stop.set()
            async with asyncio.timeout(PATIENCE_S):
                await serving
            [letter] = await hands.rows("SELECT done_at, payload, attempts FROM inbox")
            assert (letter["done_at"], letter["attempts"]) == (None, 1)
            assert letter["payload"]
            assert await hands.rows("SELECT lane FROM lanes WHERE token IS NOT NULL") == [], (
                "nobody has to wait"
            )

            site.released.set()
            stop.clear()
            patient = replace(outside, timing=Timing())
            serving = asyncio.create_task(serve(premises.config(), patient, stop=stop))
            await until(hands.all_letters_are_done)
            stop.set()
            async with asyncio.timeout(PATIENCE_S):
                await serving
            assert await hands.one("SELECT count(*) FROM orders") == 1, "the same press, the same order"
            assert await hands.one(BEGUN) == 1


async def test_somebody_else_writes_to_the_same_file_while_the_shop_sells(
    sqlite_url: str, tmp_path: Path
) -> None:
    premises = Premises.lay(tmp_path, sqlite_url)
    async with premises.hands() as hands, premises.open() as shop:
        variant = await hands.stock(20)

        async def import_more() -> int:
            batches = [[f"MORE-{batch}-{number}" for number in range(100)] for batch in range(10)]
            return sum([await hands.import_codes(variant, batch) for batch in batches])

        async def buy() -> None:
            for number in range(20):
                await hands.press(f"d{number}", f"buy/{variant}/1/{hands.key()}")

        added, _ = await asyncio.gather(import_more(), buy())
        await until(hands.all_letters_are_done)
        assert added == 1000
        cards = await hands.rows("SELECT state, count(*) AS number FROM cards GROUP BY state")
        assert {row["state"]: row["number"] for row in cards} == {"available": 1000, "held": 20}
        assert await hands.shop.read(verify) == []
        assert await shop.stop() == 0
        assert shop.complaints == []


async def require_probes(shop: Running) -> None:
    """What a supervisor, a monitor and a buyer's browser ask first."""
    assert (await shop.get("/healthz")).json() == {"status": "ok"}
    ready = await shop.get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    assert "kapu_letters_handled" in (await shop.get("/metrics")).text
    assert (await shop.get("/chat")).status_code == 200


async def _is_asked(site: SlowSite, times: int) -> bool:
    return site.asked >= times


async def _has_said(shop: Running, event: str) -> bool:
    return any(said["event"] == event for said in shop.said)
