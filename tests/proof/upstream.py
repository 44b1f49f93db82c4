"""The upstream that one purchase is bought from: it sells, tells, and keeps books that the shop's must agree with."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import httpx
from sqlalchemy import literal_column, select

from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.kernel.money import Money
from shop_core.messaging.models import Message
from shop_core.supply.floats import keep_reading, view_float
from shop_core.supply.models import IS_LIVE, Purchase
from shop_core.supply.offers import NewRoute, connect_offer, find_offers, keep_offers
from shop_core.supply.supplier import GoodsKind, Offer
from tests.proof.premises import CODES, PRICE_MINOR, Premises
from tests.standins.suppliers.driver import SupplierControl
from tests.standins.suppliers.dujiao_next import site as dujiao_next
from tests.standins.suppliers.kasushou import site as kasushou
from tests.standins.suppliers.server import running_supplier

NAME: Final = "up"
OPENING_MINOR: Final = 100_000
COST_MINOR: Final = 990
_LOOK_EVERY_S: Final = 0.03


@dataclass(frozen=True, slots=True)
class Protocol:
    """How the upstream is bought from.

    Attributes:
        offers: Its names of two goods: the second is asked where the first was not to be had.
        tells: The goods take a moment, and it tells when they are there.
    """

    key: str
    secret: str
    offers: tuple[str, str]
    tells: bool


PROTOCOLS: Final = {
    "dujiao_next": Protocol(dujiao_next.KEY, dujiao_next.SECRET, ("1101:101", "1104:104"), tells=True),
    "kasushou": Protocol(kasushou.USER_ID, kasushou.APIKEY, ("101", "104"), tells=False),
}
"""One where the same number is the same purchase, and one that can only be asked what became of a number."""

_CONFIG: Final = """
[suppliers.{name}]
protocol = "{protocol}"
base_url = "{url}"
key = "{key}"
secret = "file:supplier.key"
"""


class Upstream:
    """One stand-in, with nothing sold yet."""

    def __init__(self, name: str, control: SupplierControl) -> None:
        self.protocol = PROTOCOLS[name]
        self._name = name
        self._control = control
        self._told: set[str] = set()
        control.goods("101", codes=list(CODES[:1]), is_later=self.protocol.tells)
        control.goods("104", codes=list(CODES[1:]), is_later=self.protocol.tells, price=COST_MINOR)

    def connect(self, premises: Premises) -> None:
        """Add it to the shop's config."""
        (premises.folder / "supplier.key").write_text(self.protocol.secret, "utf-8")
        given = {
            "name": NAME,
            "protocol": self._name,
            "url": self._control.base_url,
            "key": self.protocol.key,
        }
        with premises.config.open("a", encoding="utf-8") as config:
            config.write(_CONFIG.format(**given))

    @asynccontextmanager
    async def at_work(
        self, premises: Premises, shop: Shop, *, is_hurried: Callable[[], bool]
    ) -> AsyncIterator[None]:
        """It finishes and tells what it sold until it is heard. Where it never tells, nobody waits for the shop to ask.

        Args:
            is_hurried: Says whether the time until the shop's next question, or news, is to be passed over.
        """
        working = asyncio.create_task(self._work(premises, shop, is_hurried))
        try:
            yield
        finally:
            working.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await working

    async def _work(self, premises: Premises, shop: Shop, is_hurried: Callable[[], bool]) -> None:
        async with httpx.AsyncClient(trust_env=False, verify=False) as client:  # noqa: S501  # loopback, http
            while True:
                await asyncio.sleep(_LOOK_EVERY_S)
                if self.protocol.tells:
                    await self._tell(premises, client)
                # Before that, its callback and the shop's question would race for who is first.
                if is_hurried() or not self.protocol.tells:
                    now = shop.clock.now() + timedelta(seconds=premises.ahead_s)
                    wait = await shop.read(_next_wait, now, with_news=is_hurried())
                    self.let_pass(premises, wait.total_seconds())

    async def _tell(self, premises: Premises, client: httpx.AsyncClient) -> None:
        for order in self._control.orders:
            number = order["number"]
            if order["state"] == "pending":
                self._control.finish(number)
            if number in self._told:
                continue
            letter = self._control.letter(number)
            with contextlib.suppress(httpx.TransportError):
                answer = await client.post(
                    f"{premises.base_url}/suppliers/{NAME}/callback",
                    content=letter.body,
                    headers=letter.headers,
                )
                if answer.text == '{"ok":true}':
                    self._told.add(number)

    def let_pass(self, premises: Premises, seconds: float) -> None:
        """Put both clocks ahead: a signature is good for a minute."""
        premises.let_pass(premises.ahead_s + seconds)
        self._control.set(clock_offset_s=premises.ahead_s)

    async def faults(self, shop: Shop) -> list[str]:
        """What is wrong between its books and the shop's."""
        orders, balance = self._control.orders, self._control.balance
        seen = await shop.read(view_float, NAME)
        booked = None if seen is None else seen.booked.minor
        faults = []
        if [order["state"] for order in orders] != ["done"] or self._control.purchases != 1:
            faults.append(f"not sold once: {[(order['number'], order['state']) for order in orders]}")
        if balance != OPENING_MINOR - COST_MINOR:
            faults.append(f"it has charged {OPENING_MINOR - balance}")
        if booked != balance:
            faults.append(f"the float is booked as {booked}, and is {balance}")
        return faults


@contextmanager
def an_upstream(name: str) -> Iterator[Upstream]:
    """Open for one purchase."""
    with running_supplier(name) as control:
        yield Upstream(name, control)


def connect_goods(tx: Tx, variant_id: int, protocol: Protocol) -> None:
    """Two ways to buy a variant, and what the shop has there in advance."""
    keep_reading(tx, NAME, Money(OPENING_MINOR, "CNY"), tx.now)
    for priority, ref in enumerate(protocol.offers, start=1):
        offer = Offer(ref, f"goods {ref}", GoodsKind.CARD, Money(COST_MINOR, "CNY"), stock=1)
        keep_offers(tx, NAME, [offer])
        [kept] = find_offers(tx, NAME, ref, limit=1)
        connect_offer(tx, NewRoute(variant_id, kept.id, priority, Money(PRICE_MINOR, "CNY")))


def _next_wait(view: View, now: datetime, *, with_news: bool) -> timedelta:
    """How long until the shop asks next; nothing while somebody is at it.

    Args:
        with_news: Or until it says something by itself. While the buyer waits that he has to wait would race for who is
            first: whether it is said, or taken back by the delivery.
    """
    waiting = [*view.execute(select(Purchase.due_at, Purchase.token).where(literal_column(IS_LIVE)))]
    if with_news:
        queued = select(Message.due_at, Message.token).where(Message.due_at.is_not(None))
        waiting += view.execute(queued)
    if any(row.token is not None for row in waiting):
        return timedelta(0)
    first = min((row.due_at for row in waiting if row.due_at is not None), default=now)
    return max(first - now, timedelta(0))
