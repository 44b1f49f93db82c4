"""Airtime: one top-up for one phone. Its number is used once and for all: a second top-up under it is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import httpx

from shop_core.kernel.errors import Unknown
from shop_core.supply.supplier import Accepted, Done, Failed, NotFound, Offer, Outcome
from shop_core.wire.reading import Facts
from suppliers.reloadly import translate
from suppliers.reloadly.service import Service
from suppliers.reloadly.settings import ReloadlySettings
from suppliers.reloadly.translate import AIRTIME, SUCCESSFUL, AirtimeRef, Transaction


class Airtime:
    """The service ``topups``."""

    def __init__(self, settings: ReloadlySettings, service: Service) -> None:
        """Take the account and its service."""
        self._settings = settings
        self._service = service

    async def list_offers(self, page: int) -> tuple[list[Offer], int | None]:
        """The offers of one page of operators, and which page is next."""
        operators, following = await self._service.page("operators", {}, page)
        return [offer for operator in operators for offer in self._offers(operator)], following

    async def get_offer(self, ref: str, named: AirtimeRef) -> Offer | None:
        """One amount at one operator, as it is now."""
        answer = await self._service.ask(f"operators/{named.operator_id}")
        if self._service.is_gone(answer):
            return None
        offers = self._offers(self._service.one(answer))
        return next((offer for offer in offers if offer.ref == ref), None)

    async def place(self, named: AirtimeRef, number: str, phone: str) -> Outcome:
        """Top a phone up."""
        answer = await self._service.send("topups", translate.airtime_order(named, number, phone))
        if not httpx.codes.is_success(answer.status):
            return self._service.refusal(answer)
        bought = self._transaction(self._service.one(answer))
        if not bought.ref.isdecimal() or bought.number not in {"", number}:
            raise Unknown(f"{self._settings.name} answered about another top-up")
        return self._outcome(bought)

    async def query(self, number: str) -> Outcome:
        """What became of a top-up, by our number."""
        found = [it for it in await self._report({"customIdentifier": number}) if it.number == number]
        if len(found) > 1:
            raise Unknown(f"{self._settings.name} has more than one top-up of this number")
        return self._outcome(found[0]) if found else NotFound()

    async def day(self, day: date) -> list[Transaction]:
        """All top-ups of a day of Reloadly's calendar."""
        return await self._report(translate.window_of(day))

    async def _report(self, query: Mapping[str, str]) -> list[Transaction]:
        told = await self._service.everything("topups/reports/transactions", query)
        return [self._transaction(facts) for facts in told]

    def _outcome(self, bought: Transaction) -> Outcome:
        """What a transaction means; only one status is confirmed, any other is under way."""
        ref = f"{AIRTIME}/{bought.ref}"
        if bought.status in self._settings.failed_statuses:
            return Failed(ref, bought.cost, bought.status)
        if bought.status != SUCCESSFUL:
            return Accepted(ref, bought.cost)
        return Done((bought.pin,) if bought.pin else (), ref, bought.cost, bought.receipt)

    def _transaction(self, facts: Facts) -> Transaction:
        return translate.airtime_transaction(facts, self._settings.currency)

    def _offers(self, operator: Facts) -> Iterator[Offer]:
        return translate.airtime_offers(operator, self._settings.currency, self._settings.amounts)
