"""The page for those who do not see it, use no mouse, or need it large: axe-core, the keyboard, and zoom."""

from datetime import timedelta
from typing import Literal

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from bot.channels.webchat.theme import Theme
from handlers.screen import (
    Button,
    Code,
    CopyButton,
    File,
    Line,
    LinkButton,
    Qr,
    Screen,
    Style,
    UrlButton,
    Weight,
)
from shop_core.customers.people import Address
from shop_core.kernel.secret import Secret
from tests.browser import PATIENCE_MS, browser
from tests.channels.webchat.stage import CODE, Chat, an_open_chat

__all__ = ["browser"]

ROWS: tuple[tuple[Button, ...], ...] = (
    (LinkButton("爱奇艺黄金会员 月卡  ¥15.00  有货 128", "p/1"),),
    (
        LinkButton("买 1 张 ¥15.00", "p/1", weight=Weight.PRIMARY),
        LinkButton("取消订单", "p/2", weight=Weight.DANGER),
    ),
    (UrlButton("去付款", "https://pay.example.com"), CopyButton("复制卡密", Secret(CODE))),
)


def everything(chat: Chat) -> Screen:
    """A screen with every kind of thing that a screen can have."""
    return Screen(
        lines=(
            Line("待付款  订单 K7M2-9QXD", Style.TITLE),
            Line("小字", Style.MUTED),
            Line("应付 ¥15.00  共 2 件", Style.STRONG),
            Line("请尽快", Style.WARNING),
            Line("名字  ¥15.00  有货\n另一个  ¥3.00  仅剩 3"),
            Code(Secret(CODE)),
        ),
        rows=ROWS,
        qr=Qr("https://pay.example.com/1", "扫码付款 ¥15.00"),
        file=File("codes.txt", b"AB-12"),
        deadline=chat.shop.clock.now() + timedelta(minutes=4),
        slot="order:K7M2-9QXD",
    )


async def a_page(
    browser: Browser,
    chat: Chat,
    *,
    width: int = 390,
    height: int = 844,
    scheme: Literal["light", "dark"] = "light",
) -> Page:
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        locale="zh-CN",
        color_scheme=scheme,
        reduced_motion="reduce",
    )
    page = await context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    await page.goto(f"{chat.base_url}/chat")
    await expect(page.get_by_role("button", name="买 1 张")).to_be_visible()
    await chat.channel.send(Address("web", chat.asked[-1].external_id), everything(chat))
    return page


@pytest.mark.parametrize("theme", [None, Theme("#ffd400"), Theme("#1a237e")], ids=["ours", "yellow", "navy"])
async def test_axe_finds_nothing_by_day_or_by_night_whatever_the_colour(
    browser: Browser, sqlite_url: str, theme: Theme | None
) -> None:
    found: list[str] = []
    async with an_open_chat(sqlite_url, theme=theme) as chat:
        for scheme in ("light", "dark"):
            page = await a_page(browser, chat, scheme=scheme)
            await page.locator("#entry").fill("你好")
            await page.keyboard.press("Enter")
            await expect(page.locator("#toast")).to_be_visible()
            violations = (await Axe().run(page)).response["violations"]
            found += [
                f"{scheme}: {rule['id']}: {node['html']} {node['failureSummary']}"
                for rule in violations
                for node in rule["nodes"]
            ]
    assert found == []


async def test_everything_is_reached_by_keyboard_in_the_order_in_which_it_stands(
    browser: Browser, sqlite_url: str
) -> None:
    async with an_open_chat(sqlite_url) as chat:
        page = await a_page(browser, chat)
        await page.locator("#log").focus()
        reached = [await _focused(page)]
        while reached[-1] != "TEXTAREA":
            await page.keyboard.press("Tab")
            reached.append(await _focused(page))
        assert reached == [
            *("对话", "买 1 张", "点开查看", "codes.txt1 KB"),
            "爱奇艺黄金会员 月卡 ¥15.00 有货 128",
            *("买 1 张 ¥15.00", "取消订单", "去付款", "复制卡密", "TEXTAREA"),
        ]


async def _focused(page: Page) -> str:
    """What the keyboard is on; it has to be seen that it is."""
    name, outline = await page.evaluate(
        "() => { const on = document.activeElement; const style = getComputedStyle(on);"
        " const name = on.tagName === 'TEXTAREA' ? on.tagName"
        " : on.getAttribute('aria-label') ?? on.textContent.replace(/\\s+/gu, ' ').trim();"
        " return [name, style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth)]; }"
    )
    assert outline >= 2, name
    return str(name)


async def test_the_focus_goes_to_the_answer_and_to_the_code_that_was_uncovered(
    browser: Browser, sqlite_url: str
) -> None:
    async with an_open_chat(sqlite_url) as chat:
        page = await (await browser.new_context(locale="zh-CN")).new_page()
        await page.goto(f"{chat.base_url}/chat")
        await page.get_by_role("button", name="买 1 张").focus()
        await page.keyboard.press("Enter")
        answer = page.get_by_role("article", name="已发货")
        await expect(answer).to_be_focused(timeout=PATIENCE_MS)
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("button", name="点开查看")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("code.code")).to_be_focused()
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("button", name="复制卡密")).to_be_focused()
        await page.keyboard.press("Enter")
        # Whoever writes is not pulled away by news.
        await page.locator("#entry").focus()
        await chat.channel.send(Address("web", chat.asked[-1].external_id), Screen((Line("已退款"),)))
        await expect(page.locator("#entry")).to_be_focused()
        assert await page.get_by_role("log", name="对话").get_attribute("aria-live") == "polite"
        # Where notices will be read out is there before them: screen readers miss what appears together with its place.
        await expect(page.get_by_role("status")).to_have_count(2)


@pytest.mark.parametrize(("width", "height"), [(640, 400), (320, 256)], ids=["200 %", "400 %"])
async def test_nothing_is_cut_off_when_it_is_enlarged(
    browser: Browser, sqlite_url: str, width: int, height: int
) -> None:
    async with an_open_chat(sqlite_url) as chat:
        page = await a_page(browser, chat, width=width, height=height)
        too_wide = await page.evaluate(
            "() => [...document.querySelectorAll('html, #log, .card, .card *')]"
            ".filter((node) => node.scrollWidth > node.clientWidth + 1 && getComputedStyle(node).display !== 'inline')"
            ".map((node) => node.className || node.tagName)"
        )
        assert too_wide == []
        for button in (page.locator("#send"), page.locator("#entry")):
            await expect(button).to_be_in_viewport(ratio=1)
        keys = page.locator(".card .key")
        for at in range(await keys.count()):
            await keys.nth(at).scroll_into_view_if_needed()
            await expect(keys.nth(at)).to_be_in_viewport(ratio=0.9)


async def test_nothing_moves_for_whoever_does_not_want_that(browser: Browser, sqlite_url: str) -> None:
    async with an_open_chat(sqlite_url) as chat:
        page = await a_page(browser, chat)
        chat.answers.clear()
        await page.get_by_role("button", name="买 1 张").first.click()
        await expect(page.locator("#dots")).to_be_visible()
        # Unasked, the dots would go on for ever.
        await page.wait_for_function("document.getAnimations().every((one) => one.playState === 'finished')")
        chat.answers.set()
