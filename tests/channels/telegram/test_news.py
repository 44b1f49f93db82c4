"""News, and what becomes of it when Telegram will not have it."""

import asyncio

import pytest
from telegram.error import BadRequest

from bot.channels.channel import Unreachable
from bot.channels.telegram.channel import TelegramChannel
from handlers.screen import Code, Line, Qr, Screen, order_slot
from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.kernel.secret import Secret
from tests.channels.telegram.stage import Stage, a_screen, settings_for
from tests.standins.telegram import TelegramUser

SLOT = order_slot("K7M2-9QXD")
DELIVERED = Screen((Line("已发货"), Code(Secret("AB-12"))), slot=SLOT, news=True)


@pytest.fixture
def user(quiet_stage: Stage) -> TelegramUser:
    somebody = quiet_stage.somebody()
    somebody.start()
    return somebody


async def test_news_are_a_new_message_and_what_they_replace_goes_away(
    quiet_stage: Stage, user: TelegramUser
) -> None:
    stage, address = quiet_stage, quiet_stage.address(user)
    await stage.channel.send(address, a_screen("待付款", slot=SLOT, qr=Qr("weixin://pay", "扫码")))
    bill = user.last
    await stage.channel.send(address, DELIVERED)
    assert [message.text for message in user.messages()][1:] == ["已发货\nAB-12"]
    assert user.last.id > bill.id
    assert not user.last.is_silent


async def test_a_quiet_change_is_an_edit(quiet_stage: Stage, user: TelegramUser) -> None:
    address = quiet_stage.address(user)
    await quiet_stage.channel.send(address, a_screen("处理中", slot=SLOT))
    first = user.last
    await quiet_stage.channel.send(address, a_screen("已完成", slot=SLOT))
    assert (user.last.id, user.last.text.splitlines()[0]) == (first.id, "已完成")


async def test_news_that_telegram_will_not_let_us_delete_stay(quiet_stage: Stage, user: TelegramUser) -> None:
    address = quiet_stage.address(user)
    await quiet_stage.channel.send(address, a_screen("待付款", slot=SLOT))
    quiet_stage.tg.fail("deleteMessages", "400", description="message can't be deleted for everyone")
    await quiet_stage.channel.send(address, DELIVERED)
    assert [message.text.splitlines()[0] for message in user.messages()][1:] == ["待付款", "已发货"]


async def test_more_words_than_a_caption_holds_come_below_the_picture_and_go_with_it(
    quiet_stage: Stage, user: TelegramUser
) -> None:
    address = quiet_stage.address(user)
    long = Screen((Line("字" * 1500),), slot=SLOT, qr=Qr("weixin://pay", "扫码"))
    await quiet_stage.channel.send(address, long)
    picture, words = user.messages()[1:]
    assert (picture.photo is not None, words.text.startswith("字")) == (True, True)
    await quiet_stage.channel.send(address, DELIVERED)
    assert [message.text for message in user.messages()][1:] == ["已发货\nAB-12"]


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("429", RetryLater),
        ("403", Unreachable),
        ("500", Unknown),
        ("502", Unknown),
        ("502_after", Unknown),
        ("drop_before", Unknown),
        ("drop_after", Unknown),
        ("400", BadRequest),
    ],
)
async def test_each_trouble_is_what_it_is(
    quiet_stage: Stage, user: TelegramUser, kind: str, error: type[Exception]
) -> None:
    quiet_stage.tg.fail("sendMessage", kind, seconds=7)
    with pytest.raises(error) as caught:
        await quiet_stage.channel.send(quiet_stage.address(user), DELIVERED)
    assert type(caught.value) is error
    if isinstance(caught.value, RetryLater):
        assert caught.value.retry_after_s == 7
    assert len(quiet_stage.tg.calls_to("sendMessage")) == 1


async def test_who_never_wrote_cannot_be_reached(quiet_stage: Stage) -> None:
    stranger = quiet_stage.somebody()
    with pytest.raises(Unreachable):
        await quiet_stage.channel.send(quiet_stage.address(stranger), DELIVERED)


async def test_a_line_that_is_down_sends_nothing(quiet_stage: Stage, user: TelegramUser) -> None:
    settings = settings_for(quiet_stage.tg, api_base_url="http://127.0.0.1:9/bot")
    channel = TelegramChannel(settings, quiet_stage.shop, quiet_stage.teller.answer)
    with pytest.raises(RetryLater):
        await channel.send(quiet_stage.address(user), DELIVERED)
    await channel.close()


async def test_one_chat_is_not_flooded(quiet_stage: Stage, user: TelegramUser) -> None:
    address = quiet_stage.address(user)
    outcomes = await asyncio.gather(
        *(quiet_stage.channel.send(address, a_screen(f"新闻 {n}", slot=None)) for n in range(12)),
        return_exceptions=True,
    )
    assert any(isinstance(outcome, RetryLater) for outcome in outcomes)
    assert {call.error_code for call in quiet_stage.tg.calls_to("sendMessage")} == {None}
