"""Where the money for a product goes when nobody can deliver it."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0031"
down_revision: Final = "0030"


def upgrade() -> None:
    op.add_column(
        "products",
        sa.Column("refund_to", sa.String(length=10), server_default=sa.text("'payer'"), nullable=False),
    )
