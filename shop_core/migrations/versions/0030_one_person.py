"""One person on several channels: codes that link them, who was merged into whom, and the journal of it."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0030"
down_revision: Final = "0029"

ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON: Final = sa.JSON(none_as_null=True).with_variant(
    sa.dialects.postgresql.JSONB(none_as_null=True), "postgresql"
)


def upgrade() -> None:
    op.add_column("people", sa.Column("merged_into", sa.BigInteger()))
    merged = sa.text("merged_into IS NOT NULL")
    op.create_index(
        "ix_people_merged_into", "people", ["merged_into"], sqlite_where=merged, postgresql_where=merged
    )
    op.create_table(
        "person_changes",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("other_id", sa.BigInteger(), nullable=False),
        sa.Column("identities", JSON, nullable=False),
        sa.Column("by", sa.String(length=170), nullable=False),
        sa.Column("asked_by", sa.String(length=170)),
        sa.Column("details", JSON, nullable=False),
        sa.Column("gone_thread", sa.BigInteger()),
        sa.Column("kept_thread", sa.BigInteger()),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_person_changes_person_id"),
        sa.ForeignKeyConstraint(["other_id"], ["people.id"], name="fk_person_changes_other_id"),
        sa.PrimaryKeyConstraint("id", name="pk_person_changes"),
    )
    op.create_index("ix_person_changes_person", "person_changes", ["person_id"])
    op.create_index("ix_person_changes_other", "person_changes", ["other_id"])
    gone = sa.text("gone_thread IS NOT NULL")
    op.create_index(
        "ix_person_changes_gone_thread",
        "person_changes",
        ["gone_thread"],
        sqlite_where=gone,
        postgresql_where=gone,
    )
    op.create_table(
        "pairings",
        sa.Column("key", sa.String(length=10), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=128), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("typed_person_id", sa.BigInteger()),
        sa.Column("typed_channel", sa.String(length=40)),
        sa.Column("typed_external_id", sa.String(length=128)),
        sa.Column("accepted_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("key", name="pk_pairings"),
        sa.UniqueConstraint("digest", name="uq_pairings_digest"),
        sa.UniqueConstraint("channel", "external_id", name="uq_pairings_channel_external_id"),
    )
    op.create_index("ix_pairings_until", "pairings", ["until"])
    # Whose rows are given to another is looked for by person.
    op.create_index("ix_payments_person", "payments", ["person_id"])
    op.create_index("ix_receipts_person", "receipts", ["person_id"])
    op.add_column(
        "thread_messages", sa.Column("sealed_for", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.execute(
        "UPDATE thread_messages SET sealed_for ="
        " (SELECT t.person_id FROM threads t WHERE t.id = thread_messages.thread_id)"
    )
