"""Direct top-ups and redeem links: what a variant is, what its buyers are asked and say, proofs, tasks of staff."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: Final = "0017"
down_revision: Final = "0016"

BIG_ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON: Final = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("variants", sa.Column("kind", sa.String(10), server_default="card", nullable=False))
    op.add_column("variants", sa.Column("inputs", JSON, server_default="[]", nullable=False))
    op.add_column("supply_offers", sa.Column("inputs", JSON, server_default="[]", nullable=False))
    op.add_column("purchases", sa.Column("inputs", JSON, server_default="{}", nullable=False))
    op.add_column("order_lines", sa.Column("kind", sa.String(10), server_default="card", nullable=False))
    op.create_table(
        "line_inputs",
        sa.Column("line_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("said_by", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("fields", JSON, nullable=False),
        sa.Column("echo", JSON, nullable=False),
        sa.Column("sealed", sa.LargeBinary()),
        sa.Column("said_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("line_id", name="pk_line_inputs"),
    )
    kept = sa.text("sealed IS NOT NULL")
    op.create_index(
        "ix_line_inputs_said_at", "line_inputs", ["said_at"], sqlite_where=kept, postgresql_where=kept
    )
    op.create_table(
        "top_up_proofs",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=False),
        sa.Column("purchase_id", sa.BigInteger()),
        sa.Column("done_by", sa.String(170)),
        sa.Column("sealed", sa.LargeBinary()),
        sa.Column("fingerprint", sa.LargeBinary()),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_top_up_proofs"),
        sa.UniqueConstraint("line_id", name="uq_top_up_proofs_line_id"),
        sa.UniqueConstraint("purchase_id", name="uq_top_up_proofs_purchase_id"),
        sa.CheckConstraint(
            "(purchase_id IS NULL) <> (done_by IS NULL)", name=op.f("ck_top_up_proofs_one_source")
        ),
    )
    _tasks()


def _tasks() -> None:
    op.create_table(
        "tasks",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("line_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("claimed_by", sa.String(170)),
        sa.Column("claimed_until", sa.BigInteger()),
        sa.Column("part", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("part_minor", sa.BigInteger()),
        sa.Column("part_currency", sa.String(3)),
        sa.Column("reason", sa.String(20)),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("ended_by", sa.String(170)),
        sa.PrimaryKeyConstraint("id", name="pk_tasks"),
        sa.UniqueConstraint("line_id", name="uq_tasks_line_id"),
    )
    is_open = sa.text("state = 'open'")
    op.create_index("ix_tasks_open", "tasks", ["id"], sqlite_where=is_open, postgresql_where=is_open)
