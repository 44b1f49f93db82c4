"""A shop with a channel of Tencent's: its folder, its processes as ``kapu run`` has them, and hands on its shelves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import text

from bot.config import load_config
from bot.demo.setting import free_port
from bot.outside import Outside
from bot.run import serve
from bot.timing import Timing
from bot.wiring import Program
from shop_core.catalog.edit import NewProduct, NewVariant, add_product, add_variant, set_state
from shop_core.catalog.read import ProductState
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.stock.import_codes import Import, import_codes
from shop_core.vault.vault import new_key

PRICE_MINOR: Final = 1500
TIMING: Final = Timing(
    poll_s=0.2, lease=timedelta(seconds=10), schedule_lease=timedelta(seconds=5), drain_s=2.0, jobs=1.0
)
CALL_S: Final = 1.5
"""How long a call of the shop's to Tencent may take."""
_CONFIG: Final = """
[shop]
name = "云卡小铺"
owners = [{owners}]

[database]
url = "{database}"

[vault]
active_key = "k1"
[vault.keys]
k1 = "file:k1.key"
fingerprint = "file:fingerprint.key"

[log]
level = "error"

[http]
port = {port}
"""


@dataclass(frozen=True, slots=True)
class OpenShop:
    """An open shop, in one process or more."""

    programs: Sequence[Program]
    variants: dict[str, int] = field(default_factory=dict, kw_only=True)

    @property
    def shop(self) -> Shop:
        return self.programs[0].shop

    async def product(
        self, name: str, codes: Sequence[str] = (), *, price: int = PRICE_MINOR, en: str = ""
    ) -> int:
        """Something to buy."""
        variant_id = await self.shop.write(add_goods, name, price, en)
        self.variants[name] = variant_id
        if codes:
            data = "\n".join(codes).encode()
            await import_codes(self.shop, Import(variant_id, "codes.txt", data, "shell:test"))
        return variant_id

    async def count(self, statement: str, **values: object) -> int:
        def look(view: View) -> int:
            return int(view.execute(text(statement), values).scalar_one())

        return await self.shop.read(look)

    async def until(self, statement: str, expected: int, *, within_s: float = 20.0) -> None:
        """Wait until a statement finds a number."""
        await until(lambda: self._finds(statement, expected), within_s=within_s)

    async def _finds(self, statement: str, expected: int) -> bool:
        return await self.count(statement) == expected


async def until(condition: Callable[[], Awaitable[object]], *, within_s: float = 20.0) -> None:
    """Wait for something that only looking can tell."""
    async with asyncio.timeout(within_s):
        while not await condition():  # noqa: ASYNC110 - what others do sets no event here
            await asyncio.sleep(0.02)


def lay(
    folder: Path,
    database_url: str,
    tables: str,
    keys: Mapping[str, str],
    *,
    owner: str = "",
    is_public: bool = False,
) -> Path:
    """Write a config and the keys that it names. Returns the config.

    Args:
        tables: What follows the tables that every shop has.
        keys: File → content.
        owner: The address of whoever owns the shop.
        is_public: The world reaches the shop, and it knows how.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    config = _CONFIG.format(
        database=database_url.replace("+aiosqlite", "").replace("+asyncpg", ""),
        owners=f'"{owner}"' if owner else "",
        port=port,
    )
    if is_public:
        config += f'public_url = "http://127.0.0.1:{port}"\n'
    for name, content in {**_vault_keys(folder.parent), **keys, "config.toml": config + tables}.items():
        (folder / name).write_text(content, "utf-8")
    return folder / "config.toml"


def _vault_keys(folder: Path) -> dict[str, str]:
    """File → its key: the same for all processes of a shop, made by the first."""
    keys = folder / "keys"
    if not keys.exists():
        keys.mkdir()
        for name in ("k1", "fingerprint"):
            (keys / f"{name}.key").write_text(new_key(), "utf-8")
    return {f"{name}.key": (keys / f"{name}.key").read_text("utf-8") for name in ("k1", "fingerprint")}


@asynccontextmanager
async def opened(config: Path, outside: Outside) -> AsyncIterator[tuple[Program, int]]:
    """One process of a shop, as ``kapu run`` has it, and its port; stopped at the end."""
    stop = asyncio.Event()
    opened: asyncio.Future[tuple[Program, int]] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(
        serve(
            load_config(config),
            outside,
            stop=stop,
            on_ready=lambda program, port: opened.set_result((program, port)),
        )
    )
    try:
        waited: set[asyncio.Future[Any]] = {serving, opened}
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        if not opened.done():
            await serving
        yield opened.result()
    finally:
        stop.set()
        await serving


def add_goods(tx: Tx, name: str, price: int, en: str = "") -> int:
    """A published product with one variant, by the variant's id."""
    product_id = add_product(tx, NewProduct({"zh": name, "en": en or name}))
    variant_id = add_variant(tx, NewVariant(product_id, price, cost_minor=price // 2))
    set_state(tx, product_id, ProductState.PUBLISHED)
    return variant_id
