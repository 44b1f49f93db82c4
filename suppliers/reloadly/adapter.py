"""Buys from Reloadly: gift cards and airtime from one prepaid account.

Nothing is told by Reloadly itself: purchases are asked about, by our number. Repeats are not relied upon: for airtime a
number is refused a second time, for gift cards the document only warns.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Final, NoReturn

import httpx

from shop_core.kernel.clock import Clock
from shop_core.kernel.errors import Unknown
from shop_core.kernel.money import Money
from shop_core.supply.supplier import (
    Capabilities,
    ForgedSupplierCallback,
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
from shop_core.wire.callback import RawCallback
from shop_core.wire.reading import text_of
from suppliers.reading import count_of, returned_of
from suppliers.reloadly import translate
from suppliers.reloadly.airtime import Airtime
from suppliers.reloadly.gift_cards import GiftCards
from suppliers.reloadly.service import Service
from suppliers.reloadly.settings import ReloadlySettings
from suppliers.reloadly.translate import AIRTIME, GIFT_CARD, SUCCESSFUL, Transaction

GIFT_CARDS_ACCEPT: Final = "application/com.reloadly.giftcards-v1+json"
AIRTIME_ACCEPT: Final = "application/com.reloadly.topups-v1+json"
ABSENT_AFTER_S: Final = 600
"""So long the report may need to know of a purchase."""


class ReloadlySupplier:
    """Implements ``shop_core.supply.supplier.Supplier`` for one account."""

    def __init__(self, settings: ReloadlySettings, client: httpx.AsyncClient, clock: Clock) -> None:
        """Take an account, the client that the wiring has chosen, and the time that tokens run out by."""
        hosts = settings.hosts
        self._settings = settings
        self._topups = Service(settings, hosts.airtime, AIRTIME_ACCEPT, client, clock)
        self._gift_cards = GiftCards(
            settings, Service(settings, hosts.gift_cards, GIFT_CARDS_ACCEPT, client, clock)
        )
        self._airtime = Airtime(settings, self._topups)

    @property
    def name(self) -> str:
        """The name in the config."""
        return self._settings.name

    @property
    def capabilities(self) -> Capabilities:
        """What the document promises."""
        return Capabilities(finds_our_number=True, states_days=True, absent_after_s=ABSENT_AFTER_S)

    @property
    def callback_answer(self) -> str:
        """Nobody calls back."""
        return ""

    async def list_offers(self, cursor: str | None = None, *, since: datetime | None = None) -> OfferPage:
        """One page of products; with the last of them, and after it, one page of operators. No list of changes is known."""
        del since
        kind, page = self._where(cursor)
        if kind == AIRTIME:
            return self._page(*await self._airtime.list_offers(page), AIRTIME)
        gifts = self._page(*await self._gift_cards.list_offers(page), GIFT_CARD)
        if gifts.cursor is not None or "airtime" not in self._settings.sells:
            return gifts
        airtime = self._page(*await self._airtime.list_offers(1), AIRTIME)
        return OfferPage([*gifts.offers, *airtime.offers], airtime.cursor)

    def _where(self, cursor: str | None) -> tuple[str, int]:
        first = GIFT_CARD if "gift_cards" in self._settings.sells else AIRTIME
        return (cursor[0], count_of(cursor[1:]) or 1) if cursor else (first, 1)

    def _page(self, offers: Sequence[Offer], following: int | None, kind: str) -> OfferPage:
        return OfferPage(offers, None if following is None else f"{kind}{following}")

    async def get_offer(self, ref: str) -> Offer | None:
        """One amount of one product, as it is now."""
        if gift := translate.gift_ref(ref):
            return await self._gift_cards.get_offer(ref, gift)
        if airtime := translate.airtime_ref(ref):
            return await self._airtime.get_offer(ref, airtime)
        return None

    async def place(self, request: PurchaseRequest) -> Outcome:
        """Buy, paid from the account's balance."""
        if gift := translate.gift_ref(request.offer_ref):
            return await self._gift_cards.place(gift, request.number, request.quantity)
        airtime = translate.airtime_ref(request.offer_ref)
        if airtime is None:
            return Refused(No.OFF_SALE, "not sent: no such offer")
        phone = translate.phone_of(request.inputs.get(translate.PHONE))
        if phone is None:
            return Refused(No.INPUT, "not sent: no phone number")
        if request.quantity != 1:
            return Refused(No.OTHER, "not sent: one top-up at a time")
        return await self._airtime.place(airtime, request.number, phone)

    async def query(self, number: str, supplier_ref: str | None, *, placed_at: datetime) -> Outcome:
        """What became of a purchase. Where it is not known of which kind it was, both reports are asked."""
        kind, _, ref = (supplier_ref or "").partition("/")
        if kind == GIFT_CARD and ref.isdecimal():
            return await self._gift_cards.query(number, ref, placed_at)
        if kind == AIRTIME:
            return await self._airtime.query(number)
        found: Outcome = NotFound()
        if "gift_cards" in self._settings.sells:
            found = await self._gift_cards.query(number, None, placed_at)
        if isinstance(found, NotFound) and "airtime" in self._settings.sells:
            found = await self._airtime.query(number)
        return found

    async def balance(self) -> Money:
        """The account's balance, which serves all services."""
        facts = self._topups.one(await self._topups.ask("accounts/balance"))
        currency = self._settings.currency
        if text_of(facts, "currencyCode") != currency:
            raise SupplierRefused(supplier=self.name, said=f"currency {text_of(facts, 'currencyCode')[:3]}")
        balance = returned_of(text_of(facts, "balance"), currency)
        if balance is None:
            raise Unknown(f"{self.name} answered without a balance")
        return balance

    async def statement(self, day: date) -> Sequence[StatementLine]:
        """What was bought on a day of Reloadly's calendar, from the reports of both services."""
        lines: list[StatementLine] = []
        if "gift_cards" in self._settings.sells:
            lines += [self._line(GIFT_CARD, it, day) for it in await self._gift_cards.day(day)]
        if "airtime" in self._settings.sells:
            lines += [self._line(AIRTIME, it, day) for it in await self._airtime.day(day)]
        return lines

    def _line(self, kind: str, it: Transaction, day: date) -> StatementLine:
        if it.cost is None or not it.ref:
            raise Unknown(f"{self.name} states a purchase that cannot be read")
        is_failed = it.status in self._settings.failed_statuses
        return StatementLine(
            number=it.number,
            supplier_ref=f"{kind}/{it.ref}",
            cost=Money(0, it.cost.currency) if is_failed else it.cost,
            is_final=is_failed or it.status == SUCCESSFUL,
            is_success=it.status == SUCCESSFUL,
            at=it.at or datetime.combine(day, time(12), tzinfo=UTC),
        )

    def read_callback(self, callback: RawCallback) -> Told:
        """Refuse: the document knows no callbacks, so none can be genuine."""
        del callback
        self._reject()

    def _reject(self) -> NoReturn:
        raise ForgedSupplierCallback(supplier=self.name, problem="there are no callbacks")
