"""Looking around: home, categories, lists of products, search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from handlers.incoming import LONGEST_LINK
from handlers.links import link
from handlers.product import product
from handlers.screen import Button, Line, LinkButton, Prompt, Screen, Style, Weight
from handlers.shelves import link_up, shelves_of, stock_words, way_up
from handlers.visit import Visit
from shop_core.catalog.read import (
    CategoryView,
    ProductView,
    count_products,
    get_category,
    list_categories,
    list_products,
    pick,
    search_products,
)
from shop_core.db.tx import View
from shop_core.insight.exposure import Step
from shop_core.kernel.money import Money
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


async def home(visit: Visit) -> Screen:
    """What can be bought, at once."""
    shown = await visit.shop.read(_home, visit.customer.person_id)
    visit.expose(Step.SHOWN, *(one.id for one in shown.products))
    say = visit.say
    lines = [Line(visit.shop.policy.name, Style.TITLE), Line(say("home.tagline"), Style.MUTED)]
    if not shown.products:
        lines.append(Line(say("home.empty")))
    rows: list[tuple[Button, ...]] = [(_product_button(visit, one, shown.shelves),) for one in shown.products]
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
        shelves_of(view, products),
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
    visit.expose(Step.SHOWN, *(one.id for one in shown.products))
    rows = [*_category_rows(visit, shown.categories)] if page == 1 else []
    rows += [(_product_button(visit, one, shown.shelves),) for one in shown.products]
    pages = _pages(visit, page, shown.total, endpoint="category_page", category_id=category_id)
    back = LinkButton(visit.say("button.back"), link_up(shown.up))
    return Screen((_page_title(visit, shown.title, page, shown.total),), (*rows, *pages, (back,)))


def _category(view: View, category_id: int, page: int, language: str, person_id: int) -> _Shown:
    found = get_category(view, category_id)
    products = list_products(view, category_id=category_id, limit=PAGE, offset=(max(page, 1) - 1) * PAGE)
    return _Shown(
        products,
        shelves_of(view, products),
        list_categories(view, category_id),
        balance_of(view, person_id),
        count_products(view, category_id=category_id),
        pick(found.names, language),
        way_up(view, found.parent_id),
    )


async def all_products(visit: Visit, page: int) -> Screen:
    """Everything there is, page by page."""
    shown = await visit.shop.read(_all, page, visit.customer.person_id)
    visit.expose(Step.SHOWN, *(one.id for one in shown.products))
    rows = [(_product_button(visit, one, shown.shelves),) for one in shown.products]
    pages = _pages(visit, page, shown.total, endpoint="all")
    last = (
        LinkButton(visit.say("home.search"), link("ask_search")),
        LinkButton(visit.say("button.back"), link("home")),
    )
    title = _page_title(visit, visit.say("all.title"), page, shown.total)
    return Screen((title,), (*rows, *pages, last))


def _all(view: View, page: int, person_id: int) -> _Shown:
    products = list_products(view, category_id=None, limit=PAGE, offset=(max(page, 1) - 1) * PAGE)
    return _Shown(products, shelves_of(view, products), [], balance_of(view, person_id), count_products(view))


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
    shelves = await visit.shop.read(shelves_of, found)
    visit.expose(Step.SHOWN, *(one.id for one in found))
    text = visit.say("search.found" if found else "search.none", words=asked)
    rows = [(_product_button(visit, one, shelves),) for one in found]
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
