"""The demo as a newcomer meets it: a customer's phone, the cashier's page, and the staff's pane, in a real browser."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from bot.demo.seed import seed
from bot.demo.setting import OWNER, demo_setting, free_port
from bot.outside import Outside
from bot.run import prepare_schema, serve
from bot.wiring import open_shop
from shop_core.payments.gateway import Gateways
from tests.browser import PATIENCE_MS, browser, complaints_of

__all__ = ["browser"]

WORDS: Final = '码 <&>"🎁"\n  打不开'
PHONE: Final[Any] = {"width": 390, "height": 844}
A_CODE: Final = re.compile(r"[A-Z]{4}-\d{4}-[A-Z]{4}-\d{4}")


@pytest.fixture
async def demo() -> AsyncIterator[str]:
    """The address of the demo, seeded and open, its cashier beside it in a process of its own."""
    with demo_setting(free_port()) as setting:
        await prepare_schema(setting.config.database.url.reveal())
        outside = Outside(staff_pane=OWNER)
        shop = open_shop(setting.config, outside, Gateways({}, {}))
        await seed(shop, Random(7))
        await shop.database.close()
        stop = asyncio.Event()
        opened: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(
            serve(setting.config, outside, stop=stop, on_ready=lambda _, port: opened.set_result(port))
        )
        try:
            either: set[asyncio.Future[Any]] = {serving, opened}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not opened.done():
                await serving
            yield f"http://127.0.0.1:{opened.result()}"
        finally:
            stop.set()
            await serving


async def a_page(browser: Browser, address: str) -> Page:
    page = await (await browser.new_context(viewport=PHONE, locale="zh-CN")).new_page()
    page.set_default_timeout(PATIENCE_MS)
    await page.goto(address)
    return page


def the_key(page: Page, words: str) -> Locator:
    """The newest button with these words."""
    return page.get_by_role("button", name=words).last


async def fits(page: Page) -> bool:
    """Whether nothing sticks out of a phone's screen."""
    return bool(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


async def test_a_newcomer_buys_pays_at_the_cashier_and_uncovers_the_code(browser: Browser, demo: str) -> None:
    page = await a_page(browser, f"{demo}/chat")
    complaints = complaints_of(page)
    await the_key(page, "爱奇艺黄金会员").click()
    assert await fits(page)
    await the_key(page, "买 1 张").click()
    pay = page.get_by_role("link", name="去付款")
    await expect(pay).to_be_visible()
    await expect(page.locator(".qr img")).to_be_visible()
    assert await fits(page)

    cashier = await a_page(browser, str(await pay.get_attribute("href")))
    await cashier.locator("button[value=pay]").click()
    await cashier.wait_for_load_state()

    await the_key(page, "查看卡密").click()
    foil = page.locator(".foil")
    await expect(foil).to_be_visible()
    assert not A_CODE.search(await page.inner_text("#log")), "hidden until it is uncovered"
    await foil.press("Enter")
    code = page.locator("code.code")
    await expect(code).to_have_text(re.compile(f"^{A_CODE.pattern}$"))
    await expect(the_key(page, "复制卡密")).to_be_visible()
    bought = await code.inner_text()
    assert await fits(page)

    # The page opened anew has forgotten everything; the shop has not.
    await page.reload()
    await the_key(page, "我的订单").click()
    await the_key(page, "爱奇艺黄金会员").click()
    await the_key(page, "查看卡密").click()
    await page.locator(".foil").click()
    await expect(page.locator("code.code")).to_have_text(bought)
    assert complaints == []


async def test_the_owner_stocks_a_product_and_sees_the_order_in_the_staff_pane(
    browser: Browser, demo: str, tmp_path: Path
) -> None:
    customer = await a_page(browser, f"{demo}/chat")
    await the_key(customer, "爱奇艺黄金会员").click()
    await the_key(customer, "买 1 张").click()
    title = customer.locator(".card h2").last
    await expect(title).to_contain_text("订单")
    number = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}", await title.inner_text())
    assert number is not None

    staff = await a_page(browser, f"{demo}/staff")
    complaints = complaints_of(staff)
    entry = staff.locator("#entry")
    await entry.fill(f"/order {number[0]}")
    await entry.press("Enter")
    await expect(staff.locator(".card").last).to_contain_text(number[0])
    await expect(the_key(staff, "为什么没发货")).to_be_visible()

    await entry.fill("/import 1")
    await entry.press("Enter")
    await expect(staff.locator(".card").last).to_contain_text("卡密文件")
    file = tmp_path / "codes.txt"
    file.write_text("FRESH-0001\nFRESH-0002\nFRESH-0002\n")
    await staff.locator("#picker").set_input_files(file)
    await expect(staff.locator(".card").last).to_contain_text(re.compile("入库 2|新增 2|2 张"))
    assert "FRESH" not in await staff.inner_text("#log")
    assert await fits(staff)
    assert complaints == []


async def test_a_customer_and_the_staff_write_to_each_other_with_pictures(
    browser: Browser, demo: str, tmp_path: Path
) -> None:
    customer, staff = await a_page(browser, f"{demo}/chat"), await a_page(browser, f"{demo}/staff")
    complaints = [complaints_of(page) for page in (customer, staff)]
    clip = customer.locator("#attach")
    await expect(customer.locator(".card")).to_be_visible()
    await expect(clip).to_be_hidden()
    await the_key(customer, "客服").click()
    await expect(clip).to_be_visible()
    await write(customer, WORDS)
    await expect(customer.locator(".card").last).to_contain_text("已送到客服")

    notice = staff.locator(".card", has_text="来消息")
    await expect(notice.locator(".quote")).to_have_text(WORDS)
    picture = tmp_path / "截图.png"
    await customer.locator("#log").screenshot(path=picture)
    await customer.set_input_files("#picker", picture)
    shown = staff.locator(".card .sent img")
    await expect(shown).to_be_visible()
    assert await shown.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    assert await fits(staff)

    await the_key(staff, "回复").click()
    await expect(staff.locator(".card").last).to_contain_text("写给")
    await staff.set_input_files("#picker", picture)
    await expect(staff.locator(".card").last).to_contain_text("已回复")
    answer = customer.locator(".card", has_text="客服回复了")
    await expect(answer.locator(".sent img")).to_be_visible()
    await expect(notice.first).to_contain_text("已回复")
    await expect(customer.locator("#entry")).to_have_attribute("placeholder", "写给客服")
    # He just writes on.
    await write(customer, "好了，谢谢 🎁")
    await expect(staff.locator(".card .quote").last).to_have_text("好了，谢谢 🎁")
    stranger = await a_page(browser, f"{demo}/chat")
    source = await answer.locator(".sent img").get_attribute("src")
    assert source is not None
    assert (await stranger.request.get(source)).status == 404
    assert [await fits(page) for page in (customer, staff)] == [True, True]
    assert complaints == [[], []]


async def write(page: Page, words: str) -> None:
    await page.locator("#entry").fill(words)
    await page.locator("#send").click()
