"""Two Kapu shops trade: one has the code on its shelf, the other sells it, and buys it when it is paid for."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from bot.config_suppliers import DujiaoNextConfig
from bot.metrics import Metrics
from bot.timing import Timing
from bot.web.callbacks import Outcome
from bot.web.supplier_callbacks import SupplierCallbacks
from bot.web.upstream import Upstream
from bot.wiring_suppliers import supplier_of
from bot.workers import Workers
from shop_core.catalog.edit import set_fields
from shop_core.catalog.goods import Field, FieldKind, GoodsKind
from shop_core.customers.people import Customer
from shop_core.delivery.kinds import change_kind
from shop_core.delivery.tasks import list_tasks
from shop_core.kernel.money import Money
from shop_core.kernel.policy import SupplierTerms
from shop_core.kernel.secret import Secret
from shop_core.orders.by_hand import Cannot, finish_task, look_at_task, refuse_task, take_task
from shop_core.orders.models import OrderState
from shop_core.orders.pay import pay_from_wallet
from shop_core.resale.keys import make_keys
from shop_core.resale.signing import Keys
from shop_core.resale.tell import tell_resellers
from shop_core.supply.floats import read_float, view_float
from shop_core.supply.offers import NewRoute, connect_offer, find_offers
from shop_core.supply.supplier import Suppliers
from shop_core.supply.sync import read_list
from shop_core.wire.outlet import Outlet
from tests.core.builders import Market, a_market
from tests.suppliers.contract import TLS
from tests.web.cutter import Cutter
from tests.web.stage import serving

A = "a"
"""What the second shop calls the first."""
OPENING = 10_000
WHOLESALE, RETAIL = 700, 990
PHONE = "13812345678"
ANNA = "tg:7"
CODE = '0001 a <b>&"c" 😀'
DEADLINE_S = 60


@dataclass
class Pair:
    """The shop that has, the shop that sells, and the line between them.

    Attributes:
        reseller: The second shop, as a customer of the first.
        told: What came of each callback that reached the second.
    """

    has: Market
    sells: Market
    line: Cutter
    reseller: Customer
    told: list[Outcome]

    def advance(self, **step: float) -> None:
        """Both clocks, as signatures are good for a minute."""
        self.has.clock.advance(**step)
        self.sells.clock.advance(**step)

    async def a_paid_order(self) -> tuple[Customer, str]:
        """A customer of the second shop pays for what only the first has."""
        variant = await self.sells.one("SELECT min(id) FROM variants")
        customer = await self.sells.a_customer()
        order = await self.sells.an_order(customer, variant, paid=True)
        return customer, order.number

    async def a_paid_top_up(self) -> tuple[Customer, str, int]:
        """A customer of the second shop pays for credit; staff of the first have its task in their hands."""
        variant = await self.sells.one("SELECT min(id) FROM variants")
        customer = await self.sells.a_customer(balance=RETAIL)
        number = await self.sells.place_saying(customer, variant, phone=PHONE)
        await pay_from_wallet(self.sells.shop, customer, number)
        async with asyncio.timeout(DEADLINE_S):
            while not (tasks := await self.has.shop.read(list_tasks, 5)):
                await self._go_on()
                await self.has.run_news()
        await take_task(self.has.shop, tasks[0].id, by=ANNA)
        return customer, number, tasks[0].id

    async def until_delivered(self, number: str) -> None:
        """Wait for the workers."""
        await self.until(number, OrderState.DELIVERED)

    async def until(self, number: str, state: OrderState) -> None:
        """Wait for what the workers are to bring about."""
        async with asyncio.timeout(DEADLINE_S):
            while (await self.sells.look(number)).state is not state:
                await self._go_on()

    async def _go_on(self) -> None:
        """Let the clocks go on; not so fast that a claim would run out."""
        self.advance(milliseconds=500)
        await asyncio.sleep(0.02)

    async def tell(self) -> None:
        """The first shop tells what became of orders that it answered a while ago."""
        self.advance(seconds=3)
        assert await tell_resellers(self.has.shop) == 1

    async def assert_traded_once(self, customer: Customer, number: str) -> None:
        """One code has changed hands, was paid for once on either side, and everybody's books say so."""
        assert await self.sells.codes_of(customer, number) == [CODE]
        assert await self.has.cards() == {"available": 1, "delivered": 1}
        assert await self.sells.cards() == {"delivered": 1}
        for market, of in ((self.has, "orders"), (self.sells, "orders"), (self.sells, "purchases")):
            assert await market.one(f"SELECT count(*) FROM {of}") == 1
        left = await self.has.balance(self.reseller)
        assert left == OPENING - WHOLESALE
        await read_float(self.sells.shop, A)
        seen = await self.sells.shop.read(view_float, A)
        assert seen is not None
        assert (seen.balance, seen.booked) == (Money(left, "CNY"), Money(left, "CNY"))
        order = await self.sells.look(number)
        assert order.lines[0].cost == Money(WHOLESALE, "CNY")


