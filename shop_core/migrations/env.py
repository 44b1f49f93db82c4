"""Run by Alembic for every command; works on the connection, and the open transaction, of whoever called it.

There is no database of its own here: ``upgrade.py`` opens one, takes the lock and ends the transaction.
"""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import JSON

from shop_core.db.base import Moment
from shop_core.tables import METADATA

_given = context.config.attributes
_applied: list[str] = _given["applied"]


def _drawn(kind: str, item: Any, draft: AutogenContext) -> str | Literal[False]:  # noqa: ANN401 - Alembic's hook
    """How a draft writes our own types: a migration must not import what will have moved on when it runs."""
    if kind == "type" and isinstance(item, Moment):
        return "sa.BigInteger()"
    if kind == "type" and isinstance(item, JSON):
        draft.imports.add("from sqlalchemy.dialects.postgresql import JSONB")
        return 'sa.JSON().with_variant(JSONB(), "postgresql")'
    return False


context.configure(
    connection=_given["connection"],
    target_metadata=METADATA,
    # SQLite cannot change a column in place: "batch" copies the table, on SQLite only.
    render_as_batch=True,
    render_item=_drawn,
    compare_server_default=True,
    # `step` is of no public type; its revision is what the caller tells the owner.
    on_version_apply=lambda step, **_: _applied.append(str(step.up_revision_id)),
)
with context.begin_transaction():
    context.run_migrations()
