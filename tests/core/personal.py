"""Which columns say something of a person."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Column, String

_NAMES: Final = {
    "external_id",
    "person_id",
    "said_by",
    "sealed_for",
    "merged_into",
    "lane",
    "payer",
    "account",
}
_BELONG: Final = {"order_id", "line_id", "thread_id", "message_id", "payment_id", "receipt_id", "purchase_id"}
_ACTOR: Final = 170
"""Characters of a column that holds a channel instance and somebody's id there."""


def is_personal(column: Column[Any]) -> bool:
    """Whether it names somebody, or something of his, by what the schema calls such columns."""
    kind = column.type
    return (
        column.name in _NAMES | _BELONG
        or column.name.endswith(("external_id", "person_id"))
        or (isinstance(kind, String) and kind.length == _ACTOR)
        or any(key.column.table.name in {"people", "identities"} for key in column.foreign_keys)
    )
