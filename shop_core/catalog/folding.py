"""Texts as they are searched: the same word is found however it is typed. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

MOST_WORDS: Final = 5
START: Final = "\n"
"""Stands before each name in what is searched, so that a name's beginning can be told from its middle."""


def fold(text: str) -> str:
    """Full-width as half-width, capitals as small letters, any blanks as one."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def fold_all(texts: Iterable[str]) -> str:
    """Several texts, each on a line of its own with ``START`` before it."""
    return "".join(f"{START}{folded}" for text in texts if (folded := fold(text)))


def words_of(typed: str) -> tuple[str, ...]:
    """The words that somebody typed, the first five."""
    return tuple(fold(typed).split()[:MOST_WORDS])


def pattern(word: str, *, after: str = "") -> str:
    """A pattern for LIKE (escape character: a backslash) that finds the word literally.

    Args:
        after: What has to stand right before it.
    """
    literal = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{after}{literal}%"
