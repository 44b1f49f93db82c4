"""Purchases under random faults, crashes and lies: every line is delivered once or refunded, every charge is explained.

The wholesalers keep books of their own. After any run, once they answer again, each order has its goods or its money, never
both, and what the books took from a float is what its supplier charged.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from shop_core.cases.cases import CaseKind, list_subjects
from shop_core.customers.people import Customer
from shop_core.db.claims import Fenced
from shop_core.delivery.tasks import list_tasks
from shop_core.kernel.errors import ShopError
from shop_core.orders.buy import work_on
from shop_core.orders.by_hand import Cannot, finish_task, refuse_task, take_task
from shop_core.orders.decide import say_bought, say_not_bought
from shop_core.orders.fulfil import sweep_undelivered
from shop_core.orders.models import OrderState
from shop_core.orders.pay import pay_from_wallet
from shop_core.orders.refund import refund_order
from shop_core.supply.purchases import PurchaseView, claim_purchases, find_purchase, list_purchases
from shop_core.supply.supplier import Accepted, Capabilities, Done, GoodsKind, Partial, Told
from tests.core.builders import OWNER
from tests.core.machines import NewDatabase, copies_of, emptied, entered, left, rules
from tests.core.test_top_ups import ASKED, PHONE, a_top_up
from tests.core.wholesaler import NOTHING, ONLY_QUERY, ONLY_REPEAT, Trade, Wholesaler, a_trade

Result = TypeVar("Result")

DEEDS = st.sampled_from(
    ["sell", "sell", "sell_lost", "accept", "accept_lost", "part", "lost", "down", "refuse", "refuse:balance"]
)
ANSWERS = st.sampled_from(["say", "lost", "down"])
PROMISES = st.sampled_from([ONLY_QUERY, ONLY_REPEAT, NOTHING])
STAFF = st.sampled_from(["tg:7", "tg:8"])
OPENING = 100_000
PRICE = 990
TOP_UPS = {2: "mobile", 3: "phone"}
"""Which variants are direct top-ups, and what their buyers are asked for."""
LONG = int(os.environ.get("KAPU_LONG", "0"))
"""So many shops, with more customers each: forty make thousands of charges, in a quarter of an hour."""
IS_LONG = LONG > 0
SHOPS, STEPS = (LONG, 60) if IS_LONG else (12, 40)
ORDERS_AT_ONCE = 24 if IS_LONG else 1
AT_ONCE = 24 if IS_LONG else 3
"""So many deeds and answers of a supplier are known in advance, at most."""
AT_FIRST = 20 if IS_LONG else 0
"""The shops of a long run begin with customers and unreliable suppliers: Hypothesis likes some to have hardly any."""
LEAST_CHARGES = 50
"""So many charges a shop has in a long run, taken over all: forty shops have thousands."""
LOOKS_EVERY = 15 if IS_LONG else 1
"""After so many steps everything that ``verify`` recomputes is recomputed; always at the end."""


class Killed(BaseException):
    """The process ends here."""


class Buying(RuleBasedStateMachine):
    """Two wholesalers and staff, one variant of each kind of route, anything at any time.

    Codes from both wholesalers or from one, direct top-ups from both, and direct top-ups that staff see to.
    """

    new_database: ClassVar[NewDatabase]
    seen: ClassVar[Counter[str]]
    """How orders, purchases and charges have ended, over all shops."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.context = a_trade(self.runner.run(type(self).new_database()))
        self.trade: Trade = self.runner.run(entered(self.context))
        self.buyers: dict[str, Customer] = {}
        self.variants: list[int] = []
        self.frozen: list[PurchaseView] = []
        self.by_hand: Counter[int] = Counter()
        self.steps = 0

    def run(self, attempt: Coroutine[Any, Any, Result]) -> Result | None:
        try:
            return self.runner.run(attempt)
        except (ShopError, Fenced):
            return None

    @property
    def sellers(self) -> tuple[Wholesaler, Wholesaler]:
        return self.trade.first, self.trade.second

    # ------------------------------------------------------------------ the shop's side

    @initialize(
        first=PROMISES, second=PROMISES, deeds=st.lists(DEEDS, min_size=AT_FIRST, max_size=3 * AT_FIRST)
    )
    def open(self, first: Capabilities, second: Capabilities, deeds: list[str]) -> None:
        self.trade.first.capabilities, self.trade.second.capabilities = first, second
        self.variants = [
            self.runner.run(self.trade.a_variant()),
            self.runner.run(self.trade.a_variant(self.trade.second)),
            self.runner.run(a_top_up(self.trade, *self.sellers, ref="T")),
            self.runner.run(a_top_up(self.trade, fields=(ASKED,))),
        ]

        if IS_LONG:
            # Their first top-up comes in part.
            self.trade.first.does, self.trade.second.does = ["part", *deeds[::2]], ["part", *deeds[1::2]]
            for what in range(len(self.variants)):
                self._buy(what, 1)

    @rule(what=st.integers(0, 3), quantity=st.integers(1, 3))
    def buy(self, what: int, quantity: int) -> None:
        self._buy(what, quantity)

    def _buy(self, what: int, quantity: int) -> None:
        for _ in range(ORDERS_AT_ONCE):
            customer = self.runner.run(self.trade.market.a_customer(balance=PRICE if what in TOP_UPS else 0))
            if what in TOP_UPS:
                wanted = self._pay_top_up(customer, what)
            else:
                wanted = self.trade.a_paid_order(self.variants[what], quantity=quantity, customer=customer)
            paid = self.run(wanted)
            if paid is not None:
                self.buyers[paid[1]] = customer

    async def _pay_top_up(self, customer: Customer, what: int) -> tuple[Customer, str]:
        market = self.trade.market
        number = await market.place_saying(customer, self.variants[what], **{TOP_UPS[what]: PHONE})
        await pay_from_wallet(market.shop, customer, number)
        await market.run_news()
        return customer, number

    @rule()
    def work(self) -> None:
        for _ in range(5 if IS_LONG else 1):
            self.runner.run(self.trade.work())

    @rule(minutes=st.sampled_from([1, 3, 12, 70]))
    def time_passes(self, minutes: int) -> None:
        self.trade.market.clock.advance(minutes=minutes)

    @rule(arrived=st.booleans())
    def die_with_the_call(self, arrived: bool) -> None:
        for purchase in self.runner.run(self.trade.market.shop.write(claim_purchases, 1)):
            seller = next(one for one in self.sellers if one.name == purchase.supplier)
            place = seller.place

            async def dying(request: Any) -> Any:
                if arrived:
                    await place(request)  # noqa: B023 - called before the next turn
                raise Killed

            seller.place = dying  # type: ignore[method-assign]
            try:
                self.run(work_on(self.trade.market.shop, purchase))
            except Killed:
                pass
            finally:
                seller.place = place  # type: ignore[method-assign]

    @rule()
    def freeze(self) -> None:
        self.frozen += self.runner.run(self.trade.market.shop.write(claim_purchases, 1))

    @rule()
    def thaw(self) -> None:
        if self.frozen:
            self.run(work_on(self.trade.market.shop, self.frozen.pop()))

    @rule()
    def sweep(self) -> None:
        self.runner.run(sweep_undelivered(self.trade.market.shop))

    @rule(which=st.integers(0, 9))
    def refund(self, which: int) -> None:
        if self.buyers:
            number = sorted(self.buyers)[which % len(self.buyers)]
            self.run(refund_order(self.trade.market.shop, number, by=OWNER))

    # ------------------------------------------------------------------ what staff do by hand

    @rule(by=STAFF, which=st.integers(0, 9))
    def takes_a_task(self, by: str, which: int) -> None:
        if (task := self._task(which)) is not None:
            self.run(take_task(self.trade.market.shop, task, by=by))

    @rule(by=STAFF, which=st.integers(0, 9), twice=st.booleans())
    def has_topped_up(self, by: str, which: int, *, twice: bool) -> None:
        for _ in range(1 + twice):
            if (task := self._task(which)) is not None:
                self.runner.run(self._finish(task, by))

    @rule(by=STAFF, which=st.integers(0, 9), why=st.sampled_from(Cannot))
    def cannot_top_up(self, by: str, which: int, why: Cannot) -> None:
        if (task := self._task(which)) is not None:
            self.run(refuse_task(self.trade.market.shop, task, why, by=by))

    def _task(self, which: int) -> int | None:
        waiting = self.runner.run(self.trade.market.shop.read(list_tasks, 50))
        return waiting[which % len(waiting)].id if waiting else None

    async def _finish(self, task_id: int, by: str) -> None:
        try:
            order = await finish_task(self.trade.market.shop, task_id, "", by=by)
        except ShopError:
            return
        self.by_hand[order.lines[0].id] += 1

    # ------------------------------------------------------------------ the suppliers' side

    @rule(seller=st.integers(0, 1), deeds=st.lists(DEEDS, min_size=1, max_size=AT_ONCE))
    def does_next(self, seller: int, deeds: list[str]) -> None:
        self.sellers[seller].does += deeds

    @rule(seller=st.integers(0, 1), answers=st.lists(ANSWERS, min_size=1, max_size=AT_ONCE))
    def answers_next(self, seller: int, answers: list[str]) -> None:
        self.sellers[seller].answers += answers

    @rule(seller=st.integers(0, 1), which=st.integers(0, 9), fails=st.booleans(), tells=st.booleans())
    def goes_on(self, seller: int, which: int, fails: bool, tells: bool) -> None:
        one = self.sellers[seller]
        open_now = [number for number, sale in one.sales.items() if isinstance(sale.outcome, Accepted)]
        if not open_now:
            return
        number = open_now[which % len(open_now)]
        outcome = one.fails(number) if fails else one.finishes(number)
        if tells:
            self.runner.run(self.trade.tell(one, Told(number, outcome=outcome)))

    @rule(seller=st.integers(0, 1), which=st.integers(0, 9))
    def tells_again(self, seller: int, which: int) -> None:
        one = self.sellers[seller]
        if one.sales:
            number = sorted(one.sales)[which % len(one.sales)]
            self.runner.run(self.trade.tell(one, Told(number, outcome=one.sales[number].outcome)))

    # ------------------------------------------------------------------ what always holds

    @invariant()
    def shop_is_whole(self) -> None:
        self.steps += 1
        if self.steps % LOOKS_EVERY == 0:
            assert self.runner.run(self.trade.market.verify()) == []

    @invariant()
    def nothing_is_placed_again_where_that_is_not_safe(self) -> None:
        for seller in self.sellers:
            if not seller.capabilities.repeats_safely:
                assert not seller.placed_again, seller.placed_again

    def teardown(self) -> None:
        try:
            if self.variants:
                self.runner.run(self._end())
            self.runner.run(left(self.context))
        finally:
            self.runner.close()

    async def _end(self) -> None:
        """Everybody answers again, what was accepted is finished, a person looks up what nobody else can."""
        trade = self.trade
        for seller in self.sellers:
            seller.does.clear()
            seller.answers.clear()
        for _ in range(4):
            for seller in self.sellers:
                for number, sale in seller.sales.items():
                    if isinstance(sale.outcome, Accepted):
                        seller.finishes(number)
            await trade.work_until_quiet(hours=2)
            await self._decide()
            await trade.market.run_news()
            await self._do_tasks()
            await sweep_undelivered(trade.market.shop)
        await self._judge()

    async def _do_tasks(self) -> None:
        """Whoever else had one has let it go by now."""
        shop = self.trade.market.shop
        while waiting := await shop.read(list_tasks, 50):
            for task in waiting:
                await take_task(shop, task.id, by=OWNER)
                await self._finish(task.id, OWNER)

    async def _decide(self) -> None:
        """A person with the suppliers' own books before him."""
        shop = self.trade.market.shop
        for purchase_id in await shop.read(list_subjects, CaseKind.PURCHASE):
            purchase = await shop.read(find_purchase, purchase_id)
            assert purchase is not None
            seller = next(one for one in self.sellers if one.name == purchase.supplier)
            sale = seller.sales.get(purchase.number)
            try:
                if sale is None:
                    await say_not_bought(shop, purchase_id, by=OWNER)
                else:
                    is_code = purchase.kind is GoodsKind.CARD
                    codes = seller.codes(purchase.number, purchase.quantity) if is_code else ()
                    await say_bought(shop, purchase_id, codes, by=OWNER)
            except ShopError:
                continue

    async def _judge(self) -> None:
        market = self.trade.market
        seen: set[str] = set()
        for number, buyer in self.buyers.items():
            order = await market.look(number)
            assert order.state in {OrderState.DELIVERED, OrderState.REFUNDED}, order.state
            is_out = order.state is OrderState.DELIVERED
            assert await market.balance(buyer) == (0 if is_out else order.total.minor)
            if order.lines[0].is_top_up:
                await self._judge_top_up(order.lines[0].id, is_out=is_out)
            elif is_out:
                codes = await market.codes_of(buyer, number)
                assert len(codes) == order.quantity
                assert not seen & set(codes), "one code for two buyers"
                seen |= set(codes)
        for seller in self.sellers:
            assert await self.trade.float_of(seller) == seller.balance_minor - OPENING, seller.name
        sold = {
            code.reveal()
            for one in self.sellers
            for n, s in one.sales.items()
            for code in _codes_in(one, n, s)
        }
        kept = await market.one("SELECT count(*) AS n FROM cards")
        assert kept == len(sold), "what was paid for is in the vault"
        self.seen["shops"] += 1
        self.seen["top-ups by hand"] += sum(self.by_hand.values())
        self.seen["charges"] += sum(
            bool(sale.cost.minor) for one in self.sellers for sale in one.sales.values()
        )
        for table in ("orders", "purchases"):
            for row in await market.rows(f"SELECT state, count(*) AS n FROM {table} GROUP BY state"):
                self.seen[f"{table} {row['state']}"] += row["n"]

    async def _judge_top_up(self, line_id: int, *, is_out: bool) -> None:
        """Nobody's account was topped up twice, and nobody's who has his money."""
        whole, part = 0, 0
        for purchase in await self.trade.market.shop.read(list_purchases, [line_id]):
            seller = next(one for one in self.sellers if one.name == purchase.supplier)
            sale = seller.sales.get(purchase.number)
            whole += sale is not None and isinstance(sale.outcome, Done)
            part += sale is not None and isinstance(sale.outcome, Partial)
        assert whole + self.by_hand[line_id] == is_out, (line_id, whole, part, self.by_hand[line_id])
        assert not (whole and part), "a part was made whole by another purchase"
        self.seen["top-ups in part"] += part


