"""Buys from a dujiao-next site.

Placing again under the same number is the same purchase: after a time-out the answer is found by placing again, as the
protocol has no question by our number. There is no price guard and no statement either.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from math import ceil
from typing import Any, Final, NoReturn
from urllib.parse import urlsplit

import httpx

from shop_core.kernel.clock import Clock
from shop_core.kernel.errors import Unknown
from shop_core.kernel.money import Money
from shop_core.supply.supplier import (
    Accepted,
    Capabilities,
    Done,
    ForgedSupplierCallback,
    NotFound,
    Offer,
    OfferPage,
    Outcome,
    Partial,
    PurchaseRequest,
    Refused,
    StatementLine,
    SupplierRefused,
    Told,
)
from shop_core.wire.callback import RawCallback
from shop_core.wire.reading import Facts, NotReadable, facts_of, list_of, read_facts, text_of
from shop_core.wire.site import Answer, Call, Limits, Site
from suppliers.dujiao_next import signing, translate
from suppliers.dujiao_next.settings import DujiaoNextSettings
from suppliers.reading import cost_of, count_of, said

PAGE_SIZE: Final = 100
ANSWER_BYTES: Final = 16 * 2**20
"""A page of a hundred products with their descriptions and pictures' names."""
ABSENT_AFTER_S: Final = 600

_NOT_US: Final = frozenset({httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN})


