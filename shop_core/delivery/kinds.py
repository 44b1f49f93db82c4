"""Changing what a variant is, as long as nothing depends on what it was."""

from __future__ import annotations

from sqlalchemy import select

from shop_core.catalog.edit import set_kind
from shop_core.catalog.goods import GoodsKind
from shop_core.catalog.read import get_variant
from shop_core.db.tx import Tx
from shop_core.kernel.errors import ShopError
from shop_core.stock.models import Card
from shop_core.supply.routing import has_routes


class GoodsInUse(ShopError):
    """There are codes of it, or offers connected: a direct top-up has neither codes nor offers of codes. Nothing changed."""

    code = "delivery.goods_in_use"


def change_kind(tx: Tx, variant_id: int, kind: GoodsKind) -> None:
    """Change what a variant is. Codes and links are kept and handed over alike, so between them nothing stands in the way.

    Raises:
        NoSuchVariant, GoodsInUse: Nothing changed.
    """
    old = get_variant(tx, variant_id).kind
    if GoodsKind.TOP_UP in {old, kind} and old is not kind:
        has_cards = tx.execute(select(Card.id).where(Card.variant_id == variant_id).limit(1)).first()
        if has_cards is not None or has_routes(tx, variant_id):
            raise GoodsInUse
    set_kind(tx, variant_id, kind)
