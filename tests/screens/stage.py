"""The whole program around one journey: both channels, a cashier, the Bot API; a clock that only the journey moves."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import httpx
from limits import RateLimitItemPerSecond
from sqlalchemy import func, or_, select

from bot.channels.telegram.pace import Rates
from bot.channels.telegram.settings import Pauses
from bot.config import load_config
from bot.demo.setting import free_port
from bot.outside import Outside
from bot.run import serve
from bot.timing import Timing
from bot.wiring import Program, open_shop
from handlers.words import Phrases, Words
from shop_core.db import inbox, outbox
from shop_core.db.shop import Shop
from shop_core.db.tx import View
from shop_core.messaging.models import Message
from shop_core.messaging.pace import Rate
from shop_core.payments.gateway import Gateways
from tests.core.builders import ManualClock
from tests.proof.premises import EPAY_KEY, EPAY_PID
from tests.screens import codes
from tests.screens.goods import GOODS, stock
from tests.standins.cashier import CashierControl
from tests.standins.suppliers.acg_faka import shop as acg_faka
from tests.standins.suppliers.dayuanren import site as dayuanren
from tests.standins.suppliers.driver import SupplierControl
from tests.standins.suppliers.kakayun import site as kakayun
from tests.standins.suppliers.reloadly import site as reloadly
from tests.standins.suppliers.server import running_supplier
from tests.standins.telegram import TelegramStandIn
from tests.warmth import share_compiled_statements

OWNER_ID: Final = 1001
"""The owner's own Telegram id."""
PAY_SITE: Final = "https://pay.example.com"
"""What the gateway's site is called: Telegram takes no address on this machine as a button."""
NOWHERE: Final = "nowhere"
"""A channel that does not exist, for people who are only talked of."""
PATIENCE_S: Final = 60

# No job runs by itself: a journey that needs one lets it run, at a moment that is the same each time.
_TIMING: Final = Timing(
    poll_s=0.05, lease=timedelta(days=1), schedule_lease=timedelta(days=1), drain_s=2.0, jobs=100_000
)
_AT_ONCE: Final = Rate(timedelta(0), 1)
_RATES: Final = Rates(overall=_AT_ONCE, private=_AT_ONCE, group=_AT_ONCE)
# However slow the machine is, a press is answered by what it asked for.
_PAUSES: Final = Pauses(spin_s=PATIENCE_S)

_CONFIG: Final = """
[shop]
name = "云卡小铺"
owners = ["tg:{owner}"]

[database]
url = "sqlite:///{folder}/kapu.db"

[vault]
active_key = "k1"
[vault.keys]
k1 = "file:vault.key"
fingerprint = "file:fingerprint.key"

[http]
port = {port}
public_url = "http://127.0.0.1:{port}"

[log]
level = "error"

[gateways.alipay]
kind = "epay"
base_url = "{pay_site}"
pid = "{pid}"
key = "file:epay.key"

[channels.tg]
kind = "telegram"
token = "file:bot.token"
api_base_url = "{telegram}"
{paying}
[channels.web]
kind = "webchat"
session_secret = "file:session.key"
gateways = ["alipay"]
"""
_ALIPAY: Final = 'gateways = ["alipay"]\nother_ways_to_pay = true\n'
_STARS: Final = """gateways = ["stars"]

[gateways.stars]
kind = "stars"
rate = "0.10"
rate_source = "the journeys"
rate_at = 2026-11-01
"""
_SUPPLIERS: Final = {
    "dayuanren": ("dyr", f'key = "{dayuanren.USER}"\nbase_url = "{{site}}"'),
    "acg_faka": ("acg", f'key = "{acg_faka.APP_ID}"\nbase_url = "{{site}}"'),
    "kakayun": ("kky", f'key = "{kakayun.USER}"\nbase_url = "{{site}}"'),
    # Its addresses are its own: see ``PaySite``.
    "reloadly": ("rld", f'key = "{reloadly.KEY}"\ncurrency = "{reloadly.CURRENCY}"'),
}
"""Protocol → what the journeys call a supplier that speaks it, and what its table has beside."""
_RELOADLY: Final = ".reloadly.com"
_KEYS: Final = {
    "vault.key": "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=",
    "fingerprint.key": "ZmluZ2VycHJpbnQtZmluZ2VycHJpbnQtZmluZ2VycHI=",
    "session.key": "session-secret-of-the-journeys-0123456789",
    "epay.key": EPAY_KEY,
    "dyr.key": dayuanren.KEY,
    "acg.key": acg_faka.APP_KEY,
    "kky.key": kakayun.KEY,
    "rld.key": reloadly.SECRET,
    "sms.key": codes.SECRET,
}


