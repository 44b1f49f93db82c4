"""Categories, products, variants: looking at them and changing them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from admin_cmds import edits
from admin_cmds.command import Desk
from admin_cmds.links import link_to
from admin_cmds.scenes import qr_row
from admin_cmds.verifying import verify_row
from handlers.screen import Button, Line, LinkButton, Screen, Style, Weight
from shop_core.catalog.edit import NewProduct, NewVariant
from shop_core.catalog.goods import GoodsKind
from shop_core.catalog.overview import Branch, list_tree
from shop_core.catalog.read import (
    ProductState,
    ProductView,
    RefundTo,
    VariantView,
    get_product,
    get_variant,
    list_all_products,
    pick,
)
from shop_core.db.tx import View
from shop_core.kernel.money import Money
from shop_core.pricing.follow import followed_costs
from shop_core.staff.roles import Right
from shop_core.stock.count import Shelf, count_on_shelf
from shop_core.supply.routing import list_routed

PAGE: Final = 8
_SHORT_NAME: Final = 5
"""Characters that a third of a phone's width has room for beside what the button does."""


@dataclass(frozen=True, slots=True)
class _Seen:
    product: ProductView
    shelves: dict[int, Shelf]
    followed: dict[int, Money]
    routed: frozenset[int]


async def category_list(desk: Desk) -> Screen:
    """All categories as a tree, with the numbers that other commands want."""
    tree = await desk.shop.read(list_tree)
    lines = [Line(desk.say("admin.categories.title"), Style.TITLE)]
    lines += [Line(_branch(desk, branch)) for branch in tree]
    if not tree:
        lines.append(Line(desk.say("admin.categories.none"), Style.MUTED))
    rows = ((desk.button("admin.button.category_add", "category", "add"),), _goods_row(desk))
    return Screen(tuple(lines), rows)


def _branch(desk: Desk, branch: Branch) -> str:
    return f"{'　' * branch.depth}#{branch.id} {pick(branch.names, desk.language)}"


async def category_add(desk: Desk, name: tuple[str, ...], en: str | None, parent_id: int | None) -> Screen:
    """Make a category."""
    made = await edits.add_category(desk.shop, _names(desk, name, en), parent_id, by=desk.actor)
    key = "admin.categories.made" if made.is_new else "admin.categories.there"
    return (await category_list(desk)).with_toast(desk.say(key, id=made.id))


async def product_list(desk: Desk, page: int) -> Screen:
    """Every product, drafts and hidden ones too."""
    offset = (max(page, 1) - 1) * PAGE
    products = await desk.shop.read(list_all_products, limit=PAGE + 1, offset=offset)
    lines = [Line(desk.say("admin.products.title"), Style.TITLE)]
    if not products:
        lines.append(Line(desk.say("admin.products.none"), Style.MUTED))
    rows: list[tuple[Button, ...]] = [(_product_button(desk, product),) for product in products[:PAGE]]
    pages: list[Button] = []
    if page > 1:
        pages.append(desk.button("button.previous", "product", "list", str(page - 1)))
    if len(products) > PAGE:
        pages.append(desk.button("button.next", "product", "list", str(page + 1)))
    if pages:
        rows.append(tuple(pages))
    add = desk.button("admin.button.product_add", "product", "add", weight=Weight.PRIMARY)
    rows.append((add, desk.button("admin.button.categories", "category", "list")))
    return Screen(tuple(lines), (*rows, (desk.home_button(),)))


def _product_button(desk: Desk, product: ProductView) -> LinkButton:
    state = desk.say(f"admin.product.{product.state.value}")
    prices = sorted({variant.price.minor for variant in product.variants})
    price = desk.money(Money(prices[0], desk.shop.policy.currency)) if prices else ""
    text = f"#{product.id} {pick(product.names, desk.language)}  {price}  {state}"
    return LinkButton(text, link_to("product", "show", str(product.id)))


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
        _goods_row(desk),
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


def _goods_row(desk: Desk) -> tuple[Button, ...]:
    return desk.button("admin.button.products", "product", "list"), desk.home_button()


async def product_add(
    desk: Desk, name: tuple[str, ...], en: str | None, category_id: int | None, description: str | None
) -> Screen:
    """Make a product as a draft."""
    described = {} if description is None else {desk.shop.policy.languages[0]: description}
    product = NewProduct(_names(desk, name, en), category_id, described)
    made = await edits.add_product(desk.shop, product, by=desk.actor)
    key = "admin.product.made" if made.is_new else "admin.product.there"
    return (await product_show(desk, made.id)).with_toast(desk.say(key, id=made.id))


async def product_publish(desk: Desk, product_id: int) -> Screen:
    """Put a product on sale."""
    await edits.set_state(desk.shop, product_id, ProductState.PUBLISHED, by=desk.actor)
    return (await product_show(desk, product_id)).with_toast(desk.say("admin.product.now_published"))


async def product_hide(desk: Desk, product_id: int) -> Screen:
    """Take a product off sale; placed orders go on."""
    await edits.set_state(desk.shop, product_id, ProductState.HIDDEN, by=desk.actor)
    return (await product_show(desk, product_id)).with_toast(desk.say("admin.product.now_hidden"))


async def product_refund(desk: Desk, product_id: int, to: str) -> Screen:
    """Choose where the money goes when nobody can deliver."""
    await edits.set_refund_to(desk.shop, product_id, RefundTo(to), by=desk.actor)
    return (await product_show(desk, product_id)).with_toast(desk.say(f"admin.product.now_refund_{to}"))


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
        _names(desk, name, en) if name else {},
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


def _names(desk: Desk, name: tuple[str, ...], en: str | None) -> dict[str, str]:
    """What was typed is in the shop's first language; ``--en`` adds the English."""
    names = {desk.shop.policy.languages[0]: " ".join(name).strip()}
    if en is not None:
        names["en"] = en.strip()
    return names
