"""Journeys in Telegram, from start to code, every update and every answer over HTTP, beside a bare bot's."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.bare_bot import BareBot, Said, Sent
from benchmarks.figures import Round, Summary, print_figure, print_progress
from benchmarks.premises import (
    BARE_BOT,
    FIRST_PERSON,
    MOST_PEOPLE,
    PRODUCT,
    OpenShop,
    open_for_telegram,
    until_quiet,
)
from shop_core.db.connect import backend_of
from tests.standins.telegram import Call

WALKERS: Final = (1, MOST_PEOPLE)
STEPS: Final = (PRODUCT, "买 1 张", "用余额支付", "查看卡密")
"""The buttons after the start."""


@dataclass(frozen=True, slots=True)
class Outing:
    """How long is walked: ``rounds`` of ``round_s`` seconds each with the shop and with the bare bot."""

    rounds: int
    round_s: float
    codes: int


@dataclass(frozen=True, slots=True)
class Walked:
    """A round, and how often which method was called in it."""

    round: Round
    calls: dict[str, int]


async def measure_journeys(url: str, folder: Path, outing: Outing) -> None:
    """Measure an empty database's shop, which polls."""
    database = backend_of(url)
    print_progress(f"{database}: journeys")
    async with open_for_telegram(url, folder, codes=outing.codes) as opened:
        journey = await record(opened)
        bare = asyncio.create_task(BareBot(BARE_BOT, opened.telegram.base_url, journey).run())
        try:
            for walkers in WALKERS:
                await _measure(opened, walkers, outing, database)
        finally:
            bare.cancel()
            await asyncio.wait([bare])


async def _measure(opened: OpenShop, walkers: int, outing: Outing, database: str) -> None:
    ours: list[Walked] = []
    floor: list[Walked] = []
    for number in range(outing.rounds + 1):
        seconds = outing.round_s if number else 0
        ours.append(await walk(opened, opened.telegram.token, walkers, seconds, opened.cpu_s))
        floor.append(await walk(opened, BARE_BOT, walkers, seconds, time.process_time))
    _print(database, walkers, ours[1:], floor[1:])


async def walk(
    opened: OpenShop, token: str, walkers: int, seconds: float, cpu_s: Callable[[], float]
) -> Walked:
    """Let so many people walk side by side until time is up; 0 seconds: once each."""
    people = [FIRST_PERSON + number for number in range(walkers)]
    calls_before, cpu_before = opened.telegram.count_calls(token), cpu_s()
    done = await asyncio.to_thread(
        opened.telegram.ask, "walk", token=token, people=people, steps=STEPS, seconds=seconds
    )
    await until_quiet(opened)
    calls = Counter(opened.telegram.count_calls(token)) - Counter(calls_before)
    return Walked(Round(done["elapsed"], cpu_s() - cpu_before, tuple(done["took"])), calls)


def _print(database: str, walkers: int, ours: Sequence[Walked], floor: Sequence[Walked]) -> None:
    shop, bare = Summary.of([one.round for one in ours]), Summary.of([one.round for one in floor])
    pairs = zip(ours, floor, strict=True)
    print_figure(
        "journeys_per_s",
        database=database,
        walkers=walkers,
        value=shop.per_s,
        floor=bare.per_s,
        ratio=median(one.round.per_s / other.round.per_s for one, other in pairs),
        p50_ms=shop.p50_ms,
        p99_ms=shop.p99_ms,
        cpu_ms=shop.cpu_ms,
        floor_p50_ms=bare.p50_ms,
        floor_p99_ms=bare.p99_ms,
        floor_cpu_ms=bare.cpu_ms,
        rounds=len(ours),
        load_1min=os.getloadavg()[0],
    )
    if walkers == 1:
        journeys = sum(one.round.done for one in ours)
        calls = {name: sum(one.calls.get(name, 0) for one in ours) / journeys for name in _names(ours)}
        print_figure(
            "api_calls_per_journey",
            database=database,
            value=sum(count for name, count in calls.items() if name != "getUpdates"),
            **{name: round(count, 2) for name, count in calls.items()},
        )


def _names(walked: Sequence[Walked]) -> list[str]:
    return sorted({name for one in walked for name in one.calls})


async def record(opened: OpenShop) -> list[list[Said]]:
    """The calls after each update of a journey that is not the first: what the last one left is cleared away in it."""
    # Whoever answers has done all that a bot does at its start.
    await walk(opened, opened.telegram.token, 1, 0, opened.cpu_s)
    sent: dict[int, Sent] = {}
    for number, call_id in enumerate(_sent_in(await _calls_of_a_journey(opened))):
        sent[call_id] = Sent(number, is_of_last=True)
    calls = await _calls_of_a_journey(opened)
    for number, call_id in enumerate(_sent_in(calls)):
        sent[call_id] = Sent(number)
    return [[Said.of(call, sent) for call in answer] for answer in calls]


def _sent_in(journey: Sequence[Sequence[Call]]) -> list[int]:
    """The numbers of the messages that it put into the chat."""
    return [
        int(call.result["message_id"])
        for answer in journey
        for call in answer
        if call.method.startswith("send") and isinstance(call.result, dict)
    ]


async def _calls_of_a_journey(opened: OpenShop) -> list[list[Call]]:
    """Walk once, one step at a time."""
    user = opened.telegram.user(FIRST_PERSON)

    def press(words: str) -> None:
        messages = [message for message in reversed(user.messages()) if not message.is_mine]
        message, label = next(
            (shown, label) for shown in messages for label in shown.labels if words in label
        )
        user.press(label, message=message)

    answers = [await _calls_after(opened, user.start)]
    answers += [await _calls_after(opened, partial(press, words)) for words in STEPS]
    return answers


async def _calls_after(opened: OpenShop, act: Callable[[], Any]) -> list[Call]:
    await until_quiet(opened)
    await asyncio.to_thread(opened.telegram.forget_calls)
    await asyncio.to_thread(act)
    await until_quiet(opened)
    calls = await asyncio.to_thread(lambda: opened.telegram.calls)
    return [call for call in calls if call.method != "getUpdates"]
