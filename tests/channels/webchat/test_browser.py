"""The page in a real browser: Debian's Chromium without a window."""

from playwright.async_api import Browser, expect

from shop_core.conversations.sign_in import make_link
from tests.browser import PATIENCE_MS, browser, complaints_of
from tests.channels.webchat.stage import CODE, PROCESSING, a_chat, an_open_chat
from tests.web.stage import an_open_shop

__all__ = ["browser"]


async def test_a_person_buys_reveals_the_code_and_goes_on_after_the_server_was_restarted(
    browser: Browser, sqlite_url: str
) -> None:
    async with an_open_shop(sqlite_url) as shop:
        page = await browser.new_page(viewport={"width": 390, "height": 844}, locale="zh-CN")
        page.set_default_timeout(PATIENCE_MS)
        complaints = complaints_of(page)
        buy, offline = page.get_by_role("button", name="买 1 张"), page.locator("#offline")

        async with a_chat(shop) as chat, chat:
            await page.goto(f"{chat.base_url}/chat")
            await buy.click()
            foil = page.locator(".foil")
            await expect(foil).to_be_visible(timeout=PATIENCE_MS)
            assert CODE not in await page.inner_text("#log"), "a code is hidden until the person uncovers it"
            await foil.click()
            await expect(page.locator("code.code")).to_have_text(CODE)
            assert await page.evaluate("document.cookie") == ""

        await expect(offline).to_be_visible(timeout=PATIENCE_MS)
        await buy.click()
        async with a_chat(shop, port=chat.port) as restarted, restarted:
            await expect(foil).to_be_visible(timeout=PATIENCE_MS)
            await expect(offline).to_be_hidden()
            await expect(page.locator("#log.locked")).to_have_count(0)
            assert [asked.content for asked in restarted.asked] == [chat.asked[1].content]
        assert complaints == []


async def test_a_press_says_at_once_that_it_is_worked_on_until_its_answer_is_there(
    browser: Browser, sqlite_url: str
) -> None:
    async with an_open_chat(sqlite_url) as chat:
        page = await browser.new_page(viewport={"width": 390, "height": 844}, locale="zh-CN")
        page.set_default_timeout(PATIENCE_MS)
        await page.goto(f"{chat.base_url}/chat")
        key, card = page.locator(".key.press"), page.locator(".card")
        await expect(key).to_have_text("买 1 张")

        chat.answers.clear()
        # In the same breath as the press: nothing has come back from the shop yet.
        assert await key.evaluate("key => { key.click(); return key.innerText; }") == PROCESSING
        await expect(key).to_have_attribute("aria-busy", "true")
        await expect(page.locator("#dots")).to_be_visible()
        await key.click(force=True)
        await expect(card).to_have_count(1)

        chat.answers.set()
        await expect(card).to_have_count(2)
        await expect(page.get_by_text(PROCESSING)).to_have_count(0)
        await expect(page.locator("#dots")).to_be_hidden()
        await expect(key).to_have_text("买 1 张")
        await expect(key).to_have_attribute("aria-busy", "false")
        await expect(page.locator("#log.locked")).to_have_count(0)
    assert len(chat.asked) == 2, "a second press meanwhile orders nothing"


async def test_staff_come_in_by_a_link_and_stay_in(browser: Browser, sqlite_url: str) -> None:
    async with an_open_chat(sqlite_url) as chat:
        token = await chat.shop.write(make_link, "web:staff")
        context = await browser.new_context(viewport={"width": 390, "height": 700})
        page = await context.new_page()
        await page.goto(f"{chat.base_url}/staff/enter/{token}")
        await page.get_by_role("button").click()
        await expect(page.locator(".card")).to_contain_text("云卡小铺")
        assert page.url == f"{chat.base_url}/staff"
        await page.reload()
        await expect(page.locator(".card")).to_contain_text("云卡小铺")
        await context.close()
    assert {asked.external_id[:1] for asked in chat.asked} == {"s"}


async def test_the_demo_shows_customer_and_staff_side_by_side(browser: Browser, sqlite_url: str) -> None:
    async with an_open_chat(sqlite_url, staff="staff") as chat:
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        complaints = complaints_of(page)
        await page.goto(chat.base_url)
        for pane in ("chat", "staff"):
            button = page.frame_locator(f'iframe[src="{pane}"]').get_by_role("button", name="买 1 张")
            await expect(button).to_be_visible(timeout=PATIENCE_MS)
        assert complaints == []
    assert "staff" in {asked.external_id for asked in chat.asked}
    assert len(chat.asked) == 2
