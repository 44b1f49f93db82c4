"""A new product, or one more variant of one: name, category, price, variant, preview."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from admin_cmds import edits
from admin_cmds.command import Desk
from admin_cmds.forms.form import BACK, MAKE, SAY, Answers, Asked, Form, Here, Next, Step
from admin_cmds.forms.variants import (
    PRICE,
    VARIANT,
    NameTaken,
    ask_price,
    ask_variant,
    clean,
    money_of,
)
from admin_cmds.product_screen import product_show
from handlers.screen import Button, Line, LinkButton, Screen, Style, Weight
from shop_core.catalog.edit import NewProduct, NewVariant
from shop_core.catalog.errors import BadProduct
from shop_core.catalog.overview import find_product_named, list_tree
from shop_core.catalog.read import ProductState, get_product, pick
from shop_core.conversations.forms import DONE, FormState, move
from shop_core.customers.people import Address
from shop_core.db.tx import Tx, View
from shop_core.kernel.errors import ShopError

MOST_CATEGORIES: Final = 12
MOST_VARIANTS: Final = 10
PUBLISH: Final = "publish"

_PER_ROW: Final = 2


class FormMoved(ShopError):
    """Somebody went on with this form elsewhere. Nothing was made."""

    code = "admin.form_over"


# --------------------------------------------------------------------------------------------------- name


async def _ask_name(here: Here) -> Asked:
    return Asked(
        (Line(here.desk.say("admin.form.ask.name")),),
        placeholder=here.desk.say("admin.form.ask.name.placeholder"),
    )


async def _take_name(here: Here, text: str) -> Next:
    name = clean(text)
    if await here.desk.shop.read(find_product_named, here.desk.named([name])) is not None:
        raise NameTaken(name=name)
    return Next("category", {**here.answers, "name": name})


# --------------------------------------------------------------------------------------------------- category


async def _ask_category(here: Here) -> Asked:
    desk = here.desk
    tree = (await desk.shop.read(list_tree))[:MOST_CATEGORIES]
    buttons = [
        LinkButton(pick(branch.names, desk.language), here.link("pick", str(branch.id))) for branch in tree
    ]
    rows = [tuple(buttons[at : at + _PER_ROW]) for at in range(0, len(buttons), _PER_ROW)]
    rows.append((here.button("admin.form.no_category", "skip"),))
    key = "admin.form.ask.category" if tree else "admin.form.ask.category.first"
    lines = (Line(str(here.answers["name"]), Style.STRONG), Line(desk.say(key)))
    return Asked(lines, tuple(rows), desk.say("admin.form.ask.category.placeholder"))


async def _pick_category(here: Here, value: str) -> Next:
    known = {str(branch.id): branch for branch in await here.desk.shop.read(list_tree)}
    if value not in known:
        raise BadProduct(field="category")
    name = pick(known[value].names, here.desk.language)
    return Next("price", {**here.answers, "category_id": int(value), "category": name})


async def _name_category(here: Here, text: str) -> Next:
    return Next("price", {**here.answers, "category_id": None, "category": clean(text)})


async def _skip_category(here: Here, _: str) -> Next:
    return Next("price", {**here.answers, "category_id": None, "category": None})


async def _to_name(here: Here, _: str) -> Next:
    return Next("name", here.answers)


# --------------------------------------------------------------------------------------------------- price


async def _before_price(here: Here, _: str) -> Next:
    return Next("preview" if here.answers["variants"] else "category", here.answers)


# --------------------------------------------------------------------------------------------------- preview


async def _preview(here: Here) -> Asked:
    desk, answers = here.desk, here.answers
    lines = [Line(str(answers["name"]), Style.STRONG)]
    if answers.get("product_id") is None:
        lines.append(Line(_category_text(desk, answers)))
    lines += [Line(_variant_text(desk, one)) for one in answers["variants"]]
    if answers.get("product_id") is not None:
        rows: list[tuple[Button, ...]] = [
            (here.button("admin.form.add_variant", MAKE, "add", weight=Weight.PRIMARY),)
        ]
    else:
        lines.append(Line(desk.say("admin.form.preview.hint"), Style.MUTED))
        publish = here.button("admin.form.publish", MAKE, PUBLISH, weight=Weight.PRIMARY)
        rows = [(publish, here.button("admin.form.draft", MAKE, "draft"))]
    if len(answers["variants"]) < MOST_VARIANTS:
        rows.append((here.button("admin.form.more", "more"),))
    return Asked(tuple(lines), tuple(rows))


def _category_text(desk: Desk, answers: Answers) -> str:
    if answers["category"] is None:
        return desk.say("admin.form.in_none")
    key = "admin.form.in_new" if answers["category_id"] is None else "admin.form.in"
    return desk.say(key, name=answers["category"])


def _variant_text(desk: Desk, one: Mapping[str, Any]) -> str:
    cost = desk.say("admin.variant.cost", cost=desk.money(money_of(desk, one["cost"])))
    parts = [one["name"], desk.money(money_of(desk, one["price"])), *([cost] if one["cost"] else [])]
    return "   ".join(part for part in parts if part)


async def _one_more(here: Here, _: str) -> Next:
    """Another variant; the first one gets a name then, if it has none: customers have to tell them apart."""
    answers = here.answers
    if answers["variants"][-1]["name"]:
        return Next("price", answers)
    return Next("variant", {**_without_last(answers), "several": True})


async def _to_variant(here: Here, _: str) -> Next:
    return Next("variant", _without_last(here.answers))


def _without_last(answers: Answers) -> Answers:
    *kept, last = answers["variants"]
    return {**answers, "variants": kept, "price": last["price"], "cost": last["cost"]}


# --------------------------------------------------------------------------------------------------- making it


async def _make(here: Here, how: str) -> None:
    desk = here.desk
    await desk.shop.write(_make_all, desk.where, here.state, how, desk.actor)


def _make_all(tx: Tx, where: Address, state: FormState, how: str, by: str) -> None:
    """Category, product, variants and the form's end: all or nothing, and once."""
    answers, language = state.answers, tx.policy.languages[0]
    product_id = answers.get("product_id") or _make_product(tx, answers, language, by)
    for one in answers["variants"]:
        names = {language: one["name"]} if one["name"] else {}
        variant = NewVariant(product_id, one["price"], names, cost_minor=one["cost"])
        edits.make_variant(tx, variant, by)
    if how == PUBLISH:
        edits.put_state(tx, product_id, ProductState.PUBLISHED, by)
    if not move(tx, where, state, DONE, {"product_id": product_id}):
        raise FormMoved


