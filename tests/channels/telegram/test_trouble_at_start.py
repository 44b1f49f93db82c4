"""Trouble with what a bot calls before it receives, and beside that; and no call of the bot's is left out anywhere."""

import ast
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from telegram import Bot
from telegram.error import TelegramError

from bot.channels import telegram as home
from bot.channels.telegram.channel import TelegramChannel
from tests.channels.telegram.stage import Stage, running, settings_for, until
from tests.channels.telegram.test_trouble import BESIDE, FETCHING, WAYS

RECEIVING = ("getMe", "getWebhookInfo", "deleteWebhook", "getUpdates", "setWebhook")
"""Without it nobody is heard: it is made until it succeeds, and its refusal ends the bot, loudly."""
MENUS = ("getMyCommands", "setMyCommands", "deleteMyCommands")
"""Made until Telegram takes or refuses it, beside receiving: a bot without a menu sells."""
ELSEWHERE: Mapping[str, str] = {
    "sendInvoice": "tests/e2e/test_stars.py",
    "answerPreCheckoutQuery": "tests/e2e/test_stars.py",
    "refundStarPayment": "tests/e2e/test_stars.py",
    "getStarTransactions": "tests/channels/telegram/test_stars.py",
}
"""Method → the test module that has its trouble."""

TABLE = (*RECEIVING, *MENUS, *BESIDE, *FETCHING, *(way.method for way in WAYS), *ELSEWHERE)
TRANSIENT = ("429", "502", "drop_before", "drop_after")


def called_methods() -> Iterator[str]:
    """Every method of the library's ``Bot`` that the channel's modules name, and the one they make by hand."""
    yield "getUpdates"
    for module in Path(home.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            if not isinstance(node, ast.Attribute) or not hasattr(Bot, node.attr):
                continue
            owner = node.value.id if isinstance(node.value, ast.Name) else getattr(node.value, "attr", "")
            if owner in {"bot", "_bot"}:
                yield re.sub(r"_([a-z])", lambda found: found[1].upper(), node.attr)


def test_no_method_that_the_bot_calls_is_without_a_test_of_its_trouble() -> None:
    assert set(called_methods()) == set(TABLE)
    assert len(TABLE) == len(set(TABLE))
    for method, module in ELSEWHERE.items():
        assert f'"{method}"' in Path(module).read_text("utf-8"), method


@pytest.fixture
async def polled(quiet_stage: Stage) -> AsyncIterator[Stage]:
    """A stage whose bot asks for updates, had a webhook before, and has a member of staff who lost his menu."""

    async def nobody_is_staff() -> Mapping[str, Mapping[str, str]]:
        return {str(former.id): {}}

    former = quiet_stage.somebody()
    former.start()
    settings = settings_for(quiet_stage.tg, staff_menus=nobody_is_staff)
    channel = TelegramChannel(settings, quiet_stage.shop, quiet_stage.teller.answer)
    old = [{"command": "old", "description": "以前的"}]
    async with httpx.AsyncClient(
        trust_env=False, base_url=f"{quiet_stage.tg.base_url}{quiet_stage.tg.token}/"
    ) as api:
        scope = {"type": "chat", "chat_id": former.id}
        (await api.post("setMyCommands", json={"commands": old, "scope": scope})).raise_for_status()
        # Nobody listens there: what was brought in vain waits.
        (await api.post("setWebhook", json={"url": "http://127.0.0.1:88/none"})).raise_for_status()
    quiet_stage.tg.forget_calls()
    yield replace(quiet_stage, channel=channel)
    await channel.close()


@pytest.fixture
def stage(method: str, request: pytest.FixtureRequest) -> Stage:
    chosen: Stage = request.getfixturevalue("hooked" if method == "setWebhook" else "polled")
    return chosen


@pytest.mark.parametrize("kind", TRANSIENT)
@pytest.mark.parametrize("method", [*RECEIVING, *MENUS])
async def test_a_bot_starts_through_trouble(stage: Stage, method: str, kind: str) -> None:
    stage.tg.fail(method, kind, seconds=1)
    user = stage.somebody()
    user.start()
    async with running(stage.channel.run(), stage.work()):
        await user.wait_for_async("云卡小铺")
        # A menu that is gone already is seen to be when it is looked at again.
        most = 1 if (method, kind) == ("deleteMyCommands", "drop_after") else 2
        await until(lambda: len(stage.tg.calls_to(method)) >= most)
        await stage.rest()
    calls = stage.tg.calls_to(method)
    if kind == "429":
        assert calls[1].at - calls[0].at >= 1
    assert [heard.external_id for heard in stage.teller.heard].count(str(user.id)) == 1
    assert stage.failures == []


@pytest.mark.parametrize("kind", ["400", "403"])
@pytest.mark.parametrize("method", RECEIVING)
async def test_what_telegram_refuses_for_good_ends_the_bot_and_is_not_repeated(
    stage: Stage, method: str, kind: str
) -> None:
    stage.tg.fail(method, kind, times=9)
    with pytest.raises(TelegramError, match=r"(?i)bad_for_a_test|blocked"):
        await stage.channel.run()
    assert len(stage.tg.calls_to(method)) == 1


@pytest.mark.parametrize("kind", ["400", "403"])
@pytest.mark.parametrize("method", MENUS)
async def test_a_bot_whose_menu_is_refused_is_open_all_the_same(stage: Stage, method: str, kind: str) -> None:
    stage.tg.fail(method, kind, times=9)
    user = stage.somebody()
    user.start()
    async with running(stage.channel.run(), stage.work()):
        await user.wait_for_async("云卡小铺")
        await until(lambda: stage.tg.calls_to(method))
        await stage.rest()
    assert 1 <= len(stage.tg.calls_to(method)) <= 5, "each menu once, and staff's when its person is answered"
    assert stage.failures == []
