"""Forms that are filled in one question at a time, kept until they are done, so that a restart loses nobody's work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import delete, select, update

from shop_core.conversations.keys import new_key
from shop_core.conversations.models import FormRow
from shop_core.customers.people import Address
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or

LASTS: Final = timedelta(days=1)
DONE: Final = "done"
"""The step of a form whose work is done: it stays for whoever presses its last button again."""


@dataclass(frozen=True, slots=True)
class FormState:
    """How far somebody is with a form."""

    key: str
    form: str
    step: str
    answers: Mapping[str, Any]


def begin(tx: Tx, where: Address, form: str, step: str, answers: Mapping[str, Any]) -> FormState:
    """Begin a form, in the place of whatever was begun in this chat before."""
    key = new_key(tx.random)
    values = {
        "key": key,
        "form": form,
        "step": step,
        "answers": dict(answers),
        "until": tx.now + LASTS,
    }
    tx.execute(
        insert_or(tx, FormRow)
        .values(channel=where.channel, external_id=where.external_id, **values)
        .on_conflict_do_update(index_elements=[FormRow.channel, FormRow.external_id], set_=values)
    )
    return FormState(key, form, step, answers)


def find_form(view: View, where: Address, key: str) -> FormState | None:
    """The form of this key in this chat; None: it was given up, another took its place, or it is too old."""
    row = view.execute(
        select(FormRow.form, FormRow.step, FormRow.answers).where(
            FormRow.channel == where.channel,
            FormRow.external_id == where.external_id,
            FormRow.key == key,
            FormRow.until > view.now,
        )
    ).first()
    return None if row is None else FormState(key, row.form, row.step, row.answers)


def move(tx: Tx, where: Address, state: FormState, step: str, answers: Mapping[str, Any]) -> bool:
    """Go to a step with what has been answered so far.

    Returns:
        False: the form is not where ``state`` saw it: somebody was faster, or it is over. Nothing changed.
    """
    moved = tx.execute(
        update(FormRow)
        .where(
            FormRow.channel == where.channel,
            FormRow.external_id == where.external_id,
            FormRow.key == state.key,
            FormRow.step == state.step,
        )
        .values(step=step, answers=dict(answers), until=tx.now + LASTS)
    )
    return moved.rowcount == 1


def give_up(tx: Tx, where: Address, key: str) -> None:
    """Forget a form."""
    tx.execute(
        delete(FormRow).where(
            FormRow.channel == where.channel,
            FormRow.external_id == where.external_id,
            FormRow.key == key,
        )
    )


def purge(tx: Tx) -> int:
    """Forget forms that nobody goes on with. Returns how many."""
    return tx.execute(delete(FormRow).where(FormRow.until <= tx.now)).rowcount
