"""What a channel's vendor calls something that it has of us: a picture that was sent up, a scene code that was made.

Made once, used again: vendors allow few of them.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import String, delete, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.db.base import Base
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or


class VendorId(Base):
    """Its name there. ``mark`` is ours; ``good_until`` None: for ever. Losing a row means making the thing anew."""

    __tablename__ = "vendor_ids"

    channel: Mapped[str] = mapped_column(String(40), primary_key=True)
    mark: Mapped[str] = mapped_column(String(80), primary_key=True)
    value: Mapped[str] = mapped_column(String(500))
    good_until: Mapped[datetime | None]


def find_vendor_id(view: View, channel: str, mark: str) -> str | None:
    """The vendor's name for a thing; None: it has to be made."""
    is_good = or_(VendorId.good_until.is_(None), VendorId.good_until > view.now)
    found = select(VendorId.value).where(VendorId.channel == channel, VendorId.mark == mark, is_good)
    return view.execute(found).scalar()


def keep_vendor_id(tx: Tx, channel: str, mark: str, value: str, *, lasts: timedelta | None = None) -> None:
    """Remember what the vendor said. Of two that made the same thing at once the later one stays: either is good."""
    kept = {"value": value, "good_until": None if lasts is None else tx.now + lasts}
    row = insert_or(tx, VendorId).values(channel=channel, mark=mark, **kept)
    tx.execute(row.on_conflict_do_update(index_elements=[VendorId.channel, VendorId.mark], set_=kept))


def forget_vendor_id(tx: Tx, channel: str, mark: str) -> None:
    """The vendor knows nothing of it any more."""
    tx.execute(delete(VendorId).where(VendorId.channel == channel, VendorId.mark == mark))


def purge(tx: Tx) -> int:
    """Forget what is good no more. Returns how many."""
    return tx.execute(delete(VendorId).where(VendorId.good_until <= tx.now)).rowcount
