"""The questions about a variant: what it costs, and what it is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from admin_cmds.command import Desk
from admin_cmds.forms.form import BACK, SAY, Act, Answers, Asked, Here, Next
from admin_cmds.forms.prices import read_price
from handlers.screen import Line, Style
from shop_core.catalog.edit import LONGEST_NAME
from shop_core.catalog.errors import BadProduct
from shop_core.catalog.overview import find_variant_named
from shop_core.kernel.errors import ShopError
from shop_core.kernel.money import Money


class NameTaken(ShopError):
    """There is one of this name already. Nothing was made."""

    code = "admin.name_taken"


def clean(text: str) -> str:
    name = " ".join(text.split())
    if not 0 < len(name) <= LONGEST_NAME:
        raise BadProduct(field="name")
    return name


def money_of(desk: Desk, minor: int) -> Money:
    return Money(int(minor), desk.shop.policy.currency)


# --------------------------------------------------------------------------------------------------- price


async def ask_price(here: Here) -> Asked:
    desk = here.desk
    lines = (Line(str(here.answers["name"]), Style.STRONG), Line(desk.say("admin.form.ask.price")))
    return Asked(lines, placeholder=desk.say("admin.form.ask.price.placeholder"))


async def take_price(here: Here, text: str) -> Next:
    price, cost = read_price(here.desk, text)
    costs = 0 if cost is None else cost.minor
    return Next("variant", {**here.answers, "price": price.minor, "cost": costs})


# --------------------------------------------------------------------------------------------------- variant


async def ask_variant(here: Here) -> Asked:
    desk, answers = here.desk, here.answers
    price = desk.money(money_of(desk, answers["price"]))
    lines = (
        Line(f"{answers['name']}   {price}", Style.STRONG),
        Line(desk.say("admin.form.ask.variant")),
    )
    only = not answers["variants"] and not answers.get("several")
    rows = ((here.button("admin.form.only_one", "skip"),),) if only else ()
    return Asked(lines, rows, desk.say("admin.form.ask.variant.placeholder"))


async def _name_variant(here: Here, text: str) -> Next:
    name = clean(text)
    there = here.answers.get("product_id")
    if any(one["name"] == name for one in here.answers["variants"]) or (
        there is not None
        and await here.desk.shop.read(find_variant_named, int(there), here.desk.named([name])) is not None
    ):
        raise NameTaken(name=name)
    return _with_variant(here.answers, name)


async def _only_one(here: Here, _: str) -> Next:
    return _with_variant(here.answers, "")


def _with_variant(answers: Answers, name: str) -> Next:
    made = {"name": name, "price": answers["price"], "cost": answers["cost"]}
    more = {**answers, "variants": [*answers["variants"], made]}
    # The one that had no name has one now, because another is to stand beside it.
    return Next("price" if more.pop("several", None) else "preview", more)


async def _to_price(here: Here, _: str) -> Next:
    return Next("price", here.answers)


PRICE: Final[Mapping[str, Act]] = {SAY: take_price}
VARIANT: Final[Mapping[str, Act]] = {SAY: _name_variant, "skip": _only_one, BACK: _to_price}
