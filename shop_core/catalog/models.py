"""Categories, products, variants."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.db.base import Base, Big, Id, Json, Ref


class Category(Base):
    """A shelf; shelves stand in shelves, as deep as the owner likes. ``names``: language → text."""

    __tablename__ = "categories"
    __table_args__ = (Index("ix_categories_parent", "parent_id", "position"),)

    id: Mapped[Id]
    parent_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("categories.id"))
    names: Mapped[dict[str, str]]
    position: Mapped[int]
    hidden: Mapped[bool] = mapped_column(default=False)


class Product(Base):
    """Something with a name and a description. ``attributes``: name → text, whatever the owner wants shown.

    ``search_names`` and ``search_rest`` are what it is found by, folded: its names; its descriptions, variants and
    categories.

    ``refund_to``: a ``RefundTo``. ``verify``: an ``Ask``, what its buyer has to show.

    States: ``draft`` (never shown) → ``published`` ⇄ ``hidden`` (known to old links, not for sale).
    """

    __tablename__ = "products"
    __table_args__ = (Index("ix_products_category", "category_id", "position"),)

    id: Mapped[Id]
    category_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey(Category.id))
    names: Mapped[dict[str, str]]
    descriptions: Mapped[dict[str, str]]
    attributes: Mapped[dict[str, str]]
    state: Mapped[str] = mapped_column(String(12))
    position: Mapped[int]
    since: Mapped[datetime]
    refund_to: Mapped[str] = mapped_column(String(10), default="payer", server_default=text("'payer'"))
    verify: Mapped[str] = mapped_column(String(10), default="", server_default=text("''"))
    search_names: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))
    search_rest: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))


class Variant(Base):
    """What is actually bought: a product at a price. Its cards are in stock under its id.

    Limits of None mean none. ``per_person`` counts what a person has bought or holds unpaid, over all his orders.
    ``sell_until_days``: a code is not sold when it expires within so many days. ``price_held``: its price is being checked,
    and until somebody has decided it is not sold. ``kind``: a ``GoodsKind``. ``inputs``: what the buyer of a direct top-up
    is asked, as ``Field.as_row`` writes it.
    """

    __tablename__ = "variants"
    __table_args__ = (
        Index("ix_variants_product", "product_id", "position"),
        CheckConstraint("price_minor > 0", name="price_positive"),
        CheckConstraint("per_order > 0", name="per_order_positive"),
        CheckConstraint("per_person > 0", name="per_person_positive"),
    )

    id: Mapped[Id]
    product_id: Mapped[Ref] = mapped_column(ForeignKey(Product.id))
    names: Mapped[dict[str, str]]
    price_minor: Mapped[Big]
    cost_minor: Mapped[Big]
    per_order: Mapped[int | None]
    per_person: Mapped[int | None]
    sell_until_days: Mapped[int] = mapped_column(default=0)
    position: Mapped[int]
    hidden: Mapped[bool] = mapped_column(default=False)
    price_held: Mapped[bool] = mapped_column(default=False, server_default=false())
    kind: Mapped[str] = mapped_column(String(10), default="card", server_default=text("'card'"))
    inputs: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list, server_default=text("'[]'"))
