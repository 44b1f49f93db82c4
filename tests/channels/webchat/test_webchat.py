"""The web chat over real sockets: what is stored when, who is answered, who is refused."""

import asyncio
import base64
import contextlib
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from bot.channels.webchat.frames import LARGEST_FILE, LONGEST_TEXT
from bot.web.server import LARGEST_FRAME
from handlers.incoming import Link, Text, Upload
from handlers.screen import Line, Screen, order_slot
from shop_core.customers.people import Address, meet, set_language
from shop_core.db.inbox import count_pending
from shop_core.db.tx import Tx
from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.messaging.queue import NewsKind, queue_message
from shop_core.messaging.sending import claim_messages, mark_sent, postpone
from tests.channels.webchat.stage import CODE, WORDS, Chat, Page, a_chat, an_id, an_open_chat
from tests.web.stage import an_open_shop

NEWS = Screen((Line("已发货"),), slot=order_slot("K7M2-9QXD"))


@pytest.fixture
async def chat(sqlite_url: str) -> AsyncIterator[Chat]:
    async with an_open_chat(sqlite_url) as chat:
        yield chat


# ---------------------------------------------------------------------- talking


async def test_hello_shows_the_front_and_a_button_shows_its_screen(database_url: str) -> None:
    async with an_open_chat(database_url) as chat:
        cookie = await chat.new_cookie()
        async with chat.page(cookie) as page:
            welcome = page.frames[0]
            assert (welcome["language"], welcome["attach"]) == ("zh", False)
            assert welcome["words"] == WORDS.page
            home = await page.next("screen")
            assert home["slot"] == "screen"
            assert home["screen"]["rows"] == [[{"text": "买 1 张", "link": "code", "style": ""}]]
            pressed = an_id()
            await page.say(type="press", id=pressed, link="code")
            order = await page.next("screen")
            assert (await page.next("done"))["id"] == pressed
        assert {"type": "taken", "id": pressed} in page.frames
        assert order["screen"]["lines"][1] == {"secret": CODE, "style": "code"}
        assert order["screen"]["rows"] == [[{"text": "复制卡密", "copy": CODE}]]
        assert (order["slot"], order["news"]) == ("order:K7M2-9QXD", False)
        device = chat.device_of(cookie)
        assert [(asked.channel, asked.external_id, asked.content) for asked in chat.asked] == [
            ("web", device, Link("")),
            ("web", device, Link("code")),
        ]
        assert chat.asked[0].language == "zh-cn"


