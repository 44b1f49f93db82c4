"""The staff's page over HTTP: who gets in, how, and that nobody else does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import httpx
import pyotp
import pytest
from websockets.exceptions import InvalidStatus

from handlers.incoming import Link
from shop_core.conversations.sign_in import acting_as, confirm_login, make_link, set_login
from shop_core.customers.passwords import MOST_TRIES
from shop_core.kernel.secret import Secret
from shop_core.staff.members import remove, take_on
from shop_core.staff.roles import Role, Roster
from tests.channels.webchat.stage import Chat, an_open_chat

ACTOR = "web:staff"
PASSWORD = "correct horse battery"


@pytest.fixture
async def chat(sqlite_url: str) -> AsyncIterator[Chat]:
    async with an_open_chat(sqlite_url) as chat:
        yield chat


@asynccontextmanager
async def a_browser(chat: Chat) -> AsyncIterator[httpx.AsyncClient]:
    """Keeps cookies and says where it comes from, as browsers do."""
    async with httpx.AsyncClient(
        base_url=chat.base_url, trust_env=False, headers={"Origin": chat.base_url}
    ) as browser:
        yield browser


async def enter(chat: Chat, browser: httpx.AsyncClient) -> httpx.Response:
    token = await chat.shop.write(make_link, ACTOR)
    return await browser.post(f"/staff/enter/{token}")


def cookie_of(browser: httpx.AsyncClient) -> str:
    return "; ".join(f"{name}={value}" for name, value in browser.cookies.items())


async def test_who_is_not_signed_in_sees_the_form_and_no_chat(chat: Chat) -> None:
    async with a_browser(chat) as browser:
        page = await browser.get("/staff")
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
    assert 'name="password"' in page.text
    assert "chat.js" not in page.text
    assert "set-cookie" not in page.headers


async def test_a_look_at_the_link_uses_nothing_up_and_the_press_does(chat: Chat) -> None:
    token = await chat.shop.write(make_link, ACTOR)
    async with a_browser(chat) as browser, a_browser(chat) as late:
        for _ in range(2):
            assert "在这个浏览器里登录" in (await browser.get(f"/staff/enter/{token}")).text
        entered = await browser.post(f"/staff/enter/{token}")
        assert (entered.status_code, entered.headers["location"]) == (303, "../../staff")
        assert "chat.js" in (await browser.get("/staff")).text
        refused = await late.post(f"/staff/enter/{token}")
        assert (refused.status_code, "用过了" in refused.text) == (403, True)
        assert not late.cookies


async def test_the_browser_then_talks_as_the_member_of_staff(chat: Chat) -> None:
    async with a_browser(chat) as browser:
        await enter(chat, browser)
        cookie = cookie_of(browser)
    async with chat.page(cookie, path="/staff/ws") as page:
        await page.next("screen")
    (asked,) = chat.asked
    assert asked.content == Link("")
    assert await chat.shop.read(acting_as, asked.channel, asked.external_id) == ACTOR


async def test_the_staffs_cookie_is_worth_nothing_on_the_customers_page(chat: Chat) -> None:
    async with a_browser(chat) as browser:
        await enter(chat, browser)
        as_customer = cookie_of(browser).replace("kapu-web-staff=", "kapu-web=")
        customer = (await chat.new_cookie()).replace("kapu-web=", "kapu-web-staff=")
        assert "chat.js" not in (await browser.get("/staff", headers={"Cookie": customer})).text
    with pytest.raises(InvalidStatus):
        await chat.socket(as_customer)


async def test_name_password_and_code_open_the_page(chat: Chat) -> None:
    uri = await set_login(chat.shop, ACTOR, Secret(PASSWORD))
    totp = pyotp.parse_uri(uri.reveal())
    assert isinstance(totp, pyotp.TOTP)
    now = datetime.now(UTC)
    await confirm_login(chat.shop, ACTOR, totp.generate_otp(totp.timecode(now) - 1))
    typed = {"name": f" {ACTOR} ", "password": PASSWORD, "code": totp.generate_otp(totp.timecode(now))}
    async with a_browser(chat) as browser:
        wrong = await browser.post("/staff", data=typed | {"password": "wrong"})
        assert (wrong.status_code, "对不上" in wrong.text) == (403, True)
        assert "wrong" not in wrong.text
        right = await browser.post("/staff", data=typed)
        assert (right.status_code, right.headers["location"]) == (303, "staff")
        assert "chat.js" in (await browser.get("/staff")).text


async def test_guessing_is_locked_and_said_so(chat: Chat) -> None:
    async with a_browser(chat) as browser:
        typed = {"name": ACTOR, "password": "wrong", "code": "123456"}
        for _ in range(MOST_TRIES):
            assert (await browser.post("/staff", data=typed)).status_code == 403
        locked = await browser.post("/staff", data=typed)
    assert (locked.status_code, "一小时" in locked.text) == (429, True)


async def test_a_foreign_page_can_sign_nobody_in(chat: Chat) -> None:
    token = await chat.shop.write(make_link, ACTOR)
    async with a_browser(chat) as browser:
        for origin in ("https://evil.example", "null", ""):
            foreign = await browser.post(f"/staff/enter/{token}", headers={"Origin": origin})
            assert foreign.status_code == 403
        assert (await browser.post(f"/staff/enter/{token}")).status_code == 303


@pytest.mark.parametrize(
    "body", ["", "name=a", "name=a&name=b&password=c&code=1", "name=%ff&password=b&code=1"]
)
async def test_a_form_that_is_no_form_is_refused(chat: Chat, body: str) -> None:
    async with a_browser(chat) as browser:
        sent = await browser.post(
            "/staff", content=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
        )
    assert sent.status_code == 400


async def test_a_colleague_who_is_removed_sees_the_form_again_and_his_page_takes_no_file(chat: Chat) -> None:
    roster = chat.shop.get(Roster)
    hired = await chat.shop.write(take_on, roster, "web:colleague", Role.ADMIN, by=ACTOR)
    async with a_browser(chat) as browser:
        token = await chat.shop.write(make_link, "web:colleague")
        await browser.post(f"/staff/enter/{token}")
        assert "chat.js" in (await browser.get("/staff")).text
        cookie = cookie_of(browser)
        async with chat.page(cookie, path="/staff/ws") as page:
            assert page.frames[0]["attach"] is True
        await chat.shop.write(remove, roster, hired.id, by=ACTOR)
        assert 'name="password"' in (await browser.get("/staff")).text
        async with chat.page(cookie, path="/staff/ws") as page:
            assert page.frames[0]["attach"] is False
