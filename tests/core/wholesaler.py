"""A supplier in memory that keeps books of its own: what it sold under which number, and what it took for that.

It does what it is told next: sell, take its time, refuse, time out before or after selling. It never sells twice under one
number unless it is told to promise nothing, so a test can see how often it was really asked to.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from shop_core.customers.people import Customer
from shop_core.db.claims import Fenced
from shop_core.db.tx import View
from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.kernel.money import Money
from shop_core.kernel.secret import Secret
from shop_core.orders.buy import work_on
from shop_core.orders.told import take_told
from shop_core.supply.models import Purchase
from shop_core.supply.offers import NewRoute, connect_offer, find_offers, keep_offers
from shop_core.supply.purchases import claim_purchases
from shop_core.supply.supplier import (
    Accepted,
    Capabilities,
    Done,
    Failed,
    ForgedSupplierCallback,
    GoodsKind,
    No,
    NotFound,
    Offer,
    OfferPage,
    Outcome,
    Partial,
    PurchaseRequest,
    Refused,
    StatementLine,
    Supplier,
    Suppliers,
    Told,
)
from shop_core.wire.callback import RawCallback
from tests.core.builders import START, Market, a_market

ALL = Capabilities(repeats_safely=True, finds_our_number=True, calls_back=True, absent_after_s=600)
ONLY_QUERY = Capabilities(finds_our_number=True, absent_after_s=600)
ONLY_REPEAT = Capabilities(repeats_safely=True)
NOTHING = Capabilities()
STATING = replace(ALL, states_days=True)
SHANGHAI = ZoneInfo("Asia/Shanghai")
PAGE = 3
"""Offers on a page of a list."""


@dataclass
class Sale:
    """One purchase in the supplier's own books."""

    request: PurchaseRequest
    ref: str
    cost: Money
    outcome: Outcome
    at: datetime = START


