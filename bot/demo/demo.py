"""``kapu demo``: opens the demo shop, or plays it once and leaves."""

from __future__ import annotations

import asyncio
import sys
from random import SystemRandom
from typing import Any, Final

import uvloop

from bot.config import Config
from bot.demo.play import play
from bot.demo.seed import seed
from bot.demo.setting import OWNER, Setting, demo_setting, free_port
from bot.demo.visitor import DemoFailed
from bot.log import set_up_logging
from bot.outside import Outside
from bot.run import prepare_schema, serve
from bot.wiring import Program, build_suppliers, open_shop
from shop_core.payments.gateway import Gateways

PORT: Final = 8000
_OUTSIDE: Final = Outside(staff_pane=OWNER)
_MANNERS: Final = {
    "bargain": "cheaper, slow, and refuses every other order",
    "steady": "a little dearer, and always there",
}


def demo(*, once: bool) -> int:
    """Run the demo.

    Args:
        once: Play two customers and what the staff see of it, then end.

    Returns:
        The exit code: 0 only if, played once, the code arrived.
    """
    with demo_setting(free_port() if once else PORT) as setting:
        set_up_logging(setting.config.log, secrets=setting.config.secrets())
        return uvloop.run(play_once(setting) if once else _stay_open(setting))


async def _stay_open(setting: Setting) -> int:
    def on_ready(_: Program, port: int) -> None:
        _tell(f"云卡小铺  http://127.0.0.1:{port}   customer and staff side by side; Ctrl+C closes the shop")
        _tell(f"sandbox cashier  {setting.cashier_url}   speaks epay over HTTP; no real money")
        for name, url in setting.wholesaler_urls.items():
            _tell(f"sandbox upstream {url}   {_MANNERS[name]}")
        _tell("上游现买 (Bought as you pay) is what those two sell: where one refuses the other is asked,")
        _tell("where both do, as with Netflix, the money goes back. The owner sees it: /why ORDER-NUMBER")

    await _fill(setting.config)
    await serve(setting.config, _OUTSIDE, on_ready=on_ready)
    return 0


async def play_once(setting: Setting) -> int:
    """Open the shop, play, close it. Returns the exit code: 0 only if the code arrived."""
    await _fill(setting.config)
    stop = asyncio.Event()
    opened: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(
        serve(setting.config, _OUTSIDE, stop=stop, on_ready=lambda _, port: opened.set_result(port))
    )
    try:
        waited: set[asyncio.Future[Any]] = {serving, opened}
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        if not opened.done():
            await serving
        await play(f"http://127.0.0.1:{opened.result()}", _tell)
    except DemoFailed as failed:
        _tell(f"the demo failed: {failed}")
        return 1
    finally:
        stop.set()
        await serving
    return 0


async def _fill(config: Config) -> None:
    await prepare_schema(config.database.url.reveal())
    suppliers, clients = build_suppliers(config, _OUTSIDE)
    shop = open_shop(config, _OUTSIDE, Gateways({}, {}), suppliers)
    try:
        codes = await seed(shop, SystemRandom())
    finally:
        for client in clients:
            await client.aclose()
        await shop.database.close()
    _tell(f"seeded {codes} codes")


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
