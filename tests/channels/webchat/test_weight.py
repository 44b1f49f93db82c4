"""What a visitor's phone fetches before he can buy."""

from urllib.parse import urlsplit

from playwright.async_api import Browser, Request, expect

from bot.channels.webchat.face import FILES
from bot.channels.webchat.theme import Theme
from tests.browser import PATIENCE_MS, browser
from tests.channels.webchat.stage import an_open_chat
from tests.standins.site import a_site, page_with

__all__ = ["browser"]

MOST_ON_THE_WIRE = 30_000
"""Bytes with their headers, as they travel: compressed. The promise is 50 kB."""
MOST_UNPACKED = 62_000
"""Bytes of scripts and styles, which a slow phone has to read."""


async def test_the_chat_on_another_site_weighs_less_than_was_promised(
    browser: Browser, sqlite_url: str
) -> None:
    fetched: list[Request] = []
    async with (
        a_site() as site,
        an_open_chat(sqlite_url, sites=(site.origin,), theme=Theme("#c2185b")) as chat,
    ):
        site.html = page_with(f"{chat.base_url}/chat/embed.js")
        page = await (await browser.new_context(locale="zh-CN")).new_page()
        page.on("requestfinished", lambda request: fetched.append(request))  # noqa: PLW0108 - it takes no builtin
        await page.goto(site.origin)
        await page.get_by_role("button", name="打开云卡小铺").click()
        await expect(page.frame_locator("iframe").locator(".card")).to_be_visible(timeout=PATIENCE_MS)
        weights = {
            urlsplit(request.url).path: (sizes["responseBodySize"] + sizes["responseHeadersSize"])
            for request in fetched
            if request.url.startswith(chat.base_url)
            for sizes in [await request.sizes()]
        }
    # All there is: what is loaded is counted, and what is there is loaded.
    scripts = {f"/chat/{file.name}" for file in FILES.glob("*.js")} - {"/chat/demo.js"}
    assert set(weights) == scripts | {"/chat", "/chat/chat.css", "/chat/theme.css"}
    assert all(weights.values())
    assert sum(weights.values()) < MOST_ON_THE_WIRE, weights
    files = [*FILES.glob("*.js"), FILES / "chat.css", FILES / "index.html"]
    assert sum(file.stat().st_size for file in files if file.name != "demo.js") < MOST_UNPACKED
