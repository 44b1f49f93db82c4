"""What a person decides for himself: the clock he reads, what he is told, and the hours in which what can wait does."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import Row, select, update

from shop_core.customers.models import Person
from shop_core.customers.people import lock_person
from shop_core.db.base import table_of
from shop_core.db.tx import Tx, View
from shop_core.kernel.errors import ShopError

HOURS: Final = 24
_NOW: Final = timedelta(0)


class Topic(StrEnum):
    """What a person can do without. That goods or money came he is always told."""

    PROGRESS = "progress"
    """How it goes with an order that takes longer."""
    ANSWERS = "answers"
    """What the shop answered him; it stands in the conversation all the same."""


_HEARS: Final = {Topic.PROGRESS: Person.hears_progress, Topic.ANSWERS: Person.hears_answers}
_COLUMNS: Final = (Person.timezone, Person.quiet_from, Person.quiet_until, *_HEARS.values())


class NoSuchZone(ShopError):
    """No time zone of that name."""

    code = "customers.no_zone"


class NoSuchHours(ShopError):
    """Not two different hours of a day."""

    code = "customers.no_hours"


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From one full hour of his day to another, over midnight where the second is the smaller. 0 to 23."""

    start: int
    end: int

    def left(self, now: datetime, timezone: str) -> timedelta:
        """How long they still last; nothing: it is not one of them."""
        here = now.astimezone(ZoneInfo(timezone))
        is_over_midnight = self.end < self.start
        since_start = (here.hour - self.start) % HOURS
        if since_start >= (self.end - self.start) % HOURS:
            return _NOW
        ends_tomorrow = is_over_midnight and here.hour >= self.start
        day = here.date() + timedelta(days=1 if ends_tomorrow else 0)
        ends = datetime.combine(day, time(self.end), tzinfo=here.tzinfo)
        # Over UTC: where the clock is changed meanwhile, the night is an hour shorter or longer.
        return max(ends.astimezone(UTC) - now.astimezone(UTC), _NOW)


@dataclass(frozen=True, slots=True)
class Preferences:
    """What holds for a person; ``timezone`` is the shop's where he has not chosen one."""

    timezone: str
    quiet: QuietHours | None
    muted: frozenset[Topic]


def get_preferences(view: View, person_id: int) -> Preferences:
    """What a person has chosen."""
    return _preferences(view, view.execute(select(*_COLUMNS).where(Person.id == person_id)).one())


def set_timezone(tx: Tx, person_id: int, typed: str) -> None:
    """Show a person's times by this clock from now on.

    Args:
        typed: An IANA name, or its city, however it is written: ``asia/tokyo``, ``New York``.

    Raises:
        NoSuchZone: None of these.
    """
    name = _zones().get(_folded(typed))
    if name is None:
        raise NoSuchZone
    lock_person(tx, person_id)
    tx.execute(update(table_of(Person)).where(Person.id == person_id).values(timezone=name))


def set_quiet_hours(tx: Tx, person_id: int, quiet: QuietHours | None) -> None:
    """From now on queue what can wait for the end of these hours; None: nothing waits. What is queued stays as it is.

    Raises:
        NoSuchHours: Not two different hours.
    """
    start, end = (None, None) if quiet is None else (quiet.start, quiet.end)
    if quiet is not None and (start == end or not {start, end} <= set(range(HOURS))):
        raise NoSuchHours
    lock_person(tx, person_id)
    tx.execute(
        update(table_of(Person)).where(Person.id == person_id).values(quiet_from=start, quiet_until=end)
    )


def set_hears(tx: Tx, person_id: int, topic: Topic, *, is_on: bool) -> None:
    """Tell a person of this from now on, or no more."""
    lock_person(tx, person_id)
    tx.execute(update(table_of(Person)).where(Person.id == person_id).values({_HEARS[topic]: is_on}))


def quiet_left(view: View, person_ids: Collection[int]) -> Mapping[int, timedelta]:
    """How long news that can wait has to, by person; who is not in it hears it now."""
    rows = view.execute(
        select(Person.id, *_COLUMNS).where(Person.id.in_(person_ids), Person.quiet_from.is_not(None))
    )
    left: dict[int, timedelta] = {}
    for row in rows:
        chosen = _preferences(view, row)
        if chosen.quiet is not None and (lasts := chosen.quiet.left(view.now, chosen.timezone)):
            left[row.id] = lasts
    return left


def _preferences(view: View, row: Row[Any]) -> Preferences:
    quiet = None if row.quiet_from is None else QuietHours(row.quiet_from, row.quiet_until)
    muted = frozenset(topic for topic, column in _HEARS.items() if not getattr(row, column.key))
    return Preferences(row.timezone or view.policy.timezone, quiet, muted)


@cache
def _zones() -> Mapping[str, str]:
    """What may be typed → the zone. A city's name alone is enough; of two the whole name before it decides."""
    names = sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))
    by_city = {_folded(name.rpartition("/")[2]): name for name in reversed(names)}
    return by_city | {_folded(name): name for name in names}


def _folded(typed: str) -> str:
    return "_".join(typed.lower().split())
