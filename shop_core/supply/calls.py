"""Calling a supplier: one question, one readable answer or one kind of trouble. No database here.

Whatever happens outside ends as a ``Heard``; only a bug in an adapter comes through, and leaves the purchase as it was
committed before the call: sent, and so unknown once its claim has run out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeVar

from shop_core.kernel.clock import Clock
from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.supply.purchases import PurchaseView
from shop_core.supply.supplier import (
    Accepted,
    Done,
    Failed,
    NotFound,
    Offer,
    Outcome,
    Partial,
    PurchaseRequest,
    Refused,
    Supplier,
    SupplierRefused,
)

T = TypeVar("T")

CALL_S: Final = 45
"""What one call may take in all. Two of them fit into a claim with room to spare (``purchases.LEASE``)."""


class What(StrEnum):
    """What a supplier was asked, or how else we heard of it."""

    PRICE = "price"
    PLACE = "place"
    QUERY = "query"
    CALLBACK = "callback"
    PERSON = "person"
    CRASH = "crash"
    """Nothing: our own process died with the call."""


class Trouble(StrEnum):
    """Why there is no readable answer."""

    NO_EFFECT = "no_effect"
    """Certainly nothing happened: it may be asked again."""
    UNREADABLE = "unreadable"
    """It may have had its effect."""
    REFUSES_US = "refuses_us"
    """It does not deal with us; nothing was bought."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of one question.

    Attributes:
        outcome: What the supplier says is the case; None: there was trouble.
        said: Its words, or what went wrong. Never goods.
        retry_after_s: When it may be asked again, after trouble without effect.
    """

    what: What
    asked_at: datetime
    answered_at: datetime
    outcome: Outcome | None = None
    trouble: Trouble | None = None
    said: str = ""
    retry_after_s: int = 0

    @property
    def answer(self) -> str:
        """The answer in a word, for the evidence."""
        if self.outcome is None:
            return (self.trouble or Trouble.UNREADABLE).value
        return _NAMES[type(self.outcome)]

    @property
    def is_good(self) -> bool:
        """Whether it says that something was bought: news that must not be lost, whoever brings it."""
        return isinstance(self.outcome, Accepted | Done | Partial)


_NAMES: Final[dict[type[object], str]] = {
    Accepted: "accepted",
    Done: "done",
    Partial: "partial",
    Refused: "refused",
    Failed: "failed",
    NotFound: "not_found",
}


@dataclass(frozen=True, slots=True)
class Price:
    """An offer looked at just before ordering. ``offer`` None without trouble: it is not sold any more."""

    heard: Heard
    offer: Offer | None


async def look_at_price(clock: Clock, supplier: Supplier, ref: str) -> Price:
    """Ask what an offer costs now."""
    offer, heard = await _ask(clock, What.PRICE, lambda: supplier.get_offer(ref))
    return Price(heard, offer)


async def place(clock: Clock, supplier: Supplier, request: PurchaseRequest) -> Heard:
    """Buy, or repeat the same purchase where the protocol promises that it stays one."""
    outcome, heard = await _ask(clock, What.PLACE, lambda: supplier.place(request))
    return _with(heard, outcome)


async def query(clock: Clock, supplier: Supplier, purchase: PurchaseView) -> Heard:
    """Ask what became of a purchase that was sent."""
    placed_at = purchase.sent_at or purchase.planned_at
    outcome, heard = await _ask(
        clock,
        What.QUERY,
        lambda: supplier.query(purchase.number, purchase.supplier_ref, placed_at=placed_at),
    )
    return _with(heard, outcome)


async def _ask(clock: Clock, what: What, call: Callable[[], Awaitable[T]]) -> tuple[T | None, Heard]:
    asked_at = clock.now()

    def heard(trouble: Trouble | None = None, said: str = "", retry_after_s: int = 0) -> Heard:
        return Heard(what, asked_at, clock.now(), None, trouble, said, retry_after_s)

    try:
        async with asyncio.timeout(CALL_S):
            answer = await call()
    except RetryLater as error:
        return None, heard(Trouble.NO_EFFECT, error.reason, error.retry_after_s)
    except Unknown as error:
        return None, heard(Trouble.UNREADABLE, error.reason)
    except TimeoutError:
        return None, heard(Trouble.UNREADABLE, f"no answer in {CALL_S} s")
    except SupplierRefused as error:
        return None, heard(Trouble.REFUSES_US, ", ".join(str(value) for value in error.details.values()))
    return answer, heard()


def _with(heard: Heard, outcome: Outcome | None) -> Heard:
    if outcome is None:
        return heard
    said = outcome.said if isinstance(outcome, Refused | Failed) else ""
    return replace(heard, outcome=outcome, said=said)
