"""The commands behind the menu button: for everybody by language, for staff in their own chats."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

import httpx
import pytest

from bot.channels.telegram.channel import TelegramChannel
from handlers.screen import Line, Screen
from shop_core.customers.people import Address
from tests.channels.telegram.stage import Stage, running, settings_for, until
from tests.standins.telegram import TelegramUser

COUNTER = {"admin": "柜台", "orders": "最近的订单"}


async def menu_in(stage: Stage, **where: object) -> Mapping[str, str]:
    """The menu that Telegram keeps for a scope or language."""
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(f"{stage.tg.base_url}{stage.tg.token}/getMyCommands", json=where)
    return {command["command"]: command["description"] for command in answer.json()["result"]}


def chat(user: TelegramUser) -> dict[str, object]:
    return {"scope": {"type": "chat", "chat_id": user.id}}


@pytest.fixture
def owner(quiet_stage: Stage) -> TelegramUser:
    return quiet_stage.somebody(first_name="老板")


@pytest.fixture
async def staffed(quiet_stage: Stage, owner: TelegramUser) -> AsyncIterator[Stage]:
    """A stage where one person is staff."""

    async def menus() -> Mapping[str, Mapping[str, str]]:
        return {str(owner.id): COUNTER}

    settings = settings_for(quiet_stage.tg, staff_menus=menus)
    channel = TelegramChannel(settings, quiet_stage.shop, quiet_stage.teller.answer)
    yield replace(quiet_stage, channel=channel)
    await channel.close()


async def test_staff_see_their_own_menu_and_customers_theirs(staffed: Stage, owner: TelegramUser) -> None:
    owner.start()
    async with running(staffed.channel.run(), staffed.work()):
        await owner.wait_for_async("云卡小铺")
        await until(lambda: len(staffed.tg.calls_to("setMyCommands")) == 4)
        assert await menu_in(staffed, **chat(owner)) == COUNTER
        assert await menu_in(staffed, language_code="en") == {"start": "Shop", "orders": "My orders"}
        assert await menu_in(staffed) == {"start": "进店", "orders": "我的订单"}
        customer = await staffed.somebody_at_home()
        assert await menu_in(staffed, **chat(customer)) == {}


async def test_a_menu_that_hangs_already_is_not_hung_again(staffed: Stage, owner: TelegramUser) -> None:
    owner.start()
    for starts in (1, 2):
        async with running(staffed.channel.run()):
            await until(lambda: len(staffed.tg.calls_to("getMyCommands")) == 4 * starts)  # noqa: B023
            await until(lambda: len(staffed.tg.calls_to("setMyCommands")) == 4)


async def test_the_menu_of_staff_who_never_wrote_waits_until_they_do(
    staffed: Stage, owner: TelegramUser
) -> None:
    async with running(staffed.channel.run(), staffed.work()):
        await until(lambda: len(staffed.tg.calls_to("getMyCommands")) == 4)
        owner.start()
        await owner.wait_for_async("云卡小铺")
        await staffed.rest()
        assert await menu_in(staffed, **chat(owner)) == COUNTER


async def test_who_becomes_staff_gets_the_menu_and_who_is_removed_loses_it(
    quiet_stage: Stage, owner: TelegramUser
) -> None:
    hired: dict[str, Mapping[str, str]] = {}

    async def menus() -> Mapping[str, Mapping[str, str]]:
        return hired

    channel = TelegramChannel(
        settings_for(quiet_stage.tg, staff_menus=menus), quiet_stage.shop, quiet_stage.teller.answer
    )
    stage = replace(quiet_stage, channel=channel)
    where, told = (
        Address("tg", str(owner.id)),
        Screen((Line("你现在是客服。"),), slot=None, news=True, menu=True),
    )
    async with running(channel.run(), stage.work()):
        owner.start()
        await owner.wait_for_async("云卡小铺")
        assert await menu_in(stage, **chat(owner)) == {}
        hired[str(owner.id)] = COUNTER
        await channel.send(where, told)
        assert await menu_in(stage, **chat(owner)) == COUNTER
        hired.clear()
        await channel.send(where, told)
        assert await menu_in(stage, **chat(owner)) == {}
    assert len(stage.tg.calls_to("deleteMyCommands")) == 1
    await channel.close()
