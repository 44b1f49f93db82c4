"""Variants: making one, its price, its limits, putting it on sale and taking it off."""

from __future__ import annotations

from dataclasses import replace

from admin_cmds import edits
from admin_cmds.command import Desk
from admin_cmds.product_screen import product_show
from handlers.screen import Screen
from shop_core.catalog.edit import NewVariant, set_hidden
from shop_core.catalog.read import get_variant
from shop_core.db.tx import Tx
from shop_core.kernel.money import Money
from shop_core.staff import audit


async def variant_add(  # noqa: PLR0913 - one parameter for each of the command's
    desk: Desk,
    *,
    product_id: int,
    price: Money,
    name: tuple[str, ...],
    en: str | None,
    cost: Money | None,
    per_order: int | None,
    per_person: int | None,
    sell_until_days: int,
) -> Screen:
    """Make a variant of a product."""
    variant = NewVariant(
        product_id,
        price.minor,
        desk.named(name, en) if name else {},
        cost_minor=0 if cost is None else cost.minor,
        per_order=per_order or None,
        per_person=per_person or None,
        sell_until_days=sell_until_days,
    )
    made = await edits.add_variant(desk.shop, variant, by=desk.actor)
    key = "admin.variant.made" if made.is_new else "admin.variant.there"
    return (await product_show(desk, product_id)).with_toast(desk.say(key, id=made.id))


async def set_price(desk: Desk, variant_id: int, price: Money, cost: Money | None) -> Screen:
    """Change a variant's price, and its cost if one is given."""
    old = await edits.set_price(desk.shop, variant_id, price, cost, by=desk.actor)
    return await priced_screen(desk, variant_id, old.price, old.cost)


async def priced_screen(desk: Desk, variant_id: int, price: Money, cost: Money) -> Screen:
    """A product after one of its prices has changed, with the way back to the old one."""
    variant = await desk.shop.read(get_variant, variant_id)
    now = desk.money(variant.price)
    screen = await product_show(desk, variant.product_id)
    toast = desk.say("admin.price.done", name=variant.full_name(desk.language), price=now)
    if (price, cost) == (variant.price, variant.cost):
        return screen.with_toast(toast)
    words = ("price", str(variant_id), price.decimal_text(), cost.decimal_text())
    undo = desk.button("admin.button.price_back", *words, price=desk.money(price))
    return replace(screen, rows=((undo,), *screen.rows)).with_toast(toast)


async def set_limits(desk: Desk, variant_id: int, per_order: int, per_person: int) -> Screen:
    """Change a variant's limits; 0 is none."""
    product_id = await edits.set_limits(
        desk.shop, variant_id, per_order=per_order or None, per_person=per_person or None, by=desk.actor
    )
    return (await product_show(desk, product_id)).with_toast(desk.say("admin.limits.done", id=variant_id))


async def variant_hide(desk: Desk, variant_id: int) -> Screen:
    """Take a variant off sale; placed orders go on."""
    product_id = await desk.shop.write(_hide, variant_id, True, desk.actor)  # noqa: FBT003 - passed through a transaction
    return (await product_show(desk, product_id)).with_toast(desk.say("admin.variant.now_hidden"))


async def variant_publish(desk: Desk, variant_id: int) -> Screen:
    """Put a variant on sale again."""
    product_id = await desk.shop.write(_hide, variant_id, False, desk.actor)  # noqa: FBT003 - passed through a transaction
    return (await product_show(desk, product_id)).with_toast(desk.say("admin.variant.now_shown"))


def _hide(tx: Tx, variant_id: int, is_hidden: bool, by: str) -> int:  # noqa: FBT001 - what the row says
    variant = get_variant(tx, variant_id)
    if variant.hidden is not is_hidden:
        set_hidden(tx, variant_id, is_hidden=is_hidden)
        command = "variant hide" if is_hidden else "variant publish"
        audit.record(tx, actor=by, command=command, details={"variant": variant_id})
    return variant.product_id