@asynccontextmanager
async def two_shops(
    url: str, other_url: str, *, finds_numbers: bool = True, kind: GoodsKind = GoodsKind.CARD
) -> AsyncIterator[Pair]:
    """The first sells to the second, which has its keys, an account with money in it, and nothing on the shelf."""
    async with AsyncExitStack() as open_now:
        enter = open_now.enter_async_context
        has = await enter(a_market(url))
        has.shop._services[Outlet] = Outlet(lambda: httpx.AsyncHTTPTransport(verify=TLS))
        reseller = await has.a_customer(balance=OPENING)
        keys = await has.shop.write(make_keys, has.vault, reseller.person_id, by="shell:test")
        await _goods(has, kind)
        shelf = await enter(serving(Starlette(routes=list(Upstream(has.shop).routes()))))
        line = await enter(Cutter(shelf.port).standing())
        client = await enter(httpx.AsyncClient(verify=TLS, trust_env=False, timeout=30))
        sells, told = await enter(_a_seller(other_url, line, keys, client, finds_numbers=finds_numbers))
        yield Pair(has, sells, line, reseller, told)


async def _goods(has: Market, kind: GoodsKind) -> None:
    """Codes on the shelf, or a direct top-up that staff see to."""
    if kind is GoodsKind.CARD:
        await has.a_variant(price=WHOLESALE, codes=[CODE, "another"])
        return
    variant = await has.a_variant(price=WHOLESALE, codes=0)
    await has.shop.write(change_kind, variant, kind)
    await has.shop.write(set_fields, variant, (Field("phone", {"zh": "手机号"}, FieldKind.PHONE),))


@asynccontextmanager
async def _a_seller(
    url: str, line: Cutter, keys: Keys, client: httpx.AsyncClient, *, finds_numbers: bool
) -> AsyncIterator[tuple[Market, list[Outcome]]]:
    suppliers = Suppliers({})
    async with a_market(url, seed=2, suppliers=suppliers, terms={A: SupplierTerms()}) as sells:
        told: list[Outcome] = []
        door = SupplierCallbacks(sells.shop, lambda _, outcome: told.append(outcome)).route()
        async with serving(Starlette(routes=[door])) as listening:
            config = DujiaoNextConfig(
                protocol="dujiao_next",
                base_url=f"http://127.0.0.1:{line.port}",
                key=keys.key,
                secret=Secret(keys.secret.reveal()),
                finds_numbers=finds_numbers,
            )
            supplier = supplier_of(A, config, client, sells.clock)
            sells.shop._services[Suppliers] = Suppliers(
                {A: supplier}, public_url=f"http://127.0.0.1:{listening.port}"
            )
            await read_list(sells.shop, A)
            await read_float(sells.shop, A)
            (offer,) = await sells.shop.read(find_offers, A, limit=9)
            variant = await sells.a_variant(price=RETAIL, codes=0)
            await sells.shop.write(change_kind, variant, offer.kind)
            await sells.shop.write(connect_offer, NewRoute(variant, offer.id, 1, None))
            async with _working(sells):
                yield sells, told


