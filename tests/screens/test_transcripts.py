"""Every screen of every journey is as it was reviewed: the transcripts under docs/screens are what the shop says today.

A changed screen turns a test red. ``make screens`` writes the transcripts anew; what it changes is to be read.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.screens.stage import Outskirts
from tests.screens.walks import README, Walk, list_walks, orphans, with_index


@pytest.mark.parametrize("walk", list_walks(), ids=lambda walk: walk.name)
async def test_a_journey_reads_as_it_was_reviewed(walk: Walk, around: Outskirts, tmp_path: Path) -> None:
    transcript = await walk.transcript(around, tmp_path)
    assert walk.path.exists(), f"{walk.name} has not been written down yet: make screens"
    assert transcript == walk.path.read_text("utf-8"), (
        "a screen has changed: make screens, and read what changed"
    )


def test_the_readme_lists_every_journey() -> None:
    readme = README.read_text("utf-8")
    assert readme == with_index(readme)


def test_no_transcript_is_left_of_a_journey_that_is_gone() -> None:
    assert list(orphans()) == []
