"""A shop's rooms for one purchase: a config, a database with goods on the shelf, a clock, a log."""

from __future__ import annotations

import shutil
import socket
import sqlite3
import struct
import weakref
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import asyncpg
from sqlalchemy import make_url

from bot.config import load_config
from bot.outside import Outside
from bot.wiring import open_shop
from shop_core.catalog.edit import NewProduct, NewVariant, add_product, add_variant, set_state
from shop_core.catalog.read import ProductState
from shop_core.customers.people import meet
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.kernel.money import Money
from shop_core.payments.gateway import Gateways
from shop_core.stock.import_codes import Import, import_codes
from shop_core.vault.vault import new_key
from shop_core.wallet.balance import adjust
from tests.postgres import PostgresServer
from tests.standins.suppliers.dayuanren.site import KEY as SUPPLIER_KEY
from tests.standins.suppliers.dayuanren.site import USER as SUPPLIER_USER
from tests.warmth import share_compiled_statements

PRICE_MINOR = 1500
CARDS = 3
EPAY_KEY = "proof-merchant-key-3f9a77c1"
EPAY_PID = "1001"
SESSION_SECRET = "proof-session-secret-of-forty-characters"
HOOK_SECRET = "proof-webhook-secret-of-forty-characters"
VAULT_KEY, FINGERPRINT_KEY = new_key(), new_key()
CODES = tuple(f'KAPU-PROOF-{place:04}-7Q<&>"🎁' for place in range(CARDS))
PHONE = "13812345678"
RECEIPT = "KAPU-PROOF-RECEIPT-778"
CODE_NEEDLE = "KAPU-PROOF-"
"""The part of every code, and of the receipt, that no escaping changes."""
CLERK = "owner"
"""The owner's browser."""

_FIRST_OWN_OID = 16384
"""PostgreSQL's own catalogues have lower ones."""

_CONFIG = """
[shop]
name = "云卡小铺"
owners = ["web:owner"]

[database]
url = "{database}"

[vault]
active_key = "proof"
[vault.keys]
proof = "file:vault.key"
fingerprint = "file:fingerprint.key"

[http]
port = {port}
public_url = "http://127.0.0.1:{port}"

[log]
level = "debug"
format = "json"

[gateways.epay]
kind = "epay"
base_url = "{cashier}"
pid = "{pid}"
key = "file:epay.key"

[channels.web]
kind = "webchat"
session_secret = "file:session.key"
gateways = ["epay"]
"""
_TELEGRAM = """
[channels.tg]
kind = "telegram"
token = "file:bot.token"
api_base_url = "{telegram}"
"""
_EPAY_ON_TELEGRAM = 'gateways = ["epay"]\nother_ways_to_pay = true\n'
_STARS_ON_TELEGRAM = """
gateways = ["stars"]

[gateways.stars]
kind = "stars"
rate = "0.10"
rate_source = "the proof"
rate_at = 2026-11-28
"""
_SUPPLIER = """
[suppliers.dyr]
protocol = "dayuanren"
base_url = "{site}"
key = "{user}"
secret = "file:dyr.key"
"""
_HOOK = """
mode = "webhook"
webhook_secret = "file:hook.key"
"""


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who buys, known to the shop before he comes, with so much in his wallet."""

    channel: str
    external_id: str
    balance_minor: int


@dataclass(frozen=True, slots=True)
class Outskirts:
    """The processes around the shop, which outlive it.

    Attributes:
        is_hooked: Telegram brings updates instead of being asked.
        has_stars: The bot takes Stars, and nothing else.
        supplier: Where a dayuanren site sells to the shop, which knows it as ``dyr``.
    """

    cashier: str
    telegram: str | None = None
    token: str | None = None
    is_hooked: bool = False
    has_stars: bool = False
    supplier: str | None = None


class Premises:
    """One folder, one database, one port: everything that one purchase leaves behind is here."""

    def __init__(self, folder: Path, database_url: str, outskirts: Outskirts) -> None:
        folder.mkdir(parents=True)
        self.outskirts = outskirts
        self.folder = folder
        # Bound as long as the rooms are known, so that between two lives nobody else is given it; only the shop listens.
        held = socket.socket()
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        weakref.finalize(self, held.close)
        self.port: int = held.getsockname()[1]
        self.config = folder / "config.toml"
        self.clock = folder / "clock"
        self.log = folder / "shop.log"
        self.database_url = database_url
        self.ahead_s = 0.0
        self.log.touch()
        self.let_pass(0)
        self._write(outskirts)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def let_pass(self, seconds: float) -> None:
        """Put the shop's clock ahead by so much of the machine's, whether or not it runs."""
        self.ahead_s = seconds
        with self.clock.open("r+b" if self.clock.exists() else "wb") as file:
            file.write(struct.pack("<d", seconds))

    @asynccontextmanager
    async def shop(self) -> AsyncIterator[Shop]:
        """The trade in this process, to stock it and to look into it."""
        shop = open_shop(load_config(self.config), Outside(), Gateways({}, {}))
        share_compiled_statements(shop.database)
        try:
            yield shop
        finally:
            await shop.database.close()

    def _write(self, outskirts: Outskirts) -> None:
        config = _CONFIG.format(
            database=self.database_url, port=self.port, cashier=outskirts.cashier, pid=EPAY_PID
        )
        files = {
            "vault.key": VAULT_KEY,
            "fingerprint.key": FINGERPRINT_KEY,
            "session.key": SESSION_SECRET,
            "epay.key": EPAY_KEY,
        }
        if outskirts.telegram is not None and outskirts.token is not None:
            config += _TELEGRAM.format(telegram=outskirts.telegram) + (_HOOK if outskirts.is_hooked else "")
            config += _STARS_ON_TELEGRAM if outskirts.has_stars else _EPAY_ON_TELEGRAM
            files |= {"bot.token": outskirts.token, "hook.key": HOOK_SECRET}
        if outskirts.supplier is not None:
            config += _SUPPLIER.format(site=outskirts.supplier, user=SUPPLIER_USER)
            files["dyr.key"] = SUPPLIER_KEY
        for name, text in files.items():
            (self.folder / name).write_text(text, "utf-8")
        self.config.write_text(config, "utf-8")


async def stock(premises: Premises, buyer: Buyer, connect: Callable[[Tx, int], None] | None) -> None:
    """Put goods on the shelf and money into the buyer's wallet, by the use cases that staff have.

    Args:
        connect: Says where the goods of a variant come from; None: they are on the shelf.
    """
    async with premises.shop() as shop:
        variant_id = await shop.write(_add_goods)
        if connect is None:
            codes = "\n".join(CODES).encode()
            await import_codes(shop, Import(variant_id, "proof.txt", codes, "shell:proof"))
        else:
            await shop.write(connect, variant_id)
        await shop.write(_welcome, buyer)


def _add_goods(tx: Tx) -> int:
    product_id = add_product(tx, NewProduct({"zh": "月卡", "en": "Month"}))
    variant_id = add_variant(tx, NewVariant(product_id, PRICE_MINOR, cost_minor=1200))
    set_state(tx, product_id, ProductState.PUBLISHED)
    return variant_id


def _welcome(tx: Tx, buyer: Buyer) -> None:
    if buyer.balance_minor:
        customer = meet(tx, channel=buyer.channel, external_id=buyer.external_id, name="小明", language="zh")
        adjust(tx, customer.person_id, Money(buyer.balance_minor, tx.policy.currency), key="adjust:proof:1")


class Stable(Protocol):
    """Where databases come from: one is stocked, every purchase gets a copy of it."""

    @property
    def template(self) -> str:
        """The address of a database with the newest schema, to be stocked."""
        ...

    async def copy(self, number: int) -> str:
        """A fresh copy of the template, which nobody is connected to any more."""
        ...

    async def files(self, number: int) -> Sequence[Path]:
        """The files that the copy's rows are in."""
        ...

    async def remove(self, number: int) -> None:
        """The copy is not needed any more."""
        ...


