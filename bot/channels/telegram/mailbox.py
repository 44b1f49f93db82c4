"""Putting updates into the inbox, however they came: sealed, each once, each in its person's lane."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.channels.telegram.parse import find_paid, find_person
from bot.web.notices import store_notice
from shop_core.db.inbox import store
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.payments.gateway import Notice
from shop_core.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class _Sealed:
    """An update on its way into the inbox."""

    external_id: str
    lane: str
    payload: bytes


class Mailbox:
    """The inbox of one bot. It knows an update by its number, so that the same one twice is stored once.

    Money does not wait in its payer's lane, where what breaks is dropped in the end: it goes to the lanes of payments,
    known by the number of its charge.
    """

    def __init__(self, channel: str, shop: Shop, stars: str | None = None) -> None:
        """Take where to store.

        Args:
            stars: The gateway that this bot's Stars are of.
        """
        self._channel = channel
        self._shop = shop
        self._stars = stars

    async def store(self, updates: Sequence[Mapping[str, Any]]) -> None:
        """Store what concerns us, all in one transaction. After this they may be confirmed."""
        letters: list[_Sealed] = []
        money: list[Notice] = []
        for update in updates:
            paid = None if self._stars is None else find_paid(update)
            person = find_person(update)
            if paid is not None:
                money.append(paid)
            elif person is not None:
                letters.append(self._seal(update, person))
        if letters or money:
            await self._shop.write(self._store_all, letters, money)

    def _store_all(self, tx: Tx, letters: Sequence[_Sealed], money: Sequence[Notice]) -> None:
        source = self._channel
        for letter in letters:
            store(tx, source=source, external_id=letter.external_id, lane=letter.lane, payload=letter.payload)
        for notice in money:
            store_notice(tx, self._stars or "", notice, self._shop.get(Vault))

    def _seal(self, update: Mapping[str, Any], person: str) -> _Sealed:
        source, external_id = self._channel, str(update["update_id"])
        raw = json.dumps(update, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
        sealed = self._shop.get(Vault).seal_bytes(raw, place=f"inbox:{source}:{external_id}")
        return _Sealed(external_id, f"{source}:{person}", sealed)
