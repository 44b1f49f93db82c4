"""One thing more that the buyers of a direct top-up are asked: what it looks like, what it is called, preview."""

from __future__ import annotations

from typing import Final

from admin_cmds.forms.form import BACK, MAKE, SAY, Answers, Asked, Form, Here, Next, Step
from admin_cmds.forms.new_product import FormMoved
from admin_cmds.goods_kind import add_field, field_text, goods
from handlers.screen import Line, Screen, Style, Weight
from shop_core.catalog.errors import BadField
from shop_core.catalog.goods import LONGEST_LABEL, Field, FieldKind
from shop_core.catalog.read import get_variant
from shop_core.conversations.forms import DONE, FormState, move
from shop_core.customers.people import Address
from shop_core.db.tx import Tx, View

_OPTIONAL: Final = "optional"


def begin_answers(view: View, variant_id: int) -> Answers:
    """What is known before the first question.

    Raises:
        NoSuchVariant: Not there.
    """
    return {"variant_id": get_variant(view, variant_id).id}


async def _ask_kind(here: Here) -> Asked:
    rows = tuple((here.button(f"admin.field.kind.{kind.value}", "kind", kind.value),) for kind in FieldKind)
    return Asked((Line(here.desk.say("admin.form.ask.field_kind")),), rows)


async def _take_kind(here: Here, value: str) -> Next:
    if value not in set(FieldKind):
        raise BadField(key="", problem="kind")
    return Next("field_label", {**here.answers, "kind": value})


async def _ask_label(here: Here) -> Asked:
    lines = (
        Line(here.desk.say(f"admin.field.kind.{here.answers['kind']}"), Style.STRONG),
        Line(here.desk.say("admin.form.ask.field_label")),
    )
    return Asked(lines, placeholder=here.desk.say("admin.form.ask.field_label.placeholder"))


async def _take_label(here: Here, text: str) -> Next:
    names = [" ".join(part.split()) for part in text.replace("／", "/").split("/")]
    languages = here.desk.shop.policy.languages
    labels = dict(zip(languages, names, strict=False))
    if len(names) > len(languages) or not all(0 < len(name) <= LONGEST_LABEL for name in names):
        raise BadField(key="", problem="label")
    following = "field_choices" if here.answers["kind"] == FieldKind.CHOICE else "preview"
    return Next(following, {**here.answers, "labels": labels, "choices": []})


async def _ask_choices(here: Here) -> Asked:
    lines = (Line(here.desk.say("admin.form.ask.field_choices")),)
    return Asked(lines, placeholder=here.desk.say("admin.form.ask.field_choices.placeholder"))


async def _take_choices(here: Here, text: str) -> Next:
    answers = {**here.answers, "choices": text.replace("，", " ").replace(",", " ").split()}
    _field(answers, is_required=True).require_good()
    return Next("preview", answers)


async def _preview(here: Here) -> Asked:
    lines = (Line(field_text(here.desk, _field(here.answers, is_required=True)), Style.STRONG),)
    must = here.button("admin.form.field_must", MAKE, "must", weight=Weight.PRIMARY)
    may = here.button("admin.form.field_may", MAKE, _OPTIONAL)
    return Asked(lines, ((must,), (may,)))


def _field(answers: Answers, *, is_required: bool) -> Field:
    """The field as answered. Its key is its first label: what suppliers call it is matched by what it looks like."""
    labels = dict(answers["labels"])
    key = next(iter(labels.values()))
    return Field(key, labels, FieldKind(answers["kind"]), is_required, tuple(answers["choices"]))


async def _to_kind(here: Here, _: str) -> Next:
    return Next("field_kind", {"variant_id": here.answers["variant_id"]})


async def _to_label(here: Here, _: str) -> Next:
    return Next("field_label", here.answers)


async def _make(here: Here, value: str) -> None:
    desk = here.desk
    await desk.shop.write(_add, desk.where, here.state, value != _OPTIONAL, desk.actor)


def _add(tx: Tx, where: Address, state: FormState, is_required: bool, by: str) -> None:  # noqa: FBT001
    add_field(tx, state.answers["variant_id"], _field(state.answers, is_required=is_required), by)
    if not move(tx, where, state, DONE, {"variant_id": state.answers["variant_id"]}):
        raise FormMoved


async def _done(here: Here) -> Screen:
    return await goods(here.desk, int(here.answers["variant_id"]), None)


NEW_FIELD: Final = Form(
    first="field_kind",
    length=2,
    steps={
        "field_kind": Step(1, _ask_kind, {"kind": _take_kind}),
        "field_label": Step(2, _ask_label, {SAY: _take_label, BACK: _to_kind}),
        "field_choices": Step(2, _ask_choices, {SAY: _take_choices, BACK: _to_label}),
        "preview": Step(0, _preview, {BACK: _to_label}),
    },
    make=_make,
    done=_done,
)
