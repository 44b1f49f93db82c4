"""Prices that follow their supplier: made by rule, in bulk, held where they jump, and never a placed order's."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from admin_cmds.edits import set_price
from admin_cmds.markups import set_rule
from shop_core.cases.cases import CaseKind, list_open, list_subjects
from shop_core.catalog.errors import PriceChecked
from shop_core.catalog.read import get_variant
from shop_core.delivery.available import count_available
from shop_core.kernel.money import Money
from shop_core.pricing.decide import PriceMoved, accept_price, keep_price, stop_selling
from shop_core.pricing.follow import NothingToFollow, follow
from shop_core.pricing.markup import Ending, Markup, is_jump, price_of
from shop_core.pricing.proposals import preview
from shop_core.pricing.reprice import MOST_OPEN
from shop_core.pricing.rules import Place, Rules, Scope, Subject, load_rules
from shop_core.supply.offers import see_offer
from shop_core.supply.sync import FULL_EVERY, sync_offers
from tests.core.builders import OWNER
from tests.core.test_costs import recording
from tests.core.wholesaler import Trade, a_trade

FIRST = Subject(Scope.SUPPLIER, "first")
TWENTY = Markup(percent_bp=2000)

costs = st.integers(0, 10**12)
markups = st.builds(
    Markup,
    percent_bp=st.integers(0, 50_000),
    plus_minor=st.integers(0, 10**6),
    ending=st.sampled_from(Ending),
    floor_bp=st.integers(0, 50_000),
)


def cny(minor: int) -> Money:
    return Money(minor, "CNY")


# ------------------------------------------------------------------------------------------------------- the rule


@given(cost=costs, markup=markups)
def test_a_price_is_never_below_cost_and_floor_and_rounds_up_only(cost: int, markup: Markup) -> None:
    price = price_of(cny(cost), markup).minor
    assert type(price) is int
    assert price >= 1
    assert price * 10_000 >= cost * (10_000 + markup.floor_bp)
    assert (price - markup.plus_minor) * 10_000 >= cost * (10_000 + markup.percent_bp)
    plain = price_of(cny(cost), Markup(markup.percent_bp, markup.plus_minor, floor_bp=markup.floor_bp)).minor
    assert 0 <= price - plain < 100
    if markup.ending is not Ending.ANY:
        assert f"{price:02}"[-2:] == markup.ending.value


@given(cost=costs, more=st.integers(0, 10**9), markup=markups)
def test_what_costs_more_is_never_sold_for_less(cost: int, more: int, markup: Markup) -> None:
    assert price_of(cny(cost), markup) <= price_of(cny(cost + more), markup)


def test_endings_are_the_next_price_up() -> None:
    def ending(minor: int, wanted: Ending) -> int:
        return price_of(cny(minor), Markup(ending=wanted)).minor

    assert [ending(1234, one) for one in Ending] == [1234, 1300, 1250, 1290, 1299]
    assert [ending(1300, one) for one in Ending] == [1300, 1300, 1350, 1390, 1399]
    assert not is_jump(cny(1000), cny(1200), 20)
    assert is_jump(cny(1000), cny(1201), 20)
    assert is_jump(cny(1000), cny(799), 20)


# ------------------------------------------------------------------------------------------------------- the shop


@pytest_asyncio.fixture
async def trade(database_url: str) -> AsyncIterator[Trade]:
    async with a_trade(database_url) as made:
        yield made


async def a_follower(trade: Trade, *, cost: int = 500, ref: str = "A") -> int:
    """A variant that follows the first wholesaler at 20 % more."""
    variant = await trade.market.a_variant(price=990, codes=1)
    await trade.connect(variant, trade.first, ref=ref, cost=cost)
    await set_rule(trade.market.shop, FIRST, TWENTY, by=OWNER)
    await trade.market.shop.write(follow, variant)
    return variant


async def costs_now(trade: Trade, cost: int, *refs: str) -> None:
    """The supplier changes its price, its list is read, and the news of that is taken in."""
    for ref in refs or ("A",):
        trade.first.sells(ref, cost=cost)
    trade.market.clock.moment += FULL_EVERY
    await sync_offers(trade.market.shop)
    await trade.market.run_news()


async def price(trade: Trade, variant: int) -> int:
    return (await trade.market.shop.read(get_variant, variant)).price.minor


async def held(trade: Trade) -> list[int]:
    return list(await trade.market.shop.read(list_subjects, CaseKind.PRICE))


async def test_a_price_follows_and_a_price_by_hand_stays(trade: Trade) -> None:
    variant = await a_follower(trade)
    assert await price(trade, variant) == 600
    order = await trade.market.an_order(await trade.market.a_customer(), variant)
    await costs_now(trade, 550)
    assert await price(trade, variant) == 660
    assert (await trade.market.look(order.number)).total == cny(600)
    await set_price(trade.market.shop, variant, cny(700), None, by=OWNER)
    await costs_now(trade, 560)
    assert await price(trade, variant) == 700
    other = await trade.market.a_variant(codes=0)
    with pytest.raises(NothingToFollow):
        await trade.market.shop.write(follow, other)


async def test_a_jump_is_not_sold_at_before_somebody_accepts_it(trade: Trade) -> None:
    variant = await a_follower(trade)
    customer = await trade.market.a_customer()
    await costs_now(trade, 700)
    await costs_now(trade, 710)
    assert await price(trade, variant) == 600
    [case] = await trade.market.shop.read(list_open)
    assert (case.kind, case.subject_id) == (CaseKind.PRICE, variant)
    with pytest.raises(PriceChecked):
        await trade.market.place(customer, variant)
    shown = await trade.market.shop.read(get_variant, variant)
    assert (await trade.market.shop.read(count_available, [shown]))[variant].is_held
    with pytest.raises(PriceMoved):
        await trade.market.shop.write(accept_price, variant, cny(840), by=OWNER)
    await trade.market.shop.write(accept_price, variant, cny(852), by=OWNER)
    assert await held(trade) == []
    order = await trade.market.an_order(customer, variant)
    assert order.total == cny(852)
    await costs_now(trade, 715)
    assert await price(trade, variant) == 858
    with pytest.raises(PriceMoved):
        await trade.market.shop.write(keep_price, variant, by=OWNER)


async def test_a_held_price_may_be_kept_or_taken_off_sale_or_come_back_by_itself(trade: Trade) -> None:
    kept = await a_follower(trade)
    stopped = await a_follower(trade, ref="B")
    back = await a_follower(trade, ref="C")
    await costs_now(trade, 900, "A", "B", "C")
    assert sorted(await held(trade)) == [kept, stopped, back]
    await trade.market.shop.write(keep_price, kept, by=OWNER)
    await trade.market.shop.write(stop_selling, stopped, by=OWNER)
    await costs_now(trade, 505, "C")
    assert await held(trade) == []
    seen = [await trade.market.shop.read(get_variant, one) for one in (kept, stopped, back)]
    assert [one.price.minor for one in seen] == [600, 600, 606]
    assert [one.is_for_sale for one in seen] == [True, False, True]
    assert not any(one.price_held for one in seen)
    await costs_now(trade, 510, "A", "B")
    assert await price(trade, kept) == 600


async def test_many_prices_are_made_by_as_many_statements_as_few(trade: Trade) -> None:
    variants = [await a_follower(trade, ref=f"A{number}") for number in range(3)]
    counts = []
    variants += [await a_follower(trade, ref=f"A{number}") for number in range(3, 3 + MOST_OPEN)]
    for chosen in (variants[:3], variants):
        with recording(trade.market) as seen:
            await costs_now(trade, 500 + len(chosen), *(f"A{number}" for number in range(len(chosen))))
        counts.append(sum("variants" in statement for statement, _ in seen))
    assert counts[0] == counts[1]
    assert {await price(trade, variant) for variant in variants} == {628}
    await costs_now(trade, 5000, *(f"A{number}" for number in range(len(variants))))
    assert len(await held(trade)) == MOST_OPEN
    waiting = [await trade.market.shop.read(get_variant, one) for one in variants]
    assert all(one.price_held for one in waiting)


async def test_between_whole_lists_only_what_changed_is_priced(trade: Trade) -> None:
    shop, market = trade.market.shop, trade.market
    changed, looked_at, still = [await a_follower(trade, ref=ref) for ref in ("A", "B", "C")]
    await costs_now(trade, 500, "A", "B", "C")
    market.clock.advance(minutes=30)
    trade.first.offers.clear()
    await sync_offers(shop)
    await market.run_news()
    market.clock.advance(minutes=1)
    await shop.write(see_offer, "first", "B", trade.first.sells("B", cost=520))
    trade.first.offers.clear()
    trade.first.sells("A", cost=510)
    market.clock.advance(minutes=9)
    # Nothing comes to know of this: it shows whether a price is made anew that nobody spoke of.
    await shop.write(lambda tx: tx.execute(text("UPDATE supply_offers SET cost_minor = 505 WHERE ref = 'C'")))
    await sync_offers(shop)
    await market.run_news()
    assert [await price(trade, one) for one in (changed, looked_at, still)] == [612, 624, 600]


async def test_the_preview_says_what_the_rule_then_does(trade: Trade) -> None:
    variant = await a_follower(trade)
    await a_follower(trade, ref="B", cost=1000)
    wanted = Markup(percent_bp=9000, ending=Ending.NINETY)
    rules = (await trade.market.shop.read(load_rules)).with_rule(FIRST, wanted)
    seen = await trade.market.shop.read(preview, rules, language="zh")
    assert seen.changes == 2
    assert (seen.first[0].old_price, seen.first[0].new_price) == (cny(600), cny(990))
    await set_rule(trade.market.shop, FIRST, wanted, by=OWNER)
    assert await price(trade, variant) == 990
    assert await held(trade) == []
    await set_rule(trade.market.shop, Subject(Scope.VARIANT, str(variant)), Markup(), by=OWNER)
    assert await price(trade, variant) == 500


def test_the_nearest_rule_counts_alone() -> None:
    rules = Rules(
        {"supplier:s": Markup(1), "category:1": Markup(2), "variant:9": Markup(3)}, {2: 1, 1: None, 5: None}
    )

    def found(variant: int, category: int | None) -> int | None:
        rule = rules.find(Place(variant, category, "s"))
        return None if rule is None else rule.percent_bp

    assert [found(9, 2), found(8, 2), found(8, 5), found(8, None)] == [3, 2, 1, 1]
    assert rules.with_rule(Subject(Scope.SUPPLIER, "s"), None).find(Place(8, 5, "s")) is None
