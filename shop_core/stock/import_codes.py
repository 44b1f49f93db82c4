"""Putting codes on the shelf."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Final

from sqlalchemy import delete, insert, select

from shop_core.catalog.models import Variant
from shop_core.catalog.read import get_variant
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.db.upsert import insert_or
from shop_core.kernel.secret import Secret
from shop_core.staff import audit
from shop_core.stock.codes import read_codes
from shop_core.stock.models import NEVER, Batch, Card, CardState
from shop_core.vault.vault import Vault

CHUNK: Final = 500
"""Codes in one transaction: short enough that a buyer beside it does not notice."""


@dataclass(frozen=True, slots=True)
class Import:
    """What an importer says about a file.

    Attributes:
        cost_minor: What one code cost; None takes the variant's cost.
        expires_on: The last day the codes can be used; None if they do not expire.
        actor: Who imports, for the batch and the audit log.
    """

    variant_id: int
    file_name: str
    data: bytes
    actor: str
    origin: str = ""
    cost_minor: int | None = None
    expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of each line. ``bad`` has line numbers and reasons; no code is ever repeated here."""

    batch_id: int | None
    added: int
    already_there: int
    twice_in_input: int
    bad: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class _Sealed:
    place: int
    sealed: bytes
    fingerprint: bytes


def card_place(fingerprint: bytes) -> str:
    """What a card's ciphertext is bound to: the fingerprint is unique to the row and known before it has an id."""
    return f"card:{fingerprint.hex()}"


async def import_codes(
    shop: Shop, order: Import, *, on_progress: Callable[[int], None] | None = None
) -> ImportResult:
    """Import a file in small transactions, so that selling goes on.

    May run twice: codes that are there already are counted and left alone, also after a crash half way.

    Args:
        on_progress: Called with the number of lines done so far.

    Raises:
        NoSuchVariant, BadFile: Nothing was imported.
    """
    await shop.read(get_variant, order.variant_id)
    vault = shop.get(Vault)
    seen: set[bytes] = set()
    bad: list[tuple[int, str]] = []
    twice = added = done = 0
    batch_id: int | None = None
    lines = iter(list(read_codes(order.data, file_name=order.file_name)))
    while chunk := list(islice(lines, CHUNK)):
        fresh: list[_Sealed] = []
        for line in chunk:
            if line.code is None:
                bad.append((line.number, line.problem or ""))
                continue
            card = _seal(vault, line.code, line.number)
            if card.fingerprint in seen:
                twice += 1
                continue
            seen.add(card.fingerprint)
            fresh.append(card)
        if fresh:
            batch_id, new = await shop.write(_add_chunk, order, batch_id, fresh)
            added += new
        done += len(chunk)
        if on_progress is not None:
            on_progress(done)
    result = ImportResult(batch_id if added else None, added, len(seen) - added, twice, tuple(bad))
    await shop.write(_log, order, result)
    return result


def _seal(vault: Vault, code: Secret, place: int) -> _Sealed:
    fingerprint = vault.fingerprint(code.reveal())
    return _Sealed(place, vault.seal(code.reveal(), place=card_place(fingerprint)), fingerprint)


def _add_chunk(
    tx: Tx, order: Import, batch_id: int | None, cards: Sequence[_Sealed]
) -> tuple[int | None, int]:
    cost, expires_on = order.cost_minor, order.expires_on or NEVER
    if cost is None:
        cost = tx.execute(select(Variant.cost_minor).where(Variant.id == order.variant_id)).scalar_one()
    is_first = batch_id is None
    if is_first:
        batch_id = tx.execute(
            insert(Batch)
            .values(
                variant_id=order.variant_id,
                origin=order.origin or order.file_name,
                cost_minor=cost,
                expires_on=expires_on,
                imported_at=tx.now,
                imported_by=order.actor,
            )
            .returning(Batch.id)
        ).scalar_one()
    rows = [
        {
            "variant_id": order.variant_id,
            "batch_id": batch_id,
            "place": card.place,
            "expires_on": expires_on,
            "cost_minor": cost,
            "sealed": card.sealed,
            "fingerprint": card.fingerprint,
            "state": CardState.AVAILABLE.value,
        }
        for card in cards
    ]
    added = len(tx.execute(insert_or(tx, Card).on_conflict_do_nothing().returning(Card.id), rows).all())
    if is_first and not added:
        tx.execute(delete(Batch).where(Batch.id == batch_id))
        return None, 0
    return batch_id, added


def _log(tx: Tx, order: Import, result: ImportResult) -> None:
    audit.record(
        tx,
        actor=order.actor,
        command="import",
        details={
            "variant": order.variant_id,
            "file": order.file_name,
            "added": result.added,
            "bad": len(result.bad),
        },
    )