async def test_text_and_files_of_staff_arrive_as_they_were_sent(sqlite_url: str) -> None:
    async with (
        an_open_chat(sqlite_url, staff="staff") as chat,
        chat.page(await chat.new_cookie("/staff"), resume=True, path="/staff/ws") as page,
    ):
        await page.say(type="say", id=an_id(), text=CODE)
        assert (await page.next("screen"))["screen"]["lines"][0]["text"] == CODE
        assert (await page.next("toast"))["text"] == "听到了"
        content = bytes(range(256)) * (LARGEST_FILE // 256)
        await page.say(type="file", id=an_id(), name="codes.txt", content=base64.b64encode(content).decode())
        await page.next("done")
        await page.next("done")
    assert [asked.content for asked in chat.asked] == [Text(CODE), Upload("codes.txt", content)]


async def test_a_file_of_a_customer_is_declined_and_not_kept(chat: Chat) -> None:
    async with chat.page(await chat.new_cookie(), resume=True) as page:
        sent = an_id()
        await page.say(type="file", id=sent, name="codes.txt", content=base64.b64encode(b"AB-12").decode())
        await page.next("toast")
        assert (await page.next("done"))["id"] == sent
    assert await chat.shop.read(count_pending) == 0
    assert chat.asked == []


async def test_the_same_press_twice_is_answered_once(database_url: str) -> None:
    async with an_open_chat(database_url) as chat, chat.page(await chat.new_cookie(), resume=True) as page:
        pressed = an_id()
        await page.say(type="press", id=pressed, link="code")
        await page.say(type="press", id=pressed, link="code")
        await page.next("taken")
        await page.next("taken")
        await page.say(type="say", id=an_id(), text="last")
        while (await page.next("screen"))["screen"]["lines"][0]["text"] != "last":
            continue
    assert [asked.content for asked in chat.asked] == [Link("code"), Text("last")]


async def test_the_same_id_of_somebody_else_is_another_message(chat: Chat) -> None:
    pressed = an_id()
    for _ in range(2):
        async with chat.page(await chat.new_cookie(), resume=True) as page:
            await page.say(type="press", id=pressed, link="code")
            await page.next("done")
    assert len(chat.asked) == 2


async def test_a_message_repeated_after_a_lost_line_is_kept_once_and_its_answer_is_shown_then(
    sqlite_url: str,
) -> None:
    pressed = an_id()
    async with an_open_shop(sqlite_url) as shop, a_chat(shop) as chat:
        cookie = await chat.new_cookie()
        async with chat.page(cookie, resume=True) as page:
            await page.say(type="press", id=pressed, link="code")
            await page.next("taken")
        while await chat.work_one():
            continue
        async with chat.page(cookie, resume=True) as page:
            assert (await page.next("screen"))["screen"]["lines"][1]["secret"] == CODE
            assert (await page.next("done"))["id"] == pressed
            await page.say(type="press", id=pressed, link="code")
            assert (await page.next("taken"))["id"] == pressed
        assert not await chat.work_one()
        assert len(chat.asked) == 1


@pytest.mark.parametrize("is_finished", [True, False])
async def test_a_press_whose_answer_died_with_the_server_is_answered_when_it_is_repeated(
    database_url: str, *, is_finished: bool
) -> None:
    pressed = an_id()
    async with an_open_shop(database_url) as shop:
        async with a_chat(shop) as chat:
            cookie = await chat.new_cookie()
            async with chat.page(cookie, resume=True) as page:
                await page.say(type="press", id=pressed, link="code")
                await page.next("taken")
            if is_finished:
                assert await chat.work_one()
        async with a_chat(shop) as restarted, restarted, restarted.page(cookie, resume=True) as page:
            for _ in range(2):
                await page.say(type="press", id=pressed, link="code")
            assert (await page.next("screen"))["screen"]["lines"][1]["secret"] == CODE
            assert (await page.next("done"))["id"] == pressed
            await page.say(type="press", id=pressed, link="code")
            await page.say(type="say", id=an_id(), text="last")
            while (await page.next("done"))["id"] == pressed:
                continue
        assert [asked.content for asked in restarted.asked] == [Link("code"), Text("last")]
        assert restarted.asked[0].message == f"{chat.device_of(cookie)}:{pressed}"


async def test_a_text_whose_answer_died_with_the_server_is_not_said_again_but_its_sender_is_told(
    sqlite_url: str,
) -> None:
    said = an_id()
    async with an_open_shop(sqlite_url) as shop:
        async with a_chat(shop) as chat:
            cookie = await chat.new_cookie()
            async with chat.page(cookie, resume=True) as page:
                await page.say(type="say", id=said, text="2")
                await page.next("taken")
            await chat.work_one()
        async with a_chat(shop) as restarted, restarted, restarted.page(cookie, resume=True) as page:
            await page.say(type="say", id=said, text="2")
            assert (await page.next("toast"))["text"] == WORDS.no_answer
            assert (await page.next("done"))["id"] == said
            assert restarted.asked == []


async def test_a_line_says_that_it_lives(chat: Chat) -> None:
    async with chat.page(await chat.new_cookie(), resume=True) as page:
        await page.say(type="ping")
        await page.next("pong")


async def test_a_page_opened_anew_gets_the_front_and_nothing_stale(sqlite_url: str) -> None:
    async with an_open_shop(sqlite_url) as shop, a_chat(shop) as chat:
        cookie = await chat.new_cookie()
        async with chat.page(cookie, resume=True) as page:
            await page.say(type="press", id=an_id(), link="code")
            await page.next("taken")
        await chat.work_one()
        async with chat.page(cookie) as page, chat:
            screen = await page.next("screen")
    assert screen["screen"]["lines"][0]["text"] == "云卡小铺"


async def test_every_tab_of_a_device_shows_the_answer_and_nobody_elses_does(chat: Chat) -> None:
    mine, other = await chat.new_cookie(), await chat.new_cookie()
    async with (
        chat.page(mine, resume=True) as one,
        chat.page(mine, resume=True) as two,
        chat.page(other, resume=True) as stranger,
    ):
        await one.say(type="press", id=an_id(), link="code")
        for page in (one, two):
            assert (await page.next("screen"))["slot"] == "order:K7M2-9QXD"
        await stranger.say(type="say", id=an_id(), text="me")
        assert (await stranger.next("screen"))["screen"]["lines"][0]["text"] == "me"


async def test_the_welcome_is_in_the_language_that_the_person_chose(chat: Chat) -> None:
    cookie = await chat.new_cookie()
    async with chat.page(cookie, resume=True, language="fr-FR,en-GB;q=0.8") as page:
        assert page.frames[0]["language"] == "en"

    def choose(tx: Tx) -> None:
        person = meet(tx, channel="web", external_id=chat.device_of(cookie), name="", language="en")
        set_language(tx, person.person_id, "zh")

    await chat.shop.write(choose)
    async with chat.page(cookie, resume=True, language="en") as page:
        assert page.frames[0]["language"] == "zh"


# ---------------------------------------------------------------------- news


async def test_news_counts_as_told_once_a_page_has_shown_it(chat: Chat) -> None:
    cookie = await chat.new_cookie()
    async with chat.page(cookie, resume=True) as page:
        telling = asyncio.create_task(chat.channel.send(Address("web", chat.device_of(cookie)), NEWS))
        frame = await page.next("screen")
        assert (frame["news"], frame["slot"]) == (True, "order:K7M2-9QXD")
        assert not telling.done()
        await page.say(type="seen", id=frame["id"])
        await telling


async def test_news_for_somebody_who_is_away_waits(chat: Chat) -> None:
    address = Address("web", chat.device_of(await chat.new_cookie()))
    with pytest.raises(RetryLater):
        await chat.channel.send(address, NEWS)


async def test_news_that_no_page_confirms_is_unknown(sqlite_url: str) -> None:
    async with an_open_chat(sqlite_url, seen_timeout_s=0.3) as chat:
        cookie, stranger = await chat.new_cookie(), await chat.new_cookie()
        async with chat.page(cookie, resume=True) as page, chat.page(stranger, resume=True) as other:
            telling = asyncio.create_task(chat.channel.send(Address("web", chat.device_of(cookie)), NEWS))
            frame = await page.next("screen")
            await other.say(type="seen", id=frame["id"])
            with pytest.raises(Unknown):
                await telling


async def test_news_that_nobody_looks_at_waits_unless_another_page_shows_it(chat: Chat) -> None:
    cookie = await chat.new_cookie()
    address = Address("web", chat.device_of(cookie))
    async with chat.page(cookie, resume=True) as closed:
        telling = asyncio.create_task(chat.channel.send(address, NEWS))
        await closed.say(type="later", id=(await closed.next("screen"))["id"])
        with pytest.raises(RetryLater):
            await telling
        async with chat.page(cookie, resume=True) as open_page:
            telling = asyncio.create_task(chat.channel.send(address, NEWS))
            await closed.say(type="later", id=(await closed.next("screen"))["id"])
            await closed.say(type="ping")
            await closed.next("pong")
            await open_page.say(type="seen", id=(await open_page.next("screen"))["id"])
            await telling


async def test_waiting_news_comes_as_soon_as_the_person_is_there_again(database_url: str) -> None:
    async with an_open_chat(database_url) as chat:
        cookie = await chat.new_cookie()
        address = Address("web", chat.device_of(cookie))
        await chat.shop.write(queue_message, address, NewsKind.TOPPED_UP, {"amount": 1}, cause="test")
        (message,) = await chat.shop.write(claim_messages, ["web"], 10)
        await chat.shop.write(postpone, message, "away", retry_after_s=600)
        assert await chat.shop.write(claim_messages, ["web"], 10) == []
        async with chat.page(cookie, resume=True) as page:
            (message,) = await _claim_soon(chat)
            telling = asyncio.create_task(chat.channel.send(message.address, NEWS))
            await page.say(type="seen", id=(await page.next("screen"))["id"])
            await telling
        await chat.shop.write(mark_sent, message)


async def _claim_soon(chat: Chat) -> Any:
    signals = chat.shop.database.signals
    mark = signals.mark("messages")
    async with asyncio.timeout(10):
        while not (claimed := await chat.shop.write(claim_messages, ["web"], 10)):
            await signals.wait("messages", since=mark, at_most_s=0.2)
            mark = signals.mark("messages")
    return claimed


# ---------------------------------------------------------------------- who may come in


async def test_a_cookie_that_is_not_ours_opens_no_socket(chat: Chat) -> None:
    cookie = await chat.new_cookie()
    name, _, value = cookie.partition("=")
    device, _, signature = value.partition(".")
    other_device = f"{int(device, 16) ^ 1:032x}"
    forged = ["", f"{name}={device}", f"{name}={other_device}.{signature}", f"{name}={device}.{'0' * 64}"]
    for bad in forged:
        with pytest.raises(InvalidStatus) as refused:
            await chat.socket(bad)
        assert refused.value.response.status_code == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null", None, "http://127.0.0.1"])
async def test_a_foreign_page_opens_no_socket(chat: Chat, origin: str | None) -> None:
    cookie = await chat.new_cookie()
    with pytest.raises(InvalidStatus) as refused:
        await chat.socket(cookie, origin=origin)
    assert refused.value.response.status_code == 403


async def test_behind_a_proxy_the_public_address_is_ours_and_its_cookie_stays_on_https(
    sqlite_url: str,
) -> None:
    async with an_open_chat(sqlite_url, public_url="https://Shop.example/kapu") as chat:
        async with httpx.AsyncClient(trust_env=False) as http:
            header = (await http.get(f"{chat.base_url}/chat")).headers["set-cookie"]
        assert header.startswith("__Host-kapu-web=")
        assert "; Secure" in header
        cookie = header.partition(";")[0]
        async with chat.page(cookie, origin="https://shop.example") as page:
            await page.next("screen")


async def test_the_page_brings_a_cookie_that_no_script_reads_and_keeps_a_good_one(chat: Chat) -> None:
    async with httpx.AsyncClient(trust_env=False, base_url=chat.base_url) as http:
        first = await http.get("/chat")
        again = await http.get("/chat")
        http.cookies.set("kapu-web", f"{'0' * 32}.{'0' * 64}")
        forged = await http.get("/chat", headers={"Cookie": f"kapu-web={'0' * 32}.{'0' * 64}"})
    header = first.headers["set-cookie"]
    assert "HttpOnly" in header
    assert "SameSite=lax" in header
    assert "Secure" not in header
    assert first.cookies["kapu-web"] == again.cookies["kapu-web"]
    assert forged.cookies["kapu-web"].partition(".")[0] not in {
        "0" * 32,
        first.cookies["kapu-web"].partition(".")[0],
    }
    assert first.headers["cache-control"] == "no-store"


async def test_the_page_and_its_files_are_served_and_nothing_else(chat: Chat) -> None:
    async with httpx.AsyncClient(trust_env=False, base_url=chat.base_url) as http:
        page = await http.get("/chat")
        script = await http.get("/chat/chat.js")
        unchanged = await http.get("/chat/chat.js", headers={"If-None-Match": script.headers["etag"]})
        front, slash = await http.get("/"), await http.get("/chat/")
        refused = [
            await http.get(path)
            for path in ("/chat/demo.html", "/chat/none.js", "/chat/..%2fchannel.py", "/chat/.js")
        ]
    assert 'src="chat/chat.js"' in page.text
    assert "script-src" not in page.headers["content-security-policy"]
    assert script.headers["content-type"].startswith("text/javascript")
    assert script.headers["cache-control"] == "no-cache"
    assert unchanged.status_code == 304
    assert (front.headers["location"], slash.headers["location"]) == ("chat", "../chat")
    assert [answer.status_code for answer in refused] == [404] * 4


async def test_the_staff_pane_is_for_this_machine_in_the_demo_only(sqlite_url: str) -> None:
    async with an_open_chat(sqlite_url, staff="staff") as chat:
        customer, staff = await chat.new_cookie(), await chat.new_cookie("/staff")
        async with chat.page(staff, path="/staff/ws") as page:
            assert page.frames[0]["attach"] is True
            await page.next("screen")
        assert [asked.external_id for asked in chat.asked] == ["staff"]
        as_customer = staff.replace("kapu-web-staff=", "kapu-web=")
        as_staff = customer.replace("kapu-web=", "kapu-web-staff=")
        for cookie, path in [(customer, "/staff/ws"), (as_staff, "/staff/ws"), (as_customer, "/chat/ws")]:
            with pytest.raises(InvalidStatus):
                await chat.socket(cookie, path=path)
        async with httpx.AsyncClient(trust_env=False, base_url=chat.base_url) as http:
            assert 'src="staff"' in (await http.get("/")).text
            for header in ({"Host": "evil.example"}, {"X-Forwarded-For": "203.0.113.9"}):
                for path in ("/staff", "/"):
                    assert (await http.get(path, headers=header)).status_code == 404


# ---------------------------------------------------------------------- limits


@pytest.mark.parametrize(
    "frame",
    [
        "no json",
        "[]",
        '{"type":"dance"}',
        '{"type":"hello","resume":false}',
        '{"type":"press","id":"c-1","link":"' + "字" * 22 + '"}',
        '{"type":"press","id":"x-1","link":"p/1"}',
        '{"type":"press","id":"c-' + "0" * 61 + '","link":"p/1"}',
        '{"type":"press","id":"c-1\\n","link":"p/1"}',
        '{"type":"press","id":"c-1"}',
        '{"type":"say","id":"c-1","text":"a\\u0000b"}',
        '{"type":"say","id":"c-1","text":"\\ud800"}',
        '{"type":"say","id":"c-1","text":7}',
        '{"type":"file","id":"c-1","name":"a.txt","content":"not base64"}',
    ],
)
async def test_what_no_page_of_ours_says_closes_the_socket(chat: Chat, frame: str) -> None:
    async with chat.page(await chat.new_cookie(), resume=True) as page:
        await page.socket.send(frame)
        assert await page.closed_with() == 1008
    assert await chat.shop.read(count_pending) == 0
    assert chat.asked == []


async def test_a_socket_that_sends_bytes_or_no_hello_first_is_closed(chat: Chat) -> None:
    cookie = await chat.new_cookie()
    for first in (b"{}", json.dumps({"type": "press", "id": "c-1", "link": "code"})):
        async with chat.socket(cookie) as socket:
            await socket.send(first)
            assert await Page(socket).closed_with() == 1008
    assert chat.asked == []


async def test_an_oversized_frame_closes_the_socket(chat: Chat) -> None:
    async with chat.page(await chat.new_cookie(), resume=True) as page:
        with contextlib.suppress(ConnectionClosed):
            await page.say(type="say", id=an_id(), text="x" * LARGEST_FRAME)
        assert await page.closed_with() == 1009


async def test_more_than_we_take_is_declined_with_a_notice(chat: Chat) -> None:
    async with chat.page(await chat.new_cookie(), resume=True) as page:
        too_large = base64.b64encode(b"x" * (LARGEST_FILE + 1)).decode()
        for frame in (
            {"type": "say", "text": "x" * (LONGEST_TEXT + 1)},
            {"type": "file", "name": "a.txt", "content": too_large},
        ):
            message_id = an_id()
            await page.say(**frame, id=message_id)
            assert (await page.next("toast"))["text"] == "太长了"
            assert (await page.next("done"))["id"] == message_id
        await page.say(type="say", id=an_id(), text="x" * LONGEST_TEXT)
        await page.next("screen")
    assert len(chat.asked) == 1


async def test_who_sends_faster_than_people_do_is_told_to_slow_down(chat: Chat) -> None:
    cookie = await chat.new_cookie()
    async with chat.page(cookie, resume=True) as page:
        for number in range(25):
            await page.say(type="say", id=an_id(), text=str(number))
        assert (await page.next("toast"))["text"] in {"慢一点", "听到了"}
        for _ in range(24):
            await page.next("toast")
    told = [frame["text"] for frame in page.frames if frame["type"] == "toast"]
    taken = [frame for frame in page.frames if frame["type"] == "taken"]
    assert told.count("慢一点") == 25 - len(taken) >= 5, "a window's border may fall into the burst, not two"
    assert len(chat.asked) == len(taken)


async def test_no_log_has_a_word_of_what_was_said(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with chat.page(await chat.new_cookie(), resume=True) as page:
        await page.say(type="press", id=an_id(), link="code")
        await page.next("screen")
        await page.say(type="say", id=an_id(), text="my-own-words")
        await page.next("screen")
        await page.say(type="say", id="bad", text="my-own-words")
        await page.closed_with()
    said = caplog.text
    for private in ("🎁", "my-own-words"):
        assert not [line for line in said.splitlines() if private in line and "websockets.client" not in line]


async def test_open_pages_are_closed_when_the_server_stops(sqlite_url: str) -> None:
    async with an_open_shop(sqlite_url) as shop:
        async with a_chat(shop) as chat:
            socket = await chat.socket(await chat.new_cookie())
            page = Page(socket)
            await page.say(type="hello", resume=True)
            await page.next("welcome")
        assert await page.closed_with() == 1012
