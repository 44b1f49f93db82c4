"""A street with a shop on it, on either database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.core.builders import a_market
from tests.handlers.street import Street


@pytest_asyncio.fixture
async def street(database_url: str) -> AsyncIterator[Street]:
    """A shop that speaks; its books are verified when the test is over."""
    async with a_market(database_url) as market:
        yield Street.with_words(market)
