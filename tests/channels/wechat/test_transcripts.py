"""The journeys in ``docs/wechat`` are what a person sees, and every screen of them is made for WeChat."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from tests.channels.wechat.script import Script
from tests.channels.wechat.transcripts import DOCS, walk
from tests.standins.cashier import CashierControl

MOST_ITEMS: Final = 8
MOST_CHARACTERS: Final = 600
MOST_BYTES: Final = 2048
MOST_REPLIES: Final = 4
"""From a product to the link that pays for it."""
_ITEM: Final = re.compile(r"^\d+ ", re.MULTILINE)
_PRODUCT: Final = re.compile(r"^1 (买 1 张|Buy 1|充 1 份|Top up once)", re.MULTILINE)


async def test_the_journeys_are_as_written_down_and_every_screen_is_small(
    tmp_path: Path, cashier: CashierControl
) -> None:
    walked = await walk(tmp_path, cashier)
    for name, script in walked.items():
        for shown in script.shown:
            assert len(shown.text) <= MOST_CHARACTERS, (name, shown.text)
            assert len(shown.text.encode()) <= MOST_BYTES, (name, shown.text)
            assert len(_ITEM.findall(shown.text)) <= MOST_ITEMS, (name, shown.text)
        assert all(way <= MOST_REPLIES for way in _ways_to_pay(script)), (name, _ways_to_pay(script))
    paid = {name for name, script in walked.items() if _ways_to_pay(script)}
    assert paid >= {
        f"{name}.zh.md" for name in ("buy", "several", "cancel", "top-up", "slow", "quota", "refund")
    }
    assert sum(name.endswith(".zh.md") for name in walked) == 14, "thirteen of customers, one of staff"
    written = {path.name: path.read_text("utf-8") for path in DOCS.glob("*.*.md")}
    assert {name: script.text() for name, script in walked.items()} == written


def _ways_to_pay(script: Script) -> list[int]:
    """How many replies each link to pay took after its product was shown; what was asked again counts, too."""
    ways: list[int] = []
    since: int | None = None
    for shown in script.shown:
        if not shown.is_answer:
            continue
        if _PRODUCT.search(shown.text):
            since = 0
            continue
        if since is None:
            continue
        since += 1
        if "/pay/" in shown.text:
            ways.append(since)
            since = None
    return ways
