"""Writing and reading what staff did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from shop_core.db.tx import Tx, View
from shop_core.staff.models import AuditRow


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the log."""

    at: datetime
    actor: str
    command: str
    details: Mapping[str, Any]
    outcome: str


def record(
    tx: Tx, *, actor: str, command: str, details: Mapping[str, str | int], outcome: str = "done"
) -> None:
    """Log a command.

    Args:
        actor: ``channel:id`` of the staff member, or ``shell:user``.
        details: Ids, numbers, amounts and file names. Never a code: imports log how many, not which.
    """
    tx.execute(
        insert(AuditRow).values(
            at=tx.now, actor=actor, command=command, details=dict(details), outcome=outcome
        )
    )


def list_recent(view: View, limit: int = 20) -> Sequence[AuditEntry]:
    """The latest lines, newest first."""
    rows = view.execute(
        select(AuditRow).order_by(AuditRow.id.desc()).limit(limit).with_only_columns(*AuditRow.__table__.c)
    )
    return [AuditEntry(row.at, row.actor, row.command, row.details, row.outcome) for row in rows]
