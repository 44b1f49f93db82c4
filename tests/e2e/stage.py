"""The whole program in the test's own process: both channels, the web server, the workers, the schedule.

Around it stand the cashier, a process of its own, and the Bot API stand-in, a thread; everything goes over HTTP.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import text

from bot.config import load_config
from bot.outside import Outside
from bot.run import serve
from bot.timing import Timing
from bot.wiring import Program
from shop_core.customers.people import meet
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.invariants.verify import verify
from shop_core.kernel.money import Money
from shop_core.wallet.balance import adjust
from tests.proof.premises import Outskirts, Premises
from tests.proof.sights import find_pay_url
from tests.standins.cashier import CashierControl
from tests.standins.telegram import ShownMessage, TelegramStandIn, TelegramUser
from tests.warmth import share_compiled_statements

BOT = "tg"
TIMING = Timing(
    poll_s=0.1, lease=timedelta(seconds=10), schedule_lease=timedelta(seconds=2), drain_s=2.0, jobs=0.1
)


@dataclass(frozen=True, slots=True)
class Stage:
    """An open shop, and those who stand around it."""

    shop: Shop
    tg: TelegramStandIn
    cashier: CashierControl

    async def rows(self, statement: str, **values: object) -> Sequence[dict[str, Any]]:
        """Look into the database."""

        def look(view: View) -> Sequence[dict[str, Any]]:
            return [dict(row) for row in view.execute(text(statement), values).mappings()]

        return await self.shop.read(look)

    async def count(self, statement: str, **values: object) -> int:
        """The one number that a statement finds."""
        (row,) = await self.rows(statement, **values)
        return int(next(iter(row.values())))

    async def change(self, statement: str) -> None:
        """Do something to the tables that the shop would not do, or not now."""

        def run(tx: Tx) -> None:
            tx.execute(text(statement))

        await self.shop.write(run)

    async def give(self, user: TelegramUser, minor: int) -> None:
        """Put money into somebody's wallet, as staff do."""

        def credit(tx: Tx) -> None:
            customer = meet(tx, channel=BOT, external_id=str(user.id), name=user.name, language="zh")
            adjust(tx, customer.person_id, Money(minor, tx.policy.currency), key=f"adjust:e2e:{user.id}")

        await self.shop.write(credit)

    async def pay(self, message: ShownMessage, **how: Any) -> None:
        """Pay at the cashier what a message asks for; ``how`` as the cashier's control has it."""
        url = pay_url(message)
        await asyncio.to_thread(self.cashier.pay, trade_no=url.rpartition("/")[2], **how)

    async def until(self, statement: str, expected: int, *, within_s: float = 10.0) -> None:
        """Wait until a statement finds a number."""
        async with asyncio.timeout(within_s):
            while await self.count(statement) != expected:  # noqa: ASYNC110 - the shop sets no event for it
                await asyncio.sleep(0.02)


def pay_url(message: ShownMessage) -> str:
    """Where a message sends its reader to pay. Telegram makes no button of an address on this machine."""
    url = find_pay_url(message.text)
    assert url is not None, message.text
    return url


@asynccontextmanager
async def an_open_shop(
    folder: Path,
    database_url: str,
    cashier: CashierControl,
    tg: TelegramStandIn,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    **more: Any,
) -> AsyncIterator[Stage]:
    """Open the shop as ``kapu run`` does; when the block ends, close it and see that its books are whole.

    Args:
        transport: Carries requests to gateways and suppliers; None for the network.
        more: How its bot is set up, and who sells to it: ``has_stars``, ``is_hooked``, ``supplier``, as ``Outskirts`` has
            them.
    """
    outskirts = Outskirts(cashier.base_url, tg.base_url, tg.token, **more)
    url = database_url.replace("+aiosqlite", "").replace("+asyncpg", "")
    premises = Premises(folder / "premises", url, outskirts)
    stop = asyncio.Event()
    opened: asyncio.Future[Program] = asyncio.get_running_loop().create_future()
    outside = Outside(timing=TIMING, transport=transport, telegram={"trust_env": False})
    serving = asyncio.create_task(
        serve(
            load_config(premises.config),
            outside,
            stop=stop,
            on_ready=lambda program, _: opened.set_result(program),
        )
    )
    try:
        waited: set[asyncio.Future[Any]] = {serving, opened}
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        if not opened.done():
            await serving
        share_compiled_statements(opened.result().shop.database)
        yield Stage(opened.result().shop, tg, cashier)
        assert await opened.result().shop.read(verify) == []
    finally:
        stop.set()
        await serving
