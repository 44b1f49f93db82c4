"""Answers inside the request, numbered choices, what may be pushed, and access tokens: what WeChat needs."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0025"
down_revision: Final = "0020"


def upgrade() -> None:
    op.create_table(
        "passive_answers",
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("message", sa.String(length=120), nullable=False),
        sa.Column("external_id", sa.String(length=128), nullable=False),
        sa.Column("sealed", sa.LargeBinary()),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("late_at", sa.BigInteger()),
        sa.Column("told_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("channel", "message", name="pk_passive_answers"),
    )
    late = sa.text("late_at IS NOT NULL AND told_at IS NULL")
    op.create_index(
        "ix_passive_answers_late",
        "passive_answers",
        ["channel", "external_id"],
        sqlite_where=late,
        postgresql_where=late,
    )
    op.create_index("ix_passive_answers_asked_at", "passive_answers", ["asked_at"])
    op.create_table(
        "choices",
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=128), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("shown_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "external_id", name="pk_choices"),
    )
    op.create_index("ix_choices_until", "choices", ["until"])
    op.create_table(
        "nonces",
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("nonce", sa.String(length=120), nullable=False),
        sa.Column("message", sa.String(length=120), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "nonce", name="pk_nonces"),
    )
    op.create_index("ix_nonces_until", "nonces", ["until"])
    op.create_table(
        "allowances",
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=128), nullable=False),
        sa.Column("said_until", sa.BigInteger(), nullable=False),
        sa.Column("said_left", sa.Integer(), nullable=False),
        sa.Column("touched_until", sa.BigInteger(), nullable=False),
        sa.Column("touched_left", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("channel", "external_id", name="pk_allowances"),
    )
    op.create_index("ix_allowances_said_until", "allowances", ["said_until"])
    op.create_table(
        "access_tokens",
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("sealed", sa.LargeBinary()),
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("refused", sa.String(length=64), nullable=False),
        sa.Column("good_until", sa.BigInteger(), nullable=False),
        sa.Column("fetched_by", sa.BigInteger()),
        sa.Column("fetch_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("channel", name="pk_access_tokens"),
    )
