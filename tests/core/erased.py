"""Trying to erase somebody."""

from __future__ import annotations

import pytest

from shop_core.customers.people import Customer
from shop_core.privacy.erase import erase
from shop_core.privacy.settled import StillNeeded
from tests.core.builders import Market


async def why_not_yet(market: Market, customer: Customer) -> str:
    """What is not settled, by which he is refused."""
    with pytest.raises(StillNeeded) as refused:
        await erase(market.shop, customer)
    return str(refused.value.details["why"])
