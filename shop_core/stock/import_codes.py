"""Beginning to put codes on the shelf: a file of any length is read through, kept, and worked on or left to the workers.

The file is kept, sealed, until its last line is on the shelf, so whichever process lives goes on with it.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from sqlalchemy import insert, select

from shop_core.catalog.models import Variant
from shop_core.catalog.read import get_variant
from shop_core.customers.people import Address
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.db.upsert import insert_or
from shop_core.stock.add_lines import add_lines
from shop_core.stock.batches import CHUNK, LEASE, BatchView, Claim, get_batch, to_the_end
from shop_core.stock.codes import read_codes
from shop_core.stock.models import NEVER, Batch, BatchFile, BatchState
from shop_core.stock.sheet import SIGNATURE, csv_of_sheet
from shop_core.vault.vault import Vault

AT_ONCE: Final = 2 * CHUNK
"""Lines of a file that is imported while its sender waits for the answer; a longer one is left to the workers."""


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
