"""Buys from Fulu, or from a platform that speaks its protocol.

Placing only accepts; cards come from the question alone, which works with our number. What happens to a number that is used
again nobody has described, so it is never relied upon.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Any, Final, NoReturn

import httpx
import structlog

from shop_core.kernel.clock import Clock
from shop_core.kernel.errors import Unknown
from shop_core.kernel.money import Money
from shop_core.supply.supplier import (
    Accepted,
    Capabilities,
    ForgedSupplierCallback,
    InputField,
    No,
    NotFound,
    Offer,
    OfferPage,
    Outcome,
    PurchaseRequest,
    Refused,
    StatementLine,
    SupplierRefused,
    Told,
)
from shop_core.wire.address import keeps_secrets
from shop_core.wire.callback import RawCallback
from shop_core.wire.reading import Facts, NotReadable, facts_of, read_facts, read_json, text_of
from shop_core.wire.site import Call, Limits, Site
from suppliers.fulu import signing, translate
from suppliers.fulu.settings import FuluSettings
from suppliers.reading import cost_of, said, why_not

ANSWER_BYTES: Final = 64 * 2**20
"""The whole list comes in one answer."""
ABSENT_AFTER_S: Final = 600
BEIJING: Final = timezone(timedelta(hours=8))
OK: Final = "0"

log = structlog.get_logger()


class _NoError(Exception):
    """The platform answered, and its answer is a no."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


