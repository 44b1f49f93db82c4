"""Passwords by which guests get their orders back."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0009"
down_revision: Final = "0001"

MOMENT: Final = sa.BigInteger()
"""Microseconds since 1970, UTC."""


def upgrade() -> None:
    op.create_table(
        "passwords",
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("set_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("person_id", name="pk_passwords"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_passwords_person_id_people"),
    )
    op.create_table(
        "password_tries",
        sa.Column("subject", sa.String(160), nullable=False),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_password_tries"),
    )
