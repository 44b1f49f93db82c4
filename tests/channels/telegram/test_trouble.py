"""Trouble with every call that the bot makes: what is tried again, what is not, what becomes of it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from telegram.error import BadRequest, NetworkError

from bot.channels.channel import Unreachable
from handlers.screen import Attachment, File, Line, Qr, Screen
from shop_core.customers.people import find_customer, list_addresses
from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.kernel.secret import Secret
from tests.channels.telegram.stage import Stage, a_screen, running, until
from tests.standins.telegram import TelegramUser

SLOT = "order:K7M2-9QXD"
PICTURE = Qr("https://pay.example/1", "扫码")


def words(title: str) -> Screen:
    return a_screen(title, slot=SLOT)


def picture(title: str) -> Screen:
    return a_screen(title, slot=SLOT, qr=PICTURE)


def file(title: str) -> Screen:
    return Screen((Line(title),), slot=SLOT, file=File("a.txt", Secret("1")))


def sent_file(title: str) -> Screen:
    return a_screen(title, slot=SLOT, attachment=Attachment(1, "a.pdf", b"%PDF-1.7", is_picture=False))


@dataclass(frozen=True)
class Way:
    """A call that shows a screen, and how to get it made."""

    method: str
    draw: Callable[[str], Screen]
    is_edit: bool = False


WAYS = (
    Way("sendMessage", words),
    Way("sendPhoto", picture),
    Way("sendDocument", file),
    Way("editMessageText", words, is_edit=True),
    Way("editMessageMedia", picture, is_edit=True),
    Way("editMessageCaption", sent_file, is_edit=True),
)
EACH_WAY = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.method)
BESIDE = ("answerCallbackQuery", "deleteMessages")
"""What goes on beside a screen: the screen comes whatever becomes of it, and it is tried once."""
FETCHING = ("getFile",)
TRANSIENT = ("429", "500", "502", "502_after", "drop_before", "drop_after")
MEANING = {
    "429": RetryLater,
    "403": Unreachable,
    "400": BadRequest,
    "500": Unknown,
    "502": Unknown,
    "502_after": Unknown,
    "drop_before": Unknown,
    "drop_after": Unknown,
}


async def a_person(stage: Stage, way: Way) -> TelegramUser:
    """Somebody whose next screen comes by this call."""
    user = stage.somebody()
    user.start()
    if way.is_edit:
        await stage.channel.send(stage.address(user), way.draw("之前"))
    stage.tg.forget_calls()
    return user


def made(stage: Stage, way: Way) -> int:
    return len(stage.tg.calls_to(way.method))


@EACH_WAY
@pytest.mark.parametrize("kind", MEANING)
async def test_news_say_what_became_of_them_and_try_once(quiet_stage: Stage, way: Way, kind: str) -> None:
    stage = quiet_stage
    user = await a_person(stage, way)
    stage.tg.fail(way.method, kind, times=9, seconds=7)
    with pytest.raises(MEANING[kind]) as caught:
        await stage.channel.send(stage.address(user), way.draw("新闻"))
    assert type(caught.value) is MEANING[kind]
    if isinstance(caught.value, RetryLater):
        assert caught.value.retry_after_s == 7
    assert made(stage, way) == 1


def test_the_librarys_words_for_a_mistake_and_for_a_bad_line_are_akin() -> None:
    assert issubclass(BadRequest, NetworkError), "else nobody has to look at exact classes any more"


async def _answer_with(stage: Stage, way: Way, kind: str) -> TelegramUser:
    """Let somebody press a button whose answer comes by this call, which fails once."""
    stage.teller.pages["旧"] = way.draw("之前")
    stage.teller.pages["新"] = way.draw("到了") if way.is_edit else replace(way.draw("到了"), slot=None)
    async with running(stage.channel.run(), stage.work()):
        user = await stage.somebody_at_home()
        if way.is_edit:
            user.press("旧", forge=True)
            await user.wait_for_async("之前")
        await stage.rest()
        stage.tg.forget_calls()
        stage.tg.fail(way.method, kind, seconds=1)
        user.press("新", forge=True)
        await until(lambda: "新" in stage.teller.links)
        await stage.rest()
    return user


@EACH_WAY
@pytest.mark.parametrize("kind", TRANSIENT)
async def test_an_answer_is_tried_again_until_it_is_there(quiet_stage: Stage, way: Way, kind: str) -> None:
    stage = quiet_stage
    user = await _answer_with(stage, way, kind)
    assert "到了" in user.last.text
    assert made(stage, way) == 2
    assert stage.failures == []
    assert stage.teller.links.count("新") == 1, "the shop is not asked again"


@EACH_WAY
async def test_a_mistake_of_ours_is_not_repeated(quiet_stage: Stage, way: Way) -> None:
    stage = quiet_stage
    await _answer_with(stage, way, "400")
    assert made(stage, way) == 1
    assert [type(failure) for failure in stage.failures] == [BadRequest]


@EACH_WAY
async def test_who_has_blocked_the_bot_is_not_written_to_again(quiet_stage: Stage, way: Way) -> None:
    stage = quiet_stage
    user = await _answer_with(stage, way, "403")
    assert made(stage, way) == 1
    assert stage.failures == []
    address = stage.address(user)
    customer = await stage.shop.read(find_customer, channel=address.channel, external_id=address.external_id)
    assert customer is not None
    assert await stage.shop.read(list_addresses, customer.person_id) == []


@pytest.mark.parametrize("kind", MEANING)
async def test_a_press_that_cannot_be_answered_gets_its_screen_all_the_same(
    quiet_stage: Stage, kind: str
) -> None:
    stage = quiet_stage
    stage.teller.pages["新"] = a_screen("到了").with_toast("好了")
    async with running(stage.channel.run(), stage.work()):
        user = await stage.somebody_at_home()
        stage.tg.fail("answerCallbackQuery", kind, seconds=1)
        user.press("新", forge=True)
        await user.wait_for_async("到了")
        await stage.rest()
    assert len(stage.tg.calls_to("answerCallbackQuery")) == 1
    assert user.last.text.startswith("好了\n到了"), "what no press shows is told in the screen"
    assert stage.failures == []


@pytest.mark.parametrize("kind", MEANING)
async def test_a_message_that_cannot_be_taken_away_stays_and_stops_nothing(
    quiet_stage: Stage, kind: str
) -> None:
    stage = quiet_stage
    async with running(stage.channel.run(), stage.work()):
        user = await stage.somebody_at_home()
        stage.tg.fail("deleteMessages", kind, seconds=1)
        user.say("一")
        await user.wait_for_async("你说 一")
        await stage.rest()
    assert len(stage.tg.calls_to("deleteMessages")) == 1
    assert stage.failures == []


@pytest.mark.parametrize("kind", TRANSIENT)
async def test_a_file_is_asked_for_again(quiet_stage: Stage, kind: str) -> None:
    stage = quiet_stage
    async with running(stage.channel.run(), stage.work()):
        user = await stage.somebody_at_home()
        stage.tg.fail("getFile", kind, seconds=1)
        user.send_document("卡密.txt", b"AB-12")
        await user.wait_for_async("收到 卡密.txt，5 字节")
    assert len(stage.tg.calls_to("getFile")) == 2
    assert stage.failures == []


async def test_a_file_that_telegram_does_not_give_is_asked_for_once(quiet_stage: Stage) -> None:
    stage = quiet_stage
    async with running(stage.channel.run(), stage.work()):
        user = await stage.somebody_at_home()
        stage.tg.fail("getFile", "400")
        user.send_document("卡密.txt", b"AB-12")
        await until(lambda: stage.failures)
    assert [type(failure) for failure in stage.failures] == [BadRequest]
    assert len(stage.tg.calls_to("getFile")) == 1
