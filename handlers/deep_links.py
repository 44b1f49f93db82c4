"""Links that come from outside the chat: in an address that anybody may write and send to anybody."""

from __future__ import annotations

import re
from collections.abc import Collection
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

ON_MENUS: Final = PUBLIC | {"pick_up", "ask_search"}
"""What an owner may hang on a menu, too: no stranger's address leads there, only a menu of his own."""

_PAYLOAD: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What Telegram takes in ``https://t.me/<bot>?start=<payload>``; scene codes elsewhere take no less."""


def payload_of(link: str) -> str | None:
    """A link as a payload; None if it is not for everybody, or cannot be written so.

    ``_`` stands for the slash, since numbers of orders have a ``-``: ``p/12`` is ``p_12``.
    """
    return _payload(link, PUBLIC)


def link_of(payload: str) -> str | None:
    """The link in a payload; None for what is none, or is not for everybody."""
    return _link(payload, PUBLIC)


def menu_key_of(link: str) -> str | None:
    """A link as the key of a menu; None if it does not belong there."""
    return _payload(link, ON_MENUS)


def menu_link_of(key: str) -> str | None:
    """The link in the key of a menu; None for what is none."""
    return _link(key, ON_MENUS)


def _payload(link: str, endpoints: Collection[str]) -> str | None:
    payload = link.replace("/", "_")
    is_plain = "_" not in link and _PAYLOAD.fullmatch(payload) is not None
    return payload if is_plain and _leads_to(link, endpoints) else None


def _link(payload: str, endpoints: Collection[str]) -> str | None:
    link = payload.replace("_", "/")
    return link if _PAYLOAD.fullmatch(payload) is not None and _leads_to(link, endpoints) else None


def _leads_to(link: str, endpoints: Collection[str]) -> bool:
    found = match(link)
    return found is not None and found[0] in endpoints