@dataclass
class Wholesaler:
    """See the module. ``does``: what the next calls of ``place`` do, first first; afterwards it sells at once."""

    name: str
    capabilities: Capabilities = ALL
    balance_minor: int = 100_000
    offers: dict[str, Offer] = field(default_factory=dict)
    sales: dict[str, Sale] = field(default_factory=dict)
    does: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    placed: list[PurchaseRequest] = field(default_factory=list)
    queried: list[str] = field(default_factory=list)
    placed_again: list[str] = field(default_factory=list)
    """Numbers that were placed once more after they may have been sold: what must never happen without a promise."""
    reached: set[str] = field(default_factory=set)
    before_answer: Callable[[], Awaitable[None]] | None = None
    callback_answer: str = "ok"
    is_deaf: bool = False
    listed: list[tuple[str | None, datetime | None]] = field(default_factory=list)
    breaks_off_at: int | None = None
    now: Callable[[], datetime] = lambda: START
    charges_after_s: float = 0
    restated: dict[str, StatementLine | None] = field(default_factory=dict)
    """Number → how its list has a sale otherwise than its books; None: not at all."""
    made_up: list[StatementLine] = field(default_factory=list)
    """Lines of its list that it sold nothing for."""

    def sells(
        self,
        ref: str = "A",
        *,
        cost: int = 500,
        stock: int | None = None,
        kind: GoodsKind = GoodsKind.CARD,
        **more: Any,
    ) -> Offer:
        """Put an offer on its list, or change it."""
        offer = Offer(ref, f"Goods {ref}", kind, Money(cost, "CNY"), stock=stock, **more)
        self.offers[ref] = offer
        return offer

    def codes(self, number: str, quantity: int) -> tuple[Secret, ...]:
        return tuple(Secret(f"{self.name}-{number}-{place}") for place in range(quantity))

    # ------------------------------------------------------------------ the protocol

    async def list_offers(self, cursor: str | None = None, *, since: datetime | None = None) -> OfferPage:
        self.listed.append((cursor, since))
        start = int(cursor or 0)
        if self.breaks_off_at is not None and start >= self.breaks_off_at:
            raise Unknown("time-out")
        refs = list(self.offers)
        page = [self.offers[ref] for ref in refs[start : start + PAGE]]
        return OfferPage(page, str(start + PAGE) if start + PAGE < len(refs) else None)

    async def get_offer(self, ref: str) -> Offer | None:
        self._trouble(self.answers)
        return self.offers.get(ref)

    async def place(self, request: PurchaseRequest) -> Outcome:
        if request.number in self.reached:
            self.placed_again.append(request.number)
        self.placed.append(request)
        deed = self._deed(request)
        known = self.sales.get(request.number)
        if deed == "down":
            raise RetryLater("connection refused")
        self.reached.add(request.number)
        if deed == "lost":
            raise Unknown("time-out")
        if known is not None and self.capabilities.repeats_safely:
            return known.outcome
        if known is not None and self.capabilities.refuses_repeats:
            return Refused(No.OTHER, "exists")
        if deed.startswith("refuse"):
            return Refused(No(deed.partition(":")[2] or "other"), "no")
        outcome = self._sell(request, deed)
        if self.before_answer is not None:
            await self.before_answer()
        if deed in {"sell_lost", "accept_lost"}:
            raise Unknown("time-out")
        return outcome

    def _deed(self, request: PurchaseRequest) -> str:
        """What it does with this one. A part is brought of a top-up only: until one comes, it waits."""
        offer = self.offers.get(request.offer_ref)
        can_part = offer is not None and offer.kind is GoodsKind.TOP_UP
        place = next((place for place, deed in enumerate(self.does) if deed != "part" or can_part), None)
        return "sell" if place is None else self.does.pop(place)

    def _sell(self, request: PurchaseRequest, deed: str) -> Outcome:
        cost = self.offers[request.offer_ref].cost * request.quantity
        ref = f"U{len(self.sales) + 1}"
        self.balance_minor -= cost.minor
        if deed.startswith("accept"):
            outcome: Outcome = Accepted(ref, cost)
        elif deed == "part":
            outcome = Partial(delivered_value=Money(3_000, "CNY"), supplier_ref=ref, cost=cost)
        else:
            outcome = self._done(request, ref, cost)
        at = self.now() + timedelta(seconds=self.charges_after_s)
        self.sales[request.number] = Sale(request, ref, cost, outcome, at)
        return outcome

    def _done(self, request: PurchaseRequest, ref: str, cost: Money) -> Done:
        offer = self.offers.get(request.offer_ref)
        if offer is not None and offer.kind is GoodsKind.TOP_UP:
            return Done((), ref, cost, receipt=f"receipt-{request.number}")
        return Done(self.codes(request.number, request.quantity), ref, cost)

    def finishes(self, number: str) -> Done:
        """What was accepted is there."""
        sale = self.sales[number]
        done = self._done(sale.request, sale.ref, sale.cost)
        sale.outcome = done
        return done

    def fails(self, number: str) -> Failed:
        """What was accepted did not work out; the money is back."""
        sale = self.sales[number]
        self.balance_minor += sale.cost.minor
        failed = Failed(sale.ref, sale.cost)
        sale.outcome = failed
        sale.cost = Money(0, "CNY")
        return failed

    async def query(self, number: str, supplier_ref: str | None, *, placed_at: datetime) -> Outcome:  # noqa: ARG002
        self.queried.append(number)
        self._trouble(self.answers)
        sale = self.sales.get(number)
        return NotFound() if sale is None else sale.outcome

    def _trouble(self, answers: list[str]) -> None:
        deed = answers.pop(0) if answers else "say"
        if deed == "down":
            raise RetryLater("connection refused")
        if deed == "lost":
            raise Unknown("time-out")

    async def balance(self) -> Money:
        if self.is_deaf:
            raise Unknown("time-out")
        return Money(self.balance_minor, "CNY")

    async def statement(self, day: date) -> Sequence[StatementLine]:
        """By the calendar of Shanghai."""
        if self.is_deaf:
            raise Unknown("time-out")
        lines = [self.restated.get(number, self.states(sale)) for number, sale in self.sales.items()]
        return [
            line
            for line in (*lines, *self.made_up)
            if line is not None and line.at.astimezone(SHANGHAI).date() == day
        ]

    def states(self, sale: Sale, **otherwise: Any) -> StatementLine:
        """A sale as its list has it."""
        line = StatementLine(
            number=sale.request.number,
            supplier_ref=sale.ref,
            cost=sale.cost,
            is_final=not isinstance(sale.outcome, Accepted),
            is_success=not isinstance(sale.outcome, Failed),
            at=sale.at,
        )
        return replace(line, **otherwise)

    def read_callback(self, callback: RawCallback) -> Told:
        if callback.headers.get("sign") != "genuine":
            raise ForgedSupplierCallback
        return Told(callback.query["number"])


