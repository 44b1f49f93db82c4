"""Buys from a kasushou site.

Orders are asynchronous. Our number is unique there and can be asked for; a repeat is refused as known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final, NoReturn

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
from suppliers.kasushou import signing, translate
from suppliers.kasushou.settings import KasushouSettings
from suppliers.reading import cost_of, count_of, said, why_not

PAGE_SIZE: Final = 100
PAGES_AT_MOST: Final = 2000
"""A site that answers every page with the same goods would be read for ever."""
ANSWER_BYTES: Final = 8 * 2**20
ABSENT_AFTER_S: Final = 600
OK: Final = "200"
NO: Final = "400"


class KasushouSupplier:
    """Implements ``shop_core.supply.supplier.Supplier`` for one account."""

    def __init__(self, settings: KasushouSettings, client: httpx.AsyncClient, clock: Clock) -> None:
        """Take an account, the client that the wiring has chosen, and the time that requests are signed with."""
        self._settings = settings
        self._clock = clock
        limits = Limits(answer_bytes=ANSWER_BYTES, whole_call_s=settings.patience_s)
        self._site = Site(settings.name, f"{settings.base_url.rstrip('/')}/api/v1", client, limits)

    @property
    def name(self) -> str:
        """The name in the config."""
        return self._settings.name

    @property
    def capabilities(self) -> Capabilities:
        """What the protocol promises."""
        return Capabilities(
            refuses_repeats=True,
            finds_our_number=True,
            calls_back=True,
            guards_price=True,
            knows_stock=True,
            absent_after_s=ABSENT_AFTER_S,
        )

    @property
    def callback_answer(self) -> str:
        """Told anything else, the site tells us again, at most five times."""
        return "ok"

    async def list_offers(self, cursor: str | None = None, *, since: datetime | None = None) -> OfferPage:
        """A hundred goods. The list ends with an empty page: its answer does not tell how many there are."""
        del since
        page = count_of(cursor or "1") or 1
        if page > PAGES_AT_MOST:
            raise Unknown(f"{self.name} lists without end")
        answer = self._yes(await self._ask("goods/list", {"limit": PAGE_SIZE, "page": page}))
        goods = translate.goods_in(answer.get("data"))
        if goods is None:
            raise Unknown(f"{self.name} answered without a list")
        offers = [translate.offer_of(one, self._settings.currency) for one in goods]
        return OfferPage([offer for offer in offers if offer], str(page + 1) if goods else None)

    async def get_offer(self, ref: str) -> Offer | None:
        """One of the goods, with what the buyer has to say."""
        if not ref.isdecimal():
            return None
        answer = await self._ask("goods/info", {"id": int(ref)})
        facts = answer.facts()
        if text_of(facts, "code") == NO and not self._is_trouble(text_of(facts, "msg")):
            return None
        return translate.offer_of(facts_of(self._yes(answer), "data"), self._settings.currency)

    async def place(self, request: PurchaseRequest) -> Outcome:
        """Order, paid from the account's balance. The site refuses what costs more than we would pay."""
        if not request.offer_ref.isdecimal():
            return Refused(said="no such offer")
        answer = await self._site.send(self._signed("order/buy", self._order_of(request)))
        facts = self._facts(answer)
        code, msg = text_of(facts, "code"), text_of(facts, "msg")
        if code == OK:
            return self._accepted(request, facts_of(facts, "data"))
        if code != NO or self._settings.words.is_unsure(msg):
            raise Unknown(f"{self.name} answered {code} {self._said(msg)}")
        if self._settings.words.is_known(msg):
            return Accepted()
        if self._settings.words.is_not_us(msg):
            raise SupplierRefused(supplier=self.name, said=self._said(msg))
        return Refused(why_not(msg), self._said(msg))

    async def query(self, number: str, supplier_ref: str | None, *, placed_at: datetime) -> Outcome:
        """What became of a purchase, by our number."""
        del supplier_ref, placed_at
        # All days: a purchase that nobody settled for a month is not absent.
        answer = await self._ask("order/info", {"external_orderno": number, "day": "0"})
        facts = answer.facts()
        if text_of(facts, "code") == NO and self._settings.words.is_not_found(text_of(facts, "msg")):
            return NotFound()
        orders = list_of(self._yes(answer), "data")
        if not orders and facts.get("data") == []:
            return NotFound()
        mine = [order for order in orders if text_of(order, "external_orderno") == number]
        if len(mine) != 1:
            raise Unknown(f"{self.name} answered about other orders")
        outcome = translate.outcome_of(mine[0], self._settings)
        if outcome is None:
            raise Unknown(f"{self.name} answered with a status that the settings do not know")
        return outcome

    async def balance(self) -> Money:
        """The balance of the account."""
        data = facts_of(self._yes(await self._ask("user/info", {})), "data")
        written = next((text_of(data, name) for name in ("balance", "money") if text_of(data, name)), "")
        balance = cost_of(written, self._settings.currency)
        if balance is None:
            raise Unknown(f"{self.name} answered without a balance")
        return balance

    async def statement(self, day: date) -> Sequence[StatementLine]:
        """The protocol has none."""
        raise Unknown(f"{self.name} states no day, not {day} either")

    def read_callback(self, callback: RawCallback) -> Told:
        """Verify what the site tells of an order or of goods, and read it.

        Cards in it are not signed: goods are never taken from it, who delivers asks first.
        """
        if not signing.is_genuine(callback.body, self._settings.secret):
            self._reject("sign")
        try:
            facts = read_facts(callback.body)
        except NotReadable:
            self._reject("body")
        number, goods_id = text_of(facts, "external_orderno"), text_of(facts, "id")
        if not number and goods_id.isdecimal():
            return Told(offer_ref=goods_id)
        if not number:
            self._reject("external_orderno")
        outcome = translate.outcome_of({**facts, "card_list": []}, self._settings)
        is_for_us_to_ask = isinstance(outcome, Done | Partial)
        return Told(number, text_of(facts, "ordersn") or None, None if is_for_us_to_ask else outcome)

    def _order_of(self, request: PurchaseRequest) -> dict[str, Any]:
        told: dict[str, Any] = {
            "id": int(request.offer_ref),
            "quantity": request.quantity,
            "external_orderno": request.number,
        }
        if request.at_most is not None:
            told["safe_price"] = self._guard(request.at_most, request.quantity).decimal_text()
        if request.inputs:
            told["attach"] = {key: value.reveal() for key, value in request.inputs.items()}
        if request.callback_url:
            told["url"] = request.callback_url
        return told

    def _guard(self, at_most: Money, quantity: int) -> Money:
        if self._settings.safe_price_is == "total":
            return at_most
        return Money(at_most.minor // quantity, at_most.currency)

    def _accepted(self, request: PurchaseRequest, data: Facts) -> Accepted:
        if text_of(data, "external_orderno") not in {"", request.number}:
            raise Unknown(f"{self.name} answered about another order")
        cost = cost_of(text_of(data, "total_price"), self._settings.currency)
        return Accepted(text_of(data, "ordersn") or None, cost)

    async def _ask(self, page: str, told: Mapping[str, Any]) -> Answer:
        return await self._site.ask(self._signed(page, told))

    def _signed(self, page: str, told: Mapping[str, Any]) -> Call:
        body = signing.body_of(told)
        timestamp = str(int(self._clock.now().timestamp() * 1000))
        headers = {
            "Content-Type": "application/json",
            "UserId": self._settings.key,
            "Timestamp": timestamp,
            "Sign": signing.sign(timestamp, body, self._settings.secret),
        }
        return Call(method="POST", page=page, content=body, headers=headers)

    def _facts(self, answer: Answer) -> Facts:
        if answer.status != httpx.codes.OK:
            raise Unknown(f"{self.name} answered HTTP {answer.status}")
        return answer.facts()

    def _yes(self, answer: Answer) -> Facts:
        """The facts of an answer to a question."""
        facts = self._facts(answer)
        code, msg = text_of(facts, "code"), text_of(facts, "msg")
        if code == OK:
            return facts
        if code == NO and not self._settings.words.is_unsure(msg) and self._settings.words.is_not_us(msg):
            raise SupplierRefused(supplier=self.name, said=self._said(msg))
        raise Unknown(f"{self.name} does not tell: {code} {self._said(msg)}")

    def _is_trouble(self, msg: str) -> bool:
        words = self._settings.words
        return words.is_unsure(msg) or words.is_not_us(msg)

    def _said(self, msg: str) -> str:
        return said(msg, self._settings.secret)

    def _reject(self, problem: str) -> NoReturn:
        raise ForgedSupplierCallback(supplier=self.name, problem=problem)
