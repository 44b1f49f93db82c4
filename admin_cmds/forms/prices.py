"""A price, and the cost behind it, as people type them."""

from __future__ import annotations

import unicodedata
from typing import Final

from admin_cmds.command import Desk
from shop_core.catalog.errors import BadProduct
from shop_core.kernel.money import BadAmount, Money, parse_money

_BOTH: Final = 2


def read_price(desk: Desk, text: str) -> tuple[Money, Money | None]:
    """``15``, ``15.00``, ``15 12.3``.

    Raises:
        BadAmount: Not one or two amounts.
        BadProduct: A price of zero.
    """
    parts = unicodedata.normalize("NFKC", text).split()
    if not 1 <= len(parts) <= _BOTH:
        raise BadAmount(amount=text[:40])
    price, *cost = (parse_money(part, desk.shop.policy.currency) for part in parts)
    if price.minor <= 0:
        raise BadProduct(field="price")
    return price, cost[0] if cost else None
