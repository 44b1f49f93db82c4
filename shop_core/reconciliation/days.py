"""Days of somebody else's calendar, as moments."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

SLACK: Final = timedelta(hours=1)
"""What we sent shortly before their midnight they may have charged after it, and clocks differ: so near to it a line of ours
is looked for on the neighbouring day, too."""
_DAY: Final = timedelta(days=1)


def bounds_of(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From its midnight to before the next: 23 to 25 hours, as the zone has it."""
    begins = datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
    ends = datetime.combine(day + _DAY, time(), tzinfo=zone).astimezone(UTC)
    return begins, ends


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    """The day that a moment belongs to."""
    return moment.astimezone(zone).date()


def before(day: date) -> date:
    return day - _DAY


def after(day: date) -> date:
    return day + _DAY
