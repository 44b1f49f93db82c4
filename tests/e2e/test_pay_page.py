"""The pay page: what somebody sees and can press who has its address, with a script and without."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any, Final

import httpx
import pytest
from playwright.async_api import Browser, expect

from shop_core.orders.pay_door import PayDoor
from tests.browser import browser, complaints_of
from tests.e2e.stage import Stage
from tests.e2e.test_telegram import _at_the_bill
from tests.standins.telegram import TelegramUser

__all__ = ["browser"]

SMALL_PHONE: Final[Any] = {"width": 320, "height": 640}
PAY_LINK: Final = re.compile(r'<a class="key primary" href="([^"]+)">去付款</a>')


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """The page reads what the order's screen reads; nothing of it is the database's affair."""
    return sqlite_url


@pytest.fixture
async def page(stage: Stage, user: TelegramUser) -> str:
    """The address of the page of an order that waits for its money."""
    await _at_the_bill(user)
    ((order),) = await stage.rows("SELECT number FROM orders")
    address = stage.shop.get(PayDoor).link(stage.shop, order["number"])
    assert address is not None
    return address


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, follow_redirects=True) as client:
        yield client


async def pay(stage: Stage, shown: str) -> None:
    """Follow the page's button to the cashier, and pay there."""
    found = PAY_LINK.search(shown)
    assert found is not None, shown
    stage.cashier.pay(trade_no=found[1].rpartition("/")[2])
    await stage.until("SELECT count(*) FROM orders WHERE state = 'delivered'", 1)


async def test_without_a_script_it_is_paid_by_pressing(
    stage: Stage, page: str, http: httpx.AsyncClient
) -> None:
    shown = (await http.get(page)).text
    assert all(words in shown for words in ("月卡 × 1", "¥15.00", "待付款", "<svg", "https://t.me/"))
    # One of the payment's own forms: asked too soon, or nothing came yet; either way the page comes again.
    assert "¥15.00" in (await http.post(page)).text

    await pay(stage, shown)

    paid = (await http.get(page)).text
    assert "已付款" in paid
    assert not any(words in paid for words in ("<svg", "<form", "去付款", "AB-12"))


async def test_it_says_nothing_else_of_the_order(page: str, http: httpx.AsyncClient) -> None:
    number = page.split("/")[-2]
    shown = (await http.get(page)).text
    assert number not in shown.replace(f"/{number}/", "")
    assert f"{number[:4]}-{number[4:]}" not in shown
    assert "小明" not in shown
    assert "取消" not in shown


async def test_a_guessed_address_leads_nowhere(page: str, http: httpx.AsyncClient) -> None:
    for bent in (f"{page[:-1]}_", f"{page}x", f"{page.rpartition('/')[0]}/x"):
        for answer in (await http.get(bent), await http.post(bent, data={"way": "alipay"})):
            assert answer.status_code == 404
            assert "15.00" not in answer.text
        assert (await http.get(f"{bent}/status")).status_code == 404


async def test_a_way_that_is_not_offered_asks_nobody(
    stage: Stage, page: str, http: httpx.AsyncClient
) -> None:
    before = await stage.count("SELECT count(*) FROM payments")
    answer = await http.post(page, data={"way": "<script>"})
    assert "<script>" not in answer.text.replace('<script src="../pay.js" defer></script>', "")
    assert 'role="status"' in answer.text
    assert await stage.count("SELECT count(*) FROM payments") == before
    twice = await http.post(
        page, content="way=alipay&way=epay", headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert twice.status_code == 400


async def test_it_counts_down_and_sees_by_itself_that_the_money_is_there(
    stage: Stage, page: str, browser: Browser, http: httpx.AsyncClient
) -> None:
    context = await browser.new_context(viewport=SMALL_PHONE, locale="zh-CN")
    window = await context.new_page()
    complaints = complaints_of(window)
    await window.goto(page)
    await expect(window.locator("time")).to_have_attribute("data-left", re.compile(r"^\d+:\d\d$"))
    assert await window.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert await window.evaluate(
        "[...document.querySelectorAll('.key')].every((key) => key.offsetHeight >= 44)"
    )

    await pay(stage, (await http.get(page)).text)

    await expect(window.locator("h1")).to_have_text(re.compile("已付款"))
    assert complaints == []
    await context.close()