def _make_product(tx: Tx, answers: Answers, language: str, by: str) -> int:
    category_id = answers["category_id"]
    if category_id is None and answers["category"] is not None:
        category_id = edits.make_category(tx, {language: answers["category"]}, None, by).id
    made = edits.make_product(tx, NewProduct({language: answers["name"]}, category_id), by)
    if not made.is_new:
        raise NameTaken(name=answers["name"])
    return made.id


async def _done(here: Here) -> Screen:
    screen = await product_show(here.desk, int(here.answers["product_id"]))
    return screen.with_toast(here.desk.say("admin.form.made"))


def begin_answers(view: View, product_id: int, languages: Sequence[str]) -> Answers:
    """What is known before the first question of a variant.

    Raises:
        NoSuchProduct: Not there.
    """
    product = get_product(view, product_id)
    return {"product_id": product.id, "name": pick(product.names, languages[0]), "variants": []}


_PREVIEW: Final = {"more": _one_more, BACK: _to_variant}

NEW_PRODUCT: Final = Form(
    first="name",
    length=4,
    steps={
        "name": Step(1, _ask_name, {SAY: _take_name}),
        "category": Step(
            2,
            _ask_category,
            {SAY: _name_category, "pick": _pick_category, "skip": _skip_category, BACK: _to_name},
        ),
        "price": Step(3, ask_price, {**PRICE, BACK: _before_price}),
        "variant": Step(4, ask_variant, VARIANT),
        "preview": Step(0, _preview, _PREVIEW),
    },
    make=_make,
    done=_done,
)

NEW_VARIANT: Final = Form(
    first="price",
    length=2,
    steps={
        "price": Step(1, ask_price, PRICE),
        "variant": Step(2, ask_variant, VARIANT),
        "preview": Step(0, _preview, _PREVIEW),
    },
    make=_make,
    done=_done,
)
