"""Products: the list of them, making one, putting it on sale and taking it off."""

from __future__ import annotations

from typing import Final

from admin_cmds import edits
from admin_cmds.command import Desk
from admin_cmds.links import link_to
from admin_cmds.product_screen import product_show
from handlers.screen import Button, Line, LinkButton, Screen, Style, Weight
from shop_core.catalog.edit import NewProduct
from shop_core.catalog.read import ProductState, ProductView, RefundTo, list_all_products, pick
from shop_core.kernel.money import Money

PAGE: Final = 8


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


async def product_add(
    desk: Desk, name: tuple[str, ...], en: str | None, category_id: int | None, description: str | None
) -> Screen:
    """Make a product as a draft."""
    described = {} if description is None else {desk.shop.policy.languages[0]: description}
    product = NewProduct(desk.named(name, en), category_id, described)
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
