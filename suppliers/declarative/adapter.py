"""A supplier whose protocol stands in a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final, NoReturn

import httpx
import structlog

from shop_core.kernel.clock import Clock
from shop_core.kernel.errors import Unknown
from shop_core.kernel.money import Money
from shop_core.supply.supplier import (
    Capabilities,
    ForgedSupplierCallback,
    No,
    Offer,
    OfferPage,
    Outcome,
    PurchaseRequest,
    Refused,
    StatementLine,
    Told,
)
from shop_core.wire.address import keeps_secrets
from shop_core.wire.callback import RawCallback
from shop_core.wire.reading import Facts, NotReadable, read_facts
from shop_core.wire.site import Answer, Limits, Site
from suppliers.declarative.offers import OfferReader
from suppliers.declarative.paths import count_at, found_at, gain_at, items_at, text_at
from suppliers.declarative.schema import Callback
from suppliers.declarative.sending import NothingToSayError, Signer, is_signed, values_of
from suppliers.declarative.settings import DeclarativeSettings
from suppliers.declarative.translate import Reader, meaning_of

LIST_BYTES: Final = 16 * 2**20
"""Of a list of offers, which some sites give in one piece."""
PAGES_LIMIT: Final = 2000
"""A site that does not know pages gives the same one for ever."""

log = structlog.get_logger()


class DeclarativeSupplier:
    """Implements ``shop_core.supply.supplier.Supplier`` by a file."""

    def __init__(self, settings: DeclarativeSettings, client: httpx.AsyncClient, clock: Clock) -> None:
        """Take an account, the client whose transport and time-outs the wiring has chosen, and the time for time stamps."""
        self._settings = settings
        self._protocol = settings.as_agreed()
        if not keeps_secrets(settings.base_url):
            log.warning("supplier.read_on_the_way", supplier=settings.name)
        limits = Limits(answer_bytes=LIST_BYTES, whole_call_s=settings.patience_s)
        self._site = Site(settings.name, settings.base_url, client, limits)
        self._reader = Reader(settings.name, self._protocol, settings.secret)
        self._signer = Signer(self._protocol, settings.key, settings.secret)
        self._clock = clock

    @property
    def name(self) -> str:
        """The name in the config."""
        return self._settings.name

    @property
    def capabilities(self) -> Capabilities:
        """What the file and the connection promise."""
        promises = self._protocol.promises
        return Capabilities(
            repeats_safely=promises.repeats_safely,
            refuses_repeats=promises.refuses_repeats,
            finds_our_number=promises.finds_our_number,
            calls_back=self._protocol.callback is not None,
            guards_price=promises.guards_price,
            knows_stock=bool(self._protocol.offers.offer.stock),
            absent_after_s=promises.absent_after_s or None,
        )

    @property
    def callback_answer(self) -> str:
        """What the upstream wants to hear; told anything else, it tells us again."""
        return self._protocol.callback.answer if self._protocol.callback else "ok"

    # ------------------------------------------------------------------------------------------------- offers

    async def list_offers(self, cursor: str | None = None, *, since: datetime | None = None) -> OfferPage:  # noqa: ARG002
        """One page of what there is; no file knows a list of changes only.

        Raises:
            RetryLater, Unknown, SupplierRefused: No list.
        """
        where = self._protocol.offers
        page = int(cursor) if cursor else where.first_page
        if page - where.first_page >= PAGES_LIMIT:
            raise Unknown(f"{self.name} has a list without end")
        values = {"page": str(page), "page_size": str(where.page_size)}
        answer = await self._asked(where.path, where.send, values)
        if not isinstance(found_at(answer, where.items), list):
            raise Unknown(f"{self.name} answered without a list")
        offers = tuple(OfferReader(where.offer, self._currency).offers(answer, where.items))
        return OfferPage(offers, str(page + 1) if self._has_more(answer, page) else None)

    def _has_more(self, answer: Facts, page: int) -> bool:
        where = self._protocol.offers
        if not where.has_pages:
            return False
        pages = count_at(answer, where.pages)
        if pages is not None:
            return page - where.first_page + 1 < pages
        return len(items_at(answer, where.items)) >= where.page_size

    async def get_offer(self, ref: str) -> Offer | None:
        """One offer as it is now; where the protocol has no such request, by reading the list until it comes.

        Raises:
            RetryLater, Unknown, SupplierRefused: Not told.
        """
        where = self._protocol.offer
        if where is None:
            return await self._found_in_list(ref)
        answer = await self._sent(where.path, where.send, {"offer": ref})
        if not self._reader.is_yes(answer):
            if self._reader.says_not_found(answer):
                return None
            raise Unknown(f"{self.name} does not tell: {self._reader.said(answer)}")
        offers = OfferReader(where.offer, self._currency).offers(answer, where.items)
        return next((offer for offer in offers if offer.ref == ref and offer.is_on_sale), None)

    async def _found_in_list(self, ref: str) -> Offer | None:
        cursor: str | None = None
        while True:
            page = await self.list_offers(cursor)
            if found := [offer for offer in page.offers if offer.ref == ref]:
                return found[0] if found[0].is_on_sale else None
            if page.cursor is None:
                return None
            cursor = page.cursor

    # ---------------------------------------------------------------------------------------------- purchases

    async def place(self, request: PurchaseRequest) -> Outcome:
        """Buy. Sent once.

        Raises:
            RetryLater: Certainly not bought.
            Unknown: Perhaps bought.
            SupplierRefused: Certainly not bought, and it needs a person.
        """
        where = self._protocol.place
        if not request.offer_ref:
            return Refused(No.OFF_SALE, "not sent: no offer is named")
        try:
            call = self._signer.call(where.path, where.send, values_of(request), self._clock.now())
        except NothingToSayError as error:
            return Refused(No.INPUT, f"not sent: {error.name} is missing")
        answer = self._read(await self._site.send(call))
        return self._reader.placed(answer, request.number, request.quantity)

    async def query(self, number: str, supplier_ref: str | None, *, placed_at: datetime) -> Outcome:  # noqa: ARG002
        """What became of a purchase.

        Raises:
            RetryLater, Unknown, SupplierRefused: Not told; nothing follows from that.
        """
        where = self._protocol.query
        send = self._way_to_ask(supplier_ref)
        values = {"number": number, "supplier_ref": supplier_ref or ""}
        answer = await self._sent(where.path, send, values)
        return self._reader.queried(answer, number, supplier_ref)

    def _way_to_ask(self, supplier_ref: str | None) -> Mapping[str, str]:
        where = self._protocol.query
        if supplier_ref or "{supplier_ref}" not in where.send.values():
            return where.send
        if not self._protocol.promises.finds_our_number:
            raise Unknown(f"{self.name} cannot be asked by our number")
        return where.send_by_number

    async def balance(self) -> Money:
        """What we have there.

        Raises:
            RetryLater, Unknown, SupplierRefused: Not told.
        """
        where = self._protocol.balance
        answer = await self._asked(where.path, where.send, {})
        amount = gain_at(answer, where.amount, self._currency)
        if amount is None:
            raise Unknown(f"{self.name} says no balance that can be read")
        return amount

    async def statement(self, day: date) -> Sequence[StatementLine]:
        """No file knows a statement.

        Raises:
            Unknown: Always.
        """
        raise Unknown(f"{self.name} has no statement of {day.isoformat()}")

    # ---------------------------------------------------------------------------------------------- callbacks

    def read_callback(self, callback: RawCallback) -> Told:
        """Verify a callback in constant time and read it.

        Raises:
            ForgedSupplierCallback: Wrong or missing signature, or it names no purchase.
        """
        where = self._protocol.callback
        fields = self._fields(callback)
        if where is None or not is_signed(self._protocol, fields, self._settings.secret):
            self._reject("sign")
        number, ref = text_at(fields, where.purchase.number), text_at(fields, where.purchase.supplier_ref)
        if not number and not ref:
            self._reject("number")
        return Told(number, ref or None, self._trusted(fields, where))

    def _trusted(self, fields: Mapping[str, str], where: Callback) -> Outcome | None:
        """What a callback says, where the file takes its word for it; else it is time to ask."""
        try:
            outcome = self._reader.purchase(fields, where.purchase)
        except Unknown:
            return None
        return outcome if meaning_of(outcome) in where.trust else None

    def _fields(self, callback: RawCallback) -> Mapping[str, str]:
        if callback.form:
            return callback.form
        try:
            facts = read_facts(callback.body)
        except NotReadable:
            self._reject("body")
        return {name: value for name, value in facts.items() if isinstance(value, str)}

    def _reject(self, problem: str) -> NoReturn:
        raise ForgedSupplierCallback(supplier=self.name, problem=problem)

    # --------------------------------------------------------------------------------------------------- calls

    @property
    def _currency(self) -> str:
        return self._protocol.protocol.currency

    async def _asked(self, path: str, send: Mapping[str, str], values: Mapping[str, str]) -> Facts:
        """An answer that says yes."""
        answer = await self._sent(path, send, values)
        if not self._reader.is_yes(answer):
            raise Unknown(f"{self.name} does not tell: {self._reader.said(answer)}")
        return answer

    async def _sent(self, path: str, send: Mapping[str, str], values: Mapping[str, str]) -> Facts:
        call = self._signer.call(path, send, values, self._clock.now())
        return self._read(await self._site.ask(call))

    def _read(self, answer: Answer) -> Facts:
        """The answer's facts; what another status says, the file does not know."""
        if answer.status != httpx.codes.OK:
            raise Unknown(f"{self.name} answered HTTP {answer.status}")
        return answer.facts()
