"""Anything the trade allows, in any order and repetition: the shop is whole after every single step.

Hypothesis makes up the steps; a model beside the shop remembers only what must never be forgotten: how many codes were
put in, who has seen which, and how much money each gateway has told of.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from shop_core.customers.people import Customer
from shop_core.kernel.errors import ShopError
from shop_core.orders.ask import poll_payments
from shop_core.orders.end import cancel_order, expire_orders
from shop_core.orders.pay import pay_from_wallet, top_up_difference
from shop_core.orders.refund import refund_order, refund_seen_order
from shop_core.orders.suspense import credit_to_buyer, mark_returned
from shop_core.payments.gateway import Notice
from tests.core.builders import EPAY, OTHER_GATEWAY, OWNER, Market, a_market
from tests.core.machines import NewDatabase, copies_of, emptied, entered, left, rules

Result = TypeVar("Result")

GATEWAYS = st.sampled_from([EPAY, OTHER_GATEWAY])
PEOPLE = st.integers(0, 2)
VARIANTS = st.integers(0, 1)


class Trade(RuleBasedStateMachine):
    """Three people, two variants, two gateways."""

    new_database: ClassVar[NewDatabase]

    orders: Bundle[tuple[int, str]] = Bundle("orders")
    payments: Bundle[str] = Bundle("payments")
    notices: Bundle[tuple[str, Notice]] = Bundle("notices")

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.context = a_market(self.runner.run(type(self).new_database()))
        self.market: Market = self.runner.run(entered(self.context))
        self.people: list[Customer] = []
        self.variants: list[int] = []
        self.imported: set[str] = set()
        self.seen_by: dict[str, str] = {}
        self.told: dict[tuple[str, str], int] = {}

    def run(self, attempt: Coroutine[Any, Any, Result]) -> Result | None:
        """The answer, or None for a refusal. Anything else is a bug and fails the test."""
        try:
            return self.runner.run(attempt)
        except ShopError:
            return None

    def teardown(self) -> None:
        try:
            self.runner.run(left(self.context))
        finally:
            self.runner.close()

    # ------------------------------------------------------------------ the shop's side

    @initialize()
    def open(self) -> None:
        self.people = [self.runner.run(self.market.a_customer(balance=300)) for _ in range(3)]
        self.variants = [
            self.runner.run(self.market.a_variant(price=100, codes=0, cost=30)),
            self.runner.run(self.market.a_variant(price=250, codes=0, per_person=3)),
        ]
        self.stock(0, 4, 0)
        self.stock(1, 2, 0)

    @rule(variant=VARIANTS, fresh=st.integers(0, 3), known=st.integers(0, 2))
    def stock(self, variant: int, fresh: int, known: int) -> None:
        again = sorted(self.imported)[:known]
        codes = [f"C{len(self.imported) + n:04}" for n in range(fresh)]
        result = self.runner.run(self.market.stock(self.variants[variant], codes + again))
        assert (result.added, result.already_there) == (fresh, len(again))
        self.imported.update(codes)

    @rule(minutes=st.sampled_from([1, 14, 16, 60]))
    def time_passes(self, minutes: int) -> None:
        self.market.clock.advance(minutes=minutes)

    @rule()
    def sweep(self) -> None:
        self.runner.run(expire_orders(self.market.shop))

    @rule()
    def dispatch(self) -> None:
        self.runner.run(self.market.run_news())

    @rule()
    def poll(self) -> None:
        self.runner.run(poll_payments(self.market.shop))

    @rule(order=orders, knowingly=st.booleans())
    def refund(self, order: tuple[int, str], knowingly: bool) -> None:
        give_back = refund_seen_order if knowingly else refund_order
        self.run(give_back(self.market.shop, order[1], by=OWNER))

    @rule(order=orders, returned=st.booleans())
    def find_a_place(self, order: tuple[int, str], returned: bool) -> None:
        waiting = self.runner.run(
            self.market.rows("SELECT id FROM receipts WHERE state = 'suspense' ORDER BY id")
        )
        for row in waiting[:1]:
            if returned:
                receipt = self.runner.run(mark_returned(self.market.shop, row["id"], by=OWNER))
                self.told[receipt.gateway, receipt.external_ref] = 0
            else:
                self.run(credit_to_buyer(self.market.shop, row["id"], order[1], by=OWNER))

    # ------------------------------------------------------------------ the buyers' side

    @rule(target=orders, who=PEOPLE, variant=VARIANTS, quantity=st.integers(1, 3))
    def place(
        self, who: int, variant: int, quantity: int
    ) -> tuple[int, str] | MultipleResults[tuple[int, str]]:
        number = self.run(self.market.place(self.people[who], self.variants[variant], quantity))
        return multiple() if number is None else (who, number)

    @rule(target=payments, order=orders, gateway=GATEWAYS)
    def ask_money(self, order: tuple[int, str], gateway: str) -> str | MultipleResults[str]:
        number = self.run(self.market.ask_money(self.people[order[0]], order[1], gateway))
        return multiple() if number is None else number

    @rule(target=payments, order=orders)
    def top_up(self, order: tuple[int, str]) -> str | MultipleResults[str]:
        payment = self.run(
            top_up_difference(self.market.shop, self.people[order[0]], order[1], EPAY, title="x")
        )
        return multiple() if payment is None else payment.number

    @rule(order=orders)
    def pay(self, order: tuple[int, str]) -> None:
        self.run(pay_from_wallet(self.market.shop, self.people[order[0]], order[1]))

    @rule(order=orders)
    def cancel(self, order: tuple[int, str]) -> None:
        self.run(cancel_order(self.market.shop, self.people[order[0]], order[1]))

    @rule(order=orders, stranger=PEOPLE)
    def reveal(self, order: tuple[int, str], stranger: int) -> None:
        codes = self.run(self.market.codes_of(self.people[stranger], order[1]))
        for code in codes or ():
            assert stranger == order[0], "a stranger has seen a code"
            assert self.seen_by.setdefault(code, order[1]) == order[1], "a code that was seen was sold again"

    # ------------------------------------------------------------------ the gateways' side

    @rule(target=notices, payment=payments, gateway=GATEWAYS, odd=st.sampled_from([0, 0, 0, -1, 1]))
    def callback(self, payment: str, gateway: str, odd: int) -> tuple[str, Notice]:
        asked = self.runner.run(
            self.market.one("SELECT amount_minor FROM payments WHERE number = :number", number=payment)
        )
        notice = self.runner.run(self.market.notice(payment, minor=asked + odd))
        self.tell(gateway, notice)
        return gateway, notice

    @rule(notice=notices)
    def callback_again(self, notice: tuple[str, Notice]) -> None:
        self.tell(*notice)

    def tell(self, gateway: str, notice: Notice) -> None:
        self.runner.run(self.market.tell(notice, gateway=gateway))
        self.told.setdefault((gateway, notice.external_ref), notice.amount.minor)

    # ------------------------------------------------------------------ what always holds

    @invariant()
    def shop_is_whole(self) -> None:
        assert self.runner.run(self.market.verify()) == []

    @invariant()
    def no_code_is_lost_or_made(self) -> None:
        cards = self.runner.run(self.market.cards())
        assert sum(cards.values()) == len(self.imported)

    @invariant()
    def no_money_is_lost_or_made(self) -> None:
        booked = self.runner.run(
            self.market.one(
                "SELECT coalesce(sum(amount_minor), 0) FROM ledger_postings WHERE substr(account, 1, 8) = 'gateway:'"
            )
        )
        assert booked == sum(self.told.values())


def test_any_order_of_trades_leaves_the_shop_whole_on_sqlite(sqlite_template: Path, tmp_path: Path) -> None:
    fresh = copies_of(sqlite_template, tmp_path)
    machine = type("TradeOnSqlite", (Trade,), {"new_database": staticmethod(fresh)})
    run_state_machine_as_test(machine, settings=rules(examples=10, steps=40))


@pytest.mark.postgresql
def test_any_order_of_trades_leaves_the_shop_whole_on_postgresql(postgresql_database: str) -> None:
    fresh = emptied(postgresql_database)
    machine = type("TradeOnPostgresql", (Trade,), {"new_database": staticmethod(fresh)})
    run_state_machine_as_test(machine, settings=rules(examples=3, steps=30))
