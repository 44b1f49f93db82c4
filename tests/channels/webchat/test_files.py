"""Pictures and files of threads over HTTP: for whoever they were meant, and for nobody else."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from shop_core.conversations import prompts
from shop_core.conversations.sign_in import make_link, sign_out
from shop_core.customers.people import Address, Customer, meet
from shop_core.threads.sealing import Said, SentFile
from shop_core.threads.write import write_to_shop
from tests.channels.webchat.stage import Chat, an_id, an_open_chat

PNG = b"\x89PNG\r\n\x1a\n picture"
PAGE = b"<html><script>alert(1)</script>"


@dataclass
class Sent:
    """What a customer has sent, and his cookie."""

    chat: Chat
    cookie: str
    picture: int
    page: int
    words: int


async def a_person(chat: Chat, cookie: str) -> Customer:
    return await chat.shop.write(
        meet, channel="web", external_id=chat.device_of(cookie), name="小明", language="zh"
    )


@pytest.fixture
async def sent(database_url: str) -> AsyncIterator[Sent]:
    async with an_open_chat(database_url) as chat:
        cookie = await chat.new_cookie()
        customer = await a_person(chat, cookie)
        said = (
            Said("看", SentFile("截图 1.png", PNG)),
            Said("", SentFile("x.html", PAGE)),
            Said("没有文件"),
        )
        ids = [
            await write_to_shop(chat.shop, customer, one, key=f"web:{place}")
            for place, one in enumerate(said)
        ]
        yield Sent(chat, cookie, *ids)


async def ask(chat: Chat, path: str, cookie: str = "") -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as http:
        return await http.get(chat.base_url + path, headers={"Cookie": cookie} if cookie else {})


async def test_his_own_are_shown_or_kept_and_run_nothing(sent: Sent) -> None:
    picture = await ask(sent.chat, f"/chat/files/{sent.picture}", sent.cookie)
    assert (picture.content, picture.headers["content-type"]) == (PNG, "image/png")
    assert picture.headers["content-disposition"] == "inline; filename*=UTF-8''%E6%88%AA%E5%9B%BE%201.png"
    page = await ask(sent.chat, f"/chat/files/{sent.page}", sent.cookie)
    assert (page.content, page.headers["content-type"]) == (PAGE, "application/octet-stream")
    assert page.headers["content-disposition"].startswith("attachment")
    for answer in (picture, page):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert answer.headers["cache-control"] == "no-store"


async def test_for_anybody_else_they_are_not_there(sent: Sent) -> None:
    chat = sent.chat
    stranger = await chat.new_cookie()
    await a_person(chat, stranger)
    forged = sent.cookie[:-1] + ("0" if sent.cookie[-1] != "0" else "1")
    for cookie in ("", stranger, await chat.new_cookie(), forged):
        for page in ("chat", "staff"):
            for message in (sent.picture, sent.page, sent.words, 2**40, 2**70):
                answer = await ask(chat, f"/{page}/files/{message}", cookie)
                assert answer.status_code == httpx.codes.NOT_FOUND, (cookie, message)
    unknown = await ask(chat, f"/chat/files/{sent.words}", sent.cookie)
    assert unknown.status_code == httpx.codes.NOT_FOUND


async def test_staff_see_them_as_long_as_they_are_signed_in(sent: Sent) -> None:
    chat = sent.chat
    async with httpx.AsyncClient(trust_env=False) as http:
        token = await chat.shop.write(make_link, "web:staff")
        address = f"{chat.base_url}/staff/enter/{token}"
        entered = await http.post(address, headers={"Origin": chat.base_url})
        assert entered.is_redirect
        path = f"{chat.base_url}/staff/files/{sent.picture}"
        assert (await http.get(path)).content == PNG
        browser = next(iter(http.cookies.values())).partition(".")[0]
        await chat.shop.write(sign_out, Address("web", browser))
        assert (await http.get(path)).status_code == httpx.codes.NOT_FOUND


async def test_a_file_of_a_customer_is_taken_when_he_was_asked_for_one(database_url: str) -> None:
    async with an_open_chat(database_url) as chat:
        cookie = await chat.new_cookie()
        content = base64.b64encode(PNG).decode()
        async with chat.page(cookie) as page:
            await page.say(type="file", id=an_id(), name="a.png", content=content)
            assert (await page.next("toast"))["text"] == "没问你要"
            where: dict[str, Any] = {"channel": "web", "external_id": chat.device_of(cookie)}
            await chat.shop.write(prompts.ask, link="support", **where)
            await page.say(type="file", id=(taken := an_id()), name="a.png", content=content)
            assert (await page.next("taken"))["id"] == taken
