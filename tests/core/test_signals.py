"""Waking loops: nobody takes another's wake-up, and what came while one was at work is not slept through."""

from __future__ import annotations

import asyncio

from shop_core.db.database import Signals

LONG_S = 60.0
AT_ONCE_S = 5.0


async def test_every_loop_that_waits_is_woken() -> None:
    signals = Signals()
    waiting = [
        asyncio.ensure_future(signals.wait("inbox", since=signals.mark("inbox"), at_most_s=LONG_S))
        for _ in range(3)
    ]
    await asyncio.sleep(0)
    signals.set(["inbox"])
    async with asyncio.timeout(AT_ONCE_S):
        await asyncio.gather(*waiting)


async def test_a_loop_at_work_finds_that_it_was_woken_whoever_else_was() -> None:
    signals = Signals()
    mark = signals.mark("inbox")
    other = asyncio.ensure_future(signals.wait("inbox", since=mark, at_most_s=LONG_S))
    await asyncio.sleep(0)
    signals.set(["inbox"])
    async with asyncio.timeout(AT_ONCE_S):
        await other
        await signals.wait("inbox", since=mark, at_most_s=LONG_S)


async def test_what_was_found_already_wakes_nobody() -> None:
    signals = Signals()
    signals.set(["inbox"])
    waiting = asyncio.ensure_future(signals.wait("inbox", since=signals.mark("inbox"), at_most_s=LONG_S))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    waiting.cancel()
    await signals.wait("inbox", since=signals.mark("inbox"), at_most_s=0.01)
