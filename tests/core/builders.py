"""A shop for tests, built by saying only what matters: ``market.a_variant(price=990, codes=5)``.

Everything goes through the shop's own use cases; the clock stands still until a test moves it, the gateway is a fake
that remembers what it was asked and answers what it was told to.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from random import Random
from typing import Any, Final

import pytest
from sqlalchemy import Engine, make_url, text

from shop_core.catalog.edit import NewProduct, NewVariant, add_product, add_variant, set_state
from shop_core.catalog.read import ProductState
from shop_core.conversations.keys import new_key
from shop_core.customers.people import Customer, meet
from shop_core.db.connect import backend_of, connect
from shop_core.db.outbox import News, claim_news
from shop_core.db.shop import Shop
from shop_core.db.tx import Surroundings, Tx, View
from shop_core.invariants.check import Finding
from shop_core.kernel.errors import ShopError
from shop_core.kernel.money import Money
from shop_core.kernel.policy import Policy, SupplierTerms
from shop_core.kernel.secret import Secret
from shop_core.orders.pay import pay_by_gateway
from shop_core.orders.place import Wish, place_order
from shop_core.orders.read import OrderView, get_any
from shop_core.orders.reveal import reveal_codes
from shop_core.orders.say import say_inputs
from shop_core.orders.take_payment import Taken, take_payment
from shop_core.payments.gateway import (
    Begun,
    ForgedCallback,
    Gateway,
    GatewayRefused,
    Gateways,
    Notice,
    OnItsWay,
    PaymentRequest,
    Return,
    Tender,
)
from shop_core.reconciliation.counterpart import Counterparts
from shop_core.staff.roles import Roster
from shop_core.stock.batches import BatchView
from shop_core.stock.import_codes import Import, import_codes
from shop_core.subscriptions import CONSUMERS, SUBSCRIPTIONS
from shop_core.supply.stated import list_stating
from shop_core.supply.supplier import Suppliers
from shop_core.vault.vault import Vault
from shop_core.verification.contacts import Kind
from shop_core.verification.sender import CodeMessage, CodeSenders
from shop_core.wallet.balance import adjust, balance_of
from shop_core.wire.callback import RawCallback
from tests.core.whole import find_all
from tests.warmth import an_engine_beside, share_compiled_statements

START: Final = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
"""Noon in Shanghai on a Friday."""
VAULT_KEYS: Final = {
    "k1": Secret("MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI="),
    "fingerprint": Secret("ZmluZ2VycHJpbnQtZmluZ2VycHJpbnQtZmluZ2VycHI="),
}
OWNER: Final = "tg:1"
EPAY: Final = "epay"
OTHER_GATEWAY: Final = "bank"
STARS: Final = "stars"
"""A gateway with a currency of its own."""
CLOSED: Final = "closed"
"""A channel whose platform allows that gateway's money and no other."""


TRADE_TABLES: Final = {
    "orders": "id",
    "order_lines": "id",
    "cards": "id",
    "payments": "id",
    "receipts": "id",
    "refunds": "id",
    "deliveries": "id",
    "reveals": "id",
    "purchases": "id",
    "purchase_asks": "id",
    "line_inputs": "line_id",
    "top_up_proofs": "id",
    "tasks": "id",
    "messages": "id",
    "ledger_entries": "id",
    "ledger_balances": "account",
    "used_keys": "key",
    "cases": "id",
    "outbox": "id",
    "pairings": "key",
    "person_changes": "id",
    "threads": "id",
    "thread_messages": "id",
    "thread_files": "message_id",
}
"""What a trade writes to, and the order to read it in."""


class ManualClock:
    """Stands still until it is moved."""

    def __init__(self, moment: datetime = START) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment

    def advance(self, **step: float) -> None:
        """Move by a timedelta's arguments: ``advance(minutes=15)``."""
        self.moment += timedelta(**step)


