"""A channel that runs, one that only sends, and one that is brought its updates."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
from starlette.applications import Starlette

from bot.channels.telegram.channel import TelegramChannel
from bot.web.server import WebServer
from shop_core.db.shop import Shop
from tests.channels.telegram.stage import Door, Stage, Teller, an_open_shop, running, settings_for
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


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    door = Door()
    server = WebServer(door, host="127.0.0.1", port=0)
    door.url = f"http://127.0.0.1:{server.port}"
    async with running(server.run()):
        yield door


@pytest.fixture
async def hooked(quiet_stage: Stage, door: Door) -> AsyncIterator[Stage]:
    """A stage whose channel has a webhook that is served; nothing is running."""
    channel = TelegramChannel(
        settings_for(quiet_stage.tg, hook=door.hook()), quiet_stage.shop, quiet_stage.teller.answer
    )
    assert channel.webhook is not None
    door.app = Starlette(routes=[channel.webhook.route()])
    yield replace(quiet_stage, channel=channel)
    await channel.close()