@dataclass
class Trade:
    """A market whose goods come from two wholesalers, and hands to work in it."""

    market: Market
    first: Wholesaler
    second: Wholesaler

    async def a_variant(self, *sellers: Wholesaler, price: int = 990, cost: int = 500, **options: Any) -> int:
        """A variant with nothing on the shelf, bought from these, the first first."""
        variant_id = await self.market.a_variant(price=price, codes=0, **options)
        for priority, seller in enumerate(sellers or (self.first, self.second), start=1):
            await self.connect(variant_id, seller, priority=priority, cost=cost)
        return variant_id

    async def connect(
        self,
        variant_id: int,
        seller: Wholesaler,
        *,
        priority: int = 1,
        ref: str = "A",
        max_cost: int | None = None,
        **offer: Any,
    ) -> None:
        seen = seller.sells(ref, **offer)
        await self.market.shop.write(keep_offers, seller.name, [seen])
        [kept] = await self.market.shop.read(find_offers, seller.name, ref, limit=1)
        said = None if max_cost is None else Money(max_cost, "CNY")
        await self.market.shop.write(connect_offer, NewRoute(variant_id, kept.id, priority, said))

    async def a_paid_order(
        self, variant_id: int | None = None, *, quantity: int = 1, customer: Customer | None = None
    ) -> tuple[Customer, str]:
        """Placed, paid, and its purchase planned."""
        variant_id = await self.a_variant() if variant_id is None else variant_id
        customer = customer or await self.market.a_customer()
        order = await self.market.an_order(customer, variant_id, quantity=quantity, paid=True)
        await self.market.run_news()
        return customer, order.number

    async def work(self, *, limit: int = 20) -> int:
        """Work off purchases that are due now, each once."""
        claimed = await self.market.shop.write(claim_purchases, limit)
        for purchase in claimed:
            try:
                await work_on(self.market.shop, purchase)
            except Fenced:
                continue
        return len(claimed)

    async def work_until_quiet(self, *, hours: int = 3) -> None:
        """Let so much time pass, with workers there whenever something is due."""
        clock = self.market.clock
        end = clock.now() + timedelta(hours=hours)
        while True:
            while await self.work():
                await self.market.run_news()
            due = await self.market.shop.read(_next_due)
            if due is None or due > end:
                clock.moment = end
                return
            clock.moment = max(clock.now(), due)

    async def tell(self, seller: Wholesaler, told: Told) -> None:
        """A callback, already verified and out of the inbox."""
        await take_told(self.market.shop, seller.name, told, waited=timedelta(0))

    async def purchases(self) -> list[dict[str, Any]]:
        return await self.market.rows("SELECT * FROM purchases ORDER BY id")

    async def states(self) -> list[str]:
        """Supplier and state of each purchase, first made first."""
        return [f"{row['supplier']} {row['state']}" for row in await self.purchases()]

    async def asks(self) -> list[str]:
        rows = await self.market.rows("SELECT what, answer FROM purchase_asks ORDER BY id")
        return [f"{row['what']} {row['answer']}" for row in rows]

    async def float_of(self, seller: Wholesaler) -> int:
        """What the books say that purchases took from a float."""
        return int(
            await self.market.one(
                "SELECT coalesce(sum(amount_minor), 0) FROM ledger_postings WHERE account = :account",
                account=f"float:{seller.name}",
            )
        )


def _next_due(view: View) -> datetime | None:
    moment: datetime | None = view.execute(select(func.min(Purchase.due_at))).scalar()
    return moment


@asynccontextmanager
async def a_trade(url: str, *, capabilities: Capabilities = ALL, **rules: Any) -> AsyncIterator[Trade]:
    """A market with two wholesalers; ``capabilities`` are the first's, ``rules`` are those of ``a_market``."""
    first, second = Wholesaler("first", capabilities), Wholesaler("second")
    known: dict[str, Supplier] = {seller.name: seller for seller in (first, second)}
    suppliers = Suppliers(known, public_url="https://shop.example.com")
    async with a_market(url, suppliers=suppliers, **rules) as market:
        first.now = second.now = market.clock.now
        yield Trade(market, first, second)
