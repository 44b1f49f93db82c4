"""The first questions of a rule of markup: what it is for. A supplier, a category, or a product by its name or number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from admin_cmds.arguments import read_id
from admin_cmds.forms.form import BACK, SAY, Asked, Here, Next, Step
from admin_cmds.forms.new_product import MOST_CATEGORIES
from handlers.screen import Button, Line, LinkButton
from shop_core.catalog.errors import NoSuchVariant
from shop_core.catalog.overview import list_tree
from shop_core.catalog.read import VariantView, get_variant, pick
from shop_core.db.tx import View
from shop_core.pricing.example import find_bought
from shop_core.pricing.rules import Scope, Subject, check_subject

_MOST_FOUND: Final = 8


async def _ask_subject(here: Here) -> Asked:
    desk = here.desk
    suppliers = [
        LinkButton(name, here.link(Scope.SUPPLIER.value, name)) for name in desk.shop.policy.suppliers
    ]
    rows = [*in_rows(suppliers, 2), (here.button("admin.form.markup.by_category", "categories"),)]
    lines = (Line(desk.say("admin.form.ask.markup_for")),)
    return Asked(lines, tuple(rows), desk.say("admin.form.ask.markup_for.placeholder"))


async def _to_categories(_: Here, __: str) -> Next:
    return Next("markup_category", {})


async def _ask_category(here: Here) -> Asked:
    desk = here.desk
    tree = (await desk.shop.read(list_tree))[:MOST_CATEGORIES]
    buttons = [
        LinkButton(pick(branch.names, desk.language), here.link(Scope.CATEGORY.value, str(branch.id)))
        for branch in tree
    ]
    key = "admin.form.ask.markup_category" if tree else "admin.form.ask.markup_category.none"
    return Asked((Line(desk.say(key)),), tuple(in_rows(buttons, 2)))


async def _find(here: Here, text: str) -> Next:
    found = await here.desk.shop.read(_find_variants, text)
    if not found:
        raise NoSuchVariant
    if len(found) == 1:
        return await _for(here, Subject(Scope.VARIANT, str(found[0].id)))
    return Next("markup_which", {"found": [one.id for one in found]})


def _find_variants(view: View, text: str) -> Sequence[VariantView]:
    """By number, which may be that of any variant, else by the name of what is bought on demand."""
    number = read_id((text.strip(),))
    return find_bought(view, text, limit=_MOST_FOUND) if number is None else [get_variant(view, number)]


async def _ask_which(here: Here) -> Asked:
    desk = here.desk
    found = await desk.shop.read(lambda view: [get_variant(view, one) for one in here.answers["found"]])
    rows = tuple(
        (LinkButton(one.full_name(desk.language), here.link(Scope.VARIANT.value, str(one.id))),)
        for one in found
    )
    return Asked((Line(desk.say("admin.form.ask.markup_which")),), rows)


async def _take_supplier(here: Here, name: str) -> Next:
    return await _for(here, Subject(Scope.SUPPLIER, name))


async def _take_category(here: Here, name: str) -> Next:
    return await _for(here, Subject(Scope.CATEGORY, name))


async def _take_variant(here: Here, name: str) -> Next:
    return await _for(here, Subject(Scope.VARIANT, name))


async def _for(here: Here, subject: Subject) -> Next:
    await here.desk.shop.read(check_subject, subject)
    return Next("markup_percent", {"scope": subject.scope.value, "name": subject.name})


async def to_subject(_: Here, __: str) -> Next:
    """Back to the first question."""
    return Next("markup_for", {})


def in_rows(buttons: Sequence[Button], many: int) -> list[tuple[Button, ...]]:
    """Buttons, so many in a row."""
    return [tuple(buttons[at : at + many]) for at in range(0, len(buttons), many)]


SUBJECT: Final[Mapping[str, Step]] = {
    "markup_for": Step(
        1, _ask_subject, {SAY: _find, Scope.SUPPLIER.value: _take_supplier, "categories": _to_categories}
    ),
    "markup_category": Step(1, _ask_category, {Scope.CATEGORY.value: _take_category, BACK: to_subject}),
    "markup_which": Step(1, _ask_which, {Scope.VARIANT.value: _take_variant, BACK: to_subject}),
}