@dataclass
class FakeGateway:
    """A gateway in memory: answers ``begin`` with a link, ``query`` with what ``knows`` says of a number.

    ``is_on_page``: it has no link, the shop's own page takes its money.
    """

    name: str
    begun: list[PaymentRequest] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    knows: dict[str, Notice] = field(default_factory=dict)
    trouble: Exception | None = None
    is_on_page: bool = False

    async def begin(self, request: PaymentRequest) -> Begun:
        self.begun.append(request)
        if self.trouble is not None:
            raise self.trouble
        if self.is_on_page:
            return Begun(link=None, qr=None, gateway_ref=f"T{request.number}")
        return Begun(link=f"https://pay.test/{request.number}", qr=None, gateway_ref=f"T{request.number}")

    async def query(self, number: str) -> Notice | None:
        self.asked.append(number)
        if self.trouble is not None:
            raise self.trouble
        return self.knows.get(number)

    def read_callback(self, callback: RawCallback) -> Notice:
        params = callback.params
        if params.get("sign") != "genuine":
            raise ForgedCallback
        amount = Money(int(params["minor"]), "CNY")
        return Notice(params["number"], params["ref"], amount, paid=True)

    @property
    def callback_answer(self) -> str:
        return "success"


@dataclass
class FakeStars(FakeGateway):
    """One with a currency of its own, twice as many of it as the shop's minor units, which gives money back.

    ``no`` makes it refuse to; ``under_way`` is what it says meanwhile.
    """

    given_back: list[Return] = field(default_factory=list)
    no: str | None = None
    under_way: OnItsWay | None = None

    async def begin(self, request: PaymentRequest) -> Begun:
        self.begun.append(request)
        return Begun(link=None, qr=None)

    def tender(self, amount: Money, goods: Mapping[int, int]) -> Tender:
        return Tender(Money(2 * amount.minor, "XTR"), "0.005", f"for {len(goods)} kinds", START)

    async def give_back(self, wanted: Return) -> OnItsWay | None:
        self.given_back.append(wanted)
        if self.trouble is not None:
            raise self.trouble
        if self.no is not None:
            raise GatewayRefused(said=self.no)
        return self.under_way


@dataclass
class FakePost:
    """Brings codes nowhere, and remembers them."""

    sent: list[CodeMessage] = field(default_factory=list)
    trouble: Exception | None = None

    async def send(self, message: CodeMessage) -> None:
        self.sent.append(message)
        if self.trouble is not None:
            raise self.trouble

    @property
    def code(self) -> str:
        """The one that was sent last."""
        return self.sent[-1].code.reveal()


