"""A shop on either database, whose books are verified after every test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.core.builders import Market, a_market


@pytest_asyncio.fixture
async def market(database_url: str) -> AsyncIterator[Market]:
    """An empty shop; whatever the test did to it, it must be whole afterwards."""
    async with a_market(database_url) as made:
        yield made
