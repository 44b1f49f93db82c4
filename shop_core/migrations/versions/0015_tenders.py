"""Money in a gateway's own currency, and its way back there."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0015"
down_revision: Final = "0014"

MOMENT: Final = sa.BigInteger()
"""Microseconds since 1970, UTC."""


def upgrade() -> None:
    op.add_column("payments", sa.Column("tender_currency", sa.String(3)))
    op.add_column("payments", sa.Column("tender_minor", sa.BigInteger()))
    op.add_column("payments", sa.Column("tender_rate", sa.String(40)))
    op.add_column("payments", sa.Column("tender_source", sa.String(80)))
    op.add_column("payments", sa.Column("tender_at", MOMENT))
    op.add_column("receipts", sa.Column("tender_currency", sa.String(3)))
    op.add_column("receipts", sa.Column("tender_minor", sa.BigInteger()))
    op.add_column("receipts", sa.Column("payer", sa.String(128)))
    op.add_column("shown_messages", sa.Column("bill", sa.String(16)))
    _refunds()


def _refunds() -> None:
    op.create_table(
        "refunds",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("receipt_id", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.BigInteger()),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("made_by", sa.String(170), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("said", sa.String(200)),
        sa.Column("due_at", MOMENT),
        sa.Column("token", sa.BigInteger()),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_refunds"),
        sa.ForeignKeyConstraint(["receipt_id"], ["receipts.id"], name="fk_refunds_receipt_id"),
    )
    unrefused = sa.text("state <> 'refused'")
    op.create_index(
        "uq_refunds_receipt",
        "refunds",
        ["receipt_id"],
        unique=True,
        sqlite_where=unrefused,
        postgresql_where=unrefused,
    )
    op.create_index("ix_refunds_order", "refunds", ["order_id"])
    waiting = sa.text("due_at IS NOT NULL")
    op.create_index(
        "ix_refunds_due_at", "refunds", ["due_at"], sqlite_where=waiting, postgresql_where=waiting
    )
