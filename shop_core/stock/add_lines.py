"""Working a kept file off: small parts, each once, from wherever the last process came to.

Reading and sealing happen in a thread; a transaction holds one part of the file, and buyers' transactions run between two
of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Final

from sqlalchemy import delete, select

from shop_core.db.base import table_of
from shop_core.db.claims import Fenced
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or
from shop_core.messaging.queue import NewsKind, queue_message
from shop_core.staff import audit
from shop_core.stock.batches import CHUNK, LEASE, BatchView, Claim, change, get_batch, own
from shop_core.stock.codes import read_codes
from shop_core.stock.models import Batch, BatchFile, BatchState, Card, CardState
from shop_core.stock.sealing import Part, SealedCard, seal_part
from shop_core.vault.vault import Vault

NAMED_BAD: Final = 100
"""Bad lines that are remembered by number; the others are only counted."""

ANSWER_FIRST: Final = timedelta(seconds=3)
"""The news of an end is held back so long: an answer on a screen may tell it first."""

OnProgress = Callable[[BatchView], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _File:
    """A file as it is kept."""

    name: str
    place: str
    sealed: bytes


async def add_lines(shop: Shop, claim: Claim, on_progress: OnProgress) -> BatchView:
    """Go on with a claimed import behind its last whole part.

    May run twice, and in two processes: each part's transaction compares the claim and moves the place to go on from.

    Raises:
        Fenced: Another process has it, or it is being taken back.
    """
    vault = shop.get(Vault)
    batch, file = await shop.read(_read_file, claim)
    parts = _parts(vault, file, after=batch.done_lines)
    while (part := await asyncio.to_thread(next, parts, None)) is not None:
        batch = await shop.write(_add_part, claim, part)
        await on_progress(batch)
    return await shop.write(_end, claim)


def _parts(vault: Vault, file: _File, *, after: int) -> Iterator[Part]:
    """The parts of a file behind a line. Whoever asks for the next one pays for its sealing."""
    data = vault.open_bytes(file.sealed, place=file.place)
    lines = (line for line in read_codes(data, file_name=file.name) if line.number > after)
    while chunk := list(islice(lines, CHUNK)):
        yield seal_part(vault, chunk)


def _read_file(view: View, claim: Claim) -> tuple[BatchView, _File]:
    batch = get_batch(view, claim.batch_id)
    file = view.execute(
        select(BatchFile.name, BatchFile.place, BatchFile.sealed).where(BatchFile.batch_id == claim.batch_id)
    ).first()
    if file is None:
        # It goes with the end of the import: somebody else has ended it.
        raise Fenced
    return batch, _File(file.name, file.place, file.sealed)


def _add_part(tx: Tx, claim: Claim, part: Part) -> BatchView:
    """Put a part on sale, and count what became of its lines, in one transaction.

    Raises:
        Fenced: The import is not ours any more: the part is not there either.
    """
    row = tx.execute(
        select(Batch.variant_id, Batch.expires_on, Batch.cost_minor, Batch.bad).where(
            Batch.id == claim.batch_id
        )
    ).one()
    common = {
        "variant_id": row.variant_id,
        "batch_id": claim.batch_id,
        "expires_on": row.expires_on,
        "cost_minor": row.cost_minor,
        "state": CardState.AVAILABLE.value,
    }
    new = _insert(tx, common, part.cards)
    rest = [card for card in part.cards if card.fingerprint not in new]
    ours = _already_ours(tx, claim, rest)
    repeated = sum(card.times - 1 for card in part.cards if card.fingerprint in new)
    from_above = sum(card.times for card in rest if card.fingerprint in ours)
    known = sum(card.times for card in rest if card.fingerprint not in ours)
    counted = {
        "done_lines": part.last_line,
        "added": Batch.added + len(new),
        "already_there": Batch.already_there + known,
        "twice_in_input": Batch.twice_in_input + repeated + from_above,
        "bad_count": Batch.bad_count + len(part.bad),
        "due_at": tx.now + LEASE,
    }
    named = list(row.bad or ())
    if part.bad and len(named) < NAMED_BAD:
        counted["bad"] = [*named, *(list(line) for line in part.bad)][:NAMED_BAD]
    return change(tx, own(claim, BatchState.IMPORTING).values(counted))


def _insert(tx: Tx, common: dict[str, object], cards: Sequence[SealedCard]) -> set[bytes]:
    """Insert what is not there yet; of that, the fingerprints."""
    if not cards:
        return set()
    rows = [
        {**common, "place": card.place, "sealed": card.sealed, "fingerprint": card.fingerprint}
        for card in cards
    ]
    insert_new = insert_or(tx, Card).on_conflict_do_nothing().returning(Card.fingerprint)
    return set(tx.execute(insert_new, rows).scalars())


def _already_ours(tx: Tx, claim: Claim, cards: Sequence[SealedCard]) -> set[bytes]:
    """Those that an earlier part of this import brought in."""
    if not cards:
        return set()
    prints = [card.fingerprint for card in cards]
    return set(
        tx.execute(
            select(Card.fingerprint).where(Card.fingerprint.in_(prints), Card.batch_id == claim.batch_id)
        ).scalars()
    )


def _end(tx: Tx, claim: Claim) -> BatchView:
    """The last line is done: forget the file, log it, and let who waits be told."""
    batch = change(
        tx, own(claim, BatchState.IMPORTING).values(state=BatchState.DONE.value, due_at=None, token=None)
    )
    tx.execute(delete(table_of(BatchFile)).where(BatchFile.batch_id == claim.batch_id))
    audit.record(
        tx,
        actor=batch.imported_by,
        command="import",
        details={
            "variant": batch.variant_id,
            "batch": batch.batch_id,
            "file": batch.origin,
            "added": batch.added,
            "bad": batch.bad_count,
        },
    )
    if batch.tell is not None:
        queue_message(
            tx,
            batch.tell,
            NewsKind.IMPORT_ENDED,
            {"batch_id": batch.batch_id},
            cause=batch.cause,
            due_in=ANSWER_FIRST,
        )
    return batch
