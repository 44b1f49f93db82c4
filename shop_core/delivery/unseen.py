"""Which delivered lines nobody has looked at yet."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from shop_core.db.tx import View
from shop_core.delivery.models import Delivery


def find_unseen(view: View, line_ids: Collection[int]) -> frozenset[int]:
    """Of these lines, those whose codes are out and unseen."""
    rows = view.execute(
        select(Delivery.line_id).where(
            Delivery.line_id.in_(line_ids), Delivery.revealed_at.is_(None), Delivery.returned_at.is_(None)
        )
    )
    return frozenset(rows.scalars())
