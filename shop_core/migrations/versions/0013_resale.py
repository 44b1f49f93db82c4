"""Other shops that buy here by program: their keys, and what they call our orders."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0013"
down_revision: Final = "0010"

MOMENT: Final = sa.BigInteger()
"""Microseconds since 1970, UTC."""
ID: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "resellers",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("made_by", sa.String(170), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("closed_at", MOMENT),
        sa.PrimaryKeyConstraint("id", name="pk_resellers"),
        sa.UniqueConstraint("key", name="uq_resellers_key"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_resellers_person_id"),
    )
    op.create_table(
        "downstream_orders",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("reseller_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("order_id", sa.BigInteger(), nullable=False),
        sa.Column("callback_url", sa.String(500)),
        sa.PrimaryKeyConstraint("id", name="pk_downstream_orders"),
        sa.UniqueConstraint("reseller_id", "number", name="uq_downstream_orders_reseller_id_number"),
        sa.UniqueConstraint("order_id", name="uq_downstream_orders_order_id"),
        sa.ForeignKeyConstraint(["reseller_id"], ["resellers.id"], name="fk_downstream_orders_reseller_id"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_downstream_orders_order_id"),
    )
