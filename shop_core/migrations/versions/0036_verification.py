"""Verified phone numbers and e-mail addresses, the codes that verify them, and what a product asks for."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0036"
down_revision: Final = "0035"


def upgrade() -> None:
    op.create_table(
        "verified_contacts",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("echo", sa.String(length=160), nullable=False),
        sa.Column("how", sa.String(length=10), nullable=False),
        sa.Column("by", sa.String(length=170), nullable=False),
        sa.Column("verified_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_verified_contacts_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_verified_contacts"),
    )
    op.create_index("uq_verified_contacts_fingerprint", "verified_contacts", ["fingerprint"], unique=True)
    op.create_index(
        "uq_verified_contacts_person_kind", "verified_contacts", ["person_id", "kind"], unique=True
    )
    op.create_table(
        "contact_codes",
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=10), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("echo", sa.String(length=160), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_contact_codes_person_id"),
        sa.PrimaryKeyConstraint("person_id", name="pk_contact_codes"),
    )
    op.create_index("ix_contact_codes_until", "contact_codes", ["until"])
    op.create_table(
        "code_counts",
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_code_counts"),
    )
    op.add_column(
        "products", sa.Column("verify", sa.String(length=10), server_default=sa.text("''"), nullable=False)
    )