@dataclass
class Market:
    """A running shop, and hands to stock it, buy in it and look into it."""

    shop: Shop
    clock: ManualClock
    gateway: FakeGateway
    other_gateway: FakeGateway
    stars: FakeStars
    vault: Vault
    random: Random
    post: FakePost
    file: Engine | None
    numbers: count[int] = field(default_factory=lambda: count(1))

    # ------------------------------------------------------------------ what there is

    async def a_customer(self, *, balance: int = 0, channel: str = "web") -> Customer:
        """Somebody new, with so much in his wallet."""
        customer = await self.shop.write(
            meet, channel=channel, external_id=f"c{next(self.numbers)}", name="小明", language="zh"
        )
        if balance:
            await self.give(customer, balance)
        return customer

    async def a_crowd(self, size: int, *, balance: int) -> list[Customer]:
        """Many people at once, each with so much in his wallet."""
        return await self.shop.write(_make_crowd, [next(self.numbers) for _ in range(size)], balance)

    async def give(self, customer: Customer, minor: int) -> None:
        """Put money into a wallet, as staff would."""
        key = f"adjust:test:{next(self.numbers)}"
        await self.shop.write(adjust, customer.person_id, Money(minor, "CNY"), key=key)

    async def a_variant(
        self,
        *,
        price: int = 990,
        codes: int | Sequence[str] = 5,
        cost: int = 0,
        state: ProductState = ProductState.PUBLISHED,
        expires_on: date | None = None,
        **options: Any,
    ) -> int:
        """A published variant with codes on the shelf; ``options`` are those of ``NewVariant``."""
        variant_id = await self.shop.write(_make_variant, price, cost, state, options)
        if codes:
            await self.stock(variant_id, codes, expires_on=expires_on)
        return variant_id

    async def stock(
        self, variant_id: int, codes: int | Sequence[str], *, expires_on: date | None = None, **options: Any
    ) -> BatchView:
        """Import codes; a number makes up so many new ones."""
        lines = [f"CODE-{next(self.numbers):06}" for _ in range(codes)] if isinstance(codes, int) else codes
        data = "\n".join(lines).encode()
        order = Import(variant_id, "codes.txt", data, OWNER, expires_on=expires_on, **options)
        return await import_codes(self.shop, order)

    # ------------------------------------------------------------------ what is done

    def key(self) -> str:
        """A fresh one-time key, as a button carries it."""
        return new_key(self.random)

    async def place(self, customer: Customer, variant_id: int, quantity: int = 1, *, key: str = "") -> str:
        """Press "buy": the order's number."""
        return await place_order(self.shop, customer, Wish(variant_id, quantity, key or self.key()))

    async def place_saying(self, customer: Customer, variant_id: int, **said: str) -> str:
        """Press "buy" for a direct top-up, saying this."""
        key = self.key()
        told = {name: Secret(text) for name, text in said.items()}
        inputs = await say_inputs(self.shop, customer, variant_id, key, told)
        return await place_order(self.shop, customer, Wish(variant_id, 1, key, inputs))

    async def an_order(
        self, customer: Customer, variant_id: int | None = None, *, quantity: int = 1, paid: bool = False
    ) -> OrderView:
        """An order as it stands after placing, or after paying through the gateway."""
        variant_id = await self.a_variant() if variant_id is None else variant_id
        number = await self.place(customer, variant_id, quantity)
        if paid:
            await self.ask_money(customer, number)
            await self.tell(await self.notice(number))
        return await self.look(number)

    async def ask_money(self, customer: Customer, number: str, gateway: str = EPAY) -> str:
        """Choose a gateway for an order: the payment's number."""
        payment = await pay_by_gateway(self.shop, customer, number, gateway, title="Kapu")
        return payment.number

    async def notice(
        self, number: str, *, ref: str = "", minor: int | None = None, currency: str = "CNY"
    ) -> Notice:
        """What the gateway would say of a payment that was made; without an amount, the right one."""
        if minor is None:
            minor = (await self.look(number[:8])).total.minor
        return Notice(number, ref or f"R{next(self.numbers)}", Money(minor, currency), paid=True)

    async def stars_notice(
        self, customer: Customer, number: str, *, ref: str = "", minor: int | None = None
    ) -> Notice:
        """What the gateway of stars would say: so many of them, from this customer."""
        wanted = await self.one("SELECT tender_minor FROM payments WHERE number = :number", number=number)
        amount = Money(wanted if minor is None else minor, "XTR")
        ref = ref or f"S{next(self.numbers)}"
        return Notice(number, ref, amount, paid=True, payer=customer.external_id)

    async def pay_stars(self, customer: Customer, order: OrderView) -> None:
        """Choose stars for an order, and pay them."""
        number = await self.ask_money(customer, order.number, STARS)
        await self.tell(await self.stars_notice(customer, number), gateway=STARS)

    async def tell(self, notice: Notice, *, gateway: str = EPAY) -> Taken:
        """The gateway's callback, already verified."""
        return await take_payment(self.shop, gateway, notice)

    async def run_news(self) -> int:
        """Dispatch the outbox until it is empty, as the worker does. Returns how much there was."""
        done = 0
        while batch := await self.shop.write(claim_news, 20):
            for news in batch:
                await _consume(self.shop, news)
                done += 1
        return done

    # ------------------------------------------------------------------ what is seen

    async def look(self, number: str) -> OrderView:
        """An order as staff see it."""
        return await self.shop.read(get_any, number)

    async def codes_of(self, customer: Customer, number: str) -> list[str]:
        """The codes of an order in clear, looked at by its buyer."""
        revealed = await reveal_codes(self.shop, customer, number)
        return [code.reveal() for code in revealed.codes]

    async def balance(self, customer: Customer) -> int:
        """What is in a wallet, in the minor unit."""
        return (await self.shop.read(balance_of, customer.person_id)).minor

    async def rows(self, statement: str, **params: object) -> list[dict[str, Any]]:
        """Look into the tables."""
        return await self.shop.read(_rows, statement, params)

    async def one(self, statement: str, **params: object) -> Any:
        """The single value of a statement."""
        [row] = await self.rows(statement, **params)
        return next(iter(row.values()))

    async def sql(self, statement: str, **params: object) -> None:
        """Do something to the tables that the shop would never do."""
        await self.shop.write(_execute, statement, params)

    async def cards(self) -> dict[str, int]:
        """How many cards are in each state."""
        rows = await self.rows("SELECT state, count(*) AS number FROM cards GROUP BY state")
        return {row["state"]: row["number"] for row in rows}

    async def everything(self) -> dict[str, list[dict[str, Any]]]:
        """Every row that a trade may change: to see that a refusal changed none."""
        return {
            table: await self.rows(f"SELECT * FROM {table} ORDER BY {key}")
            for table, key in TRADE_TABLES.items()
        }

    async def verify(self) -> list[Finding]:
        """What ``kapu admin verify`` would find."""
        if self.file is None:
            return await self.shop.read(find_all)
        # In one hop instead of one a statement: this runs after every test and every step of the machine.
        with closing(self.file.connect()) as conn:
            return find_all(View(conn, self.clock.now(), self.shop.policy))


