"""Placing an order: what may be bought, how much of it, by whom, and which codes are held."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from shop_core.catalog.edit import NewVariant, add_variant, set_limits, set_price, set_state
from shop_core.catalog.errors import BadProduct, NoSuchVariant
from shop_core.catalog.read import ProductState
from shop_core.conversations.keys import BadKey
from shop_core.kernel.money import MAX_MINOR, BadAmount
from shop_core.orders.end import cancel_order
from shop_core.orders.errors import BadQuantity, OverPersonLimit, TooManyUnpaid
from shop_core.orders.models import OrderState
from shop_core.orders.place import MOST_IN_ONE_ORDER
from shop_core.stock.count import count_on_shelf
from shop_core.stock.errors import OutOfStock
from tests.core.builders import START, Market, outcomes

TODAY = START.date()


async def test_an_order_fixes_price_names_and_codes(market: Market) -> None:
    buyer, variant = await market.a_customer(), await market.a_variant(price=990, cost=300)
    number = await market.place(buyer, variant, 3)
    await market.shop.write(set_price, variant, 1990)
    order = await market.look(number)
    assert (order.state, order.total.minor, order.quantity) == (OrderState.AWAITING, 2970, 3)
    assert order.lines[0].names == {"zh": "季卡", "en": "Season card"}
    assert order.lines[0].cost.minor == 900
    assert order.expires_at == START + market.shop.policy.hold
    assert await market.cards() == {"available": 2, "held": 3}


async def test_an_impossible_quantity_is_refused(market: Market) -> None:
    buyer, variant = await market.a_customer(), await market.a_variant()
    before = await market.everything()
    for quantity in (-1, 0, MOST_IN_ONE_ORDER + 1, 10**12, 10**30):
        with pytest.raises(BadQuantity):
            await market.place(buyer, variant, quantity)
    assert await market.everything() == before


async def test_a_quantity_that_is_no_number_is_a_bug_and_changes_nothing(market: Market) -> None:
    buyer, variant = await market.a_customer(), await market.a_variant()
    before = await market.everything()
    for quantity in ("1", None, 1.5, True):
        with pytest.raises(TypeError):
            await market.place(buyer, variant, quantity)  # type: ignore[arg-type]
    assert await market.everything() == before


async def test_a_total_beyond_64_bits_is_refused(market: Market) -> None:
    buyer, variant = await market.a_customer(), await market.a_variant(price=MAX_MINOR)
    with pytest.raises(BadAmount):
        await market.place(buyer, variant, 2)
    assert await market.cards() == {"available": 5}


async def test_the_same_press_twice_is_one_order(market: Market) -> None:
    buyer, variant = await market.a_customer(), await market.a_variant()
    key = market.key()
    first = await market.place(buyer, variant, key=key)
    assert await market.place(buyer, variant, key=key) == first
    assert await market.cards() == {"available": 4, "held": 1}


async def test_the_same_press_eight_times_at_once_is_one_order(market: Market) -> None:
    buyer, variant = await market.a_customer(), await market.a_variant()
    key = market.key()
    numbers = await outcomes(*(market.place(buyer, variant, key=key) for _ in range(8)))
    assert len(set(numbers)) == 1
    assert await market.cards() == {"available": 4, "held": 1}


async def test_a_key_belongs_to_one_person(market: Market) -> None:
    variant, key = await market.a_variant(), market.key()
    numbers = [await market.place(await market.a_customer(), variant, key=key) for _ in range(2)]
    assert len(set(numbers)) == 2


async def test_what_is_no_key_is_refused(market: Market) -> None:
    buyer, variant = await market.a_customer(), await market.a_variant()
    for key in ("-", "short", "x" * 11, "abc def 12", "abcdefghi'", "一二三四五六七八九十"):
        with pytest.raises(BadKey):
            await market.place(buyer, variant, key=key)


@pytest.mark.parametrize("state", [ProductState.DRAFT, ProductState.HIDDEN])
async def test_what_is_not_published_cannot_be_bought(market: Market, state: ProductState) -> None:
    buyer, variant = await market.a_customer(), await market.a_variant(state=state)
    with pytest.raises(NoSuchVariant):
        await market.place(buyer, variant)


async def test_a_hidden_variant_and_none_at_all_are_refused_alike(market: Market) -> None:
    buyer, variant = await market.a_customer(), await market.a_variant()
    await market.sql("UPDATE variants SET hidden = :yes", yes=True)
    refusals = await outcomes(market.place(buyer, variant), market.place(buyer, 123456))
    assert refusals == [NoSuchVariant, NoSuchVariant]


async def test_a_product_hidden_after_the_order_is_still_delivered(market: Market) -> None:
    buyer = await market.a_customer(balance=990)
    order = await market.an_order(buyer)
    product = await market.one("SELECT id FROM products")
    await market.shop.write(set_state, product, ProductState.HIDDEN)
    await market.ask_money(buyer, order.number)
    await market.tell(await market.notice(order.number))
    assert (await market.look(order.number)).state is OrderState.DELIVERED


async def test_too_few_codes_hold_none(market: Market) -> None:
    buyer, variant = await market.a_customer(), await market.a_variant(codes=2)
    before = await market.everything()
    with pytest.raises(OutOfStock) as refused:
        await market.place(buyer, variant, 3)
    assert refused.value.details == {"left": 2}
    assert await market.everything() == before


# ---------------------------------------------------------------------- limits


async def test_an_order_holds_no_more_than_the_variant_allows(market: Market) -> None:
    buyer, variant = await market.a_customer(), await market.a_variant(per_order=2)
    with pytest.raises(BadQuantity) as refused:
        await market.place(buyer, variant, 3)
    assert refused.value.details == {"most": 2}
    await market.place(buyer, variant, 2)


async def test_a_person_gets_no_more_than_the_variant_allows(market: Market) -> None:
    buyer, variant = await market.a_customer(), await market.a_variant(per_person=2)
    first = await market.place(buyer, variant)
    await market.an_order(buyer, variant, paid=True)
    with pytest.raises(OverPersonLimit) as refused:
        await market.place(buyer, variant)
    assert refused.value.details == {"limit": 2, "left": 0}
    await market.place(await market.a_customer(), variant, 2)
    await cancel_order(market.shop, buyer, first)
    await market.place(buyer, variant)


async def test_a_limit_holds_however_fast_one_presses(market: Market) -> None:
    buyer, variant = await market.a_customer(), await market.a_variant(per_person=2, codes=9)
    answers = await outcomes(*(market.place(buyer, variant) for _ in range(9)))
    assert answers.count(OverPersonLimit) == 7
    assert await market.cards() == {"available": 7, "held": 2}


async def test_unpaid_orders_are_capped_however_fast_one_presses(market: Market) -> None:
    buyer, variant = await market.a_customer(), await market.a_variant(codes=9)
    answers = await outcomes(*(market.place(buyer, variant) for _ in range(9)))
    assert answers.count(TooManyUnpaid) == 9 - market.shop.policy.unpaid_cap
    assert await market.cards() == {"available": 6, "held": 3}


async def test_paid_and_ended_orders_do_not_count_as_unpaid(market: Market) -> None:
    buyer, variant = await market.a_customer(), await market.a_variant(codes=9)
    for _ in range(2):
        await market.an_order(buyer, variant, paid=True)
        await cancel_order(market.shop, buyer, await market.place(buyer, variant))
    for _ in range(market.shop.policy.unpaid_cap):
        await market.place(buyer, variant)
    with pytest.raises(TooManyUnpaid):
        await market.place(buyer, variant)


@pytest.mark.parametrize(
    "wrong", [{"per_order": 0}, {"per_person": -1}, {"price_minor": 0}, {"price_minor": MAX_MINOR + 1}]
)
async def test_impossible_limits_and_prices_are_refused(market: Market, wrong: dict[str, int]) -> None:
    variant = await market.a_variant()
    product = await market.one("SELECT id FROM products")
    with pytest.raises(BadProduct):
        await market.shop.write(
            add_variant, NewVariant(**({"product_id": product, "price_minor": 1} | wrong))
        )
    limits: dict[str, Any] = {"per_order": None, "per_person": None}
    if wrong.keys() <= limits.keys():
        with pytest.raises(BadProduct):
            await market.shop.write(set_limits, variant, **(limits | wrong))


@pytest.mark.parametrize("days", [-1, 10**9])
async def test_impossible_days_before_expiry_are_refused(market: Market, days: int) -> None:
    await market.a_variant()
    product = await market.one("SELECT id FROM products")
    with pytest.raises(BadProduct):
        await market.shop.write(add_variant, NewVariant(product, 1, sell_until_days=days))


# ---------------------------------------------------------------------- which codes


async def test_the_code_that_expires_first_is_sold_first(market: Market) -> None:
    variant = await market.a_variant(codes=["never"])
    await market.stock(variant, ["later"], expires_on=TODAY + timedelta(days=60))
    await market.stock(variant, ["sooner", "sooner too"], expires_on=TODAY + timedelta(days=30))
    buyer = await market.a_customer()
    order = await market.an_order(buyer, variant, quantity=3, paid=True)
    assert await market.codes_of(buyer, order.number) == ["sooner", "sooner too", "later"]


async def test_a_code_is_not_sold_within_its_last_days(market: Market) -> None:
    variant = await market.a_variant(codes=["soon"], expires_on=TODAY + timedelta(days=7), sell_until_days=7)
    buyer = await market.a_customer()
    assert (await market.shop.read(count_on_shelf, [(variant, 7)]))[variant].count == 1
    await cancel_order(market.shop, buyer, await market.place(buyer, variant))
    market.clock.advance(days=1)
    assert (await market.shop.read(count_on_shelf, [(variant, 7)]))[variant].count == 0
    with pytest.raises(OutOfStock):
        await market.place(buyer, variant)


async def test_a_code_expires_by_the_shops_own_day(market: Market) -> None:
    market.clock.moment = datetime(2026, 11, 20, 15, 59, tzinfo=UTC)  # 23:59 in Shanghai
    variant = await market.a_variant(codes=["today"], expires_on=date(2026, 11, 20))
    buyer = await market.a_customer()
    await cancel_order(market.shop, buyer, await market.place(buyer, variant))
    market.clock.advance(minutes=1)
    with pytest.raises(OutOfStock):
        await market.place(buyer, variant)
