"""Buttons by the key of their words, so that a journey is written once for both languages."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from babel.messages.pofile import read_po

from admin_cmds.words import STAFF_WORDS
from handlers.words import CUSTOMER_WORDS

_ID: Final = re.compile(r"^#\d+ ")
"""What staff see before a name."""
_PLACE: Final = re.compile(r"\\\{\w+\\\}")


@cache
def _texts(language: str) -> dict[str, tuple[str, ...]]:
    """Key of the catalogues → its texts: several if it has a plural."""
    found: dict[str, tuple[str, ...]] = {}
    for folder in (CUSTOMER_WORDS, STAFF_WORDS):
        with (folder / f"{language}.po").open("rb") as file:
            for message in read_po(file, locale=language):
                key = message.id if isinstance(message.id, str) else message.id[0]
                texts = message.string if isinstance(message.string, tuple) else (message.string,)
                found[key] = tuple(str(text) for text in texts)
    return found


@cache
def _pattern(language: str, key: str) -> re.Pattern[str] | None:
    """What a text looks like, whatever is filled in. None: there is no such key."""
    texts = _texts(language).get(key)
    return (
        None if texts is None else re.compile("|".join(_PLACE.sub(".*", re.escape(text)) for text in texts))
    )


def is_meant(language: str, wanted: str, text: str) -> bool:
    """Whether a button's text, or a column of it, is the one under a key.

    What is no key is looked for as it is, cut short or not.
    """
    pattern = _pattern(language, wanted)
    if pattern is not None:
        return any(pattern.fullmatch(part) for part in (text, *text.split("  ")))
    beginning, cut, _ = _ID.sub("", text).partition("…")
    return wanted in text or (bool(cut) and wanted.startswith(beginning))