def _codes_in(seller: Wholesaler, number: str, sale: Any) -> tuple[Any, ...]:
    is_code = seller.offers[sale.request.offer_ref].kind is GoodsKind.CARD
    return seller.codes(number, sale.request.quantity) if sale.cost.minor and is_code else ()


def test_any_faults_and_crashes_end_in_goods_or_money_on_sqlite(
    sqlite_template: Path, tmp_path: Path
) -> None:
    seen: Counter[str] = Counter()
    fresh = copies_of(sqlite_template, tmp_path)
    machine = type("BuyingOnSqlite", (Buying,), {"new_database": staticmethod(fresh), "seen": seen})
    run_state_machine_as_test(machine, settings=rules(examples=SHOPS, steps=STEPS))
    sys.stderr.write(f"{dict(sorted(seen.items()))}\n")
    assert not IS_LONG or seen["charges"] >= LEAST_CHARGES * SHOPS, "too few to call it a long run"


@pytest.mark.postgresql
def test_any_faults_and_crashes_end_in_goods_or_money_on_postgresql(postgresql_database: str) -> None:
    fresh = emptied(postgresql_database)
    machine = type("BuyingOnPostgresql", (Buying,), {"new_database": staticmethod(fresh), "seen": Counter()})
    run_state_machine_as_test(machine, settings=rules(examples=2, steps=25))
