"""Days of suppliers' lists, laid beside ours; what was corrected by them."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0019"
down_revision: Final = "0018"

BIG_ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column(
        "purchases", sa.Column("corrected_minor", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.create_index("ix_purchases_sent_at", "purchases", ["supplier", "sent_at"])
    op.create_index("ix_purchases_ended_at", "purchases", ["supplier", "ended_at"])

    op.create_table(
        "reconciled_days",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("counterpart", sa.String(length=40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("read_at", sa.BigInteger()),
        sa.Column("signed_at", sa.BigInteger()),
        sa.Column("signed_by", sa.String(length=170)),
        sa.PrimaryKeyConstraint("id", name="pk_reconciled_days"),
        sa.UniqueConstraint("counterpart", "day", name="uq_reconciled_days_counterpart_day"),
    )
    op.create_table(
        "reconciled_lines",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("day_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(length=250), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("their_number", sa.String(length=64)),
        sa.Column("their_ref", sa.String(length=120)),
        sa.Column("their_minor", sa.BigInteger()),
        sa.Column("their_currency", sa.String(length=3)),
        sa.Column("their_state", sa.String(length=10)),
        sa.Column("their_at", sa.BigInteger()),
        sa.Column("our_subject", sa.String(length=40)),
        sa.Column("our_number", sa.String(length=64)),
        sa.Column("our_ref", sa.String(length=120)),
        sa.Column("our_minor", sa.BigInteger()),
        sa.Column("our_currency", sa.String(length=3)),
        sa.Column("our_state", sa.String(length=10)),
        sa.Column("our_at", sa.BigInteger()),
        sa.Column("closed_at", sa.BigInteger()),
        sa.Column("closed_by", sa.String(length=170)),
        sa.Column("way", sa.String(length=12)),
        sa.Column("carried_to", sa.Date()),
        sa.ForeignKeyConstraint(["day_id"], ["reconciled_days.id"], name="fk_reconciled_lines_day_id"),
        sa.PrimaryKeyConstraint("id", name="pk_reconciled_lines"),
        sa.UniqueConstraint("day_id", "key", name="uq_reconciled_lines_day_id_key"),
    )
    op.create_index("ix_reconciled_lines_subject", "reconciled_lines", ["our_subject"])
