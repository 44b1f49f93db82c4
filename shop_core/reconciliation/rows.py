"""Groups as rows, and rows as groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Row

from shop_core.kernel.money import Money
from shop_core.reconciliation.lines import Line, LineState
from shop_core.reconciliation.match import Group, Kind

LONGEST_NUMBER: Final = 64
LONGEST_REF: Final = 120


def values_of(group: Group) -> dict[str, Any]:
    """A group as columns."""
    theirs, ours = group.theirs, group.ours
    return {
        "kind": group.kind.value,
        "their_number": theirs and theirs.number,
        "their_ref": theirs and theirs.ref,
        "their_minor": theirs and theirs.amount.minor,
        "their_currency": theirs and theirs.amount.currency,
        "their_state": theirs and theirs.state.value,
        "their_at": theirs and theirs.at,
        "our_subject": ours and ours.subject,
        "our_number": ours and ours.number,
        "our_ref": ours and ours.ref,
        "our_minor": ours and ours.amount.minor,
        "our_currency": ours and ours.amount.currency,
        "our_state": ours and ours.state.value,
        "our_at": ours and ours.at,
    }


def group_of(row: Row[Any]) -> Group:
    """Columns as a group."""
    return Group(Kind(row.kind), _side(row._mapping, "their"), _side(row._mapping, "our"))  # noqa: SLF001 - SQLAlchemy's public name for it


def _side(row: Mapping[Any, Any], side: str) -> Line | None:
    if row[f"{side}_minor"] is None:
        return None
    return Line(
        number=row[f"{side}_number"],
        ref=row[f"{side}_ref"],
        amount=Money(row[f"{side}_minor"], row[f"{side}_currency"]),
        state=LineState(row[f"{side}_state"]),
        at=row[f"{side}_at"],
        subject=row["our_subject"] if side == "our" else "",
    )


def cut(line: Line) -> Line:
    """Their line as the columns take it: a name longer than any of ours matches nothing anyway."""
    number, ref = (text.replace("\0", "") for text in (line.number, line.ref))
    return Line(number[:LONGEST_NUMBER], ref[:LONGEST_REF], line.amount, line.state, line.at)
