"""Gift cards: ordered by product and amount, their codes fetched with another call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Final

import httpx

from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.kernel.secret import Secret
from shop_core.supply.supplier import Accepted, Done, Failed, NotFound, Offer, Outcome, SupplierRefused
from shop_core.wire.reading import Facts
from suppliers.reloadly import translate
from suppliers.reloadly.service import Service
from suppliers.reloadly.settings import ReloadlySettings
from suppliers.reloadly.translate import GIFT_CARD, SUCCESSFUL, GiftRef, Transaction

AROUND: Final = timedelta(days=1)
"""The report is asked for by time, in a zone that the document does not name: a day more at each end."""


class GiftCards:
    """The service ``giftcards``."""

    def __init__(self, settings: ReloadlySettings, service: Service) -> None:
        """Take the account and its service."""
        self._settings = settings
        self._service = service

    async def list_offers(self, page: int) -> tuple[list[Offer], int | None]:
        """The offers of one page of products, and which page is next."""
        products, following = await self._service.page("products", {}, page)
        return [offer for product in products for offer in self._offers(product)], following

    async def get_offer(self, ref: str, named: GiftRef) -> Offer | None:
        """One amount of one product, as it is now."""
        answer = await self._service.ask(f"products/{named.product_id}")
        if self._service.is_gone(answer):
            return None
        offers = self._offers(self._service.one(answer))
        return next((offer for offer in offers if offer.ref == ref), None)

    async def place(self, named: GiftRef, number: str, quantity: int) -> Outcome:
        """Order, and fetch the codes if they are there: should only that fail, it is bought all the same."""
        settings = self._settings
        body = translate.gift_order(named, number, quantity, settings.sender_name, settings.recipient_email)
        answer = await self._service.send("orders", body)
        if not httpx.codes.is_success(answer.status):
            return self._service.refusal(answer)
        bought = self._of(self._service.one(answer), number)
        try:
            return await self._outcome(bought)
        except (RetryLater, Unknown, SupplierRefused):
            return Accepted(self._ref(bought), bought.cost)

    async def query(self, number: str, ref: str | None, placed_at: datetime) -> Outcome:
        """What became of an order: by Reloadly's number, else by ours in the report around its time."""
        if ref is not None:
            answer = await self._service.ask(f"reports/transactions/{ref}")
            return await self._outcome(self._of(self._service.one(answer), number))
        around = translate.window(placed_at - AROUND, placed_at + AROUND)
        found = [
            it for it in await self._report({**around, "customIdentifier": number}) if it.number == number
        ]
        if len(found) > 1:
            raise Unknown(f"{self._settings.name} has more than one order of this number")
        return await self._outcome(found[0]) if found else NotFound()

    async def day(self, day: date) -> list[Transaction]:
        """All orders of a day of Reloadly's calendar."""
        return await self._report(translate.window_of(day))

    async def _report(self, query: Mapping[str, str]) -> list[Transaction]:
        told = await self._service.everything("reports/transactions", query)
        return [translate.gift_transaction(facts, self._settings.currency) for facts in told]

    async def _outcome(self, bought: Transaction) -> Outcome:
        """What a transaction means; only one status is confirmed, any other is under way."""
        if bought.status in self._settings.failed_statuses:
            return Failed(self._ref(bought), bought.cost, bought.status)
        if bought.status != SUCCESSFUL:
            return Accepted(self._ref(bought), bought.cost)
        return Done(await self._cards(bought), self._ref(bought), bought.cost)

    async def _cards(self, bought: Transaction) -> tuple[Secret, ...]:
        answer = await self._service.ask(f"orders/transactions/{bought.ref}/cards")
        cards = translate.cards_of(self._service.read(answer))
        if cards is None:
            raise Unknown(f"{self._settings.name} gave cards that cannot be read")
        return cards

    def _of(self, facts: Facts, number: str) -> Transaction:
        """The transaction of an answer, if it is the one that was asked about."""
        found = translate.gift_transaction(facts, self._settings.currency)
        if not found.ref.isdecimal() or found.number not in {"", number}:
            raise Unknown(f"{self._settings.name} answered about another order")
        return found

    def _offers(self, product: Facts) -> Iterator[Offer]:
        return translate.gift_offers(product, self._settings.currency, self._settings.amounts)

    def _ref(self, bought: Transaction) -> str:
        return f"{GIFT_CARD}/{bought.ref}"
