"""What the buyer of a direct top-up says: checked and sealed before any transaction sees it, opened for few.

It is opened for the call to the supplier, for the buyer's own look, and for the member of staff who has claimed the
task; the last two are acts and on record before anything is opened.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, insert, select, update

from shop_core.catalog.goods import Field, fields_of, mask, read_inputs
from shop_core.db.base import table_of
from shop_core.db.tx import Tx, View
from shop_core.delivery.models import LineInputs, Reveal
from shop_core.kernel.secret import Secret
from shop_core.vault.vault import Vault

KEEP: Final = timedelta(days=180)
"""As long as the files of a thread: longer than any dispute. What is shown of it stays."""


@dataclass(frozen=True, slots=True)
class SealedInputs:
    """Answers that were checked against ``fields``, and only the vault can read."""

    said_by: int
    key: str
    fields: tuple[Field, ...]
    echo: Mapping[str, str]
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeptInputs:
    """The answers of a line. ``sealed`` None: forgotten."""

    line_id: int
    fields: tuple[Field, ...]
    echo: Mapping[str, str]
    sealed: bytes | None = field(repr=False)
    place: str
    said_at: datetime

    def open(self, vault: Vault) -> Mapping[str, Secret]:
        """Field → answer. Only after the transaction that recorded the look, or the call, has been committed."""
        if self.sealed is None:
            return {}
        said: dict[str, str] = json.loads(vault.open(self.sealed, place=self.place).reveal())
        return {key: Secret(text) for key, text in said.items()}


def seal_inputs(
    vault: Vault, said_by: int, key: str, fields: Sequence[Field], said: Mapping[str, str]
) -> SealedInputs:
    """Check what a person says, and seal it for the order that he places with this key.

    Raises:
        BadInput: One answer is missing or wrong.
    """
    answers = read_inputs(fields, said)
    echo = {one.key: mask(one, answers[one.key]) for one in fields if one.key in answers}
    told = json.dumps({name: answer.reveal() for name, answer in answers.items()}, ensure_ascii=False)
    return SealedInputs(said_by, key, tuple(fields), echo, vault.seal(told, place=_place(said_by, key)))


def _place(said_by: int, key: str) -> str:
    return f"inputs:{said_by}:{key}"


def keep_inputs(tx: Tx, line_id: int, inputs: SealedInputs) -> None:
    """Keep them with the line that they are for."""
    tx.execute(
        insert(table_of(LineInputs)),
        {
            "line_id": line_id,
            "said_by": inputs.said_by,
            "key": inputs.key,
            "fields": [one.as_row() for one in inputs.fields],
            "echo": dict(inputs.echo),
            "sealed": inputs.sealed,
            "said_at": tx.now,
        },
    )


def find_inputs(view: View, line_id: int) -> KeptInputs | None:
    """What was said for a line, still closed; None: nothing had to be."""
    row = view.execute(_ALL.where(LineInputs.line_id == line_id)).first()
    return None if row is None else _kept(row)


def list_inputs(view: View, line_ids: Sequence[int]) -> Sequence[KeptInputs]:
    """The same for some lines, in their order."""
    rows = view.execute(_ALL.where(LineInputs.line_id.in_(line_ids)).order_by(LineInputs.line_id))
    return [_kept(row) for row in rows]


def look_at_inputs(tx: Tx, line_id: int, *, by: str) -> KeptInputs | None:
    """Record a look at what was said for a line, and fetch it closed. Each look is a row of its own."""
    found = find_inputs(tx, line_id)
    if found is not None:
        tx.execute(insert(Reveal).values(line_id=line_id, at=tx.now, by=by))
    return found


def forget_inputs(tx: Tx) -> int:
    """Forget what nobody needs any more. Returns of how many lines."""
    old = update(table_of(LineInputs)).where(
        LineInputs.sealed.is_not(None), LineInputs.said_at < tx.now - KEEP
    )
    return tx.execute(old.values(sealed=None)).rowcount


def _kept(row: Row[Any]) -> KeptInputs:
    place = _place(row.said_by, row.key)
    return KeptInputs(row.line_id, fields_of(row.fields), row.echo, row.sealed, place, row.said_at)


_ALL: Final = select(*LineInputs.__table__.columns)
