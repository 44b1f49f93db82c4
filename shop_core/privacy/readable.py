"""Values as the file says them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from shop_core.kernel.money import minor_digits


def moment(at: datetime | None) -> str | None:
    """``2026-11-20T04:00:00Z``."""
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def amount(minor: int, currency: str) -> str:
    """``15.00 CNY``."""
    return f"{Decimal(minor).scaleb(-minor_digits(currency))} {currency}"
