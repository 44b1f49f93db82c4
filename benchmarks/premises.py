"""A shop in a process of its own, a Telegram in another, and people with fortunes between them."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
from sqlalchemy import make_url

from bot.config import load_config
from bot.demo.setting import free_port
from bot.outside import Outside
from bot.wiring import open_shop
from shop_core.catalog.edit import NewProduct, NewVariant, add_product, add_variant, set_state
from shop_core.catalog.read import ProductState
from shop_core.customers.people import meet
from shop_core.db import inbox
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.kernel.money import Money
from shop_core.messaging import queue
from shop_core.migrations.upgrade import upgrade
from shop_core.payments.gateway import Gateways
from shop_core.stock.import_codes import Import, import_codes
from shop_core.vault.vault import new_key
from shop_core.wallet.balance import adjust
from tests.standins.telegram import RemoteTelegram, telegram_process

MOST_PEOPLE: Final = 50
FIRST_PERSON: Final = (1 << 40) + 1
PRODUCT: Final = "黄金会员"
BARE_BOT: Final = "7300000002:AAG-standin-token-of-the-bare-bot"
"""The floor's: of one bot's updates nobody else may ask."""
_FORTUNE_MINOR: Final = 10**12
_READY_WITHIN_S: Final = 60.0
_QUIET_WITHIN_S: Final = 60.0
_LOOK_EVERY_S: Final = 0.01
_CHANNEL: Final = "tg"
_ROOT: Final = Path(__file__).parent.parent
_CONFIG: Final = """
[shop]
name = "云卡小铺"
[database]
url = "{database}"
[vault]
active_key = "k1"
[vault.keys]
k1 = "file:k1.key"
fingerprint = "file:fingerprint.key"
[http]
port = {port}
[channels.tg]
kind = "telegram"
token = "file:bot.key"
api_base_url = "{telegram}"
[log]
level = "warning"
"""


@dataclass(frozen=True, slots=True)
class OpenShop:
    """A shop in a process of its own, a Telegram in another, and a look into the database."""

    telegram: RemoteTelegram
    shop: Shop
    pid: int

    async def is_quiet(self) -> bool:
        """Whether every update is confirmed and answered, and no news wait."""
        if await asyncio.to_thread(self.telegram.pending_updates):
            return False
        return not await self.shop.read(inbox.count_pending) + await self.shop.read(queue.count_queued)

    def cpu_s(self) -> float:
        """The processor time of the shop's process."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def until_quiet(opened: OpenShop) -> None:
    """Wait until everything that people did is answered."""
    async with asyncio.timeout(_QUIET_WITHIN_S):
        while not await opened.is_quiet():  # noqa: ASYNC110 - rows of another process
            await asyncio.sleep(_LOOK_EVERY_S)


@asynccontextmanager
async def open_for_telegram(url: str, folder: Path, *, codes: int) -> AsyncIterator[OpenShop]:
    """Stock a shop in an empty database, and open it in a process of its own, beside its Telegram."""
    await upgrade(url)
    with telegram_process(pace=False, tokens=(BARE_BOT,)) as telegram:
        for number in range(MOST_PEOPLE):
            for token in (telegram.token, BARE_BOT):
                telegram.user(FIRST_PERSON + number, token=token)
        port = free_port()
        config = _lay(folder, url, port, telegram)
        shop = open_shop(load_config(config), Outside(), Gateways({}, {}))
        try:
            await _stock(shop, codes)
            async with _serving(config, port) as pid:
                yield OpenShop(telegram, shop, pid)
        finally:
            await shop.database.close()


def _lay(folder: Path, url: str, port: int, telegram: RemoteTelegram) -> Path:
    folder.mkdir()
    place = make_url(url)
    database = place.set(drivername=place.get_backend_name()).render_as_string(hide_password=False)
    files = {
        "k1.key": new_key(),
        "fingerprint.key": new_key(),
        "bot.key": telegram.token,
        "config.toml": _CONFIG.format(database=database, port=port, telegram=telegram.base_url),
    }
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    return folder / "config.toml"


async def _stock(shop: Shop, codes: int) -> None:
    variant_id = await shop.write(_add_goods)
    lines = "\n".join(f"KAPU-BENCH-{number:08}" for number in range(codes))
    await import_codes(shop, Import(variant_id, "bench.txt", lines.encode(), "shell:bench"))
    await shop.write(_enrich)


def _add_goods(tx: Tx) -> int:
    product_id = add_product(tx, NewProduct({"zh": PRODUCT, "en": "Gold member"}))
    variant_id = add_variant(tx, NewVariant(product_id, 1500, cost_minor=1200))
    set_state(tx, product_id, ProductState.PUBLISHED)
    return variant_id


def _enrich(tx: Tx) -> None:
    for number in range(MOST_PEOPLE):
        external_id = str(FIRST_PERSON + number)
        customer = meet(tx, channel=_CHANNEL, external_id=external_id, name="小明", language="zh")
        adjust(tx, customer.person_id, Money(_FORTUNE_MINOR, tx.policy.currency), key=f"adjust:{external_id}")


@asynccontextmanager
async def _serving(config: Path, port: int) -> AsyncIterator[int]:
    """The shop's process, by its id, once it is ready."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.serving", str(config)),
        cwd=_ROOT,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with httpx.AsyncClient(trust_env=False) as http, asyncio.timeout(_READY_WITHIN_S):
            while not await _is_ready(http, port):
                assert process.returncode is None, "the shop did not open"
                await asyncio.sleep(_LOOK_EVERY_S)
        yield process.pid
    finally:
        process.terminate()
        await process.wait()


async def _is_ready(http: httpx.AsyncClient, port: int) -> bool:
    try:
        return (await http.get(f"http://127.0.0.1:{port}/readyz")).is_success
    except httpx.TransportError:
        return False
