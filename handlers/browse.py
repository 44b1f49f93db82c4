"""Looking around: home, categories, products, search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from handlers.links import link
from handlers.screen import Button, Line, LinkButton, Prompt, Screen, ShareButton, Style, Weight
from handlers.visit import Visit
from shop_core.catalog.errors import NoSuchCategory
from shop_core.catalog.read import (
    CategoryView,
    ProductView,
    VariantView,
    count_products,
    get_category,
    get_product_for_sale,
    get_variant_for_sale,
    list_categories,
    list_products,
    pick,
    search_products,
)
from shop_core.conversations.keys import new_key
from shop_core.db.tx import View
from shop_core.insight.exposure import Step
from shop_core.kernel.money import Money
from shop_core.orders.place import MOST_IN_ONE_ORDER
from shop_core.stock.count import Shelf, count_on_shelf
from shop_core.wallet.balance import balance_of

SMALL_SHOP: Final = 8
"""A shop with so few products shows them all on its first screen, without categories."""
PAGE: Final = 8
"""Products on a page: what a phone shows without scrolling."""
ON_HOME: Final = 4
CATEGORIES_IN_ROW: Final = 2


@dataclass(frozen=True, slots=True)
class _Shown:
    """Products with their stock, as one read found them."""

    products: Sequence[ProductView]
    shelves: dict[int, Shelf]
    categories: Sequence[CategoryView]
    has_more: bool
    balance: Money
    title: str = ""
    up: int | None = None


@dataclass(frozen=True, slots=True)
class _ProductPage:
    """A product with its stock, and the category that its way back leads to."""

    product: ProductView
    shelves: dict[int, Shelf]
    up: int | None


async def home(visit: Visit) -> Screen:
    """What can be bought, at once."""
    shown = await visit.shop.read(_home, visit.customer.person_id)
    visit.expose(Step.SHOWN, *(product.id for product in shown.products))
    say = visit.say
    lines = [Line(visit.shop.policy.name, Style.TITLE), Line(say("home.tagline"), Style.MUTED)]
    if not shown.products:
        lines.append(Line(say("home.empty")))
    rows: list[tuple[Button, ...]] = [
        (_product_button(visit, product, shown.shelves),) for product in shown.products
    ]
    rows += _category_rows(visit, shown.categories)
    if shown.has_more:
        rows.append(
            (
                LinkButton(say("home.all"), link("all", page=1)),
                LinkButton(say("home.search"), link("ask_search")),
            )
        )
    wallet = say("home.balance", amount=visit.money(shown.balance))
    rows.append((LinkButton(say("home.orders"), link("orders")), LinkButton(wallet, link("balance"))))
    last = LinkButton(say("home.help"), link("help"))
    if len(visit.shop.policy.languages) > 1:
        rows.append((LinkButton(say("home.language"), link("language")), last))
    else:
        rows.append((last,))
    return Screen(tuple(lines), tuple(rows))


def _home(view: View, person_id: int) -> _Shown:
    is_small = count_products(view) <= SMALL_SHOP
    products = list_products(view, category_id=None, limit=SMALL_SHOP if is_small else ON_HOME)
    categories = [] if is_small else list_categories(view, None)
    return _Shown(products, _shelves(view, products), categories, not is_small, balance_of(view, person_id))


async def category(visit: Visit, category_id: int, page: int = 1) -> Screen:
    """A category: its sub-categories, then its products. Where there is only one of all, that one at once."""
    shown = await visit.shop.read(_category, category_id, page, visit.language, visit.customer.person_id)
    if page == 1 and len(shown.products) + len(shown.categories) == 1:
        if shown.products:
            return await product(visit, shown.products[0].id)
        return await category(visit, shown.categories[0].id)
    visit.expose(Step.SHOWN, *(product.id for product in shown.products))
    rows = [*_category_rows(visit, shown.categories)] if page == 1 else []
    rows += [(_product_button(visit, product, shown.shelves),) for product in shown.products]
    pages = _pages(visit, page, has_more=shown.has_more, endpoint="category_page", category_id=category_id)
    back = LinkButton(visit.say("button.back"), _link_up(shown.up))
    return Screen((Line(shown.title, Style.TITLE),), (*rows, *pages, (back,)))


def _category(view: View, category_id: int, page: int, language: str, person_id: int) -> _Shown:
    found = get_category(view, category_id)
    products = list_products(view, category_id=category_id, limit=PAGE + 1, offset=(max(page, 1) - 1) * PAGE)
    return _Shown(
        products[:PAGE],
        _shelves(view, products[:PAGE]),
        list_categories(view, category_id),
        len(products) > PAGE,
        balance_of(view, person_id),
        pick(found.names, language),
        _way_up(view, found.parent_id),
    )


async def all_products(visit: Visit, page: int) -> Screen:
    """Everything there is, page by page."""
    shown = await visit.shop.read(_all, page, visit.customer.person_id)
    visit.expose(Step.SHOWN, *(product.id for product in shown.products))
    rows = [(_product_button(visit, product, shown.shelves),) for product in shown.products]
    pages = _pages(visit, page, has_more=shown.has_more, endpoint="all")
    back = LinkButton(visit.say("button.back"), link("home"))
    return Screen((Line(visit.say("all.title"), Style.TITLE),), (*rows, *pages, (back,)))


def _all(view: View, page: int, person_id: int) -> _Shown:
    products = list_products(view, category_id=None, limit=PAGE + 1, offset=(max(page, 1) - 1) * PAGE)
    shown = products[:PAGE]
    return _Shown(shown, _shelves(view, shown), [], len(products) > PAGE, balance_of(view, person_id))


async def product(visit: Visit, product_id: int) -> Screen:
    """A product; with one variant, ready to buy."""
    page = await visit.shop.read(_page_of_product, product_id)
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
    lines = (*_about(visit, found), *(() if rows else (Line(visit.say("product.nothing")),)))
    back = LinkButton(visit.say("button.back"), _link_up(page.up))
    return Screen(lines, (*rows, (back, _share_button(visit, found))))


async def variant(visit: Visit, variant_id: int) -> Screen:
    """One variant of a product with several."""
    chosen, page = await visit.shop.read(_page_of_variant, variant_id)
    return _buying(visit, chosen, page)


def _page_of_product(view: View, product_id: int) -> _ProductPage:
    found = get_product_for_sale(view, product_id)
    return _ProductPage(found, _shelves(view, [found]), _way_up(view, found.category_id))


def _page_of_variant(view: View, variant_id: int) -> tuple[VariantView, _ProductPage]:
    chosen = get_variant_for_sale(view, variant_id)
    return chosen, _page_of_product(view, chosen.product_id)


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
    if most > 2:  # noqa: PLR2004 - one and two have buttons of their own
        other = link("ask_quantity", variant_id=chosen.id, key=new_key(visit.shop.random))
        rows.append((LinkButton(say("product.other_quantity"), other),))
    if not most:
        lines = (*lines, Line(say("product.sold_out"), Style.WARNING))
    back = link("product", product_id=found.id) if len(found.variants) > 1 else _link_up(page.up)
    rows.append((LinkButton(say("button.back"), back), _share_button(visit, found)))
    return Screen(lines, tuple(rows))


def _share_button(visit: Visit, found: ProductView) -> ShareButton:
    title = pick(found.names, visit.language)
    return ShareButton(visit.say("button.share"), link("product", product_id=found.id), title)


def _buy_button(visit: Visit, chosen: VariantView, quantity: int) -> LinkButton:
    text = visit.say.count("product.buy", quantity, amount=visit.money(chosen.price * quantity))
    target = link("buy", variant_id=chosen.id, quantity=quantity, key=new_key(visit.shop.random))
    return LinkButton(text, target, Weight.PRIMARY if quantity == 1 else Weight.NORMAL)


async def ask_search(visit: Visit) -> Screen:
    """What are you looking for?"""
    back = LinkButton(visit.say("button.back"), link("home"))
    prompt = Prompt(link("ask_search"), visit.say("search.placeholder"))
    return Screen((Line(visit.say("search.ask"), Style.TITLE),), ((back,),), prompt=prompt)


async def search(visit: Visit, words: str) -> Screen:
    """Products whose name or description has the words."""
    asked = words.strip()[:60]
    found = await visit.shop.read(search_products, asked, limit=PAGE)
    shelves = await visit.shop.read(_shelves, found)
    visit.expose(Step.SHOWN, *(product.id for product in found))
    text = visit.say("search.found" if found else "search.none", words=asked)
    rows = [(_product_button(visit, product, shelves),) for product in found]
    last = (
        LinkButton(visit.say("home.search"), link("ask_search")),
        LinkButton(visit.say("button.home"), link("home")),
    )
    return Screen((Line(text, Style.TITLE),), (*rows, last))


def stock_words(visit: Visit, shelf: Shelf) -> str:
    """What a screen says of a shelf."""
    if shelf.count == 0:
        return visit.say("stock.none")
    if shelf.is_more:
        return visit.say("stock.many", n=shelf.count)
    key = "stock.few" if shelf.count <= visit.shop.policy.low_stock else "stock.some"
    return visit.say(key, n=shelf.count)


def _shelves(view: View, products: Sequence[ProductView]) -> dict[int, Shelf]:
    return count_on_shelf(
        view, [(variant.id, variant.sell_until_days) for product in products for variant in product.variants]
    )


def _about(visit: Visit, found: ProductView) -> tuple[Line, ...]:
    lines = [Line(pick(found.names, visit.language), Style.TITLE)]
    description = pick(found.descriptions, visit.language)
    lines += [Line(text) for text in description.splitlines()]
    lines += [
        Line(visit.say("product.attribute", name=name, value=value), Style.MUTED)
        for name, value in found.attributes.items()
    ]
    return tuple(lines)


def _product_button(visit: Visit, found: ProductView, shelves: dict[int, Shelf]) -> LinkButton:
    cheapest = min(found.variants, key=lambda variant: variant.price.minor)
    price = visit.money(cheapest.price)
    if len({variant.price.minor for variant in found.variants}) > 1:
        price = visit.say("product.from", price=price)
    name = (
        cheapest.full_name(visit.language) if len(found.variants) == 1 else pick(found.names, visit.language)
    )
    count = sum(shelves[variant.id].count for variant in found.variants)
    return LinkButton(
        f"{name}  {price}  {stock_words(visit, Shelf(count))}", link("product", product_id=found.id)
    )


def _category_rows(visit: Visit, categories: Sequence[CategoryView]) -> list[tuple[Button, ...]]:
    buttons = [
        LinkButton(
            f"{pick(shelf.names, visit.language)} {shelf.count}", link("category", category_id=shelf.id)
        )
        for shelf in categories
    ]
    return [tuple(buttons[i : i + CATEGORIES_IN_ROW]) for i in range(0, len(buttons), CATEGORIES_IN_ROW)]


def _pages(
    visit: Visit, page: int, *, has_more: bool, endpoint: str, **values: int
) -> tuple[tuple[LinkButton, ...], ...]:
    row = []
    if page > 1:
        row.append(LinkButton(visit.say("button.previous"), link(endpoint, page=page - 1, **values)))
    if has_more:
        row.append(LinkButton(visit.say("button.next"), link(endpoint, page=page + 1, **values)))
    return (tuple(row),) if row else ()


def _way_up(view: View, category_id: int | None) -> int | None:
    """The nearest category, from here up, whose screen leaves a choice; None: home.

    A category without a choice is skipped on the way down, so a way back to it would lead down again.
    """
    while category_id is not None:
        try:
            found = get_category(view, category_id)
        except NoSuchCategory:
            return None
        choices = len(list_products(view, category_id=category_id, limit=2))
        if choices + len(list_categories(view, category_id)) > 1:
            return category_id
        category_id = found.parent_id
    return None


def _link_up(category_id: int | None) -> str:
    return link("home") if category_id is None else link("category", category_id=category_id)
