"""Whoever keeps a list of what we do: a supplier now, a gateway later."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from shop_core.db.tx import Tx, View
from shop_core.kernel.errors import ShopError
from shop_core.kernel.money import Money
from shop_core.reconciliation.lines import Line


class NoSuchCounterpart(ShopError):
    """Nobody of that name keeps a list any more. Nothing was changed."""

    code = "reconciliation.no_counterpart"


@dataclass(frozen=True, slots=True)
class Counterpart:
    """How to get at the two lists, and at the books.

    Attributes:
        name: At most 40 characters; the same for as long as its days are kept.
        zone: Whose midnight ends a day of theirs.
        account: The account that holds what is between us, an asset: a charge takes from it.
        theirs: Their list of one day of their calendar. Raises ``RetryLater``, ``Unknown``, ``ShopError``: not told.
        ours: Our lines of a time: those that happened from the first moment to before the second, and those that ended
            then, whenever they happened. ``Line.at`` tells which.
        correct: Books that one of ours, by its subject, has cost so much in all, under a cause that is booked once.
            Raises ``StillUnderWay``.
        tolerance: By how many minor units two amounts may differ.
    """

    name: str
    zone: ZoneInfo
    account: str
    theirs: Callable[[date], Awaitable[Sequence[Line]]]
    ours: Callable[[View, datetime, datetime], Iterable[Line]]
    correct: Callable[[Tx, str, Money, str], None]
    tolerance: int = 0


class Counterparts:
    """All of them, by name."""

    def __init__(self, known: Iterable[Counterpart]) -> None:
        self._known: Mapping[str, Counterpart] = {one.name: one for one in known}

    def __iter__(self) -> Iterator[Counterpart]:
        return iter(self._known.values())

    def get(self, name: str) -> Counterpart:
        """One by its name.

        Raises:
            NoSuchCounterpart: Not there.
        """
        try:
            return self._known[name]
        except KeyError:
            raise NoSuchCounterpart(name=name[:40]) from None
