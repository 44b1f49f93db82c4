"""What each vendor's own folder brings: its pages, and what it tells of an order by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from starlette.routing import Route

from tests.standins.suppliers.world import Order, World


@dataclass(frozen=True)
class Letter:
    """One request of the vendor's own: what it sends to a shop."""

    method: str
    headers: dict[str, str]
    body: bytes


class Vendor(Protocol):
    """One protocol, spoken over one world."""

    world: World

    def routes(self) -> list[Route]:
        """Its pages."""
        ...

    def letter(self, order: Order, *, is_forged: bool) -> Letter | None:
        """What it tells about an order as it stands; None: it never tells anything by itself."""
        ...

    def is_heard(self, status: int, body: bytes) -> bool:
        """Whether the shop's answer ends the repeats."""
        ...
