"""The words that the page and its socket use by themselves; every other word comes in a screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChatWords:
    """Words of one language.

    Attributes:
        page: By the names that the page's scripts know them under.
        slow_down: Told to somebody who sends faster than people do; his message was not taken.
        no_file: Told of a file that nobody asked for.
        too_long: Told of a text or a file that is more than we take.
        no_answer: Told of a text or a file that was heard, but whose answer was lost on the way.
    """

    page: Mapping[str, str]
    slow_down: str
    too_long: str
    no_file: str
    no_answer: str


def spoken_language(accept_language: str, spoken: Sequence[str]) -> str:
    """The first language in a browser's list that the shop speaks, or else the browser's first; may be empty.

    Browsers write their list in order of preference, so the weights need not be read.
    """
    tags = [part.partition(";")[0].strip().lower() for part in accept_language.split(",")]
    understood = (tag for tag in tags if any(tag.startswith(language) for language in spoken))
    return next(understood, tags[0])[:35]
