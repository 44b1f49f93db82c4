"""Matching two lists: a pure function. Every line of both ends in exactly one group."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter
from typing import Final

from shop_core.reconciliation.lines import Line, LineState


class Kind(StrEnum):
    """What became of a line, or of two that are the same thing."""

    MATCHED = "matched"
    """Both sides have it, alike."""
    UNDER_WAY = "under_way"
    """They say that it is not over, or we do and they say nothing: the next reading says more."""
    IDLE = "idle"
    """One side has it, and it moved no money: a purchase that was refused is on nobody's bill."""
    WAITS = "waits"
    """Only ours, so near midnight that it may stand on their next day, which was not read yet."""
    OURS_ONLY = "ours_only"
    THEIRS_ONLY = "theirs_only"
    AMOUNT = "amount"
    """Both sides have it, for different money."""
    STATE = "state"
    """Both sides have it, and do not agree how it ended."""
    LATE = "late"
    """Ours has changed after its day was signed off."""
    GONE = "gone"
    """A difference that went away by itself; kept so that its number never means another one."""


DIFFERENCES: Final = frozenset({Kind.OURS_ONLY, Kind.THEIRS_ONLY, Kind.AMOUNT, Kind.STATE, Kind.LATE})
"""What a person has to settle."""
UNSETTLED: Final = DIFFERENCES | {Kind.UNDER_WAY, Kind.WAITS}
"""What keeps a day from being signed off."""

_NUMBER: Final[Callable[[Line], str]] = attrgetter("number")
_REF: Final[Callable[[Line], str]] = attrgetter("ref")


@dataclass(frozen=True, slots=True)
class Group:
    """A line, or two that are the same thing."""

    kind: Kind
    theirs: Line | None = None
    ours: Line | None = None


def match(theirs: Iterable[Line], ours: Iterable[Line], *, tolerance: int = 0) -> Iterator[Group]:
    """Lay two lists side by side.

    Two lines are the same thing by our number, else by theirs; a number is used once, so what a side lists twice is a
    difference. Dates play no part: the caller decides which lines of the neighbouring days are among ours.

    Args:
        tolerance: By how many minor units two amounts may differ.

    Yields:
        One group for each of their lines, in their order, then one for each of ours that is left.
    """
    listed, left = list(theirs), list(ours)
    pairs = dict(_paired(listed, left))
    taken = set(pairs.values())
    for nth, line in enumerate(listed):
        yield _judge(line, left[pairs[nth]], tolerance) if nth in pairs else Group(_alone(line), theirs=line)
    for nth, line in enumerate(left):
        if nth not in taken:
            yield Group(_alone(line), ours=line)


def _paired(theirs: list[Line], ours: list[Line]) -> Iterator[tuple[int, int]]:
    """Places of their lines and of ours that are the same thing.

    Every number before any name of theirs, so that no line is taken by a weaker likeness than another has.
    """
    free_theirs, free_ours = dict(enumerate(theirs)), dict(enumerate(ours))
    for name_of in (_NUMBER, _REF):
        known: dict[str, list[int]] = defaultdict(list)
        for nth in reversed(free_ours):
            known[name_of(free_ours[nth])].append(nth)
        known.pop("", None)
        for nth in list(free_theirs):
            if places := known.get(name_of(free_theirs[nth])):
                place = places.pop()
                yield nth, place
                del free_theirs[nth], free_ours[place]


def _judge(theirs: Line, ours: Line, tolerance: int) -> Group:
    if theirs.state is LineState.OPEN:
        return Group(Kind.UNDER_WAY, theirs, ours)
    if theirs.state is not ours.state:
        return Group(Kind.STATE, theirs, ours)
    is_alike = (
        theirs.amount.currency == ours.amount.currency
        and abs(theirs.amount.minor - ours.amount.minor) <= tolerance
    )
    return Group(Kind.MATCHED if is_alike else Kind.AMOUNT, theirs, ours)


def _alone(line: Line) -> Kind:
    if line.state is LineState.FAILED and line.amount.minor == 0:
        return Kind.IDLE
    if not line.subject:
        return Kind.THEIRS_ONLY
    return Kind.UNDER_WAY if line.state is LineState.OPEN else Kind.OURS_ONLY
