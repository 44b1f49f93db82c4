"""Putting updates into the inbox, however they came: sealed, each once, each in its person's lane."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.channels.telegram.parse import find_person
from shop_core.db.inbox import store
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class _Sealed:
    """An update on its way into the inbox."""

    external_id: str
    lane: str
    payload: bytes


class Mailbox:
    """The inbox of one bot. It knows an update by its number, so that the same one twice is stored once."""

    def __init__(self, channel: str, shop: Shop) -> None:
        self._channel = channel
        self._shop = shop

    async def store(self, updates: Sequence[Mapping[str, Any]]) -> None:
        """Store what concerns us, all in one transaction. After this they may be confirmed."""
        letters = [
            self._seal(update, person) for update in updates if (person := find_person(update)) is not None
        ]
        if letters:
            await self._shop.write(_store_all, self._channel, letters)

    def _seal(self, update: Mapping[str, Any], person: str) -> _Sealed:
        source, external_id = self._channel, str(update["update_id"])
        raw = json.dumps(update, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
        sealed = self._shop.get(Vault).seal_bytes(raw, place=f"inbox:{source}:{external_id}")
        return _Sealed(external_id, f"{source}:{person}", sealed)


def _store_all(tx: Tx, source: str, letters: Sequence[_Sealed]) -> None:
    for letter in letters:
        store(tx, source=source, external_id=letter.external_id, lane=letter.lane, payload=letter.payload)
