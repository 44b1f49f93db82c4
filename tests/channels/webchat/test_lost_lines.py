"""The page in a real browser, whose line is cut, or sleeps, or was never there: nothing is lost, nothing comes twice."""

import asyncio

from playwright.async_api import Browser, Page, expect

from bot.channels.webchat.hub import KEEP_ANSWERS_S
from handlers.incoming import Link, Text
from tests.browser import PATIENCE_MS, browser, complaints_of
from tests.channels.webchat.stage import CODE, Chat, a_chat, an_open_chat
from tests.e2e.line import Line, Way
from tests.web.stage import an_open_shop

__all__ = ["browser"]


async def a_page(browser: Browser, port: int, *, has_own_clock: bool = False) -> Page:
    page = await (await browser.new_context(locale="zh-CN")).new_page()
    page.set_default_timeout(PATIENCE_MS)
    if has_own_clock:
        await page.clock.install()
    await page.goto(f"http://127.0.0.1:{port}/chat")
    await expect(page.get_by_role("button", name="买 1 张")).to_be_visible(timeout=PATIENCE_MS)
    return page


async def until_asked(chat: Chat, times: int) -> None:
    async with asyncio.timeout(PATIENCE_MS / 1000):
        while len(chat.asked) < times:  # noqa: ASYNC110 - the stub shop sets no event
            await asyncio.sleep(0.02)


async def test_what_is_typed_without_a_line_says_so_and_is_sent_in_order_once_there_is_one(
    browser: Browser, sqlite_url: str
) -> None:
    async with an_open_shop(sqlite_url) as shop:
        async with a_chat(shop) as chat, chat:
            page = await a_page(browser, chat.port)
            complaints = complaints_of(page)
        await expect(page.locator("#offline")).to_be_visible(timeout=PATIENCE_MS)
        # More than the shop takes of anybody at once.
        texts = list("一二三四五六七八九十")
        for text in texts:
            await page.locator("#entry").fill(text)
            await page.keyboard.press("Enter")
        unsent = page.locator(".lost .own.waiting")
        await expect(unsent).to_have_text(texts)
        shown = await unsent.first.evaluate("bubble => getComputedStyle(bubble, '::after').content")
        assert shown == '"连上后发送"'

        async with a_chat(shop, port=chat.port) as restarted, restarted:
            await expect(page.locator(".card .line.plain")).to_have_text(
                ["link=", *texts], timeout=PATIENCE_MS
            )
            await expect(page.locator(".own.waiting")).to_have_count(0)
            await expect(page.locator(".own")).to_have_text(texts)
        assert [asked.content for asked in restarted.asked] == [Text(text) for text in texts]
    assert complaints == []


async def test_an_answer_that_came_while_the_lid_was_closed_is_shown_once_after_an_hour(
    browser: Browser, sqlite_url: str
) -> None:
    async with an_open_chat(sqlite_url) as chat, Line(chat.port).laid() as line:
        page = await a_page(browser, line.port, has_own_clock=True)
        chat.answers.clear()
        await page.get_by_role("button", name="买 1 张").click()
        await until_asked(chat, 2)
        line.lose(Way.TO_PAGE)
        chat.answers.set()
        await line.has_lost_something()
        await expect(page.locator(".foil")).to_have_count(0)

        line.heal()
        chat.time_passes(KEEP_ANSWERS_S + 1)
        await page.clock.fast_forward("01:00:00")
        await expect(page.locator(".foil")).to_be_visible(timeout=PATIENCE_MS)
        await expect(page.locator("#log.locked")).to_have_count(0)
        await expect(page.locator(".card")).to_have_count(2)
        assert [asked.content for asked in chat.asked] == [Link(""), Link("code"), Link("code")]
        assert chat.asked[1].message == chat.asked[2].message, "the shop can tell that it is the same press"


async def test_a_line_that_leads_nowhere_is_noticed_without_anybody_pressing_anything(
    browser: Browser, sqlite_url: str
) -> None:
    async with an_open_chat(sqlite_url) as chat, Line(chat.port).laid() as line:
        page = await a_page(browser, line.port, has_own_clock=True)
        async with page.expect_event("websocket", timeout=PATIENCE_MS):
            line.lose(Way.TO_PAGE)
            await page.clock.fast_forward(20_000)
            await line.has_lost_something()
            line.heal()
            await page.clock.fast_forward(20_000)
        await expect(page.locator("#offline")).to_be_hidden(timeout=PATIENCE_MS)
        await expect(page.locator(".card")).to_have_count(1)


async def test_two_tabs_show_each_answer_once_although_both_lost_it(
    browser: Browser, sqlite_url: str
) -> None:
    async with an_open_chat(sqlite_url) as chat, Line(chat.port).laid() as line:
        one = await a_page(browser, line.port)
        two = await one.context.new_page()
        await two.goto(one.url)
        await expect(two.get_by_role("button", name="买 1 张")).to_be_visible(timeout=PATIENCE_MS)
        chat.answers.clear()
        await one.get_by_role("button", name="买 1 张").click()
        await until_asked(chat, 3)
        line.lose(Way.TO_PAGE)
        chat.answers.set()
        await line.has_lost_something()
        line.cut()
        for page in (one, two):
            await page.locator(".foil").click()
            await expect(page.locator("code.code")).to_have_text(CODE)
            await expect(page.locator("#log.locked")).to_have_count(0)
            await expect(page.locator('.card[data-slot^="order:"]')).to_have_count(1)
        await two.locator("#entry").fill("第二")
        await two.keyboard.press("Enter")
        for page in (one, two):
            await expect(page.get_by_text("第二").last).to_be_visible()
    assert [asked.content for asked in chat.asked].count(Link("code")) == 1
