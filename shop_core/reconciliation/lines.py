"""A line of a list: one thing that money moved for, as one side has it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shop_core.kernel.money import Money


class LineState(StrEnum):
    """How far a thing is, as a side has it."""

    OPEN = "open"
    """Not over: its amount may still change, and is not compared."""
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Line:
    """One line.

    Attributes:
        number: Ours; empty where the side does not know it.
        ref: Theirs; empty likewise.
        amount: What it took from what is between us, in the end: what was given back is taken off. Below zero: it brought.
        at: When it happened, which decides the day that it belongs to.
        subject: What it is in our tables, at most 40 characters; empty in their list. One line a subject.
    """

    number: str
    ref: str
    amount: Money
    state: LineState
    at: datetime
    subject: str = ""