class SqliteStable:
    """Files in a folder."""

    def __init__(self, folder: Path, empty: Path) -> None:
        self._folder = folder
        self._template = folder / "template.db"
        shutil.copyfile(empty, self._template)

    @property
    def template(self) -> str:
        return f"sqlite:///{self._template}"

    async def copy(self, number: int) -> str:
        with closing(sqlite3.connect(self._template)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
        shutil.copyfile(self._template, self._folder / f"{number}.db")
        return f"sqlite:///{self._folder / f'{number}.db'}"

    async def files(self, number: int) -> Sequence[Path]:
        """The database and its write-ahead log."""
        return list(self._folder.glob(f"{number}.db*"))

    async def remove(self, number: int) -> None:
        for file in await self.files(number):
            file.unlink()


class PostgresStable:
    """Databases of the server that the whole test run shares."""

    def __init__(self, server: PostgresServer, empty: str) -> None:
        """Begin with nothing.

        Args:
            empty: The address of a database with the newest schema and no rows; of use for nothing else meanwhile.
        """
        self._server = server
        self._name = str(make_url(empty).database)

    @property
    def template(self) -> str:
        return self._url(self._name)

    async def copy(self, number: int) -> str:
        await self._do(f'CREATE DATABASE "{self._name}_{number}" TEMPLATE "{self._name}" STRATEGY file_copy')
        return self._url(f"{self._name}_{number}")

    async def files(self, number: int) -> Sequence[Path]:
        """The files of all tables and indexes, what is in memory written out; the server's log and its log of changes."""
        connection = await asyncpg.connect(self._url(f"{self._name}_{number}"))
        try:
            await connection.execute("CHECKPOINT")
            rows = await connection.fetch(
                "SELECT pg_relation_filepath(oid) AS path FROM pg_class"
                f" WHERE relkind IN ('r', 'i', 't') AND oid >= {_FIRST_OWN_OID} AND pg_relation_size(oid) > 0"
            )
            here = await connection.fetchval("SELECT pg_walfile_name(pg_current_wal_lsn())")
        finally:
            await connection.close()
        data = self._server.socket_dir / "data"
        return [
            *(data / row["path"] for row in rows),
            data / "pg_wal" / here,
            self._server.socket_dir / "log",
        ]

    async def remove(self, number: int) -> None:
        await self._do(f'DROP DATABASE "{self._name}_{number}" WITH (FORCE)')

    def _url(self, name: str) -> str:
        return self._server.url(name, driver="postgresql")

    async def _do(self, statement: str) -> None:
        connection = await asyncpg.connect(self._server.url(driver="postgresql"))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()
