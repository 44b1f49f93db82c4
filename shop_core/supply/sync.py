"""Reading suppliers' lists: what changed since, now and then everything. What is not on a complete list is gone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import ColumnElement, select, update

from shop_core.db.base import table_of
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or
from shop_core.kernel.errors import RetryLater, ShopError, Unknown
from shop_core.kernel.events import ListRead
from shop_core.supply.models import ListReading, SupplyOffer
from shop_core.supply.offers import keep_offers
from shop_core.supply.supplier import Supplier, Suppliers

FULL_EVERY: Final = timedelta(hours=6)
"""So often everything is read: only that shows what is gone."""
OVERLAP: Final = timedelta(minutes=5)
"""Asked for so much more than what is new: clocks differ."""

log = structlog.get_logger()


async def sync_offers(shop: Shop) -> int:
    """Read every supplier's list as far as it is due. Returns how many offers were read.

    May break off anywhere: what was read is kept, and nothing is taken for gone that a half list did not have.
    """
    read = 0
    for name in shop.get(Suppliers).names:
        try:
            read += await read_list(shop, name)
        except (RetryLater, Unknown, ShopError) as error:
            log.warning("list not read", supplier=name, said=str(error))
    return read


async def read_list(shop: Shop, name: str) -> int:
    """Read one supplier's list, or what changed in it, a page in memory at a time.

    Goods that leave a list while it is read move those behind them up, some onto a page that was read before. So a list of
    several pages on which anything is missing is read a second time: only what is on neither is gone.

    Returns:
        How many offers were on it.

    Raises:
        RetryLater, Unknown, SupplierRefused, NoSuchSupplier: It broke off.
    """
    supplier = shop.get(Suppliers).get(name)
    started_at = shop.clock.now()
    since = await shop.read(_since, name)
    read, pages = await _read_pages(shop, supplier, since)
    if since is not None:
        await shop.write(_note_reading, name, started_at, since)
        return read
    if pages > 1 and await shop.read(_is_anything_missing, name, started_at):
        await _read_pages(shop, supplier, None)
    await shop.write(_note_full_reading, name, started_at)
    return read


async def _read_pages(shop: Shop, supplier: Supplier, since: datetime | None) -> tuple[int, int]:
    """Keep every page up to the last. Returns how many offers and how many pages there were."""
    cursor, read, pages = None, 0, 0
    while True:
        page = await supplier.list_offers(cursor, since=since)
        read += await shop.write(keep_offers, supplier.name, page.offers)
        pages += 1
        if page.cursor is None:
            return read, pages
        cursor = page.cursor


def _missing(supplier: str, started_at: datetime) -> Sequence[ColumnElement[bool]]:
    """What was on sale, and was not seen since then."""
    return (
        SupplyOffer.supplier == supplier,
        SupplyOffer.on_sale.is_(True),
        SupplyOffer.seen_at < started_at,
    )


def _is_anything_missing(view: View, supplier: str, started_at: datetime) -> bool:
    missing = select(SupplyOffer.id).where(*_missing(supplier, started_at)).limit(1)
    return view.execute(missing).first() is not None


def _since(view: View, supplier: str) -> datetime | None:
    """From when on changes are asked for; None: everything is due."""
    row = view.execute(
        select(ListReading.full_at, ListReading.read_at).where(ListReading.supplier == supplier)
    ).first()
    if row is None or view.now - row.full_at >= FULL_EVERY:
        return None
    since: datetime = row.read_at - OVERLAP
    return since


def _note_reading(tx: Tx, supplier: str, started_at: datetime, since: datetime) -> None:
    """What changed was read to its end. What was looked at since before it was bought has changed as well."""
    tx.execute(
        update(table_of(ListReading)).where(ListReading.supplier == supplier).values(read_at=started_at)
    )
    tx.publish(ListRead(supplier, since.isoformat()))


def _note_full_reading(tx: Tx, supplier: str, started_at: datetime) -> None:
    """Everything was read to its end: whatever was not there is not sold any more."""
    new = insert_or(tx, ListReading).values(supplier=supplier, read_at=started_at, full_at=started_at)
    changed = {"read_at": started_at, "full_at": started_at}
    tx.execute(new.on_conflict_do_update(index_elements=[ListReading.supplier], set_=changed))
    tx.execute(update(table_of(SupplyOffer)).where(*_missing(supplier, started_at)).values(on_sale=False))
    tx.publish(ListRead(supplier))
