"""Pictures of every step of a journey: the web chat in Chromium, Telegram as a phone draws it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page

from tests.screens.in_chromium import PHONE, BrowserCast
from tests.screens.on_telegram import TelegramCast, TelegramPerson
from tests.screens.phone import draw_phone
from tests.screens.stage import Outskirts
from tests.screens.walks import Walk

SETTLED_MS = 350
"""After this a card has come in and the conversation has scrolled to it."""


@dataclass(slots=True)
class Camera:
    """Numbers the pictures of one walk."""

    folder: Path
    name: str
    numbers: count[int] = field(default_factory=lambda: count(1))

    async def take(self, page: Page) -> None:
        await page.wait_for_timeout(SETTLED_MS)
        name = f"{self.name.replace('/', '-')}-{next(self.numbers):02}.png"
        await page.screenshot(path=self.folder / name)


class Pictured(TelegramPerson):
    """Somebody in Telegram whose phone is drawn after each step."""

    develop: Callable[[str], Awaitable[None]]

    async def look(self) -> None:
        told = len(self.user.answers)
        before = self._told
        await super().look()
        toast = next((answer.text for answer in self.user.answers[before:told] if answer.text), "")
        html = await asyncio.to_thread(
            draw_phone,
            self.user.messages(),
            shop=self.stage.shop.policy.name,
            toast=toast,
            entry="输入消息" if self.language == "zh" else "Message",
            below=self.user.number_button,
            read=self.user.read,
        )
        await self.develop(html)


class PicturedCast(TelegramCast):
    """A Telegram cast with a camera."""

    def __init__(self, stage: Any, language: str, page: Page, camera: Camera) -> None:
        super().__init__(stage, language)
        self._page = page
        self._camera = camera

    def _client(self, name: str, person_id: int | None = None) -> TelegramPerson:
        plain = super()._client(name, person_id)
        pictured = Pictured(plain.stage, plain.script, plain.language, plain.user)
        pictured.develop = self._develop
        return pictured

    async def _develop(self, html: str) -> None:
        await self._page.set_content(html)
        await self._camera.take(self._page)


async def picture(
    walk: Walk, around: Outskirts, browser: Browser, folder: Path, room: Path, **window: Any
) -> None:
    """Walk, and leave a picture of every step in a folder.

    Args:
        room: An empty folder for the shop.
        window: More of the browser's context: ``viewport``, ``color_scheme``.
    """
    camera = Camera(folder, walk.name)
    async with walk.shop(around, room) as stage:
        if walk.channel == "web":
            cast = BrowserCast(
                stage, walk.language, browser, camera.take, **{"device_scale_factor": 2, **window}
            )
            await walk.journey.walk(cast)
            await cast.close()
            return
        page = await browser.new_page(**{"viewport": PHONE, "device_scale_factor": 2, **window})
        await walk.journey.walk(PicturedCast(stage, walk.language, page, camera))
        await page.close()
