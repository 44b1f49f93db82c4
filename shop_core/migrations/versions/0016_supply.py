"""Goods bought from suppliers: offers, routes to them, purchases and what was asked about them, floats."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0016"
down_revision: Final = "0015"

BIG_ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "float_readings",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("supplier", sa.String(length=20), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("booked_minor", sa.BigInteger()),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_float_readings"),
    )
    op.create_index("ix_float_readings_supplier", "float_readings", ["supplier", "at"])

    op.create_table(
        "supply_lists",
        sa.Column("supplier", sa.String(length=20), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        sa.Column("full_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("supplier", name="pk_supply_lists"),
    )
    op.create_table(
        "supply_health",
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("pause_s", sa.Integer(), server_default="0", nullable=False),
        sa.Column("opened_until", sa.BigInteger()),
        sa.Column("probe_until", sa.BigInteger()),
        sa.Column("next_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("subject", name="pk_supply_health"),
    )
    op.create_table(
        "supply_offers",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("supplier", sa.String(length=20), nullable=False),
        sa.Column("ref", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("cost_minor", sa.BigInteger(), nullable=False),
        sa.Column("on_sale", sa.Boolean(), nullable=False),
        sa.Column("stock", sa.BigInteger()),
        sa.Column("fewest", sa.Integer(), nullable=False),
        sa.Column("most", sa.Integer()),
        sa.Column("needs_inputs", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_supply_offers"),
        sa.UniqueConstraint("supplier", "ref", name="uq_supply_offers_supplier_ref"),
    )
    op.create_table(
        "purchases",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=False),
        sa.Column("variant_id", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.BigInteger(), nullable=False),
        sa.Column("supplier", sa.String(length=20), nullable=False),
        sa.Column("offer_ref", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("limit_minor", sa.BigInteger(), nullable=False),
        sa.Column("expected_minor", sa.BigInteger()),
        sa.Column("cost_minor", sa.BigInteger()),
        sa.Column("booked_minor", sa.BigInteger()),
        sa.Column("returned_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("supplier_ref", sa.String(length=120)),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=20)),
        sa.Column("delivered", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("planned_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger()),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("due_at", sa.BigInteger()),
        sa.Column("token", sa.BigInteger()),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["offer_id"], ["supply_offers.id"], name="fk_purchases_offer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_purchases"),
        sa.UniqueConstraint("line_id", "attempt", name="uq_purchases_line_id_attempt"),
        sa.UniqueConstraint("number", name="uq_purchases_number"),
    )
    op.create_index(
        "ix_purchases_due",
        "purchases",
        ["due_at"],
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_purchases_sent",
        "purchases",
        ["supplier"],
        sqlite_where=sa.text("state = 'sent'"),
        postgresql_where=sa.text("state = 'sent'"),
    )
    op.create_index("ix_purchases_supplier_ref", "purchases", ["supplier", "supplier_ref"])
    op.create_index(
        "uq_purchases_live",
        "purchases",
        ["line_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('planned', 'sent', 'accepted', 'unknown')"),
        postgresql_where=sa.text("state IN ('planned', 'sent', 'accepted', 'unknown')"),
    )

    op.create_table(
        "purchase_asks",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("purchase_id", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.String(length=10), nullable=False),
        sa.Column("answer", sa.String(length=24), nullable=False),
        sa.Column("said", sa.String(length=200), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["purchase_id"], ["purchases.id"], name="fk_purchase_asks_purchase_id"),
        sa.PrimaryKeyConstraint("id", name="pk_purchase_asks"),
    )
    op.create_index("ix_purchase_asks_purchase", "purchase_asks", ["purchase_id", "id"])

    op.create_table(
        "supply_routes",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("variant_id", sa.BigInteger(), nullable=False),
        sa.Column("offer_id", sa.BigInteger(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("max_cost_minor", sa.BigInteger()),
        sa.CheckConstraint("max_cost_minor > 0", name=op.f("ck_supply_routes_max_cost_positive")),
        sa.ForeignKeyConstraint(["offer_id"], ["supply_offers.id"], name="fk_supply_routes_offer_id"),
        sa.ForeignKeyConstraint(["variant_id"], ["variants.id"], name="fk_supply_routes_variant_id"),
        sa.PrimaryKeyConstraint("id", name="pk_supply_routes"),
        sa.UniqueConstraint("variant_id", "offer_id", name="uq_supply_routes_variant_id_offer_id"),
    )
    op.add_column("batches", sa.Column("purchase_id", sa.BigInteger()))
    op.create_index(
        "ix_batches_purchase",
        "batches",
        ["purchase_id"],
        sqlite_where=sa.text("purchase_id IS NOT NULL"),
        postgresql_where=sa.text("purchase_id IS NOT NULL"),
    )

    op.add_column(
        "order_lines", sa.Column("source", sa.String(length=10), server_default="stock", nullable=False)
    )
