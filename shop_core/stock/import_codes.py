"""Putting codes on the shelf: a file of any length, in small parts, each once.

The file is kept, sealed, until its last line is on the shelf, so whichever process lives goes on with it. Reading and
sealing happen in a thread; a transaction holds one part of the file, and buyers' transactions run between two of them.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import islice
from typing import Final

from sqlalchemy import delete, insert, select

from shop_core.catalog.models import Variant
from shop_core.catalog.read import get_variant
from shop_core.customers.people import Address
from shop_core.db.base import table_of
from shop_core.db.claims import Fenced
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or
from shop_core.messaging.queue import NewsKind, queue_message
from shop_core.staff import audit
from shop_core.stock.batches import CHUNK, LEASE, BatchView, Claim, change, get_batch, own, to_the_end
from shop_core.stock.codes import Line, read_codes
from shop_core.stock.models import NEVER, Batch, BatchFile, BatchState, Card, CardState
from shop_core.stock.sheet import SIGNATURE, csv_of_sheet
from shop_core.vault.vault import Vault

AT_ONCE: Final = 2 * CHUNK
"""Lines of a file that is imported while its sender waits for the answer; a longer one is left to the workers."""

NAMED_BAD: Final = 100
"""Bad lines that are remembered by number; the others are only counted."""

ANSWER_FIRST: Final = timedelta(seconds=3)
"""The news of an end is held back so long: an answer on a screen may tell it first."""

OnProgress = Callable[[BatchView], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Import:
    """What an importer says about a file.

    Attributes:
        cost_minor: What one code cost; None takes the variant's cost.
        expires_on: The last day the codes can be used; None if they do not expire.
        actor: Who imports, for the batch and the audit log.
        key: The message that the file came with: the same message again finds its import.
        tell: Who is told when it ends, if he does not see it anyway.
    """

    variant_id: int
    file_name: str
    data: bytes = field(repr=False)
    actor: str
    origin: str = ""
    cost_minor: int | None = None
    expires_on: date | None = None
    key: str | None = None
    tell: Address | None = None


@dataclass(frozen=True, slots=True)
class _Checked:
    """A file that can be read to its end, as it will be kept."""

    name: str
    lines: int
    place: str
    sealed: bytes


@dataclass(frozen=True, slots=True)
class _Sealed:
    """A code, and how often it stands in its part of the file."""

    place: int
    sealed: bytes
    fingerprint: bytes
    times: int = 1


@dataclass(frozen=True, slots=True)
class Part:
    """Some lines of a file, ready for their transaction."""

    last_line: int
    cards: Sequence[_Sealed]
    bad: Sequence[tuple[int, str]]


def card_place(fingerprint: bytes) -> str:
    """What a card's ciphertext is bound to: the fingerprint is unique to the row and known before it has an id."""
    return f"card:{fingerprint.hex()}"


async def import_codes(
    shop: Shop, order: Import, *, on_progress: Callable[[int], None] | None = None
) -> BatchView:
    """Import a file to its end.

    May run twice: with the same key it finds the import that there is; without, codes that are there already are counted
    and left alone. What a crash leaves, ``carry_on`` finishes.

    Args:
        on_progress: Called with the number of lines done so far.

    Raises:
        NoSuchVariant, BadFile, WhichColumn: Nothing was imported.
    """

    async def tell(batch: BatchView) -> None:
        if on_progress is not None:
            on_progress(batch.done_lines)

    checked = await _check(shop, order)
    batch, claim = await shop.write(_begin, order, checked)
    return batch if claim is None else await to_the_end(shop, claim, add_lines(shop, claim, tell))


async def start_import(shop: Shop, order: Import) -> BatchView:
    """Import a short file; keep a long one for the workers, and say how it stands.

    May run twice, as ``import_codes``.

    Raises:
        NoSuchVariant, BadFile, WhichColumn: Nothing was imported.
    """
    checked = await _check(shop, order)
    if checked.lines > AT_ONCE:
        return await shop.write(_leave, order, checked)
    batch, claim = await shop.write(_begin, order, checked)
    return batch if claim is None else await to_the_end(shop, claim, add_lines(shop, claim, _say_nothing))


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


async def _say_nothing(batch: BatchView) -> None:
    """For who waits for the end."""


async def _check(shop: Shop, order: Import) -> _Checked:
    await shop.read(get_variant, order.variant_id)
    return await asyncio.to_thread(_read_through, shop.get(Vault), order)


def _read_through(vault: Vault, order: Import) -> _Checked:
    """Read a file once before anything is written, so that one which breaks off half way is refused whole."""
    name, data = order.file_name, order.data
    if data.startswith(SIGNATURE):
        name, data = "sheet.csv", csv_of_sheet(data)
    lines = 0
    for line in read_codes(data, file_name=name):
        lines = line.number
    place = f"import:{secrets.token_hex(8)}"
    return _Checked(name, lines, place, vault.seal_bytes(data, place=place))


