"""What a person is told, and which of his channels hear what is told on the others."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0037"
down_revision: Final = "0036"


def upgrade() -> None:
    for column in ("hears_progress", "hears_answers"):
        op.add_column("people", sa.Column(column, sa.Boolean(), nullable=False, server_default=sa.true()))
    op.add_column(
        "identities", sa.Column("hears_all", sa.Boolean(), nullable=False, server_default=sa.false())
    )
