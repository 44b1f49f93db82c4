"""Staff links: a command's words with slashes between them.

``admin/price/12/15.00`` in a button, ``/price 12 15.00`` in the chat, ``kapu admin price 12 15.00`` in the shell:
the same command, read by the same parser. Like every link it proves nothing: the role is looked up each time.
"""

from __future__ import annotations

import shlex
from typing import Final
from urllib.parse import unquote

PREFIX: Final = "admin"
LONGEST_STORED: Final = 120
"""Characters of a link that waits in ``prompts`` for what the next message adds to it."""

HOLD: Final = "hold"
"""``admin/hold/<key>/<words…>`` is stored, never sent: the command that ``admin/go/<key>`` will run."""
GO: Final = "go"


def link_to(*words: str) -> str:
    """The link of a command."""
    return "/".join((PREFIX, *(word.replace("%", "%25").replace("/", "%2F") for word in words)))


def words_of(path: str) -> tuple[str, ...] | None:
    """A command's words, or None: not a staff link."""
    first, *rest = path.strip().strip("/").split("/")
    return tuple(unquote(word) for word in rest if word) if first == PREFIX else None


def split_words(text: str) -> tuple[str, ...]:
    """Typed words. Only double quotes hold words together: an apostrophe is part of a name."""
    lexer = shlex.shlex(text, posix=True)
    lexer.whitespace_split = True
    lexer.quotes = '"'
    lexer.escape = lexer.commenters = ""
    try:
        return tuple(lexer)
    except ValueError:
        return tuple(text.split())
