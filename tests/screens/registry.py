"""The list of all journeys."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from tests.screens.person import Cast

BOTH: Final = ("telegram", "web")


@dataclass(frozen=True, slots=True)
class Journey:
    """A walk through the shop.

    Attributes:
        name: Of its files.
        titles: Language → heading.
        goods: What is on the shelves when it begins, see ``goods.GOODS``.
        has_stars: The bot takes Stars, and nothing else.
        suppliers: Protocols of those who sell to the shop.
        first_contact: The shop sends codes, and asks everybody for this; empty: it sends codes, and asks nobody.
    """

    name: str
    titles: dict[str, str]
    walk: Callable[[Cast], Awaitable[None]]
    goods: str = "few"
    channels: tuple[str, ...] = BOTH
    has_stars: bool = False
    suppliers: tuple[str, ...] = ()
    first_contact: str | None = None


JOURNEYS: Final[list[Journey]] = []


def journey(
    name: str,
    zh: str,
    en: str,
    *,
    goods: str = "few",
    channels: tuple[str, ...] = BOTH,
    has_stars: bool = False,
    suppliers: tuple[str, ...] = (),
    first_contact: str | None = None,
) -> Callable[[Callable[[Cast], Awaitable[None]]], Callable[[Cast], Awaitable[None]]]:
    """Make a function a journey: it is walked, written down and compared from now on."""

    def add(walk: Callable[[Cast], Awaitable[None]]) -> Callable[[Cast], Awaitable[None]]:
        titles = {"zh": zh, "en": en}
        JOURNEYS.append(Journey(name, titles, walk, goods, channels, has_stars, suppliers, first_contact))
        return walk

    return add
