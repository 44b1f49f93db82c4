"""The journeys in ``docs/wechat`` are what a person sees."""

from __future__ import annotations

from pathlib import Path

from tests.channels.wechat.transcripts import DOCS, walk
from tests.standins.cashier import CashierControl


async def test_the_journeys_are_as_written_down(tmp_path: Path, cashier: CashierControl) -> None:
    written = {path.name: path.read_text("utf-8") for path in DOCS.glob("*.zh.md")}
    assert await walk(tmp_path, cashier) == written
