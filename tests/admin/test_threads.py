"""Customers' messages at the counter: told of, answered without a command or an id, by one colleague and not by two."""

from __future__ import annotations

import pytest

from handlers.incoming import Text, Upload
from handlers.screen import Line, Screen, Style
from shop_core.customers.people import Address
from shop_core.messaging.queue import NewsKind
from shop_core.messaging.shown import Place, remember_shown
from shop_core.staff.roles import Roster
from shop_core.threads.watch import watch_threads
from tests.admin.office import OWNER_CHANNEL, OWNER_ID, STRANGER, Office, button, links_of, text_of

CUSTOMER = ("web", "c7")
COLLEAGUE = ("tg", "5")
WORDS = '码 <&>"🎁"\n  打不开'
ANSWER = '换一个: "A  B"\n<试试>'
PNG = b"\x89PNG\r\n\x1a\n picture"


async def customer_writes(office: Office, *said: Text | Upload) -> None:
    await office.press("support", who=CUSTOMER)
    for content in said or (Text(WORDS),):
        await office.say(content, who=CUSTOMER)


async def notices(office: Office, kind: NewsKind) -> list[Screen]:
    """What the staff in Telegram are told, of one kind."""
    return [
        screen
        for message, screen in await office.news(OWNER_CHANNEL)
        if message.news is kind and screen is not None
    ]


async def notice_shown(office: Office, ref: str = "31") -> Screen:
    """The notice of a message, as it stands in the owner's chat."""
    (notice,) = await notices(office, NewsKind.THREAD_WRITTEN)
    assert notice.slot is not None
    await office.shop.write(remember_shown, Address(OWNER_CHANNEL, OWNER_ID), Place(notice.slot, ref))
    return notice


async def answers(office: Office) -> list[str]:
    """What the customer is told."""
    drawn = [screen for _, screen in await office.news(CUSTOMER[0])]
    return [quoted(screen) for screen in drawn if screen is not None]


def quoted(screen: Screen) -> str:
    return "|".join(
        line.text for line in screen.lines if isinstance(line, Line) and line.style is Style.QUOTE
    )


async def test_a_notice_says_who_and_what_and_has_what_was_sent(office: Office) -> None:
    await customer_writes(office, Upload("截图.png", PNG, WORDS))
    (notice,) = await notices(office, NewsKind.THREAD_WRITTEN)
    assert "来消息" in text_of(notice)
    assert quoted(notice) == WORDS
    assert notice.attachment is not None
    assert notice.attachment.content == PNG
    assert list(links_of(notice)) == ["回复", "看订单", "已处理"]


async def test_replying_to_the_notice_answers_the_customer_as_it_was_written(office: Office) -> None:
    await customer_writes(office)
    await notice_shown(office)
    sent = await office.say(Text(ANSWER), message="9", replies_to="31")
    assert text_of(sent).startswith("已回复")
    again = await office.say(Text(ANSWER), message="9", replies_to="31")
    assert again == sent
    assert await answers(office) == [ANSWER]
    (entry,) = await office.audit_of("thread reply")
    assert entry.actor == f"{OWNER_CHANNEL}:{OWNER_ID}"
    assert "换一个" not in str(entry)


async def test_the_reply_button_asks_for_the_answer_and_takes_a_picture_too(office: Office) -> None:
    await customer_writes(office)
    notice = await notice_shown(office)
    asked = await office.press(button(notice, "回复"))
    assert quoted(asked) == WORDS
    assert asked.prompt is not None
    assert asked.prompt.takes_files
    assert text_of(await office.say(Upload("教程.png", PNG, "照着做"))).startswith("已回复")
    ((_, news),) = await office.news(CUSTOMER[0])
    assert news is not None
    assert news.attachment is not None
    assert (quoted(news), news.attachment.content) == ("照着做", PNG)
    # The next text is no second answer.
    await office.type("爱奇艺")
    assert await office.market.one("SELECT count(*) FROM thread_messages WHERE by_shop") == 1


