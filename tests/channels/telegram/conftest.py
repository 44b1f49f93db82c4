"""A channel that runs, and one that only sends."""

from collections.abc import AsyncIterator, Iterator

import pytest

from bot.channels.telegram.channel import TelegramChannel
from shop_core.db.shop import Shop
from tests.channels.telegram.stage import Stage, Teller, an_open_shop, running, settings_for
from tests.standins.telegram import TelegramStandIn


@pytest.fixture
def tg() -> Iterator[TelegramStandIn]:
    with TelegramStandIn() as stand_in:
        yield stand_in


@pytest.fixture
async def shop(sqlite_url: str) -> AsyncIterator[Shop]:
    async with an_open_shop(sqlite_url) as opened:
        yield opened


@pytest.fixture
async def quiet_stage(tg: TelegramStandIn, shop: Shop) -> AsyncIterator[Stage]:
    """Nothing is received or answered."""
    teller = Teller()
    channel = TelegramChannel(settings_for(tg), shop, teller.answer)
    yield Stage(tg, shop, channel, teller)
    await channel.close()


@pytest.fixture
async def stage(quiet_stage: Stage) -> AsyncIterator[Stage]:
    """Receiving and answering; whatever a reply raised must have been looked at."""
    async with running(quiet_stage.channel.run(), quiet_stage.work()):
        yield quiet_stage
    assert quiet_stage.failures == []
