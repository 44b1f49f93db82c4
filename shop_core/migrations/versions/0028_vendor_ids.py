"""What a channel's vendor calls what it has of us: pictures sent up, scene codes made."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0028"
down_revision: Final = "0025"


def upgrade() -> None:
    op.create_table(
        "vendor_ids",
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("mark", sa.String(length=80), nullable=False),
        sa.Column("value", sa.String(length=500), nullable=False),
        sa.Column("good_until", sa.BigInteger()),
        sa.PrimaryKeyConstraint("channel", "mark", name="pk_vendor_ids"),
    )
