"""Messages to the shop over the Bot API: a customer, two colleagues who answer, and one of them on the web."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import select, text
from websockets.asyncio.client import ClientConnection, connect

from shop_core.conversations.sign_in import StaffDoor
from shop_core.db.tx import Tx, View
from shop_core.staff.members import take_on
from shop_core.staff.roles import Role, Roster
from shop_core.tables import METADATA
from tests.e2e.stage import BOT, Stage
from tests.standins.telegram import ShownMessage, TelegramStandIn, TelegramUser

WORDS = '码 <&>"🎁" hunter2\n  打不开'
ANSWER = '换这个: "A  B"\n<hunter3>'
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (9).to_bytes(4, "big") * 2 + b"\x08\x00\x00\x00\x00 hunter4"
GUIDE = b"%PDF-1.7 hunter5 <&>"
SAID = "SELECT count(*) FROM thread_messages"
ANSWERED = "SELECT count(*) FROM thread_messages WHERE by_shop"


async def do(action: Any, *args: Any, **kwargs: Any) -> Any:
    return await asyncio.to_thread(action, *args, **kwargs)


async def at_home(user: TelegramUser) -> ShownMessage:
    await do(user.start)
    return await user.wait_for_async("自动发货", 10)


async def at_support(user: TelegramUser) -> None:
    home = await at_home(user)
    await do(user.press, "客服", message=home)
    await user.wait_for_async("和客服的对话", 10)


@pytest.fixture
async def colleagues(stage: Stage, tg: TelegramStandIn) -> list[TelegramUser]:
    """Two who answer customers."""
    hired = [tg.user(first_name=name) for name in ("阿美", "阿强")]
    for member in hired:
        await at_home(member)
        actor, roster = f"{BOT}:{member.id}", stage.shop.get(Roster)
        await stage.shop.write(take_on, roster, actor, Role.SUPPORT, by="shell:e2e")
    return hired


def quoted(message: ShownMessage) -> tuple[str, ...]:
    return message.marked("blockquote")


async def notice_of(member: TelegramUser, words: str) -> ShownMessage:
    return await member.wait_for_async(lambda message: "来消息" in message.text and words in message.text, 10)


async def now_says(member: TelegramUser, notice: ShownMessage, words: str) -> ShownMessage:
    """The notice, changed where it stands."""
    return await member.wait_for_async(lambda message: message.id == notice.id and words in message.text, 10)


async def everything_kept(stage: Stage) -> str:
    def look(view: View) -> str:
        return "\n".join(
            value.decode("latin-1") if isinstance(value, bytes) else str(value)
            for table in METADATA.sorted_tables
            for row in view.execute(select(table))
            for value in row
        )

    return await stage.shop.read(look)


async def test_text_pictures_and_files_go_there_and_back_as_they_were(
    stage: Stage,
    user: TelegramUser,
    colleagues: list[TelegramUser],
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    first, second = colleagues
    await at_support(user)
    await do(user.say, WORDS)
    await user.wait_for_async("已送到客服", 10)
    notices = [await notice_of(member, "hunter2") for member in colleagues]
    assert [quoted(notice) for notice in notices] == [(WORDS,), (WORDS,)]
    await do(user.send_photo, PNG, caption="看图")
    pictures = [await notice_of(member, "看图") for member in colleagues]
    assert [await do(member.read, seen.photo) for member, seen in zip(colleagues, pictures, strict=True)] == [
        PNG,
        PNG,
    ]

    # One answers, by a reply to the notice; what the other sees says so where it stands, and nothing new comes.
    before = len(await do(second.messages))
    await do(first.send_document, "教程 <&>.pdf", GUIDE, caption=ANSWER, reply_to=pictures[0])
    news = await user.wait_for_async("客服回复了", 10)
    assert quoted(news) == (ANSWER,)
    assert news.document is not None
    assert (news.document.name, await do(user.read, news.document)) == ("教程 <&>.pdf", GUIDE)
    for notice in (notices[1], pictures[1]):
        changed = await now_says(second, notice, "阿美")
        assert quoted(changed) == quoted(notice)
        assert "已处理" not in changed.labels
    assert len(await do(second.messages)) == before

    # He just writes on, and is answered by the button.
    await do(user.say, "好了，谢谢")
    notice = await notice_of(second, "好了，谢谢")
    await do(second.press, "回复", message=notice)
    await second.wait_for_async("写给 小明 的回复", 10)
    await do(second.send_photo, PNG)
    news = await user.wait_for_async(lambda message: message.photo is not None, 10)
    assert await do(user.read, news.photo) == PNG
    await stage.until("SELECT count(*) FROM threads WHERE waiting_since IS NULL", 1)

    kept = await everything_kept(stage)
    captured = capfd.readouterr()
    for needle in ("hunter", "看图", "教程"):
        assert needle not in kept
        assert needle not in captured.out + captured.err + caplog.text
    strange = [name for call in stage.tg.calls for name in call.unknown if not name.startswith("attached")]
    assert strange == []


async def test_the_same_updates_once_more_add_nothing(
    stage: Stage, user: TelegramUser, colleagues: list[TelegramUser]
) -> None:
    member = colleagues[0]
    await at_support(user)
    await do(user.say, "在吗")
    notice = await notice_of(member, "在吗")
    await do(member.say, "在的", reply_to=notice)
    await user.wait_for_async("在的", 10)
    # Whoever is at a letter still would find it gone, and its lane stay taken for a while.
    await stage.until("SELECT count(*) FROM inbox WHERE done_at IS NULL", 0)
    # As after a week, when the inbox has forgotten them, or as another process stored them before.
    await stage.shop.write(_forget_inbox)
    for update in await do(stage.tg.updates):
        if "text" in update.get("message", {}) and "start" not in update["message"]["text"]:
            await do(stage.tg.repeat_update, update["update_id"])
    await stage.until("SELECT count(*) FROM inbox WHERE done_at IS NOT NULL", 2)
    assert await stage.count(SAID) == 2
    assert await stage.count("SELECT count(*) FROM messages WHERE news = 'thread_answered'") == 1


async def test_a_reply_of_somebody_who_is_not_staff_goes_nowhere(
    stage: Stage, user: TelegramUser, colleagues: list[TelegramUser], tg: TelegramStandIn
) -> None:
    await at_support(user)
    await do(user.say, "在吗")
    notice = await notice_of(colleagues[0], "在吗")
    thief = tg.user(first_name="小偷")
    await at_home(thief)
    (thread,) = await stage.rows("SELECT id FROM threads")
    for link in (f"admin/thread/reply/{thread['id']}/hi", f"admin/thread/show/{thread['id']}"):
        await do(thief.press, link, forge=True)
    await do(
        thief.press, f"support/{(await stage.rows('SELECT id FROM thread_messages'))[0]['id']}", forge=True
    )
    await thief.wait_for_async("没有找到这个文件", 10)
    assert await stage.count(ANSWERED) == 0
    assert "在吗" not in await do(thief.transcript)
    assert notice.labels == ("回复", "看订单", "已处理")


# ------------------------------------------------------------------------------------------- from the web and back


@asynccontextmanager
async def on_the_web(stage: Stage) -> AsyncIterator[tuple[ClientConnection, str, str]]:
    """A socket of the web chat, the address of the shop, and the cookie."""
    door = stage.shop.get(StaffDoor).url
    assert door is not None
    base = door.removesuffix("/staff")
    async with httpx.AsyncClient(trust_env=False) as http:
        page = await http.get(f"{base}/chat")
    cookie = "; ".join(f"{name}={value}" for name, value in page.cookies.items())
    headers = {"Cookie": cookie, "Accept-Language": "zh-CN"}
    address = f"ws://{urlsplit(base).netloc}/chat/ws"
    async with connect(address, origin=base, additional_headers=headers, proxy=None) as socket:  # type: ignore[arg-type]  # a NewType of str
        await socket.send(json.dumps({"type": "hello", "resume": False}))
        yield socket, base, cookie


async def the_screen(socket: ClientConnection, words: str) -> dict[str, Any]:
    """The next screen with these words; news is confirmed as a page does."""
    async with asyncio.timeout(15):
        while True:
            frame: dict[str, Any] = json.loads(await socket.recv())
            if frame.get("news"):
                await socket.send(json.dumps({"type": "seen", "id": frame["id"]}))
            if frame["type"] == "screen" and words in json.dumps(frame, ensure_ascii=False):
                screen: dict[str, Any] = frame["screen"]
                return screen


async def test_a_customer_on_the_web_is_answered_from_telegram_and_only_he_can_fetch_the_file(
    stage: Stage, colleagues: list[TelegramUser]
) -> None:
    async with on_the_web(stage) as (socket, base, cookie):
        await the_screen(socket, "自动发货")
        await socket.send(json.dumps({"type": "press", "id": "c-1", "link": "support"}))
        asked = await the_screen(socket, "和客服的对话")
        assert asked["prompt"]["files"] is True
        await stage.until("SELECT count(*) FROM prompts WHERE link = 'support'", 1)
        await socket.send(json.dumps({"type": "say", "id": "c-2", "text": WORDS}))
        await the_screen(socket, "已送到客服")
        notice = await notice_of(colleagues[0], "hunter2")
        assert quoted(notice) == (WORDS.strip(),)
        await do(colleagues[0].send_photo, PNG, caption="照着做", reply_to=notice)
        news = await the_screen(socket, "客服回复了")
    assert {"text": "照着做", "style": "quote"} in news["lines"]
    path = f"{base}/chat/files/{news['attachment']['id']}"
    async with httpx.AsyncClient(trust_env=False) as http:
        stranger = await http.get(f"{base}/chat")
        assert stranger.status_code == httpx.codes.OK
        for headers in ({}, {"Cookie": cookie.replace("=", "=0", 1)}):
            http.cookies.clear()
            assert (await http.get(path, headers=headers)).status_code == httpx.codes.NOT_FOUND
        http.cookies.update(stranger.cookies)
        assert (await http.get(path)).status_code == httpx.codes.NOT_FOUND
        http.cookies.clear()
        his = await http.get(path, headers={"Cookie": cookie})
    assert (his.content, his.headers["content-type"]) == (PNG, "image/png")


def _forget_inbox(tx: Tx) -> None:
    tx.execute(text("DELETE FROM inbox"))