class FuluSupplier:
    """Implements ``shop_core.supply.supplier.Supplier`` for one account."""

    def __init__(self, settings: FuluSettings, client: httpx.AsyncClient, clock: Clock) -> None:
        """Take an account, the client that the wiring has chosen, and the time that requests are signed with."""
        self._settings = settings
        self._clock = clock
        if not keeps_secrets(settings.base_url):
            log.warning("supplier.read_on_the_way", supplier=settings.name)
        limits = Limits(answer_bytes=ANSWER_BYTES, whole_call_s=settings.patience_s)
        self._site = Site(settings.name, settings.base_url, client, limits)

    @property
    def name(self) -> str:
        """The name in the config."""
        return self._settings.name

    @property
    def capabilities(self) -> Capabilities:
        """What the protocol promises."""
        return Capabilities(
            finds_our_number=True, calls_back=True, knows_stock=True, absent_after_s=ABSENT_AFTER_S
        )

    @property
    def callback_answer(self) -> str:
        """What the platform wants to hear."""
        return "success"

    async def list_offers(self, cursor: str | None = None, *, since: datetime | None = None) -> OfferPage:
        """Everything: the protocol has no pages. What a buyer has to say is told of single products only."""
        del cursor, since
        products = translate.products_in(await self._answer("fulu.goods.list.get", {}))
        if products is None:
            raise Unknown(f"{self.name} answered without a list")
        offers = (translate.offer_of(product, self._settings.currency) for product in products)
        return OfferPage([offer for offer in offers if offer])

    async def get_offer(self, ref: str) -> Offer | None:
        """One product, with what the buyer has to say."""
        _, product_id = translate.parts_of(ref)
        if not product_id:
            return None
        try:
            result = await self._ask("fulu.goods.info.get", {"product_id": product_id, "detail_format": 0})
        except _NoError as no:
            if why_not(no.message) is No.OFF_SALE:
                return None
            raise self._trouble(no) from no
        product = facts_of(result)
        inputs = await self._inputs_of(product)
        offer = translate.offer_of(product, self._settings.currency, inputs)
        return offer if offer and offer.ref == ref else None

    async def place(self, request: PurchaseRequest) -> Outcome:
        """Order, paid from the account's balance.

        Only the codes in ``FuluSettings.refusals`` say that nothing was bought. On any other the order is asked for.
        """
        kind, product_id = translate.parts_of(request.offer_ref)
        if not product_id:
            return Refused(said="no such offer")
        if not request.inputs.keys() <= translate.INPUTS or not translate.is_sendable(
            request.inputs.values()
        ):
            return Refused(No.INPUT, "characters or names that the platform does not take")
        told = {
            **{name: value.reveal() for name, value in request.inputs.items()},
            "product_id": int(product_id),
            "customer_order_no": request.number,
            "buy_num": request.quantity,
        }
        try:
            order = facts_of(await self._send(f"fulu.order.{kind}.add", told))
        except _NoError as no:
            return self._not_placed(no)
        if text_of(order, "customer_order_no") != request.number:
            raise Unknown(f"{self.name} answered about another order")
        return Accepted(
            text_of(order, "order_id") or None,
            cost_of(text_of(order, "order_price"), self._settings.currency),
        )

    async def query(self, number: str, supplier_ref: str | None, *, placed_at: datetime) -> Outcome:
        """What became of a purchase, by our number."""
        del supplier_ref, placed_at
        try:
            result = await self._ask("fulu.order.info.get", {"customer_order_no": number})
        except _NoError as no:
            if self._settings.words.is_not_found(no.message) and not self._settings.words.is_unsure(
                no.message
            ):
                return NotFound()
            raise self._trouble(no) from no
        order = facts_of(result)
        if text_of(order, "customer_order_no") != number:
            raise Unknown(f"{self.name} answered about another order")
        try:
            outcome = translate.outcome_of(order, self._settings)
        except signing.NotDecrypted as error:
            raise Unknown(f"{self.name}: {error}") from error
        if outcome is None:
            raise Unknown(f"{self.name} answered with a state that the settings do not know")
        return outcome

    async def balance(self) -> Money:
        """The balance of the account."""
        user = facts_of(await self._answer("fulu.user.info.get", {}))
        balance = cost_of(text_of(user, "balance"), self._settings.currency)
        if balance is None:
            raise Unknown(f"{self.name} answered without a balance")
        return balance

    async def statement(self, day: date) -> Sequence[StatementLine]:
        """A method for it exists by name only."""
        raise Unknown(f"{self.name} states no day, not {day} either")

    def read_callback(self, callback: RawCallback) -> Told:
        """Read that there is something to ask about; nothing else of it is believed, signed or not."""
        if self._settings.callback_sign == "required" and not signing.is_genuine_callback(
            callback.body, self._settings.secret
        ):
            self._reject("sign")
        try:
            told = read_facts(callback.body)
        except NotReadable:
            self._reject("body")
        number = text_of(told, "customer_order_no")
        if not number:
            self._reject("customer_order_no")
        return Told(number, text_of(told, "order_id") or None)

    async def _inputs_of(self, product: Facts) -> tuple[InputField, ...] | None:
        if text_of(product, "product_type") == "卡密":
            return ()
        template_id = text_of(product, "template_id")
        if not template_id:
            return (translate.ACCOUNT,)
        return translate.inputs_of(
            await self._answer("fulu.goods.template.get", {"template_id": template_id})
        )

    def _not_placed(self, no: _NoError) -> Outcome:
        words = self._settings.words
        if words.is_unsure(no.message):
            raise self._trouble(no)
        if words.is_known(no.message):
            return Accepted()
        if no.code in self._settings.refusals:
            return Refused(why_not(no.message), self._said(no.message))
        raise self._trouble(no)

    def _trouble(self, no: _NoError) -> Unknown | SupplierRefused:
        """What a no means that does not say that nothing was bought."""
        words = self._settings.words
        if words.is_not_us(no.message) and not words.is_unsure(no.message):
            return SupplierRefused(supplier=self.name, said=self._said(no.message))
        return Unknown(f"{self.name} answered {no.code[:20]} {self._said(no.message)}")

    async def _answer(self, method: str, told: Mapping[str, Any]) -> object:
        """The answer to a question that has one."""
        try:
            return await self._ask(method, told)
        except _NoError as no:
            raise self._trouble(no) from no

    async def _ask(self, method: str, told: Mapping[str, Any]) -> object:
        answer = await self._site.ask(self._signed(method, told))
        return self._result(answer.status, answer.facts())

    async def _send(self, method: str, told: Mapping[str, Any]) -> object:
        answer = await self._site.send(self._signed(method, told))
        return self._result(answer.status, answer.facts())

    def _signed(self, method: str, told: Mapping[str, Any]) -> Call:
        fields = {
            "app_key": self._settings.key,
            "method": method,
            "timestamp": self._clock.now().astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S"),
            "version": "2.0",
            "format": "json",
            "charset": "utf-8",
            "sign_type": "md5",
            "app_auth_token": "",
            "biz_content": signing.compact(told),
        }
        body = signing.compact(signing.signed(fields, self._settings.secret)).encode()
        return Call(method="POST", page="", content=body, headers={"Content-Type": "application/json"})

    def _result(self, status: int, facts: Facts) -> object:
        """The result of an answer, which is JSON in a text, and signed.

        Raises:
            _NoError: The platform says no.
            Unknown: No such answer.
        """
        code, result = text_of(facts, "code"), facts.get("result")
        if status != httpx.codes.OK or not code:
            raise Unknown(f"{self.name} answered HTTP {status}")
        if code != OK:
            raise _NoError(code, text_of(facts, "message"))
        text = result if isinstance(result, str) else ""
        if self._settings.checks_answers and not (
            text and signing.is_genuine_result(text, text_of(facts, "sign"), self._settings.secret)
        ):
            raise Unknown(f"{self.name} answered, and it is not signed")
        if not isinstance(result, str):
            return result
        try:
            return read_json(result.encode(errors="replace"))
        except NotReadable as error:
            raise Unknown(f"{self.name} answered {error}") from error

    def _said(self, message: str) -> str:
        return said(message, self._settings.secret)

    def _reject(self, problem: str) -> NoReturn:
        raise ForgedSupplierCallback(supplier=self.name, problem=problem)
