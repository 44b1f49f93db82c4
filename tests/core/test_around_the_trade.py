"""People, prompts, the catalogue and exposure: what stands around the trade."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from shop_core.catalog.edit import NewProduct, NewVariant, add_category, add_product, add_variant, set_state
from shop_core.catalog.errors import BadProduct, NoSuchCategory, NoSuchProduct
from shop_core.catalog.read import (
    ProductState,
    get_category,
    get_product,
    get_product_for_sale,
    list_categories,
    list_products,
    search_products,
)
from shop_core.conversations import prompts
from shop_core.customers.people import (
    Address,
    NoSuchPerson,
    find_customer,
    get_language,
    list_addresses,
    mark_reachable,
    mark_unreachable,
    meet,
    set_language,
)
from shop_core.db.tx import Tx
from shop_core.insight.exposure import ExposureLog, Step, funnel
from shop_core.stock.count import COUNT_LIMIT, count_on_shelf
from tests.core.builders import START, Market

# ---------------------------------------------------------------------- people


async def test_somebody_met_eight_times_at_once_is_one_person(market: Market) -> None:
    meetings = (
        market.shop.write(meet, channel="tg", external_id="9007199254740993", name="小红", language="en-GB")
        for _ in range(8)
    )
    met = await asyncio.gather(*meetings)
    assert len({customer.person_id for customer in met}) == 1
    assert {customer.language for customer in met} == {"en"}
    assert await market.one("SELECT count(*) FROM people") == 1


async def test_the_same_id_on_another_channel_is_somebody_else(market: Market) -> None:
    one = await market.shop.write(meet, channel="tg", external_id="1", name="x" * 500, language="fr")
    other = await market.shop.write(meet, channel="tg2", external_id="1", name="", language="")
    assert one.person_id != other.person_id
    assert (one.language, len(one.name)) == ("zh", 128)
    assert await market.shop.read(find_customer, channel="web", external_id="1") is None


async def test_a_language_the_shop_does_not_speak_is_refused(market: Market) -> None:
    person = (await market.a_customer()).person_id
    await market.shop.write(set_language, person, "en")
    with pytest.raises(NoSuchPerson):
        await market.shop.write(set_language, person, "fr")
    assert await market.shop.read(get_language, person) == "en"
    with pytest.raises(NoSuchPerson):
        await market.shop.read(get_language, 123456)


async def test_nothing_is_sent_to_where_a_person_cannot_be_reached(market: Market) -> None:
    customer = await market.a_customer()
    address = Address(customer.channel, customer.external_id)
    await market.shop.write(mark_unreachable, address)
    assert await market.shop.read(list_addresses, customer.person_id) == []
    await market.shop.write(mark_reachable, address)
    assert await market.shop.read(list_addresses, customer.person_id) == [address]


async def test_the_latest_prompt_counts_and_not_for_ever(market: Market) -> None:
    who: dict[str, Any] = {"channel": "web", "external_id": "c1"}
    for link in ("p/1/buy", "p/2/buy"):
        await market.shop.write(prompts.ask, **who, link=link)
    assert await market.shop.read(prompts.asked, **who) == "p/2/buy"
    assert await market.shop.read(prompts.asked, channel="tg", external_id="c1") is None
    market.clock.moment += prompts.LASTS
    assert await market.shop.read(prompts.asked, **who) is None
    await market.shop.write(prompts.ask, **who, link="again")
    await market.shop.write(prompts.forget, **who)
    assert await market.shop.read(prompts.asked, **who) is None


# ---------------------------------------------------------------------- catalogue


def a_tree(tx: Tx) -> tuple[list[int], list[int]]:
    """Games → cards → cards of one game, with a product in the deepest and a draft beside it."""
    top = add_category(tx, {"zh": "游戏", "en": "Games"})
    middle = add_category(tx, {"zh": "点卡"}, top)
    deep = add_category(tx, {"zh": "季卡"}, middle)
    empty = add_category(tx, {"zh": "空"})
    shown = add_product(tx, NewProduct({"zh": "英雄季卡 100%", "en": "Hero"}, deep, {"zh": "可用_一季"}))
    draft = add_product(tx, NewProduct({"zh": "英雄草稿"}, deep))
    for product in (shown, draft):
        add_variant(tx, NewVariant(product, 100))
    set_state(tx, shown, ProductState.PUBLISHED)
    return [top, middle, deep, empty], [shown, draft]


async def test_a_category_counts_what_is_on_sale_anywhere_below_it(market: Market) -> None:
    (top, middle, deep, _), (shown, _) = await market.shop.write(a_tree)
    for parent, child in ((None, top), (top, middle), (middle, deep)):
        listed = await market.shop.read(list_categories, parent)
        assert [(category.id, category.count) for category in listed] == [(child, 1)]
    [product] = await market.shop.read(list_products, category_id=deep, limit=9)
    assert product.id == shown


async def test_drafts_and_hidden_products_are_nobodys_but_staffs(market: Market) -> None:
    _, (shown, draft) = await market.shop.write(a_tree)
    await market.shop.write(set_state, shown, ProductState.HIDDEN)
    for product in (shown, draft, 123456):
        with pytest.raises(NoSuchProduct):
            await market.shop.read(get_product_for_sale, product)
    assert await market.shop.read(list_products, category_id=None, limit=9) == []
    assert await market.shop.read(search_products, "英雄", limit=9) == []
    assert (await market.shop.read(get_product, draft)).state is ProductState.DRAFT


SEARCHES = {
    1: ("英雄", "hero", "季卡 英雄", "一季", "100%", "%", "用_一", "_"),
    0: ("草稿", "\\", "英雄 nothing", "'; --"),
}
"""How many products a search finds: words in two scripts, in name or description, and no wildcards."""


async def test_search_finds_words_and_no_wildcards(market: Market) -> None:
    await market.shop.write(a_tree)
    for hits, searches in SEARCHES.items():
        for words in searches:
            assert len(await market.shop.read(search_products, words, limit=9)) == hits, words


async def test_what_must_not_be_in_a_catalogue_is_refused(market: Market) -> None:
    for names in ({}, {"zh": " "}, {"zh": "x" * 121}):
        with pytest.raises(BadProduct):
            await market.shop.write(add_category, names)
        with pytest.raises(BadProduct):
            await market.shop.write(add_product, NewProduct(names))
    with pytest.raises(BadProduct):
        await market.shop.write(add_category, {"zh": "x"}, 123456)
    with pytest.raises(NoSuchCategory):
        await market.shop.read(get_category, 123456)
    product = await market.shop.write(add_product, NewProduct({"zh": "x"}))
    with pytest.raises(BadProduct):
        await market.shop.write(set_state, product, ProductState.PUBLISHED)


async def test_a_full_shelf_is_counted_only_so_far(market: Market) -> None:
    full, few = await market.a_variant(codes=COUNT_LIMIT + 5), await market.a_variant(codes=3)
    shelves = await market.shop.read(count_on_shelf, [(full, 0), (few, 30)])
    assert (shelves[full].count, shelves[full].is_more) == (COUNT_LIMIT, True)
    assert (shelves[few].count, shelves[few].is_more) == (3, False)


# ---------------------------------------------------------------------- exposure


async def test_exposure_is_collected_and_counted_to_the_delivery(market: Market) -> None:
    log, customer = ExposureLog(), await market.a_customer()
    log.note(market.shop, customer, Step.SHOWN, [1, 2, 3])
    log.note(market.shop, customer, Step.OPENED, [1])
    assert await log.flush(market.shop) == 4
    assert await log.flush(market.shop) == 0
    await market.an_order(customer, paid=True)
    await market.an_order(customer)
    counts = await market.shop.read(funnel, START)
    assert counts == {"shown": 3, "opened": 1, "started": 0, "ordered": 2, "paid": 1, "delivered": 1}