class PaySite(httpx.AsyncBaseTransport):
    """Carries what is sent to ``PAY_SITE`` to the cashier on this machine, and its addresses back as ``PAY_SITE``.

    What is sent to Reloadly goes to its stand-in; what is sent elsewhere, to a supplier on this machine, passes as it is.
    """

    def __init__(self, cashier: str, reloadly_site: str) -> None:
        self._cashier = cashier
        self._reloadly = reloadly_site
        self._inner = httpx.AsyncHTTPTransport(
            verify=False
        )  # plain http: looking for certificates takes long

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host.endswith(_RELOADLY):
            service = request.url.host.removesuffix(_RELOADLY)
            request.url = httpx.URL(f"{self._reloadly}/{service}{request.url.raw_path.decode()}")
        if request.url.host != httpx.URL(PAY_SITE).host:
            return await self._inner.handle_async_request(request)
        there = httpx.URL(self._cashier)
        request.url = request.url.copy_with(scheme=there.scheme, host=there.host, port=there.port)
        answer = await self._inner.handle_async_request(request)
        body = (await answer.aread()).decode().replace(self._cashier, PAY_SITE)
        body = body.replace(self._cashier.replace("/", "\\/"), PAY_SITE.replace("/", "\\/"))
        headers = {"content-type": answer.headers.get("content-type", "text/plain")}
        return httpx.Response(answer.status_code, headers=headers, content=body.encode())

    async def aclose(self) -> None:
        await self._inner.aclose()


@dataclass(slots=True)
class Outskirts:
    """What all journeys of a run share: the cashier, and the stocked databases to begin with."""

    cashier: CashierControl
    empty: Path
    folder: Path
    stocked: dict[str, Path] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stage:
    """An open shop, and those who stand around it.

    Attributes:
        sites: Protocol → the supplier of the journey that speaks it.
        arrivals: Where its codes come in, if it sends any.
    """

    program: Program
    clock: ManualClock
    tg: TelegramStandIn
    cashier: CashierControl
    base_url: str
    sites: Mapping[str, SupplierControl] = field(default_factory=dict)
    arrivals: codes.Arrivals | None = None

    @property
    def shop(self) -> Shop:
        return self.program.shop

    def words(self, language: str) -> Phrases:
        return self.shop.get(Words).to(language)

    async def run(self, job: Callable[[Shop], Awaitable[object]]) -> None:
        """Let a job of the schedule run now, and what comes of it."""
        await job(self.shop)
        await self.quiet()

    async def quiet(self) -> None:
        """Wait until everything that was said is answered and everything that is due is sent."""
        async with asyncio.timeout(PATIENCE_S):
            while not await self._is_quiet():  # noqa: ASYNC110 - rows in the database, and a thread
                await asyncio.sleep(0.02)

    async def pay(self, url: str, **how: Any) -> None:
        """Pay at the cashier, and wait until the shop has been told and has acted."""
        told = len([attempt for attempt in self.cashier.notifies() if attempt.accepted])
        await asyncio.to_thread(self.cashier.pay, trade_no=url.rpartition("/")[2], **how)
        await asyncio.to_thread(self.cashier.wait_for_notifies, told + 1)
        await self.quiet()

    async def _is_quiet(self) -> bool:
        return not self.tg.pending_updates() and not await self.shop.read(_count_waiting)


def _count_waiting(view: View) -> int:
    """What is being answered or sent, or should be. What is to be told later waits for the clock, and so for nobody."""
    is_due = or_(Message.due_at <= view.now, Message.token.is_not(None))
    due = select(func.count()).where(Message.due_at.is_not(None), is_due, Message.channel != NOWHERE)
    return inbox.count_pending(view) + outbox.count_waiting(view) + int(view.execute(due).scalar_one())


