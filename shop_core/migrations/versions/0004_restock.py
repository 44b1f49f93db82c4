"""Wishes to hear when something is back, and what products are searched by."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0004"
down_revision: Final = "0003"

MOMENT: Final = sa.BigInteger()
"""Microseconds since 1970, UTC."""
JSON: Final = sa.JSON()

PRODUCTS: Final = sa.table(
    "products",
    sa.column("id", sa.BigInteger()),
    sa.column("category_id", sa.BigInteger()),
    sa.column("names", JSON),
    sa.column("descriptions", JSON),
    sa.column("search_names", sa.Text()),
    sa.column("search_rest", sa.Text()),
)
CATEGORIES: Final = sa.table(
    "categories", sa.column("id", sa.BigInteger()), sa.column("parent_id"), sa.column("names", JSON)
)
VARIANTS: Final = sa.table("variants", sa.column("product_id", sa.BigInteger()), sa.column("names", JSON))


def upgrade() -> None:
    op.create_table(
        "restock_wishes",
        sa.Column("variant_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("external_id", sa.String(128), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("told_at", MOMENT),
        sa.PrimaryKeyConstraint("variant_id", "person_id", name="pk_restock_wishes"),
        sa.ForeignKeyConstraint(["variant_id"], ["variants.id"], name="fk_restock_wishes_variant_id"),
    )
    waiting = sa.text("told_at IS NULL")
    op.create_index(
        "ix_restock_wishes_waiting",
        "restock_wishes",
        ["variant_id", "asked_at"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.create_index("ix_restock_wishes_told", "restock_wishes", ["variant_id", "told_at"])
    op.create_index("ix_restock_wishes_asked", "restock_wishes", ["asked_at"])
    for column in ("search_names", "search_rest"):
        op.add_column("products", sa.Column(column, sa.Text(), nullable=False, server_default=sa.text("''")))
    _fill()


def _fill() -> None:
    """What the shop writes with each product from now on, for those that are there."""
    connection = op.get_bind()
    categories = {row.id: row for row in connection.execute(sa.select(CATEGORIES))}
    variants: dict[int, list[Mapping[str, str]]] = {}
    for row in connection.execute(sa.select(VARIANTS)):
        variants.setdefault(row.product_id, []).append(row.names)
    for row in connection.execute(sa.select(PRODUCTS)).all():
        rest = [
            *row.descriptions.values(),
            *(name for names in variants.get(row.id, ()) for name in names.values()),
        ]
        category = categories.get(row.category_id)
        while category is not None:
            rest += category.names.values()
            category = categories.get(category.parent_id)
        found = {"search_names": _folded(row.names.values()), "search_rest": _folded(rest)}
        connection.execute(sa.update(PRODUCTS).where(PRODUCTS.c.id == row.id).values(found))


def _folded(texts: Iterable[str]) -> str:
    folded = (" ".join(unicodedata.normalize("NFKC", text).casefold().split()) for text in texts)
    return "".join(f"\n{text}" for text in folded if text)
