"""What customers and the shop write to each other."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0014"
down_revision: Final = "0013"

ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT: Final = sa.BigInteger()
"""Microseconds since 1970, UTC."""


def upgrade() -> None:
    op.create_table(
        "threads",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("external_id", sa.String(128), nullable=False),
        sa.Column("order_id", sa.BigInteger()),
        sa.Column("waiting_since", MOMENT),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_threads_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_threads"),
        sa.UniqueConstraint("person_id", name="uq_threads_person_id"),
    )
    waiting = sa.text("waiting_since IS NOT NULL")
    op.create_index(
        "ix_threads_waiting", "threads", ["waiting_since"], sqlite_where=waiting, postgresql_where=waiting
    )
    op.create_index("ix_threads_last_at", "threads", ["last_at"])
    op.create_table(
        "thread_messages",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("thread_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(240), nullable=False),
        sa.Column("by_shop", sa.Boolean(), nullable=False),
        sa.Column("author", sa.String(170), nullable=False),
        sa.Column("order_id", sa.BigInteger()),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("settled_at", MOMENT),
        sa.Column("settled_by", sa.String(170)),
        sa.Column("answer_id", sa.BigInteger()),
        sa.Column("seen_at", MOMENT),
        sa.ForeignKeyConstraint(["thread_id"], ["threads.id"], name="fk_thread_messages_thread_id"),
        sa.PrimaryKeyConstraint("id", name="pk_thread_messages"),
        sa.UniqueConstraint("key", name="uq_thread_messages_key"),
    )
    op.create_index("ix_thread_messages_thread", "thread_messages", ["thread_id", "id"])
    op.create_index("ix_thread_messages_answered", "thread_messages", ["settled_at"])
    op.create_table(
        "thread_files",
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary()),
        sa.Column("kept_since", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["thread_messages.id"], name="fk_thread_files_message_id"),
        sa.PrimaryKeyConstraint("message_id", name="pk_thread_files"),
    )
    kept = sa.text("sealed IS NOT NULL")
    op.create_index(
        "ix_thread_files_kept", "thread_files", ["kept_since"], sqlite_where=kept, postgresql_where=kept
    )
