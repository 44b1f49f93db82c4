"""A folder with a config and keys, ``kapu`` as a process in it, and a second pair of hands on the same database."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
from sqlalchemy import make_url, text, update

from bot.channels.webchat.frames import Hello, Press, Say, Stored
from bot.config import Config, load_config
from bot.outside import Outside
from bot.wiring import open_shop
from shop_core.catalog.edit import NewProduct, NewVariant, add_product, add_variant, set_state
from shop_core.catalog.read import ProductState
from shop_core.conversations.keys import new_key as new_button_key
from shop_core.db.inbox import store
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.payments.gateway import Gateways
from shop_core.payments.models import Payment
from shop_core.stock.import_codes import Import, import_codes
from shop_core.vault.vault import Vault, new_key

PATIENCE_S: Final = 60
"""Longer than anything here takes on a busy machine, shorter than a person watching a hung test."""
LOOK_EVERY_S: Final = 0.05
CHANNEL: Final = "web"
PID: Final = "1001"
_ROOT: Final = Path(__file__).parents[2]
_KAPU: Final = "from bot.cli import main; main(prog_name='kapu')"
_CONFIG: Final = """
[shop]
name = "云卡小铺"
unpaid_cap = 100

[database]
url = "{database}"

[vault]
active_key = "k1"
[vault.keys]
k1 = "file:k1.key"
fingerprint = "file:fingerprint.key"

[http]
port = {port}

[log]
format = "json"

[channels.web]
kind = "webchat"
session_secret = "file:session.key"
gateways = [{shown}]
"""
_GATEWAY: Final = """
[gateways.epay]
kind = "epay"
base_url = "{cashier}"
pid = "{pid}"
key = "file:epay.key"
"""


@dataclass(frozen=True)
class Premises:
    """A folder that ``kapu`` is run in."""

    folder: Path

    @classmethod
    def lay(cls, folder: Path, database_url: str, *, port: int = 0, cashier: str | None = None) -> Premises:
        """Write a config and its keys.

        Args:
            port: 0 takes a free one, which the log names.
            cashier: Where a site is that speaks epay; None: nothing can be paid but from wallets.
        """
        database = make_url(database_url)
        database = database.set(drivername=database.get_backend_name())
        settings = _CONFIG.format(
            database=database.render_as_string(hide_password=False),
            port=port,
            shown='"epay"' if cashier else "",
        )
        if cashier:
            settings += _GATEWAY.format(cashier=cashier, pid=PID)
        (folder / "config.toml").write_text(settings, encoding="utf-8")
        for name in ("k1", "fingerprint", "session", "epay"):
            (folder / f"{name}.key").write_text(new_key(), encoding="utf-8")
        return cls(folder)

    @property
    def config_file(self) -> Path:
        return self.folder / "config.toml"

    def config(self) -> Config:
        return load_config(self.config_file)

    @asynccontextmanager
    async def hands(self) -> AsyncIterator[Hands]:
        """The shop opened by this process, as ``kapu admin`` opens it beside a running one."""
        shop = open_shop(self.config(), Outside(), Gateways({}, {}))
        try:
            yield Hands(shop)
        finally:
            await shop.database.close()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Running]:
        """``kapu run``, from the moment it serves; killed at the end if it has not been stopped by then."""
        running = Running(await start("run", "--config", self.config_file))
        try:
            await running.wait_until_open()
            yield running
        finally:
            await running.kill()


@dataclass
class Running:
    """A running shop, and what it says on standard error, one JSON object a line."""

    process: Process
    said: list[dict[str, Any]] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    port: int = 0

    async def wait_until_open(self) -> None:
        """Read its log until it names its port, and from then on beside the test."""
        opened = asyncio.Event()
        self._reading = asyncio.create_task(self._read(opened))
        async with asyncio.timeout(PATIENCE_S):
            await opened.wait()
        assert self.port, (self.said, self.unreadable)

    async def _read(self, opened: asyncio.Event) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            try:
                said = json.loads(line)
            except ValueError:
                self.unreadable.append(line.decode())
                continue
            self.said.append(said)
            if said["event"] == "shop is open":
                self.port = said["port"]
                opened.set()
        opened.set()

    async def get(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE_S) as http:
            return await http.get(f"http://127.0.0.1:{self.port}{path}")

    async def figures(self) -> Mapping[str, float]:
        """``/metrics``: name with labels → value."""
        lines = (await self.get("/metrics")).text.splitlines()
        pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
        return {name: float(value) for name, _, value in pairs}

    def ask_to_stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    async def ended(self) -> int:
        """Its exit code."""
        async with asyncio.timeout(PATIENCE_S):
            code = await self.process.wait()
            await self._reading
        return code

    async def stop(self) -> int:
        self.ask_to_stop()
        return await self.ended()

    async def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
        await self._reading

    @property
    def complaints(self) -> list[object]:
        """Whatever an operator would have to worry about: warnings, tracebacks, lines that are no log at all."""
        bad = [said for said in self.said if said["level"] not in {"debug", "info"} or "exception" in said]
        return [*bad, *self.unreadable]


async def start(*arguments: str | Path, **environ: str) -> Process:
    """``kapu ARGUMENTS`` as a process of its own."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _KAPU, *map(str, arguments)),
        cwd=_ROOT,
        stdout=PIPE,
        stderr=PIPE,
        env={**os.environ, **environ},
    )