def _parts(vault: Vault, file: _Checked, *, after: int) -> Iterator[Part]:
    """The parts of a file behind a line. Whoever asks for the next one pays for its sealing."""
    data = vault.open_bytes(file.sealed, place=file.place)
    lines = (line for line in read_codes(data, file_name=file.name) if line.number > after)
    while chunk := list(islice(lines, CHUNK)):
        yield seal_part(vault, chunk)


def seal_part(vault: Vault, lines: Sequence[Line]) -> Part:
    """Seal some lines; a code that stands in them more than once is sealed once."""
    cards: dict[bytes, _Sealed] = {}
    bad: list[tuple[int, str]] = []
    for line in lines:
        if line.code is None:
            bad.append((line.number, line.problem or ""))
            continue
        code = line.code.reveal()
        fingerprint = vault.fingerprint(code)
        again = cards.get(fingerprint)
        if again is not None:
            cards[fingerprint] = replace(again, times=again.times + 1)
            continue
        sealed = vault.seal(code, place=card_place(fingerprint))
        cards[fingerprint] = _Sealed(line.number, sealed, fingerprint)
    return Part(lines[-1].number, list(cards.values()), bad)


# ------------------------------------------------------------------------------------------------ transactions


def _begin(tx: Tx, order: Import, checked: _Checked) -> tuple[BatchView, Claim | None]:
    """Make the import and take it. No claim: this message has its import already."""
    token = tx.new_token()
    made = _make(tx, order, checked, due_in=LEASE, token=token)
    return (_of_message(tx, order), None) if made is None else (get_batch(tx, made), Claim(made, token))


def _leave(tx: Tx, order: Import, checked: _Checked) -> BatchView:
    """Make the import, for whoever takes it."""
    made = _make(tx, order, checked, due_in=timedelta(0), token=None)
    tx.wake("batches")
    return _of_message(tx, order) if made is None else get_batch(tx, made)


def _of_message(tx: Tx, order: Import) -> BatchView:
    return get_batch(tx, tx.execute(select(Batch.id).where(Batch.key == order.key)).scalar_one())


def _make(tx: Tx, order: Import, checked: _Checked, *, due_in: timedelta, token: int | None) -> int | None:
    """Write the import and its file. None: this message has its import already."""
    cost = order.cost_minor
    if cost is None:
        cost = tx.execute(select(Variant.cost_minor).where(Variant.id == order.variant_id)).scalar_one()
    values = {
        "variant_id": order.variant_id,
        "origin": order.origin or order.file_name,
        "cost_minor": cost,
        "expires_on": order.expires_on or NEVER,
        "imported_at": tx.now,
        "imported_by": order.actor,
        "state": BatchState.IMPORTING.value,
        "key": order.key,
        "tell_channel": None if order.tell is None else order.tell.channel,
        "tell_external_id": None if order.tell is None else order.tell.external_id,
        "lines": checked.lines,
        "due_at": tx.now + due_in,
        "token": token,
        "attempts": 0,
    }
    made = tx.execute(
        insert_or(tx, Batch).values(values).on_conflict_do_nothing().returning(Batch.id)
    ).scalar()
    if made is None:
        return None
    file = {"batch_id": made, "name": checked.name, "place": checked.place, "sealed": checked.sealed}
    tx.execute(insert(BatchFile).values(file))
    return int(made)


def _read_file(view: View, claim: Claim) -> tuple[BatchView, _Checked]:
    batch = get_batch(view, claim.batch_id)
    file = view.execute(
        select(BatchFile.name, BatchFile.place, BatchFile.sealed).where(BatchFile.batch_id == claim.batch_id)
    ).first()
    if file is None:
        # It goes with the end of the import: somebody else has ended it.
        raise Fenced
    return batch, _Checked(file.name, batch.lines, file.place, file.sealed)


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


def _insert(tx: Tx, common: dict[str, object], cards: Sequence[_Sealed]) -> set[bytes]:
    """Insert what is not there yet; of that, the fingerprints."""
    if not cards:
        return set()
    rows = [
        {**common, "place": card.place, "sealed": card.sealed, "fingerprint": card.fingerprint}
        for card in cards
    ]
    insert_new = insert_or(tx, Card).on_conflict_do_nothing().returning(Card.fingerprint)
    return set(tx.execute(insert_new, rows).scalars())


def _already_ours(tx: Tx, claim: Claim, cards: Sequence[_Sealed]) -> set[bytes]:
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