@asynccontextmanager
async def a_market(
    url: str,
    *,
    seed: int = 1,
    suppliers: Suppliers | None = None,
    terms: Mapping[str, SupplierTerms] | None = None,
    **rules: Any,
) -> AsyncIterator[Market]:
    """A shop over an empty database; ``rules`` are those of ``Policy``. Its books are verified when the test is over.

    It buys from ``suppliers``, on ordinary terms unless others are given.
    """
    known = suppliers or Suppliers({})
    rules["suppliers"] = {name: SupplierTerms() for name in known.names} if terms is None else terms
    clock, random = ManualClock(), Random(seed)
    policy = replace(Policy(), **rules)
    vault = Vault("k1", VAULT_KEYS)
    fakes, stars = [FakeGateway(EPAY), FakeGateway(OTHER_GATEWAY)], FakeStars(STARS)
    gateways: dict[str, Gateway] = {fake.name: fake for fake in [*fakes, stars]}
    shown_on = {"web": (EPAY, OTHER_GATEWAY), "tg": (EPAY,), CLOSED: (STARS,)}
    post = FakePost()
    database = connect(url, clock, Surroundings(policy, random, SUBSCRIPTIONS))
    share_compiled_statements(database)
    services: dict[type[Any], object] = {
        Vault: vault,
        Gateways: Gateways(gateways, shown_on, closed=[CLOSED], in_chat=[STARS]),
        Roster: Roster.of([OWNER]),
        Suppliers: known,
        CodeSenders: CodeSenders(dict.fromkeys(Kind, post), ["CN"]),
        Counterparts: Counterparts(list_stating(known, policy.suppliers)),
    }
    file = an_engine_beside(f"sqlite:///{make_url(url).database}") if backend_of(url) == "sqlite" else None
    shop = Shop(database, clock, policy, services, random=random)
    try:
        market = Market(shop, clock, fakes[0], fakes[1], stars, vault, random, post, file)
        yield market
        assert await market.verify() == []
    finally:
        await database.close()
        if file is not None:
            file.dispose()


async def outcomes(*attempts: Awaitable[Any]) -> list[Any]:
    """Run all at once: what each answered, or the class of its refusal. A bug is not a refusal and comes through."""
    answers = await asyncio.gather(*attempts, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, ShopError):
            raise answer
    return [type(answer) if isinstance(answer, ShopError) else answer for answer in answers]


async def _consume(shop: Shop, news: News) -> None:
    await CONSUMERS[news.consumer](shop, news)


def _make_crowd(tx: Tx, numbers: Sequence[int], balance: int) -> list[Customer]:
    crowd = [
        meet(tx, channel="web", external_id=f"c{number}", name="小明", language="zh") for number in numbers
    ]
    for one in crowd:
        adjust(tx, one.person_id, Money(balance, "CNY"), key=f"adjust:crowd:{one.person_id}")
    return crowd


def _make_variant(tx: Tx, price: int, cost: int, state: ProductState, options: Mapping[str, Any]) -> int:
    product_id = add_product(tx, NewProduct({"zh": "季卡", "en": "Season card"}))
    variant_id = add_variant(tx, NewVariant(product_id, price, cost_minor=cost, **options))
    set_state(tx, product_id, state)
    return variant_id


def _rows(view: View, statement: str, params: Mapping[str, object]) -> list[dict[str, Any]]:
    return [dict(row) for row in view.execute(text(statement), dict(params)).mappings()]


def _execute(tx: Tx, statement: str, params: Mapping[str, object]) -> None:
    tx.execute(text(statement), dict(params))


@contextmanager
def power_cut(shop: Shop, *, after: int) -> Iterator[None]:
    """The process dies: what the block would write after so many transactions is not written, and ends the block."""
    write, writes = shop.write, 0

    async def dying_write(*args: Any) -> Any:
        nonlocal writes
        writes += 1
        if writes > after:
            raise ConnectionResetError("power cut")
        return await write(*args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shop, "write", dying_write)
        with pytest.raises(ConnectionResetError):
            yield
