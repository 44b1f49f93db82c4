"""The screen of a product: its variants with what they cost and what is left, and what can be done to each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from admin_cmds.command import Desk
from admin_cmds.scenes import qr_row
from admin_cmds.verifying import verify_row
from handlers.screen import Button, Line, Screen, Style, Weight
from shop_core.catalog.goods import GoodsKind
from shop_core.catalog.read import ProductState, ProductView, RefundTo, VariantView, get_product, pick
from shop_core.db.tx import View
from shop_core.kernel.money import Money
from shop_core.pricing.follow import followed_costs
from shop_core.staff.roles import Right
from shop_core.stock.count import Shelf, count_on_shelf
from shop_core.supply.routing import list_routed

_SHORT_NAME: Final = 5
"""Characters that a third of a phone's width has room for beside what the button does."""


@dataclass(frozen=True, slots=True)
class _Seen:
    product: ProductView
    shelves: dict[int, Shelf]
    followed: dict[int, Money]
    routed: frozenset[int]


async def product_show(desk: Desk, product_id: int) -> Screen:
    """One product, with what can be done to it."""
    seen = await desk.shop.read(_see, product_id)
    product = seen.product
    state = desk.say(f"admin.product.{product.state.value}")
    title = f"#{product.id} {pick(product.names, desk.language)}   {state}"
    lines = [Line(title, Style.TITLE)]
    lines += [Line(text, Style.MUTED) for text in pick(product.descriptions, desk.language).splitlines()]
    lines += [Line(_variant_text(desk, variant, seen)) for variant in product.variants]
    if not product.variants:
        lines.append(Line(desk.say("admin.product.no_variant")))
    if product.refund_to is RefundTo.WALLET:
        lines.append(Line(desk.say("admin.product.refund_wallet"), Style.MUTED))
    rows = [row for variant in product.variants for row in _variant_rows(desk, variant)]
    last = (
        *_refund_row(desk, product),
        verify_row(desk, product),
        _state_row(desk, product),
        *qr_row(desk, product.id),
        goods_row(desk),
    )
    return Screen(tuple(lines), (*rows, *last))


def _see(view: View, product_id: int) -> _Seen:
    product = get_product(view, product_id)
    pairs = [(variant.id, variant.sell_until_days) for variant in product.variants]
    ids = [variant.id for variant in product.variants]
    return _Seen(product, count_on_shelf(view, pairs), followed_costs(view, ids), list_routed(view, ids))


def _variant_text(desk: Desk, variant: VariantView, seen: _Seen) -> str:
    shelf, followed = seen.shelves[variant.id], seen.followed.get(variant.id)
    facts = [
        f"#{variant.id} {pick(variant.names, desk.language)}".strip(),
        desk.money(variant.price),
    ]
    if desk.may(Right.BOOKS):
        key = "admin.variant.cost" if followed is None else "admin.variant.follows"
        facts.append(desk.say(key, cost=desk.money(variant.cost if followed is None else followed)))
    is_routed = variant.id in seen.routed
    if variant.kind is GoodsKind.TOP_UP:
        facts.append(desk.say("admin.goods.top_up"))
    elif shelf.count or not is_routed:
        facts.append(stock_text(desk, shelf))
    if is_routed:
        facts.append(desk.say("admin.variant.routed"))
    if variant.hidden:
        facts.append(desk.say("admin.variant.hidden"))
    if variant.price_held:
        facts.append(desk.say("admin.variant.held"))
    if variant.per_order is not None:
        facts.append(desk.say("admin.variant.per_order", n=variant.per_order))
    if variant.per_person is not None:
        facts.append(desk.say("admin.variant.per_person", n=variant.per_person))
    if variant.sell_until_days:
        facts.append(desk.say("admin.variant.sell_until", n=variant.sell_until_days))
    return " · ".join(facts)


def stock_text(desk: Desk, shelf: Shelf) -> str:
    """How many are left, as staff want to read it."""
    return desk.say("admin.stock.many" if shelf.is_more else "admin.stock.count", n=shelf.count)


def _variant_rows(desk: Desk, variant: VariantView) -> tuple[tuple[Button, ...], ...]:
    """What can be done to a variant: side by side where the name is short enough to be read on each."""
    name = pick(variant.names, desk.language) or f"#{variant.id}"
    stock = desk.button("admin.button.import", "import", str(variant.id), weight=Weight.PRIMARY, name=name)
    price = desk.button("admin.button.price", "price", str(variant.id), name=name)
    limits = desk.button("admin.button.limits", "limits", str(variant.id), name=name)
    kind = desk.button("admin.button.goods", "goods", str(variant.id), name=name)
    if variant.hidden:
        shown = desk.button("admin.button.variant_publish", "variant", "publish", str(variant.id), name=name)
        return (shown,), (stock,), (price, limits)
    if variant.kind is GoodsKind.TOP_UP:
        return ((price, limits, kind),) if len(name) <= _SHORT_NAME else ((kind,), (price, limits))
    short = (stock, price, limits), (kind,)
    return short if len(name) <= _SHORT_NAME else ((stock,), (price, limits), (kind,))


def _state_row(desk: Desk, product: ProductView) -> tuple[Button, ...]:
    number = str(product.id)
    add = desk.button("admin.button.variant_add", "variant", "add", number)
    if product.state is ProductState.PUBLISHED:
        return add, desk.button("admin.button.hide", "product", "hide", number, weight=Weight.DANGER)
    return add, desk.button("admin.button.publish", "product", "publish", number, weight=Weight.PRIMARY)


def _refund_row(desk: Desk, product: ProductView) -> tuple[tuple[Button, ...], ...]:
    """Where the money goes when nobody can deliver: asked about where a top-up may fail after paying."""
    if not any(variant.kind is GoodsKind.TOP_UP for variant in product.variants):
        return ()
    number = str(product.id)
    if product.refund_to is RefundTo.WALLET:
        return ((desk.button("admin.button.no_goods_payer", "product", "refund", number, RefundTo.PAYER),),)
    return ((desk.button("admin.button.no_goods_wallet", "product", "refund", number, RefundTo.WALLET),),)


def goods_row(desk: Desk) -> tuple[Button, ...]:
    """On to all products, or home."""
    return desk.button("admin.button.products", "product", "list"), desk.home_button()
