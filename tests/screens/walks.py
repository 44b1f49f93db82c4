"""Walking journeys: each on each of its channels and in each language, with a transcript at the end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.screens import account, buying, counter, journeys, linking, supply, top_ups, verifying
from tests.screens.on_telegram import TelegramCast
from tests.screens.on_the_web import on_the_web
from tests.screens.person import Cast
from tests.screens.registry import JOURNEYS, Journey
from tests.screens.stage import Outskirts, Stage, an_open_shop

LANGUAGES: Final = ("zh", "en")
DOCS: Final = Path(__file__).parents[2] / "docs" / "screens"
README: Final = DOCS / "README.md"

__all__ = ["account", "buying", "counter", "journeys", "linking", "supply", "top_ups", "verifying"]


@dataclass(frozen=True, slots=True)
class Walk:
    """One journey on one channel in one language."""

    journey: Journey
    channel: str
    language: str

    @property
    def name(self) -> str:
        return f"{self.channel}/{self.journey.name}.{self.language}"

    @property
    def path(self) -> Path:
        """Where its transcript is kept."""
        return DOCS / f"{self.name}.md"

    @property
    def can_be_shown(self) -> bool:
        """Whether a browser can walk it: a page has no button to press that is not there any more."""
        return not (self.channel == "web" and self.journey.name == "old-button")

    def shop(self, around: Outskirts, folder: Path) -> AbstractAsyncContextManager[Stage]:
        """The shop that it leads through, opened in an empty folder."""
        return an_open_shop(
            around,
            self.journey.goods,
            folder,
            has_stars=self.journey.has_stars,
            suppliers=self.journey.suppliers,
            first_contact=self.journey.first_contact,
        )

    async def transcript(self, around: Outskirts, folder: Path) -> str:
        """Walk it, and write down what was said and seen."""
        async with self.shop(around, folder) as stage, self._cast(stage) as cast:
            await self.journey.walk(cast)
        return f"# {self.journey.titles[self.language]}\n\n```text\n{cast.script.text()}```\n"

    @asynccontextmanager
    async def _cast(self, stage: Stage) -> AsyncIterator[Cast]:
        if self.channel == "telegram":
            yield TelegramCast(stage, self.language)
        else:
            async with on_the_web(stage, self.language) as cast:
                yield cast


def list_walks() -> Sequence[Walk]:
    """All of them."""
    return [
        Walk(journey, channel, language)
        for journey in JOURNEYS
        for channel in journey.channels
        for language in LANGUAGES
    ]


def orphans() -> Iterator[Path]:
    """Transcripts that no journey writes any more."""
    written = {walk.path for walk in list_walks()}
    return (path for path in DOCS.glob("*/*.md") if path not in written)


def index() -> str:
    """The table of all transcripts, for the end of the folder's README."""
    rows = ["| journey | Telegram | web chat |", "|---|---|---|"]
    for journey in JOURNEYS:
        cells = [" · ".join(_links(journey, channel)) for channel in ("telegram", "web")]
        rows.append(f"| {journey.titles['zh']} · {journey.titles['en']} | {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def _links(journey: Journey, channel: str) -> Iterator[str]:
    if channel in journey.channels:
        for language, name in (("zh", "中文"), ("en", "English")):
            yield f"[{name}]({channel}/{journey.name}.{language}.md)"


def with_index(readme: str) -> str:
    """The README with today's table in the place of the one that it has."""
    before, _, _ = readme.partition("| journey |")
    return before + index()
