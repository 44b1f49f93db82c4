"""Pulling what a vendor only hints at, parcels under an id of ours, and conversations in a person's hands: WeCom."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: Final = "0035"
down_revision: Final = "0033"


def upgrade() -> None:
    op.create_table(
        "pulls",
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("cursor", sa.String(length=500), nullable=False),
        sa.Column("hints", sa.BigInteger(), nullable=False),
        sa.Column("hint", sa.String(length=500), nullable=False),
        sa.Column("hint_until", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger()),
        sa.Column("token", sa.BigInteger()),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("channel", name="pk_pulls"),
    )
    op.create_table(
        "parcels",
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("parcel", sa.String(length=32), nullable=False),
        sa.Column("external_id", sa.String(length=128), nullable=False),
        sa.Column("mark", sa.String(length=160), nullable=False),
        sa.Column(
            "messages",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("packed_at", sa.BigInteger(), nullable=False),
        sa.Column("arrived_at", sa.BigInteger()),
        sa.Column("lost_at", sa.BigInteger()),
        sa.Column("problem", sa.String(length=80)),
        sa.PrimaryKeyConstraint("channel", "parcel", name="pk_parcels"),
    )
    is_there = sa.text("lost_at IS NULL")
    op.create_index(
        "uq_parcels_mark",
        "parcels",
        ["channel", "external_id", "mark"],
        unique=True,
        sqlite_where=is_there,
        postgresql_where=is_there,
    )
    op.create_index("ix_parcels_packed_at", "parcels", ["packed_at"])
    op.create_table(
        "handovers",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=128), nullable=False),
        sa.Column("asked_by", sa.String(length=120), nullable=False),
        sa.Column("agent", sa.String(length=64), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("taken_at", sa.BigInteger()),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("problem", sa.String(length=80)),
        sa.PrimaryKeyConstraint("id", name="pk_handovers"),
    )
    is_open = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_handovers_open",
        "handovers",
        ["channel", "external_id"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.add_column("thread_messages", sa.Column("handover_id", sa.BigInteger()))