class DujiaoNextSupplier:
    """Implements ``shop_core.supply.supplier.Supplier`` for one account."""

    def __init__(self, settings: DujiaoNextSettings, client: httpx.AsyncClient, clock: Clock) -> None:
        """Take an account, the client that the wiring has chosen, and the time that requests are signed with."""
        self._settings = settings
        self._keys = signing.Keys(settings.key, settings.secret)
        self._clock = clock
        limits = Limits(answer_bytes=ANSWER_BYTES, whole_call_s=settings.patience_s)
        self._site = Site(settings.name, f"{settings.base_url.rstrip('/')}/api/v1/upstream", client, limits)

    @property
    def name(self) -> str:
        """The name in the config."""
        return self._settings.name

    @property
    def capabilities(self) -> Capabilities:
        """What the protocol promises."""
        finds = self._settings.finds_numbers
        return Capabilities(
            repeats_safely=True,
            finds_our_number=finds,
            calls_back=True,
            knows_stock=True,
            absent_after_s=ABSENT_AFTER_S if finds else None,
        )

    @property
    def callback_answer(self) -> str:
        """Told anything else, the site tells us again, at most five times."""
        return '{"ok":true}'

    async def list_offers(self, cursor: str | None = None, *, since: datetime | None = None) -> OfferPage:
        """A hundred products, each with all its kinds. Only what is on sale is listed.

        The cursor knows how many there were. If there are fewer now, those behind have moved up, some of them onto pages
        that were read before: these are read again, else what is there would be taken for gone.
        """
        asked, _, before = (cursor or "1").partition("/")
        page = count_of(asked) or 1
        query = {"page": str(page), "page_size": str(PAGE_SIZE)}
        if since is not None:
            query["updated_after"] = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        answer = await self._ask("GET", "products", query=query)
        facts = self._yes(answer)
        products = list_of(facts, "items")
        total = count_of(text_of(facts, "total"))
        if not isinstance(facts.get("items"), list) or total is None:
            raise Unknown(f"{self.name} answered without a list")
        if len(products) < min(PAGE_SIZE, total - (page - 1) * PAGE_SIZE):
            raise Unknown(f"{self.name} listed fewer than it has")
        offers = [offer for product in products for offer in translate.offers_of(product, self._currency)]
        gone = max((count_of(before) or 0) - total, 0)
        following = max(page - ceil(gone / PAGE_SIZE), 1) if gone and page > 1 else page + 1
        is_last = following > page and (not products or page * PAGE_SIZE >= total)
        return OfferPage(offers, None if is_last else f"{following}/{total}")

    async def get_offer(self, ref: str) -> Offer | None:
        """One kind of one product."""
        product_id, _ = translate.ids_of(ref)
        if not product_id:
            return None
        answer = await self._ask("GET", f"products/{product_id}")
        if answer.status == httpx.codes.NOT_FOUND and self._code(answer) == "product_not_found":
            return None
        product = facts_of(self._yes(answer), "product")
        return next((it for it in translate.offers_of(product, self._currency) if it.ref == ref), None)

    async def place(self, request: PurchaseRequest) -> Outcome:
        """Buy, paid from the account's balance in the same call. Under the same number it is the same purchase."""
        _, sku_id = translate.ids_of(request.offer_ref)
        if not sku_id:
            return Refused(said="no such offer")
        told: dict[str, Any] = {
            "sku_id": int(sku_id),
            "quantity": request.quantity,
            "downstream_order_no": request.number,
        }
        if request.inputs:
            told["manual_form_data"] = {key: value.reveal() for key, value in request.inputs.items()}
        if request.callback_url:
            told["callback_url"] = request.callback_url
        body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
        answer = await self._site.send(self._signed("POST", "orders", body))
        return self._placed(answer, request.quantity)

    async def query(self, number: str, supplier_ref: str | None, *, placed_at: datetime) -> Outcome:
        """What became of a purchase, by the site's own number, or by ours where the site can."""
        del placed_at
        if not supplier_ref and not self._settings.finds_numbers:
            raise Unknown(f"{self.name} is asked for {number} by placing again")
        if supplier_ref and not supplier_ref.isdecimal():
            return NotFound()
        answer = await self._ask("GET", f"orders/{supplier_ref or f'by-downstream/{number}'}")
        if answer.status == httpx.codes.NOT_FOUND and self._code(answer) == "order_not_found":
            return NotFound()
        order = self._yes(answer)
        is_same = (
            text_of(order, "order_id") == supplier_ref if supplier_ref else bool(text_of(order, "order_id"))
        )
        is_ours = text_of(order, "downstream_order_no") in ({"", number} if supplier_ref else {number})
        if not (is_same and is_ours):
            raise Unknown(f"{self.name} answered about another order")
        return self._known(translate.outcome_of(order, translate.quantity_of(order), self._currency))

    async def balance(self) -> Money:
        """The balance of the account's wallet."""
        facts = self._yes(await self._ask("POST", "ping"))
        if text_of(facts, "currency") not in {"", self._currency}:
            raise SupplierRefused(supplier=self.name, said=f"currency {said(text_of(facts, 'currency'))}")
        balance = cost_of(text_of(facts, "balance"), self._currency)
        if balance is None:
            raise Unknown(f"{self.name} answered without a balance")
        return balance

    async def statement(self, day: date) -> Sequence[StatementLine]:
        """The protocol has none."""
        raise Unknown(f"{self.name} states no day, not {day} either")

    def read_callback(self, callback: RawCallback) -> Told:
        """Verify what the site tells of an order, and read it.

        It does not say of how many pieces the goods are: who delivers asks first.
        """
        if not signing.is_genuine(self._keys, callback.headers, callback.body):
            self._reject("signature")
        try:
            order = read_facts(callback.body)
        except NotReadable:
            self._reject("body")
        number = text_of(order, "downstream_order_no")
        if not number:
            self._reject("downstream_order_no")
        outcome = translate.outcome_of(order, None, self._currency)
        has_goods = isinstance(outcome, Done | Partial)
        return Told(number, text_of(order, "order_id") or None, None if has_goods else outcome)

    @property
    def _currency(self) -> str:
        return self._settings.currency

    def _placed(self, answer: Answer, quantity: int) -> Outcome:
        facts = answer.facts()
        if facts.get("ok") is not True:
            self._must_be_us(answer)
            why = self._settings.why(self._code(answer))
            if why is None:
                raise Unknown(f"{self.name} answered HTTP {answer.status} {self._said(facts)}")
            return Refused(why, self._said(facts))
        outcome = self._known(translate.outcome_of(facts, quantity, self._currency))
        if isinstance(outcome, Done) and not translate.has_payload(facts):
            return Accepted(outcome.supplier_ref, outcome.cost)
        return outcome

    def _known(self, outcome: Outcome | None) -> Outcome:
        if outcome is None:
            raise Unknown(f"{self.name} answered with a status that nobody has described")
        return outcome

    async def _ask(self, method: str, page: str, query: Mapping[str, str] | None = None) -> Answer:
        return await self._site.ask(self._signed(method, page, b"", query))

    def _signed(self, method: str, page: str, body: bytes, query: Mapping[str, str] | None = None) -> Call:
        path = urlsplit(self._site.address_of(page)).path
        timestamp = str(int(self._clock.now().timestamp()))
        headers = signing.headers(self._keys, method, path, timestamp, body)
        if body:
            headers["Content-Type"] = "application/json"
        return Call(method=method, page=page, query=query, content=body, headers=headers)

    def _yes(self, answer: Answer) -> Facts:
        """The facts of an answer to a question."""
        facts = answer.facts()
        if facts.get("ok") is not True:
            self._must_be_us(answer)
            raise Unknown(f"{self.name} does not tell: HTTP {answer.status} {self._said(facts)}")
        return facts

    def _must_be_us(self, answer: Answer) -> None:
        if answer.status in _NOT_US:
            raise SupplierRefused(supplier=self.name, said=self._said(answer.facts()))

    def _code(self, answer: Answer) -> str:
        """The error's code; documents and forks differ about the name of its field."""
        facts = answer.facts()
        return next(
            (text_of(facts, name) for name in ("error_code", "error", "code") if text_of(facts, name)), ""
        )

    def _said(self, facts: Facts) -> str:
        names = ("error_code", "error", "code", "error_message", "message")
        words = " ".join(text_of(facts, name) for name in names)
        return said(words, self._settings.secret)

    def _reject(self, problem: str) -> NoReturn:
        raise ForgedSupplierCallback(supplier=self.name, problem=problem)