@asynccontextmanager
async def an_open_shop(
    around: Outskirts,
    goods: str,
    folder: Path,
    *,
    has_stars: bool = False,
    suppliers: Sequence[str] = (),
    first_contact: str | None = None,
) -> AsyncIterator[Stage]:
    """Open a shop with these goods as ``kapu run`` does, at noon of a Friday.

    Args:
        has_stars: Its bot takes Stars, and nothing else.
        suppliers: Protocols of those who sell to it.
        first_contact: It sends codes, and asks everybody for this; empty: it sends codes, and asks nobody.
    """
    async with AsyncExitStack() as stack:
        clock, stop = ManualClock(), asyncio.Event()
        arrivals = None
        tg = stack.enter_context(TelegramStandIn(pace=False))
        sites = {protocol: stack.enter_context(running_supplier(protocol)) for protocol in suppliers}
        more = "".join(_table(protocol, site) for protocol, site in sites.items())
        if first_contact is not None:
            arriving = codes.a_phone_and_a_mailbox(lambda: clock.now().timestamp())
            arrivals = await stack.enter_async_context(arriving)
            more += arrivals.tables(first_contact)
        config = _lay_out(folder, tg, paying=_STARS if has_stars else _ALIPAY, more=more)
        shutil.copyfile(await _stocked(around, goods), folder / "kapu.db")
        for site in sites.values():
            site.set(clock_offset_s=clock.now().timestamp() - time.time())
        outside = Outside(
            clock=clock,
            timing=_TIMING,
            transport=PaySite(
                around.cashier.base_url, sites["reloadly"].base_url if "reloadly" in sites else ""
            ),
            telegram={"trust_env": False, "verify": False},
            rates=_RATES,
            pauses=_PAUSES,
            most=RateLimitItemPerSecond(10_000),
        )
        opened: asyncio.Future[tuple[Program, int]] = asyncio.get_running_loop().create_future()
        serving = asyncio.create_task(
            serve(load_config(config), outside, stop=stop, on_ready=lambda *ready: opened.set_result(ready))
        )
        try:
            waited: set[asyncio.Future[Any]] = {serving, opened}
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if not opened.done():
                await serving
            program, port = opened.result()
            share_compiled_statements(program.shop.database)
            yield Stage(program, clock, tg, around.cashier, f"http://127.0.0.1:{port}", sites, arrivals)
        finally:
            stop.set()
            await serving


def _table(protocol: str, site: SupplierControl) -> str:
    name, more = _SUPPLIERS[protocol]
    given = more.format(site=site.base_url)
    return f'\n[suppliers.{name}]\nprotocol = "{protocol}"\nsecret = "file:{name}.key"\n{given}\n'


async def _stocked(around: Outskirts, goods: str) -> Path:
    """A database with these goods: filled once, copied for each journey."""
    if goods not in around.stocked:
        folder = around.folder / f"stocked-{goods}"
        folder.mkdir()
        with TelegramStandIn() as nobody:
            config = _lay_out(folder, nobody)
        shutil.copyfile(around.empty, folder / "kapu.db")
        shop = open_shop(load_config(config), Outside(clock=ManualClock()), Gateways({}, {}))
        await stock(shop, GOODS[goods])
        await shop.database.close()
        with closing(sqlite3.connect(folder / "kapu.db")) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
        around.stocked[goods] = folder / "kapu.db"
    return around.stocked[goods]


def _lay_out(folder: Path, tg: TelegramStandIn, *, paying: str = _ALIPAY, more: str = "") -> Path:
    config = _CONFIG.format(
        owner=OWNER_ID,
        folder=folder,
        port=free_port(),
        pay_site=PAY_SITE,
        pid=EPAY_PID,
        telegram=tg.base_url,
        paying=paying,
    )
    for name, text in {**_KEYS, "bot.token": tg.token, "config.toml": config + more}.items():
        (folder / name).write_text(text, "utf-8")
    return folder / "config.toml"
