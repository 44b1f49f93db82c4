"""The page of a product: what it is, what it costs, how many there are, and the buttons that buy."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.links import link
from handlers.screen import Button, Line, LinkButton, Screen, ShareButton, Style, Weight
from handlers.shelves import link_up, shelves_of, stock_words, way_up
from handlers.visit import Visit
from shop_core.catalog.errors import NoSuchProduct, NoSuchVariant
from shop_core.catalog.goods import GoodsKind
from shop_core.catalog.read import (
    ProductView,
    VariantView,
    get_product_for_sale,
    get_variant_for_sale,
    pick,
)
from shop_core.conversations.keys import new_key
from shop_core.customers.people import Customer
from shop_core.db.tx import View
from shop_core.delivery.available import count_available
from shop_core.delivery.restock import forget_wish, is_wished, wish
from shop_core.insight.exposure import Step
from shop_core.kernel.policy import Ask
from shop_core.orders.place import MOST_IN_ONE_ORDER
from shop_core.stock.count import Shelf
from shop_core.verification.need import find_missing_for_order


@dataclass(frozen=True, slots=True)
class _ProductPage:
    """A product with its stock, and the category that its way back leads to.

    ``missing``: what buying one would ask this person for first.
    """

    product: ProductView
    shelves: dict[int, Shelf]
    up: int | None
    wished: frozenset[int]
    missing: Ask


async def product(visit: Visit, product_id: int) -> Screen:
    """A product; with one variant, ready to buy."""
    page = await visit.shop.read(_page_of_product, product_id, visit.customer)
    found = page.product
    visit.expose(Step.OPENED, product_id)
    if len(found.variants) == 1:
        return _buying(visit, found.variants[0], page)
    rows = [
        (
            LinkButton(
                f"{pick(variant.names, visit.language)}  {visit.money(variant.price)}  "
                f"{stock_words(visit, page.shelves[variant.id])}",
                link("variant", variant_id=variant.id),
            ),
        )
        for variant in found.variants
    ]
    beside = _asked_first(visit, page) if rows else (Line(visit.say("product.nothing")),)
    lines = (*_about(visit, found), *beside)
    back = LinkButton(visit.say("button.back"), link_up(page.up))
    return Screen(lines, (*rows, (back, _share_button(visit, found))))


async def variant(visit: Visit, variant_id: int) -> Screen:
    """One variant of a product with several."""
    chosen, page = await visit.shop.read(_page_of_variant, variant_id, visit.customer)
    return _buying(visit, chosen, page)


async def tell_me(visit: Visit, variant_id: int) -> Screen:
    """Hear when it is back; who asks for what is there is shown that it is."""
    chosen = await visit.shop.read(get_variant_for_sale, variant_id)
    shelf = (await visit.shop.read(count_available, [chosen]))[variant_id]
    if shelf.count:
        return (await variant(visit, variant_id)).with_toast(visit.say("restock.there"))
    await visit.shop.write(wish, visit.customer, variant_id)
    return (await variant(visit, variant_id)).with_toast(visit.say("restock.noted"))


async def tell_me_not(visit: Visit, variant_id: int) -> Screen:
    """Not any more."""
    await visit.shop.write(forget_wish, visit.customer.person_id, variant_id)
    return (await variant(visit, variant_id)).with_toast(visit.say("restock.forgotten"))


def _page_of_product(view: View, product_id: int, customer: Customer) -> _ProductPage:
    found = get_product_for_sale(view, product_id)
    cheapest = min((variant.price.minor for variant in found.variants), default=0)
    return _page(view, found, customer, cheapest)


def _page_of_variant(view: View, variant_id: int, customer: Customer) -> tuple[VariantView, _ProductPage]:
    chosen = get_variant_for_sale(view, variant_id)
    found = get_product_for_sale(view, chosen.product_id)
    return chosen, _page(view, found, customer, chosen.price.minor)


def _page(view: View, found: ProductView, customer: Customer, total_minor: int) -> _ProductPage:
    shelves = shelves_of(view, [found])
    sold_out = [variant_id for variant_id, shelf in shelves.items() if not shelf.count]
    wished = frozenset(one for one in sold_out if is_wished(view, customer.person_id, one))
    missing = find_missing_for_order(view, customer, found.verify, total_minor)
    return _ProductPage(found, shelves, way_up(view, found.category_id), wished, missing)


def _buying(visit: Visit, chosen: VariantView, page: _ProductPage) -> Screen:
    found, shelf = page.product, page.shelves[chosen.id]
    say = visit.say
    facts = [visit.money(chosen.price), stock_words(visit, shelf)]
    if chosen.per_person is not None:
        facts.append(say("product.per_person", limit=chosen.per_person))
    title = Line(chosen.full_name(visit.language), Style.TITLE)
    lines = (title, *_about(visit, found)[1:], Line("   ".join(facts), Style.STRONG))
    rows: list[tuple[Button, ...]] = []
    most = min(shelf.count, chosen.per_order or MOST_IN_ONE_ORDER, chosen.per_person or MOST_IN_ONE_ORDER)
    if most:
        rows.append(tuple(_buy_button(visit, chosen, quantity) for quantity in (1, 2) if quantity <= most))
        lines = (*lines, *_asked_first(visit, page))
    if most > 2:  # noqa: PLR2004 - one and two have buttons of their own
        other = link("ask_quantity", variant_id=chosen.id, key=new_key(visit.shop.random))
        rows.append((LinkButton(say("product.other_quantity"), other),))
    if chosen.price_held:
        lines = (*lines, Line(say("product.price_checked"), Style.WARNING))
    elif not most:
        lines = (*lines, Line(say("product.sold_out"), Style.WARNING))
        rows.append((_wish_button(visit, chosen, is_wished=chosen.id in page.wished),))
    back = link("product", product_id=found.id) if len(found.variants) > 1 else link_up(page.up)
    rows.append((LinkButton(say("button.back"), back), _share_button(visit, found)))
    return Screen(lines, tuple(rows))


def _asked_first(visit: Visit, page: _ProductPage) -> tuple[Line, ...]:
    """What buying asks for, so that nobody finds out when he has decided already."""
    if page.missing is Ask.NOTHING:
        return ()
    return (Line(visit.say(f"product.verify.{page.missing.value}"), Style.MUTED),)


def _share_button(visit: Visit, found: ProductView) -> ShareButton:
    title = pick(found.names, visit.language)
    return ShareButton(visit.say("button.share"), link("product", product_id=found.id), title)


def _wish_button(visit: Visit, chosen: VariantView, *, is_wished: bool) -> LinkButton:
    if is_wished:
        return LinkButton(visit.say("restock.cancel"), link("tell_me_not", variant_id=chosen.id))
    return LinkButton(visit.say("restock.ask"), link("tell_me", variant_id=chosen.id), Weight.PRIMARY)


async def restocked_screen(visit: Visit, variant_id: int) -> Screen | None:
    """News for who asked for it: it is back, or was. None: it is not for sale any more."""
    try:
        chosen, page = await visit.shop.read(_page_of_variant, variant_id, visit.customer)
    except (NoSuchVariant, NoSuchProduct):
        return None
    shown = _buying(visit, chosen, page)
    is_there = page.shelves[variant_id].count > 0
    name = chosen.full_name(visit.language)
    title = visit.say("restock.back" if is_there else "restock.gone_again", name=name)
    rows = (*shown.rows[:-1], (LinkButton(visit.say("button.home"), link("home")),))
    return Screen((Line(title, Style.TITLE), *shown.lines[1:]), rows, slot=None, news=True)


def _buy_button(visit: Visit, chosen: VariantView, quantity: int) -> LinkButton:
    key = "product.top_up" if chosen.kind is GoodsKind.TOP_UP else "product.buy"
    text = visit.say.count(key, quantity, amount=visit.money(chosen.price * quantity))
    target = link("buy", variant_id=chosen.id, quantity=quantity, key=new_key(visit.shop.random))
    return LinkButton(text, target, Weight.PRIMARY if quantity == 1 else Weight.NORMAL)


def _about(visit: Visit, found: ProductView) -> tuple[Line, ...]:
    lines = [Line(pick(found.names, visit.language), Style.TITLE)]
    description = pick(found.descriptions, visit.language)
    lines += [Line(text) for text in description.splitlines()]
    lines += [
        Line(visit.say("product.attribute", name=name, value=value), Style.MUTED)
        for name, value in found.attributes.items()
    ]
    return tuple(lines)
