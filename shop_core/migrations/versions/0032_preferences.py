"""A person's own time zone, and the hours in which nothing that can wait is sent to him."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0032"
down_revision: Final = "0031"


def upgrade() -> None:
    op.add_column("people", sa.Column("timezone", sa.String(length=40)))
    op.add_column("people", sa.Column("quiet_from", sa.Integer()))
    op.add_column("people", sa.Column("quiet_until", sa.Integer()))
