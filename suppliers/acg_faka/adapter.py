"""Buys from an acg-faka shop.

A trade is answered with its goods at once, or a person there delivers. No question finds our number: a repeat that is
refused as known proves that the first arrived, but then only a person can fetch what was bought.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final, NoReturn

import httpx

from shop_core.kernel.clock import Clock
from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.kernel.money import Money
from shop_core.supply.supplier import (
    Accepted,
    Capabilities,
    Done,
    ForgedSupplierCallback,
    GoodsKind,
    No,
    Offer,
    OfferPage,
    Outcome,
    PurchaseRequest,
    Refused,
    StatementLine,
    SupplierRefused,
)
from shop_core.wire.callback import RawCallback
from shop_core.wire.reading import Facts, facts_of, text_of
from shop_core.wire.site import Answer, Call, Limits, Site
from suppliers.acg_faka import signing, translate
from suppliers.acg_faka.settings import AcgFakaSettings
from suppliers.reading import cost_of, pieces_of, said, why_not

ANSWER_BYTES: Final = 4 * 2**20
LIST_BYTES: Final = 64 * 2**20
"""The whole list comes in one answer."""
OK: Final = "200"


class AcgFakaSupplier:
    """Implements ``shop_core.supply.supplier.Supplier`` for one account."""

    def __init__(self, settings: AcgFakaSettings, client: httpx.AsyncClient, clock: Clock) -> None:
        """Take an account and the client that the wiring has chosen. The protocol has no time in it."""
        del clock
        self._settings = settings
        limits = Limits(answer_bytes=ANSWER_BYTES, whole_call_s=settings.patience_s)
        self._site = Site(settings.name, f"{settings.base_url.rstrip('/')}/shared", client, limits)

    @property
    def name(self) -> str:
        """The name in the config."""
        return self._settings.name

    @property
    def capabilities(self) -> Capabilities:
        """What the protocol promises."""
        return Capabilities(refuses_repeats=True, knows_stock=True)

    @property
    def callback_answer(self) -> str:
        """Nobody calls."""
        return ""

    async def list_offers(self, cursor: str | None = None, *, since: datetime | None = None) -> OfferPage:
        """Everything: the protocol has no pages."""
        del cursor, since
        limits = Limits(answer_bytes=LIST_BYTES, whole_call_s=self._settings.patience_s)
        facts = self._yes(await self._site.ask(self._signed("commodity/items", {}), limits))
        if not isinstance(facts.get("data"), list):
            raise Unknown(f"{self.name} answered without a list")
        items = translate.items_of(facts["data"])
        return OfferPage([offer for item in items for offer in translate.offers_of(item, self._currency)])

    async def get_offer(self, ref: str) -> Offer | None:
        """One kind of one item."""
        code, _ = translate.parts_of(ref)
        return await self._offer(ref) if code else None

    async def place(self, request: PurchaseRequest) -> Outcome:
        """Buy, paid from the account's balance in the same call.

        Two questions go before: who delivers, and, where there is a limit, what all of it would cost. If they are not
        answered nothing was sent that buys.
        """
        code, _ = translate.parts_of(request.offer_ref)
        if not code:
            return Refused(said="no such offer")
        if request.inputs.keys() & translate.RESERVED:
            return Refused(No.INPUT, "a name of the protocol's own")
        try:
            no = await self._no_before(request)
            item = None if no else await self._item(code)
        except Unknown as error:
            raise RetryLater(f"{error.reason}, and nothing was bought") from error
        if no:
            return no
        if item is None:
            return Refused(No.OFF_SALE)
        answer = await self._site.send(self._signed("commodity/trade", self._trade_of(request)))
        return self._traded(answer, request, item)

    async def query(self, number: str, supplier_ref: str | None, *, placed_at: datetime) -> Outcome:
        """What became of a trade, by the shop's own number."""
        del placed_at
        trade = translate.trade_of(supplier_ref or "")
        if trade is None:
            raise Unknown(f"{self.name} cannot be asked for {number}")
        answer = await self._site.ask(self._signed(f"commodity/query/{trade.number}", {}))
        data = facts_of(self._yes(answer), "data")
        text = text_of(data, "secret")
        is_there = text_of(data, "status") == "1" and translate.mark_of(text) != trade.stood_there
        if not is_there or self._settings.is_pending(text):
            return Accepted(supplier_ref)
        return self._done(trade, text, None)

    async def balance(self) -> Money:
        """The balance of the account."""
        data = facts_of(self._yes(await self._site.ask(self._signed("authentication/connect", {}))), "data")
        balance = cost_of(text_of(data, "balance"), self._currency)
        if balance is None:
            raise Unknown(f"{self.name} answered without a balance")
        return balance

    async def statement(self, day: date) -> Sequence[StatementLine]:
        """The protocol has none."""
        raise Unknown(f"{self.name} states no day, not {day} either")

    def read_callback(self, callback: RawCallback) -> NoReturn:
        """The protocol has none: whoever calls is not the shop."""
        del callback
        raise ForgedSupplierCallback(supplier=self.name, problem="no callbacks")

    @property
    def _currency(self) -> str:
        return self._settings.currency

    async def _offer(self, ref: str) -> Offer | None:
        item = await self._item(translate.parts_of(ref)[0])
        offers = translate.offers_of(item, self._currency) if item is not None else ()
        return next((offer for offer in offers if offer.ref == ref), None)

    async def _item(self, code: str) -> Facts | None:
        answer = await self._site.ask(self._signed("commodity/item", {"code": code}))
        facts = self._facts(answer)
        if text_of(facts, "code") != OK and why_not(text_of(facts, "msg")) is No.OFF_SALE:
            return None
        return facts_of(self._yes(answer), "data")

    async def _no_before(self, request: PurchaseRequest) -> Refused | None:
        """A refusal that shows before buying: the shop has no price guard."""
        if request.at_most is None:
            return None
        code, race = translate.parts_of(request.offer_ref)
        form = {"code": code, "num": str(request.quantity), "race": race, "card_id": "0"}
        answer = await self._site.ask(self._signed("commodity/valuation", form))
        facts = self._facts(answer)
        if text_of(facts, "code") != OK:
            return self._refused(text_of(facts, "msg"))
        cost = cost_of(text_of(facts, "data", "price"), self._currency)
        if cost is None:
            raise Unknown(f"{self.name} answered without a price")
        return None if cost <= request.at_most else Refused(No.PRICE, cost.decimal_text())

    def _trade_of(self, request: PurchaseRequest) -> dict[str, str]:
        code, race = translate.parts_of(request.offer_ref)
        return {
            **{key: value.reveal() for key, value in request.inputs.items()},
            "shared_code": code,
            "contact": self._settings.contact or request.number,
            "num": str(request.quantity),
            "card_id": "0",
            "device": "0",
            "password": "",
            "race": race,
            "request_no": request.number,
        }

    def _traded(self, answer: Answer, request: PurchaseRequest, item: Facts) -> Outcome:
        facts = self._facts(answer)
        if text_of(facts, "code") != OK:
            msg = text_of(facts, "msg")
            return Accepted() if self._settings.words.is_known(msg) else self._refused(msg)
        data = facts_of(facts, "data")
        trade_no, text = text_of(data, "tradeNo"), text_of(data, "secret")
        if not trade_no:
            raise Unknown(f"{self.name} answered without a trade")
        cost = cost_of(text_of(data, "amount"), self._currency)
        is_top_up = any(o.kind is GoodsKind.TOP_UP for o in translate.offers_of(item, self._currency))
        is_there = text_of(item, "delivery_way") != translate.BY_HAND and not self._settings.is_pending(text)
        mark = "" if is_there else translate.mark_of(text)
        trade = translate.Trade(trade_no, request.quantity, is_top_up, mark)
        return self._done(trade, text, cost) if is_there else Accepted(trade.as_ref(), cost)

    def _done(self, trade: translate.Trade, text: str, cost: Money | None) -> Done:
        if trade.is_top_up:
            return Done((), trade.as_ref(), cost, receipt=said(text))
        return Done(pieces_of(text, trade.quantity), trade.as_ref(), cost)

    def _refused(self, msg: str) -> Refused:
        """What a failure means that is not about our number.

        Raises:
            Unknown: It does not say that nothing was bought.
            SupplierRefused: It does not deal with us.
        """
        words = self._settings.words
        if words.is_unsure(msg) or words.is_known(msg):
            raise Unknown(f"{self.name} answered {self._said(msg)}")
        if words.is_not_us(msg):
            raise SupplierRefused(supplier=self.name, said=self._said(msg))
        return Refused(why_not(msg), self._said(msg))

    def _signed(self, page: str, form: Mapping[str, str]) -> Call:
        return Call(
            method="POST", page=page, form=signing.signed(form, self._settings.key, self._settings.secret)
        )

    def _facts(self, answer: Answer) -> Facts:
        facts = answer.facts()
        if answer.status != httpx.codes.OK or not text_of(facts, "code"):
            raise Unknown(f"{self.name} answered HTTP {answer.status}")
        return facts

    def _yes(self, answer: Answer) -> Facts:
        """The facts of an answer to a question."""
        facts = self._facts(answer)
        if text_of(facts, "code") != OK:
            refused = self._refused(text_of(facts, "msg"))
            raise Unknown(f"{self.name} does not tell: {refused.said}")
        return facts

    def _said(self, msg: str) -> str:
        return said(msg, self._settings.secret)
