"""Journeys through the shop in WeChat, as they were seen: ``python -m tests.channels.wechat.transcripts`` writes them."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.channels.wechat.journeys import JOURNEYS, OWNER, lay_out, lay_out_more
from tests.channels.wechat.script import Script
from tests.channels.wechat.stage import IMPATIENT_S, Stage, a_wechat_shop
from tests.proof.premises import EPAY_KEY, EPAY_PID
from tests.standins.cashier import CashierControl, running_cashier

DOCS: Final = Path(__file__).parents[3] / "docs" / "wechat"


async def walk(folder: Path, cashier: CashierControl) -> Mapping[str, Script]:
    """All journeys, each by another person. Returns them by the names of their files."""
    service, passive = f"sqlite:///{folder}/service.db", f"sqlite:///{folder}/passive.db"
    async with (
        a_wechat_shop(folder / "service", service, cashier) as one,
        a_wechat_shop(
            folder / "passive", passive, cashier, profile="passive", patience_s=IMPATIENT_S, owner=OWNER
        ) as other,
    ):
        await lay_out(one)
        await lay_out_more(one)
        await lay_out(other)
        # Not side by side: the cashier's next fault would be that of whoever asks first.
        return await _walk_on(other, "passive") | await _walk_on(one, "service")


async def _walk_on(stage: Stage, profile: str) -> dict[str, Script]:
    walked = {}
    for journey in (one for one in JOURNEYS if one.profile == profile):
        for language, title in journey.titles.items():
            script = Script(stage, title, language, openid=OWNER if journey.is_staff else "")
            await script.arrive()
            await journey.walk(script)
            walked[f"{journey.name}.{language}.md"] = script
    return walked


def main() -> None:
    """Write the transcripts anew."""
    DOCS.mkdir(exist_ok=True)
    for old in DOCS.glob("*.*.md"):
        old.unlink()
    with (
        tempfile.TemporaryDirectory() as folder,
        running_cashier(pid=EPAY_PID, key=EPAY_KEY, options=("--retry-after", "0,0.2,1")) as cashier,
    ):
        for name, script in asyncio.run(walk(Path(folder), cashier)).items():
            (DOCS / name).write_text(script.text(), "utf-8")


if __name__ == "__main__":
    main()
