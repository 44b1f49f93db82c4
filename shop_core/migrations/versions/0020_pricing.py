"""Rules of markup, which prices follow their supplier, and which are being checked."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0020"
down_revision: Final = "0019"


def upgrade() -> None:
    op.create_table(
        "markup_rules",
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("percent_bp", sa.Integer(), nullable=False),
        sa.Column("plus_minor", sa.BigInteger(), nullable=False),
        sa.Column("ending", sa.String(length=4), nullable=False),
        sa.Column("floor_bp", sa.Integer(), nullable=False),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_markup_rules"),
    )
    op.create_table(
        "followed_prices",
        sa.Column("variant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("cost_minor", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["variant_id"], ["variants.id"], name="fk_followed_prices_variant_id"),
        sa.PrimaryKeyConstraint("variant_id", name="pk_followed_prices"),
    )
    op.add_column(
        "variants", sa.Column("price_held", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
