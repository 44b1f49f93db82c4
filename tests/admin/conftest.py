"""A staffed shop on either database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.admin.office import Office, staffed
from tests.admin.workplace import Workplace, a_workplace
from tests.core.builders import a_market


@pytest_asyncio.fixture
async def office(database_url: str) -> AsyncIterator[Office]:
    """A shop with an owner at his desk; its books are verified when the test is over."""
    async with a_market(database_url) as market:
        yield staffed(market)


@pytest_asyncio.fixture
async def workplace(database_url: str) -> AsyncIterator[Workplace]:
    async with a_workplace(database_url) as place:
        yield place
