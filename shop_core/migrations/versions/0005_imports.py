"""Imports as work that any process can go on with: how far each is, and the sealed file of those under way."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: Final = "0005"
down_revision: Final = "0004"

JSON: Final = sa.JSON().with_variant(JSONB(), "postgresql")
MOMENT: Final = sa.BigInteger()
"""Microseconds since 1970, UTC."""


def upgrade() -> None:
    op.add_column("batches", sa.Column("state", sa.String(10), nullable=False, server_default="done"))
    op.add_column("batches", sa.Column("key", sa.String(240)))
    op.add_column("batches", sa.Column("tell_channel", sa.String(40)))
    op.add_column("batches", sa.Column("tell_external_id", sa.String(128)))
    for name in ("lines", "done_lines", "added", "already_there", "twice_in_input", "bad_count"):
        op.add_column("batches", _count(name))
    op.add_column("batches", sa.Column("bad", JSON))
    op.add_column("batches", _count("removed"))
    op.add_column("batches", sa.Column("undone_by", sa.String(170)))
    op.add_column("batches", sa.Column("due_at", MOMENT))
    op.add_column("batches", sa.Column("token", sa.BigInteger()))
    op.add_column("batches", _count("attempts"))
    op.create_index("ix_batches_key", "batches", ["key"], unique=True)
    waiting = sa.text("due_at IS NOT NULL")
    op.create_index("ix_batches_due", "batches", ["due_at"], sqlite_where=waiting, postgresql_where=waiting)
    op.create_table(
        "batch_files",
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("place", sa.String(40), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name="fk_batch_files_batch_id"),
        sa.PrimaryKeyConstraint("batch_id", name="pk_batch_files"),
    )
    # What earlier imports brought in is still all there: nothing could be taken back until now.
    op.execute(
        "UPDATE batches SET added = c.n FROM (SELECT batch_id, count(*) AS n FROM cards GROUP BY batch_id) AS c"
        " WHERE c.batch_id = batches.id"
    )
    op.execute("UPDATE batches SET lines = added, done_lines = added")


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default="0")
