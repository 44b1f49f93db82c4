"""When somebody had everything erased that says who he is."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0033"
down_revision: Final = "0032"


def upgrade() -> None:
    op.add_column("people", sa.Column("erased_at", sa.BigInteger()))
