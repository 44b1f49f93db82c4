"""Another price for a variant: typed, looked at beside the old one, set, and taken back by one press."""

from __future__ import annotations

from typing import Final

from admin_cmds import edits
from admin_cmds.command import Desk
from admin_cmds.forms.form import BACK, MAKE, SAY, Answers, Asked, Form, Here, Next, Step
from admin_cmds.forms.new_product import FormMoved
from admin_cmds.forms.prices import read_price
from admin_cmds.variants import priced_screen
from handlers.screen import Line, Screen, Style, Weight
from shop_core.catalog.read import VariantView, get_variant
from shop_core.conversations.forms import DONE, FormState, move
from shop_core.customers.people import Address
from shop_core.db.tx import Tx, View
from shop_core.kernel.errors import ShopError
from shop_core.kernel.money import Money


class PriceMoved(ShopError):
    """Somebody changed the price since it was shown. It was left as it is."""

    code = "admin.price_moved"


def begin_answers(view: View, variant_id: int) -> Answers:
    """What is known before the question.

    Raises:
        NoSuchVariant: Not there.
    """
    return {"variant_id": get_variant(view, variant_id).id}


async def _ask(here: Here) -> Asked:
    desk = here.desk
    variant = await desk.shop.read(get_variant, int(here.answers["variant_id"]))
    lines = (
        Line(variant.full_name(desk.language), Style.STRONG),
        Line(
            desk.say("admin.form.price.now", price=desk.money(variant.price), cost=desk.money(variant.cost))
        ),
        Line(desk.say("admin.form.price.new")),
    )
    return Asked(lines, placeholder=desk.say("admin.form.ask.price.placeholder"))


async def _take(here: Here, text: str) -> Next:
    price, cost = read_price(here.desk, text)
    variant = await here.desk.shop.read(get_variant, int(here.answers["variant_id"]))
    new = {"price": price.minor, "cost": None if cost is None else cost.minor}
    return Next("preview", {"variant_id": variant.id, **new, "from": variant.price.minor})


async def _preview(here: Here) -> Asked:
    desk = here.desk
    variant = await desk.shop.read(get_variant, int(here.answers["variant_id"]))
    price = _money(desk, here.answers["price"])
    lines = [
        Line(variant.full_name(desk.language), Style.STRONG),
        Line(desk.say("admin.form.price.change", old=desk.money(variant.price), new=desk.money(price))),
        *_cost_lines(here, variant),
        Line(desk.say("admin.form.price.hint"), Style.MUTED),
    ]
    yes = here.button("admin.form.price.yes", MAKE, weight=Weight.PRIMARY, price=desk.money(price))
    return Asked(tuple(lines), ((yes,),))


def _cost_lines(here: Here, variant: VariantView) -> list[Line]:
    cost = here.answers["cost"]
    if cost is None:
        return []
    desk = here.desk
    old, new = desk.money(variant.cost), desk.money(_money(desk, cost))
    return [Line(desk.say("admin.form.cost.change", old=old, new=new))]


def _money(desk: Desk, minor: int) -> Money:
    return Money(int(minor), desk.shop.policy.currency)


async def _again(here: Here, _: str) -> Next:
    return Next("price", {"variant_id": here.answers["variant_id"]})


async def _make(here: Here, _: str) -> None:
    desk = here.desk
    is_set = await desk.shop.write(_set, desk.where, here.state, desk.actor)
    if not is_set:
        raise PriceMoved


def _set(tx: Tx, where: Address, state: FormState, by: str) -> bool:
    """Set it if it still is what the preview showed; otherwise the next preview shows what it is."""
    answers, currency = state.answers, tx.policy.currency
    now = get_variant(tx, answers["variant_id"]).price.minor
    if now != answers["from"]:
        move(tx, where, state, state.step, {**answers, "from": now})
        return False
    price = Money(answers["price"], currency)
    cost = None if answers["cost"] is None else Money(answers["cost"], currency)
    old = edits.change_price(tx, answers["variant_id"], price, cost, by)
    kept = {"variant_id": answers["variant_id"], "old": old.price.minor, "old_cost": old.cost.minor}
    if not move(tx, where, state, DONE, kept):
        raise FormMoved
    return True


async def _done(here: Here) -> Screen:
    desk, answers = here.desk, here.answers
    old = _money(desk, answers["old"]), _money(desk, answers["old_cost"])
    return await priced_screen(desk, int(answers["variant_id"]), *old)


NEW_PRICE: Final = Form(
    first="price",
    length=1,
    steps={"price": Step(1, _ask, {SAY: _take}), "preview": Step(0, _preview, {BACK: _again})},
    make=_make,
    done=_done,
)
