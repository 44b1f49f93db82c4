"""Looking around: home, categories, products, search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from handlers.incoming import LONGEST_LINK
from handlers.links import link
from handlers.screen import Button, Line, LinkButton, Prompt, Screen, ShareButton, Style, Weight
from handlers.visit import Visit
from shop_core.catalog.errors import NoSuchCategory, NoSuchProduct, NoSuchVariant
from shop_core.catalog.goods import GoodsKind
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
from shop_core.delivery.available import count_available
from shop_core.delivery.restock import forget_wish, is_wished, wish
from shop_core.insight.exposure import Step
from shop_core.kernel.money import Money
from shop_core.orders.place import MOST_IN_ONE_ORDER
from shop_core.stock.count import Shelf
from shop_core.threads.read import count_unseen
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
    balance: Money
    total: int = 0
    title: str = ""
    up: int | None = None
    unseen: int = 0


@dataclass(frozen=True, slots=True)
class _ProductPage:
    """A product with its stock, and the category that its way back leads to."""

    product: ProductView
    shelves: dict[int, Shelf]
    up: int | None
    wished: frozenset[int] = frozenset()


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
    if shown.total > len(shown.products):
        rows.append(
            (
                LinkButton(say("home.all"), link("all", page=1)),
                LinkButton(say("home.search"), link("ask_search")),
            )
        )
    wallet = say("home.balance", amount=visit.money(shown.balance))
    rows.append((LinkButton(say("home.orders"), link("orders")), LinkButton(wallet, link("balance"))))
    rows.append((_support_button(visit, shown.unseen), LinkButton(say("home.help"), link("help"))))
    if len(visit.shop.policy.languages) > 1:
        rows.append((LinkButton(say("home.language"), link("language")),))
    return Screen(tuple(lines), tuple(rows))


def _support_button(visit: Visit, unseen: int) -> LinkButton:
    """To the shop; who was away sees here that he was answered."""
    if unseen:
        return LinkButton(visit.say.count("home.support_unseen", unseen), link("support"), Weight.PRIMARY)
    return LinkButton(visit.say("home.support"), link("support"))


def _home(view: View, person_id: int) -> _Shown:
    total = count_products(view)
    is_small = total <= SMALL_SHOP
    products = list_products(view, category_id=None, limit=SMALL_SHOP if is_small else ON_HOME)
    categories = [] if is_small else list_categories(view, None)
    return _Shown(
        products,
        _shelves(view, products),
        categories,
        balance_of(view, person_id),
        total,
        unseen=count_unseen(view, person_id),
    )


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
    pages = _pages(visit, page, shown.total, endpoint="category_page", category_id=category_id)
    back = LinkButton(visit.say("button.back"), _link_up(shown.up))
    return Screen((_page_title(visit, shown.title, page, shown.total),), (*rows, *pages, (back,)))


def _category(view: View, category_id: int, page: int, language: str, person_id: int) -> _Shown:
    found = get_category(view, category_id)
    products = list_products(view, category_id=category_id, limit=PAGE, offset=(max(page, 1) - 1) * PAGE)
    return _Shown(
        products,
        _shelves(view, products),
        list_categories(view, category_id),
        balance_of(view, person_id),
        count_products(view, category_id=category_id),
        pick(found.names, language),
        _way_up(view, found.parent_id),
    )


async def all_products(visit: Visit, page: int) -> Screen:
    """Everything there is, page by page."""
    shown = await visit.shop.read(_all, page, visit.customer.person_id)
    visit.expose(Step.SHOWN, *(product.id for product in shown.products))
    rows = [(_product_button(visit, product, shown.shelves),) for product in shown.products]
    pages = _pages(visit, page, shown.total, endpoint="all")
    last = (
        LinkButton(visit.say("home.search"), link("ask_search")),
        LinkButton(visit.say("button.back"), link("home")),
    )
    title = _page_title(visit, visit.say("all.title"), page, shown.total)
    return Screen((title,), (*rows, *pages, last))


def _all(view: View, page: int, person_id: int) -> _Shown:
    products = list_products(view, category_id=None, limit=PAGE, offset=(max(page, 1) - 1) * PAGE)
    return _Shown(products, _shelves(view, products), [], balance_of(view, person_id), count_products(view))


async def product(visit: Visit, product_id: int) -> Screen:
    """A product; with one variant, ready to buy."""
    page = await visit.shop.read(_page_of_product, product_id, visit.customer.person_id)
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
    chosen, page = await visit.shop.read(_page_of_variant, variant_id, visit.customer.person_id)
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


def _page_of_product(view: View, product_id: int, person_id: int) -> _ProductPage:
    found = get_product_for_sale(view, product_id)
    shelves = _shelves(view, [found])
    sold_out = [variant_id for variant_id, shelf in shelves.items() if not shelf.count]
    wished = frozenset(variant_id for variant_id in sold_out if is_wished(view, person_id, variant_id))
    return _ProductPage(found, shelves, _way_up(view, found.category_id), wished)


def _page_of_variant(view: View, variant_id: int, person_id: int) -> tuple[VariantView, _ProductPage]:
    chosen = get_variant_for_sale(view, variant_id)
    return chosen, _page_of_product(view, chosen.product_id, person_id)


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
    if chosen.price_held:
        lines = (*lines, Line(say("product.price_checked"), Style.WARNING))
    elif not most:
        lines = (*lines, Line(say("product.sold_out"), Style.WARNING))
        rows.append((_wish_button(visit, chosen, is_wished=chosen.id in page.wished),))
    back = link("product", product_id=found.id) if len(found.variants) > 1 else _link_up(page.up)
    rows.append((LinkButton(say("button.back"), back), _share_button(visit, found)))
    return Screen(lines, tuple(rows))


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
        chosen, page = await visit.shop.read(_page_of_variant, variant_id, visit.customer.person_id)
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


async def ask_search(visit: Visit) -> Screen:
    """What are you looking for?"""
    back = LinkButton(visit.say("button.back"), link("home"))
    prompt = Prompt(link("ask_search"), visit.say("search.placeholder"))
    return Screen((Line(visit.say("search.ask"), Style.TITLE),), ((back,),), prompt=prompt)


async def search(visit: Visit, words: str, page: int = 1) -> Screen:
    """Products whose name or description has the words, page by page."""
    asked = words.strip()[:60]
    offset = (max(page, 1) - 1) * PAGE
    some = await visit.shop.read(search_products, asked, limit=PAGE + 1, offset=offset)
    found = some[:PAGE]
    shelves = await visit.shop.read(_shelves, found)
    visit.expose(Step.SHOWN, *(product.id for product in found))
    text = visit.say("search.found" if found else "search.none", words=asked)
    rows = [(_product_button(visit, product, shelves),) for product in found]
    pages = _search_pages(visit, asked, page, has_more=len(some) > PAGE)
    everything = () if found else (LinkButton(visit.say("home.all"), link("all", page=1)),)
    last = (
        LinkButton(visit.say("home.search"), link("ask_search")),
        LinkButton(visit.say("button.home"), link("home")),
    )
    return Screen((Line(text, Style.TITLE),), (*rows, *pages, (*everything, *last)))


def _search_pages(
    visit: Visit, asked: str, page: int, *, has_more: bool
) -> tuple[tuple[LinkButton, ...], ...]:
    """The ways to other pages of what was found. Words too long for a link have one page: they find little anyway."""
    row = []
    if page > 1:
        row.append(LinkButton(visit.say("button.previous"), link("search_page", page=page - 1, words=asked)))
    if has_more:
        row.append(LinkButton(visit.say("button.next"), link("search_page", page=page + 1, words=asked)))
    return (tuple(row),) if row and all(len(to.link.encode()) <= LONGEST_LINK for to in row) else ()


def stock_words(visit: Visit, shelf: Shelf) -> str:
    """What a screen says of a shelf."""
    if shelf.count == 0:
        return visit.say("stock.held" if shelf.is_held else "stock.none")
    if not shelf.is_counted:
        return visit.say("stock.enough")
    if shelf.is_more:
        return visit.say("stock.many", n=shelf.count)
    key = "stock.few" if shelf.count <= visit.shop.policy.low_stock else "stock.some"
    return visit.say(key, n=shelf.count)


def _shelves(view: View, products: Sequence[ProductView]) -> dict[int, Shelf]:
    return count_available(view, [variant for product in products for variant in product.variants])


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
    theirs = [shelves[variant.id] for variant in found.variants]
    count = sum(shelf.count for shelf in theirs)
    counted = Shelf(count, is_counted=all(shelf.is_counted for shelf in theirs))
    held = any(shelf.is_held for shelf in theirs)
    empty = "stock.held" if held else "stock.tell"
    stock = stock_words(visit, counted) if count else visit.say(empty)
    return LinkButton(f"{name}  {price}  {stock}", link("product", product_id=found.id))


def _category_rows(visit: Visit, categories: Sequence[CategoryView]) -> list[tuple[Button, ...]]:
    buttons = [
        LinkButton(
            f"{pick(shelf.names, visit.language)} {shelf.count}", link("category", category_id=shelf.id)
        )
        for shelf in categories
    ]
    return [tuple(buttons[i : i + CATEGORIES_IN_ROW]) for i in range(0, len(buttons), CATEGORIES_IN_ROW)]


def _pages(
    visit: Visit, page: int, total: int, *, endpoint: str, **values: int
) -> tuple[tuple[LinkButton, ...], ...]:
    row = []
    if page > 1:
        row.append(LinkButton(visit.say("button.previous"), link(endpoint, page=page - 1, **values)))
    if page * PAGE < total:
        row.append(LinkButton(visit.say("button.next"), link(endpoint, page=page + 1, **values)))
    return (tuple(row),) if row else ()


def _page_title(visit: Visit, title: str, page: int, total: int) -> Line:
    """What the list is of and, if it has several pages, which this is."""
    last = -(-total // PAGE)
    text = visit.say("page.of", title=title, page=page, last=last) if last > 1 else title
    return Line(text, Style.TITLE)


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