async def run(*arguments: str | Path, within_s: float = PATIENCE_S) -> tuple[int, str, str]:
    """Run ``kapu ARGUMENTS`` to its end: exit code, standard output, standard error."""
    process = await start(*arguments)
    try:
        async with asyncio.timeout(within_s):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def until(condition: Callable[[], Awaitable[object]]) -> None:
    """Wait for something that only looking can tell.

    Raises:
        TimeoutError: It did not come to pass within ``PATIENCE_S``.
    """
    async with asyncio.timeout(PATIENCE_S):
        while not await condition():  # noqa: ASYNC110 - what another process does sets no event here
            await asyncio.sleep(LOOK_EVERY_S)


@dataclass(frozen=True)
class Hands:
    """What somebody does to the database while the shop runs."""

    shop: Shop

    async def stock(self, codes: int, *, price: int = 990) -> int:
        """A published product with so many codes: its variant."""
        variant_id = await self.shop.write(_make_variant, price)
        await self.import_codes(variant_id, [f"CODE-{number:06}" for number in range(codes)])
        return variant_id

    async def import_codes(self, variant_id: int, codes: Sequence[str]) -> int:
        """Returns how many were new."""
        data = "\n".join(codes).encode()
        return (await import_codes(self.shop, Import(variant_id, "codes.txt", data, "shell:test"))).added

    def key(self) -> str:
        return new_button_key(self.shop.random)

    async def hello(self, device: str) -> None:
        await self.post(device, Hello(type="hello"), "hello")

    async def press(self, device: str, link: str) -> None:
        """Somebody presses a button of the web chat: the letter is in the inbox, as its socket would put it there."""
        message_id = f"c-{new_button_key(self.shop.random).encode().hex()}"
        await self.post(device, Press(type="press", id=message_id, link=link), message_id)

    async def say(self, device: str, words: str) -> None:
        message_id = f"c-{new_button_key(self.shop.random).encode().hex()}"
        await self.post(device, Say(type="say", id=message_id, text=words), message_id)

    async def post(self, device: str, frame: Hello | Press | Say, message_id: str) -> None:
        external_id = f"{device}:{message_id}"
        raw = Stored(language="zh-cn", frame=frame).model_dump_json().encode()
        sealed = self.shop.get(Vault).seal_bytes(raw, place=f"inbox:{CHANNEL}:{external_id}")
        lane = f"{CHANNEL}:{device}"
        await self.shop.write(store, source=CHANNEL, external_id=external_id, lane=lane, payload=sealed)

    async def make_payments_due(self) -> None:
        """The clock may ask about every payment now, as it would some seconds later by itself."""
        await self.shop.write(_make_due)

    async def rows(self, statement: str, **params: object) -> list[dict[str, Any]]:
        return await self.shop.read(_rows, statement, params)

    async def one(self, statement: str, **params: object) -> Any:
        """The single value of a statement."""
        [row] = await self.rows(statement, **params)
        return next(iter(row.values()))

    async def all_letters_are_done(self) -> bool:
        return await self.rows("SELECT id FROM inbox WHERE done_at IS NULL LIMIT 1") == []


def _make_variant(tx: Tx, price: int) -> int:
    product_id = add_product(tx, NewProduct({"zh": "季卡", "en": "Season card"}))
    variant_id = add_variant(tx, NewVariant(product_id, price))
    set_state(tx, product_id, ProductState.PUBLISHED)
    return variant_id


def _make_due(tx: Tx) -> None:
    tx.execute(update(Payment).where(Payment.due_at.is_not(None)).values(due_at=tx.now))


def _rows(view: View, statement: str, params: Mapping[str, object]) -> list[dict[str, Any]]:
    return [dict(row) for row in view.execute(text(statement), dict(params)).mappings()]
