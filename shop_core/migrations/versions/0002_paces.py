"""Turns to send, shared by all processes of a shop."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0002"
down_revision: Final = "0001"


def upgrade() -> None:
    # Nothing in it outlives a crash of the server, and no message should wait for a disk.
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    op.create_table(
        "paces",
        sa.Column("name", sa.String(180), primary_key=True),
        sa.Column("used_until", sa.BigInteger(), nullable=False),
        sa.Column("paused_until", sa.BigInteger()),
        prefixes=["UNLOGGED"] if is_postgresql else [],
    )
