"""What reconciliation refuses."""

from __future__ import annotations

from shop_core.kernel.errors import ShopError


class NoSuchDay(ShopError):
    """No day of that number is on record."""

    code = "reconciliation.no_day"


class NoSuchDifference(ShopError):
    """No difference of that number, or it is settled already. Nothing was changed."""

    code = "reconciliation.no_difference"


class DifferenceChanged(ShopError):
    """One of the sides has changed since it was shown. Nothing was booked."""

    code = "reconciliation.changed"


class DaySigned(ShopError):
    """The day is signed off: nothing of it is booked or matched any more."""

    code = "reconciliation.signed"


class DayNotSettled(ShopError):
    """Something of the day is open still, or its statement was never read. It was not signed off."""

    code = "reconciliation.not_settled"


class WayNotOpen(ShopError):
    """A difference of this kind cannot be settled like that. Nothing was booked."""

    code = "reconciliation.way_not_open"


class StillUnderWay(ShopError):
    """What is to be corrected has no end yet. Nothing was booked."""

    code = "reconciliation.under_way"
