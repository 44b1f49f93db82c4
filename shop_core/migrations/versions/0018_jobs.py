"""What the schedule's jobs did, and which of them somebody wants to run now."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0018"
down_revision: Final = "0017"


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("every_ms", sa.BigInteger(), nullable=False),
        sa.Column("late_ms", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger()),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("took_ms", sa.Integer(), server_default="0", nullable=False),
        sa.Column("found", sa.Integer(), server_default="0", nullable=False),
        sa.Column("found_at", sa.BigInteger()),
        sa.Column("last_found", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("wanted_at", sa.BigInteger()),
        sa.Column("wanted_channel", sa.String(length=40)),
        sa.Column("wanted_external_id", sa.String(length=128)),
        sa.PrimaryKeyConstraint("name", name="pk_jobs"),
    )
