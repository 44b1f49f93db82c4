"""What a bot has yet to be told: the queue behind getUpdates and the webhook."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from tests.standins.telegram.refusals import Json

_SPEC = json.loads((Path(__file__).parent / "botapi.json").read_text(encoding="utf-8"))
PARAMETERS: dict[str, list[str] | None] = _SPEC["methods"]
"""Every method of Bot API 10.1 (11 June 2026); its parameters where the stand-in models it, else None."""
UPDATE_KINDS: tuple[str, ...] = tuple(_SPEC["update_kinds"])
NOT_BY_DEFAULT = {"chat_member", "message_reaction", "message_reaction_count"}
"""Kinds that a bot gets only when it names them."""

_DAY_S = 24 * 60 * 60
_LIFE_S = {"callback_query": 150, "shipping_query": 150, "pre_checkout_query": 150, "inline_query": 30}
"""Updates not taken in time are dropped; every other kind lives a day."""


@dataclass(slots=True)
class Update:
    """One update, the queue key it waits under at the webhook, and how its delivery went so far."""

    update_id: int
    kind: str
    body: Json
    key: str
    created_at: float
    attempts: int = 0
    next_try_at: float = 0.0

    def to_json(self) -> Json:
        """What the bot gets."""
        return {"update_id": self.update_id, self.kind: self.body}


@dataclass(slots=True)
class UpdateQueue:
    """A bot's updates under sequential ids, kept until confirmed; the history keeps them for repetition."""

    next_id: int
    pending: list[Update] = field(default_factory=list)
    repeats: list[Update] = field(default_factory=list)
    history: dict[int, Update] = field(default_factory=dict)
    allowed: tuple[str, ...] = ()
    """As last set by the bot; empty: all but ``NOT_BY_DEFAULT``."""

    def push(self, kind: str, body: Json, key: str, now: float) -> Update | None:
        """Append an update; None where the bot did not ask for this kind."""
        if (kind not in self.allowed) if self.allowed else (kind in NOT_BY_DEFAULT):
            return None
        update = Update(self.next_id, kind, body, key, now)
        self.next_id += 1
        self.pending.append(update)
        self.history[update.update_id] = update
        return update

    def confirm(self, offset: int) -> None:
        """Forget what lies below the offset; a negative one keeps only that many from the end."""
        if offset < 0:
            self.pending = self.pending[offset:]
        elif offset > 0:
            self.pending = [update for update in self.pending if update.update_id >= offset]

    def drop_expired(self, now: float) -> None:
        """Lose what was not taken in time, as the vendor does."""
        self.pending = [
            update for update in self.pending if now - update.created_at < _LIFE_S.get(update.kind, _DAY_S)
        ]

    def batch(self, limit: int) -> list[Json]:
        """The next updates, repeats first; repeats are handed out once, the others until confirmed."""
        repeats, self.repeats = self.repeats[:limit], self.repeats[limit:]
        return [update.to_json() for update in (*repeats, *self.pending)][:limit]

    def remove(self, update: Update) -> None:
        """Forget one that the webhook has taken."""
        if update in self.repeats:
            self.repeats.remove(update)
        elif update in self.pending:
            self.pending.remove(update)

    def clear(self) -> None:
        """Forget everything that waits (``drop_pending_updates``)."""
        self.pending.clear()
        self.repeats.clear()