async def test_the_list_leads_to_the_answer_without_typing_an_id(office: Office) -> None:
    await customer_writes(office)
    home = await office.press("admin")
    listed = await office.press(button(home, "顾客消息 1"))
    talk = await office.press(button(listed, "⏳"))
    await office.press(button(talk, "回复"))
    await office.type(ANSWER)
    assert await answers(office) == [ANSWER]
    assert "没有人在等" in text_of(await office.press("admin/threads"))


async def test_typed_commands_keep_the_words_as_they_are(office: Office) -> None:
    await customer_writes(office)
    thread = await office.market.one("SELECT id FROM threads")
    await office.type(f"/thread reply #{thread} {ANSWER}")
    assert await answers(office) == [ANSWER]
    assert "写给" in text_of(await office.type(f"/thread reply {thread}"))
    assert await answers(office) == []


async def test_when_one_colleague_answers_the_others_notices_say_so_where_they_stand(office: Office) -> None:
    owner, colleague = f"{OWNER_CHANNEL}:{OWNER_ID}", ":".join(COLLEAGUE)
    office.shop._services[Roster] = Roster(frozenset({owner, colleague}))
    await office.press("", who=COLLEAGUE)
    await customer_writes(office)
    first = await notices(office, NewsKind.THREAD_WRITTEN)
    assert len(first) == 2
    thread = await office.market.one("SELECT id FROM threads")
    await office.type(f"/thread reply {thread} 好的", who=COLLEAGUE)
    office.market.clock.advance(seconds=5)
    changed = await notices(office, NewsKind.THREAD_SETTLED)
    assert [screen.slot for screen in changed] == [screen.slot for screen in first]
    for screen in changed:
        assert screen.quiet
        assert not screen.news
        assert "已回复" in text_of(screen)
        assert "已处理" not in links_of(screen)


async def test_handled_says_so_and_closes_the_case(office: Office) -> None:
    await customer_writes(office)
    notice = await notice_shown(office)
    office.market.clock.advance(hours=1)
    await watch_threads(office.shop)
    listed = await office.press("admin/cases")
    assert "顾客在等" in str(links_of(listed))
    case = await office.press(button(listed, "顾客在等"))
    assert list(links_of(case))[:2] == ["回复", "看对话"]
    done = button(notice, "已处理")
    assert "已标为处理好" in text_of(await office.press(done))
    assert "没有等回复的消息" in text_of(await office.press(done))
    assert "没有待处理的事" in text_of(await office.press("admin/cases"))
    assert await answers(office) == []


async def test_his_orders_are_one_press_away(office: Office) -> None:
    await customer_writes(office)
    notice = await notice_shown(office)
    assert "还没有订单" in text_of(await office.press(button(notice, "看订单")))


async def test_a_message_that_came_while_the_answer_was_written_is_still_told_of(office: Office) -> None:
    await customer_writes(office)
    thread = await office.market.one("SELECT id FROM threads")
    await office.say(Text("还有一件事"), who=CUSTOMER)
    await office.type(f"/thread reply {thread} 好的")
    told = await notices(office, NewsKind.THREAD_WRITTEN)
    assert [quoted(notice) for notice in told] == [WORDS, "还有一件事"]
    assert "已回复" in text_of(told[1])
    assert "回复" in links_of(told[1])


@pytest.mark.parametrize("ref", ["31", "no such"])
async def test_a_strangers_reply_and_links_answer_nobody(office: Office, ref: str) -> None:
    await customer_writes(office)
    notice = await notice_shown(office)
    assert notice.slot is not None
    await office.shop.write(remember_shown, Address(*STRANGER), Place(notice.slot, "31"))
    before = await office.market.rows("SELECT * FROM thread_messages")
    await office.say(Text("我是店主"), who=STRANGER, replies_to=ref)
    await office.press(
        f"admin/thread/reply/{await office.market.one('SELECT id FROM threads')}/x", who=STRANGER
    )
    assert await office.market.rows("SELECT * FROM thread_messages") == before


async def test_staff_write_to_the_shop_like_anybody(office: Office) -> None:
    await office.press("support")
    assert text_of(await office.send("截图.png", PNG)).startswith("已送到客服")


async def test_staff_see_who_is_staff_no_more_out(office: Office) -> None:
    await customer_writes(office)
    office.shop._services[Roster] = Roster(frozenset())
    assert await notices(office, NewsKind.THREAD_WRITTEN) == []
