"""Putting in what a supplier delivered: a batch without a file, whose codes belong to a line as far as it lacks some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from typing import Any, Final

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.sql.dml import ReturningInsert

from shop_core.db.base import table_of
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_into
from shop_core.kernel.money import Money
from shop_core.kernel.secret import Secret
from shop_core.stock.models import NEVER, Batch, BatchState, Card, CardState
from shop_core.stock.sealing import card_place
from shop_core.vault.vault import Vault

_THERE: Final = select(Card.fingerprint).where(Card.fingerprint.in_(bindparam("prints", expanding=True)))
_NEW_BATCH: Final = insert(table_of(Batch)).returning(Batch.id)
_OF_PURCHASE: Final = select(func.coalesce(func.sum(Batch.added), 0)).where(
    Batch.purchase_id == bindparam("purchase")
)


@dataclass(frozen=True, slots=True)
class SealedPiece:
    """A delivered code, closed before any transaction saw it."""

    sealed: bytes
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Arrival:
    """What came, and for whom.

    Attributes:
        cost: What all of it costs, in the shop's money.
        line_id: Whose it is, as far as ``lacking`` goes; the rest goes on the shelf.
    """

    variant_id: int
    purchase_id: int
    origin: str
    actor: str
    pieces: Sequence[SealedPiece]
    cost: Money
    line_id: int
    lacking: int


def seal_pieces(vault: Vault, codes: Sequence[Secret]) -> tuple[SealedPiece, ...]:
    """Seal codes as they came, each once; what is blank is no code."""
    sealed: dict[bytes, SealedPiece] = {}
    for code in codes:
        if not code.reveal().strip():
            continue
        fingerprint = vault.fingerprint(code.reveal())
        if fingerprint not in sealed:
            text = vault.seal(code.reveal(), place=card_place(fingerprint))
            sealed[fingerprint] = SealedPiece(text, fingerprint)
    return tuple(sealed.values())


def put_in(tx: Tx, arrival: Arrival) -> int:
    """Put in what the shop does not have yet. Returns how many that were.

    May run any number of times: a code that the shop has is left where it is, whoever's it is.
    """
    fresh = _not_there(tx, arrival.pieces)
    if not fresh:
        return 0
    batch_id = _make_batch(tx, arrival, len(fresh))
    costs = arrival.cost.split([1] * len(fresh))
    rows = [
        {
            "variant_id": arrival.variant_id,
            "batch_id": batch_id,
            "place": place,
            "expires_on": NEVER,
            "cost_minor": cost.minor,
            "sealed": piece.sealed,
            "fingerprint": piece.fingerprint,
            "state": CardState.AVAILABLE.value if line_id is None else CardState.HELD.value,
            "line_id": line_id,
        }
        for place, (piece, cost, line_id) in enumerate(
            zip_longest(fresh, costs, [arrival.line_id] * min(arrival.lacking, len(fresh))), start=1
        )
    ]
    added = len(tx.execute(_new_cards(is_postgresql=tx.is_postgresql), rows).all())
    if added != len(fresh):
        # Another transaction has put one of them in meanwhile.
        tx.execute(update(table_of(Batch)).where(Batch.id == batch_id).values(_counted(added)))
    return added


def count_of_purchase(view: View, purchase_id: int) -> int:
    """How many codes a purchase has brought in."""
    return int(view.execute(_OF_PURCHASE, {"purchase": purchase_id}).scalar_one())


@cache
def _new_cards(*, is_postgresql: bool) -> ReturningInsert[Any]:
    return insert_into(Card, is_postgresql=is_postgresql).on_conflict_do_nothing().returning(Card.id)


def _not_there(tx: Tx, pieces: Sequence[SealedPiece]) -> list[SealedPiece]:
    prints = [piece.fingerprint for piece in pieces]
    there = set(tx.execute(_THERE, {"prints": prints}).scalars())
    return [piece for piece in pieces if piece.fingerprint not in there]


def _counted(added: int) -> dict[str, int]:
    return {"lines": added, "done_lines": added, "added": added}


def _make_batch(tx: Tx, arrival: Arrival, count: int) -> int:
    values = _counted(count) | {
        "variant_id": arrival.variant_id,
        "origin": arrival.origin,
        "cost_minor": arrival.cost.minor,
        "expires_on": NEVER,
        "imported_at": tx.now,
        "imported_by": arrival.actor,
        "state": BatchState.DONE.value,
        "purchase_id": arrival.purchase_id,
        "attempts": 0,
    }
    return int(tx.execute(_NEW_BATCH, values).scalar_one())
