"""Links that come from outside the chat: in an address that anybody may write and send to anybody."""

from __future__ import annotations

import re
from typing import Final

from handlers.links import match

PUBLIC: Final = frozenset(
    {
        "home",
        "category",
        "category_page",
        "all",
        "product",
        "variant",
        "orders",
        "order",
        "balance",
        "language",
        "help",
        "invitation",
        "support",
        "paysupport",
    }
)
"""Endpoints that only show something, to whoever may see it. Whoever follows an address decided nothing but to look: one
that buys, pays or cancels would let a stranger do so in his name."""

_PAYLOAD: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What Telegram takes in ``https://t.me/<bot>?start=<payload>``; scene codes elsewhere take no less."""


def payload_of(link: str) -> str | None:
    """A link as a payload; None if it is not for everybody, or cannot be written so.

    ``_`` stands for the slash, since numbers of orders have a ``-``: ``p/12`` is ``p_12``.
    """
    payload = link.replace("/", "_")
    return payload if "_" not in link and _is_public(link) and _PAYLOAD.fullmatch(payload) else None


def link_of(payload: str) -> str | None:
    """The link in a payload; None for what is none, or is not for everybody."""
    if _PAYLOAD.fullmatch(payload) is None:
        return None
    link = payload.replace("_", "/")
    return link if _is_public(link) else None


def _is_public(link: str) -> bool:
    found = match(link)
    return found is not None and found[0] in PUBLIC
