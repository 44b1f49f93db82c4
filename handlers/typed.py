"""Free text: an order's number, the answer to a prompt, a word for a place, or a search."""

from __future__ import annotations

from typing import Final

from handlers import joining
from handlers.follow import follow
from handlers.incoming import LONGEST_SAID, Contact, Text, Upload
from handlers.links import link, match
from handlers.screen import Screen
from handlers.visit import Visit
from shop_core.kernel.numbers import parse_number

SPOKEN: Final = (
    "pick_up",
    "orders",
    "help",
    "support",
    "home",
    "balance",
    "pairing",
    "settings",
    "my_data",
)
"""Endpoints that people ask for in words; which words, the catalogue says."""

SECRETS: Final = frozenset({"set_password", "recover", "typed_input"})
"""Endpoints whose last part is typed and nobody else's to read."""

AS_TYPED: Final = SECRETS | {"typed_contact", "typed_code"}
"""Endpoints whose last part may look like the number of an order and is none."""


async def read_text(visit: Visit, text: str, asked: str | None) -> Screen:
    """Where a text leads that was written after ``asked``; None: nothing was asked."""
    said = _one_line(text)
    if not said:
        return await follow(visit, link("home"))
    meant = None if asked is None else match(f"{asked}/{said}")
    if _is(asked, AS_TYPED):
        # A password, an account, and a phone number may look like anything.
        return await follow(visit, f"{asked}/{said}")
    number = parse_number(said)
    if number is not None:
        return await follow(visit, link("order", number=number))
    if meant is not None:
        return await follow(visit, f"{asked}/{said}")
    return await _search(visit, said)


async def _search(visit: Visit, said: str) -> Screen:
    if await joining.find(visit, said) is not None:
        return await joining.invitation(visit, said)
    place = place_named(visit, Text(said))
    if place is not None:
        return await follow(visit, link(place))
    return await follow(visit, f"{link('ask_search')}/{said}")


def is_secret(asked: str | None) -> bool:
    """Whether what is typed now is nobody else's to read."""
    return _is(asked, SECRETS)


def _is(asked: str | None, endpoints: frozenset[str]) -> bool:
    """Whether what is typed now goes to one of these."""
    found = None if asked is None else match(f"{asked}/x")
    return found is not None and found[0] in endpoints


def place_named(visit: Visit, content: Text | Upload | Contact) -> str | None:
    """The place that a text asks for and nothing else."""
    said = _one_line(content.text).lower() if isinstance(content, Text) else ""
    return next((place for place in SPOKEN if said in visit.say(f"word.{place}").split(",")), None)


def _one_line(text: str) -> str:
    """A text as the end of a link: one line, no slash at its start."""
    return " ".join(text.split()).lstrip("/ ")[:LONGEST_SAID]
