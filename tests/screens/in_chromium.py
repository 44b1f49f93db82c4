"""The people of a journey in the web chat as a browser shows it, each step looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from playwright.async_api import Browser, BrowserContext, Page, expect

from shop_core.conversations import prompts
from shop_core.customers.people import Address
from tests.browser import PATIENCE_MS, complaints_of
from tests.screens.on_telegram import on_his_phone
from tests.screens.person import OWNER, Cast, Key, Person
from tests.screens.script import Script
from tests.screens.stage import Stage

PHONE: Final[Any] = {"width": 390, "height": 844}
SMALL_PHONE: Final[Any] = {"width": 320, "height": 568}

Look = Callable[[Page], Awaitable[None]]
"""What is done at each step: a check, a picture."""

_LOCALES: Final = {"zh": "zh-CN", "en": "en-US"}
_KEYS: Final = """() => [...document.querySelectorAll(".card .key")].map((key) => ({
  text: key.title,
  kind: key.matches(".open") ? "url" : key.matches(".copy") ? "copy" : "link",
  value: key.href ?? "",
  place: key.closest(".card").dataset.slot ?? String([...document.querySelectorAll(".card")].indexOf(key.closest(".card"))),
}))"""
_MISFITS: Final = """() => {
  const misfits = [];
  const log = document.getElementById("log");
  if (document.documentElement.scrollWidth > innerWidth || log?.scrollWidth > log?.clientWidth)
    misfits.push("scrolls sideways");
  for (const key of document.querySelectorAll(".key, #send, #attach:not([hidden])")) {
    const box = key.getBoundingClientRect();
    if (box.height < 43.5 || box.width < 43.5) misfits.push(`small: ${key.title} ${box.width}×${box.height}`);
    if (box.left < 0 || box.right > innerWidth + 0.5) misfits.push(`outside: ${key.title}`);
    for (const part of key.querySelectorAll("em b"))
      if (part.scrollWidth > part.clientWidth + 1 && part.clientWidth) misfits.push(`cut: ${key.title}`);
  }
  return misfits;
}"""


class Misfits(AssertionError):
    """Something that does not fit on the screen, or is too small for a finger."""


async def check_fit(page: Page) -> None:
    """What holds of every screen on every size.

    Raises:
        Misfits: It does not.
    """
    misfits = await page.evaluate(_MISFITS)
    if misfits:
        raise Misfits(misfits)


@dataclass(frozen=True, slots=True)
class Window:
    """A page, the address that it opens, and what is done at each step."""

    page: Page
    address: str
    look: Look


class BrowserPerson(Person):
    """Somebody in front of Chromium."""

    def __init__(self, stage: Stage, script: Script, language: str, name: str, window: Window) -> None:
        super().__init__(stage, script, language, name)
        self.page = window.page
        self.complaints = complaints_of(window.page)
        self._url = window.address
        self._look = window.look
        self._keys: list[Key] = []
        self._number = ""
        self._device = ""

    @property
    def keys(self) -> Sequence[Key]:
        return self._keys

    @property
    def number(self) -> str:
        return self._number

    @property
    def address(self) -> Address:
        return Address("web", self._device)

    async def look(self) -> None:
        await self.stage.quiet()
        await expect(self.page.locator("#log.locked")).to_have_count(0, timeout=PATIENCE_MS)
        await expect(self.page.locator(".card").first).to_be_visible(timeout=PATIENCE_MS)
        self._keys = [Key(**key) for key in await self.page.evaluate(_KEYS)]
        orders = [key.place for key in self._keys if key.place.startswith("order:")]
        self._number = orders[-1].removeprefix("order:") if orders else self._number
        await self._look(self.page)
        await self._check_question()
        assert self.complaints == []

    async def _check_question(self) -> None:
        """The line where one writes does not ask for what the shop waits for no more."""
        place = {"channel": self.address.channel, "external_id": self.address.external_id}
        async with asyncio.timeout(PATIENCE_MS / 1000):
            # Either may be a moment behind: the shop with a press, the page with what came of it.
            while await self.page.locator("#entry.asked").count():
                if await self.stage.shop.read(prompts.asked, **place) is not None:
                    return
                await asyncio.sleep(0.05)

    @property
    def _opening(self) -> str:
        return self._url

    async def _open(self) -> None:
        await self.page.goto(self._url)
        enter = self.page.locator("form[method=post]:not(:has(input)) button")
        if await enter.count():
            await self._look(self.page)
            await enter.click()
            self._url = self.page.url
        cookies = await self.page.context.cookies()
        self._device = str(cookies[0]["value"]).partition(".")[0]
        await self.look()

    async def _press(self, key: Key) -> None:
        place = max(at for at, there in enumerate(self._keys) if there == key)
        await self.page.locator(".card .key").nth(place).click()
        await self.look()

    async def _type(self, text: str) -> None:
        entry = self.page.locator("#entry")
        await entry.fill(text)
        await entry.press("Enter")
        await self.look()

    async def _send(self, name: str, content: bytes) -> None:
        file: Any = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
        await self.page.locator("#picker").set_input_files(file)
        await self.look()


class BrowserCast(Cast):
    """Everybody has a window of his own."""

    channel = "web"

    def __init__(self, stage: Stage, language: str, browser: Browser, look: Look, **window: Any) -> None:
        super().__init__(stage, language)
        self._browser = browser
        self._look = look
        self._window = {"viewport": PHONE, **window}
        self._contexts: list[BrowserContext] = []

    async def owner(self) -> Person:
        token = await self.link_of_owner()
        return await self._window_of(OWNER[self.language], f"{self.stage.base_url}/staff/enter/{token}")

    async def close(self) -> None:
        for context in self._contexts:
            await context.close()

    async def elsewhere(self) -> Person:
        return await on_his_phone(self)

    async def _meet(self, name: str) -> Person:
        return await self._window_of(name, f"{self.stage.base_url}/chat")

    async def _window_of(self, name: str, address: str) -> BrowserPerson:
        context = await self._browser.new_context(
            locale=_LOCALES[self.language], timezone_id="Asia/Shanghai", **self._window
        )
        self._contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        return BrowserPerson(self.stage, self.script, self.language, name, Window(page, address, self._look))
