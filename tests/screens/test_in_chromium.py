"""Every journey in a real browser: nothing sticks out of the smallest phone, and every button is large enough."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.browser import browser
from tests.screens.in_chromium import SMALL_PHONE, BrowserCast, check_fit
from tests.screens.stage import Outskirts
from tests.screens.walks import list_walks

__all__ = ["browser"]

LONGEST_IN_ENGLISH = {"long-names", "top-up", "guest"}

PARTS = 3
"""Of all journeys: a browser each, and a worker for each part that has one to spare."""

IN_CHROMIUM = [
    walk
    for walk in list_walks()
    if walk.channel == "web"
    and walk.can_be_shown
    and (walk.language == "en") == (walk.journey.name in LONGEST_IN_ENGLISH)
]


@pytest.mark.parametrize("nth", range(PARTS))
async def test_all_journeys_fit_a_small_phone(
    browser: Browser, around: Outskirts, tmp_path: Path, nth: int
) -> None:
    for walk in IN_CHROMIUM[nth::PARTS]:
        room = tmp_path / walk.name.replace("/", "-")
        room.mkdir()
        async with walk.shop(around, room) as stage:
            cast = BrowserCast(stage, walk.language, browser, check_fit, viewport=SMALL_PHONE)
            await walk.journey.walk(cast)
            await cast.close()
