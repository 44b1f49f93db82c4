"""What a supplier has told us, verified, on its way through the inbox. Sealed: it may hold codes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from shop_core.db import inbox
from shop_core.db.tx import Tx
from shop_core.kernel.money import Money
from shop_core.kernel.secret import Secret
from shop_core.supply.supplier import (
    Accepted,
    Done,
    Failed,
    No,
    NotFound,
    Outcome,
    Partial,
    Refused,
    Told,
)
from shop_core.vault.vault import Vault
from shop_core.wire.callback import RawCallback

TOLD_PREFIX: Final = "supplier:"
"""What follows it in an inbox letter's ``source`` is the supplier's name in the config."""

BUYING_LANES: Final = "buy:"
"""What the lanes of purchases begin with. They have workers of their own."""

_LONGEST_LANE: Final = 160
_OUTCOMES: Final[Mapping[str, type[Outcome]]] = {
    kind.__name__: kind for kind in (Accepted, Done, Partial, Refused, Failed, NotFound)
}


def store_told(tx: Tx, supplier: str, raw: RawCallback, told: Told, vault: Vault) -> bool:
    """Keep what a callback says, sealed. False if the very same callback was kept before.

    A supplier has no number for a callback, so the callback is its own: word for word the same is the same.
    """
    source = f"{TOLD_PREFIX}{supplier}"
    external_id = hashlib.sha256(json.dumps([raw.method, *sorted(raw.query.items())]).encode() + raw.body)
    letter = external_id.hexdigest()
    payload = vault.seal_bytes(pack_told(told), place=f"inbox:{source}:{letter}")
    about = told.number or told.supplier_ref or told.offer_ref or ""
    lane = f"{BUYING_LANES}{supplier}:{about}"[:_LONGEST_LANE]
    return inbox.store(tx, source=source, external_id=letter, lane=lane, payload=payload)


def pack_told(told: Told) -> bytes:
    """As JSON: what the adapter understood, never the raw callback."""
    outcome = told.outcome
    said = None if outcome is None else {"is": type(outcome).__name__} | _plain(outcome)
    facts = {
        "number": told.number,
        "supplier_ref": told.supplier_ref,
        "offer_ref": told.offer_ref,
        "outcome": said,
    }
    return json.dumps(facts, ensure_ascii=False).encode()


def unpack_told(payload: bytes) -> Told:
    """What ``pack_told`` wrote."""
    facts = json.loads(payload)
    said = facts.pop("outcome")
    return Told(**facts, outcome=None if said is None else _outcome(said))


def _plain(outcome: Outcome) -> dict[str, Any]:
    return {field.name: _as_json(getattr(outcome, field.name)) for field in fields(outcome)}


def _as_json(value: object) -> object:
    match value:
        case Money(minor, currency):
            return {"minor": minor, "currency": currency}
        case tuple():
            return [code.reveal() for code in value if isinstance(code, Secret)]
        case _:
            return value


def _outcome(said: dict[str, Any]) -> Outcome:
    kind = _OUTCOMES[said.pop("is")]
    return kind(**{name: _from_json(name, value) for name, value in said.items()})


def _from_json(name: str, value: Any) -> Any:  # noqa: ANN401 - JSON in, fields of the outcomes out
    match name, value:
        case "goods", list():
            return tuple(Secret(code) for code in value)
        case "why", str():
            return No(value)
        case _, {"minor": int(minor), "currency": str(currency)}:
            return Money(minor, currency)
        case _:
            return value
