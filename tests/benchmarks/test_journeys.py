"""The bare bot that journeys in Telegram are measured against makes the shop's calls: else the ratio would be a lie."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from benchmarks.bare_bot import BareBot, Said, Sent, Unexpected
from benchmarks.journeys import STEPS, record, walk
from benchmarks.premises import BARE_BOT, OpenShop, open_for_telegram
from tests.standins.telegram import Call, RemoteTelegram

PER_JOURNEY = {"sendMessage": 2, "answerCallbackQuery": 4, "editMessageText": 3, "deleteMessages": 1}
"""A screen, four presses, each answered and its message changed, but for the code: only a new message is protected."""
OF_THEIR_OWN = ("message_id", "message_ids", "callback_query_id")


def said(telegram: RemoteTelegram, token: str) -> Sequence[tuple[str, dict[str, Any]]]:
    """What a bot called since the log was emptied, without the numbers that are its own."""
    calls = [call for call in telegram.calls if call.token == token and call.method in PER_JOURNEY]
    assert {call.error_code for call in calls} == {None}
    return [(call.method, {k: v for k, v in call.params.items() if k not in OF_THEIR_OWN}) for call in calls]


def without_links(calls: Sequence[tuple[str, dict[str, Any]]]) -> list[tuple[str, list[str]]]:
    """Keys of buttons, numbers of orders and codes differ from journey to journey; what is asked for does not."""
    return [(method, sorted(params)) for method, params in calls]


async def one_journey(opened: OpenShop, token: str) -> Sequence[tuple[str, dict[str, Any]]]:
    opened.telegram.forget_calls()
    walked = await walk(opened, token, 1, 0, time.process_time)
    assert walked.round.done == 1
    async with asyncio.timeout(30):
        # Whoever holds the code does not see what is cleared away after it.
        while len(calls := said(opened.telegram, token)) < sum(PER_JOURNEY.values()):  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.01)
    assert Counter(method for method, _ in calls) == PER_JOURNEY
    return calls


async def test_the_bare_bot_makes_the_same_calls_in_the_same_order(tmp_path: Path) -> None:
    async with open_for_telegram(f"sqlite:///{tmp_path / 'shop.db'}", tmp_path / "shop", codes=10) as opened:
        journey = await record(opened)
        assert len(journey) == 1 + len(STEPS)
        bare = asyncio.create_task(BareBot(BARE_BOT, opened.telegram.base_url, journey).run())
        ours = await one_journey(opened, opened.telegram.token)
        first, again = await one_journey(opened, BARE_BOT), await one_journey(opened, BARE_BOT)
        assert without_links(ours) == without_links(first)
        assert first == again, "the same to everybody, each time"
        bare.cancel()
        await asyncio.wait([bare])
        assert bare.cancelled()


def test_a_call_about_a_message_of_nobody_knows_when_is_refused() -> None:
    call = Call("t", "editMessageText", {"message_id": "7", "text": "x"}, None, None, None, None, (), 0.0)
    assert Said.of(call, {7: Sent(0)}).message == Sent(0)
    with pytest.raises(Unexpected):
        Said.of(call, {8: Sent(0)})