@asynccontextmanager
async def _working(market: Market) -> AsyncIterator[None]:
    async def draw_nothing(*_: object) -> None:
        return None

    stop = asyncio.Event()
    workers = Workers(market.shop, {}, draw_nothing, Metrics.new(), Timing(poll_s=0.05))
    running = asyncio.create_task(workers.run(stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(running, DEADLINE_S)


@pytest.fixture
def first_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The first shop has a database of its own, wherever the second has its."""
    path = tmp_path / "first.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite+aiosqlite:///{path}"


async def test_a_code_on_one_shelf_is_sold_by_another_shop(first_url: str, sqlite_url: str) -> None:
    async with two_shops(first_url, sqlite_url) as pair:
        customer, number = await pair.a_paid_order()
        await pair.until_delivered(number)
        await pair.assert_traded_once(customer, number)
        await pair.tell()
        assert pair.told == [Outcome.STORED]
        assert pair.line.orders == 1
        await pair.assert_traded_once(customer, number)


@pytest.mark.parametrize(("finds_numbers", "orders"), [(True, 1), (False, 2)])
async def test_an_answer_that_is_lost_between_two_shops_costs_nobody_anything(
    first_url: str, database_url: str, *, finds_numbers: bool, orders: int
) -> None:
    async with two_shops(first_url, database_url, finds_numbers=finds_numbers) as pair:
        pair.line.losing = 1
        customer, number = await pair.a_paid_order()
        await pair.until_delivered(number)
        asks = await pair.sells.rows("SELECT what, answer FROM purchase_asks ORDER BY id")
        assert {"what": "place", "answer": "unreadable"} in asks
        assert pair.line.orders == orders
        await pair.assert_traded_once(customer, number)


async def test_a_callback_that_overtakes_the_answer_delivers_once(first_url: str, database_url: str) -> None:
    async with two_shops(first_url, database_url) as pair:

        async def overtake() -> None:
            """It is told of the delivery before it has heard that its order was taken."""
            seen.append(await pair.sells.one("SELECT state FROM purchases"))
            await pair.tell()

        seen: list[str] = []
        pair.line.before_answer = overtake
        customer, number = await pair.a_paid_order()
        await pair.until_delivered(number)
        assert seen == ["sent"]
        assert pair.told == [Outcome.STORED]
        assert pair.line.orders == 1
        await pair.assert_traded_once(customer, number)


async def test_what_is_said_in_one_shop_is_topped_up_in_the_other(first_url: str, database_url: str) -> None:
    async with two_shops(first_url, database_url, kind=GoodsKind.TOP_UP) as pair:
        customer, number, task = await pair.a_paid_top_up()
        _, said = await look_at_task(pair.has.shop, task, by=ANNA)
        assert [answer.reveal() for _, answer in said] == [PHONE]
        await finish_task(pair.has.shop, task, "receipt 0001", by=ANNA)
        assert await tell_resellers(pair.has.shop) == 1
        await pair.until_delivered(number)
        assert await pair.sells.codes_of(customer, number) == ["receipt 0001"]
        assert pair.line.orders == 1
        assert await pair.has.balance(pair.reseller) == OPENING - WHOLESALE


async def test_what_one_shop_cannot_top_up_is_refunded_in_both(first_url: str, sqlite_url: str) -> None:
    async with two_shops(first_url, sqlite_url, kind=GoodsKind.TOP_UP) as pair:
        customer, number, task = await pair.a_paid_top_up()
        await refuse_task(pair.has.shop, task, Cannot.INPUT, by=ANNA)
        assert await tell_resellers(pair.has.shop) == 1
        await pair.until(number, OrderState.REFUNDED)
        assert await pair.has.balance(pair.reseller) == OPENING
        assert await pair.sells.balance(customer) == RETAIL
        await read_float(pair.sells.shop, A)
        seen = await pair.sells.shop.read(view_float, A)
        assert seen is not None
        assert (seen.balance, seen.booked) == (Money(OPENING, "CNY"), Money(OPENING, "CNY"))
