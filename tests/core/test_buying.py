"""Goods bought from suppliers: planned once the money is in, asked for once, handed over as soon as they are heard of."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio

from shop_core.cases.cases import CaseKind, list_open
from shop_core.db.claims import Fenced
from shop_core.kernel.money import Money
from shop_core.kernel.policy import SupplierTerms
from shop_core.orders.buy import work_on
from shop_core.orders.end import expire_orders
from shop_core.orders.fulfil import sweep_undelivered
from shop_core.orders.models import OrderState
from shop_core.orders.pay import pay_from_wallet
from shop_core.orders.refund import refund_order
from shop_core.stock.errors import OutOfStock
from shop_core.supply.offers import NewRoute, connect_offer, disconnect_offer, find_offers
from shop_core.supply.plan import PurchaseUnderWay
from shop_core.supply.purchases import claim_purchases
from shop_core.supply.supplier import Capabilities, Done, Failed, No, Outcome, Partial, Told
from tests.core.builders import OWNER, outcomes
from tests.core.wholesaler import NOTHING, ONLY_QUERY, ONLY_REPEAT, Trade, a_trade

ON_BOTH = pytest.mark.parametrize(
    "trade", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)
"""Where locks, claims and conflicts matter; what follows from what was heard is the same on both databases."""


@pytest_asyncio.fixture
async def trade(request: pytest.FixtureRequest) -> AsyncIterator[Trade]:
    database = getattr(request, "param", "sqlite")
    async with a_trade(request.getfixturevalue(f"{database}_url")) as made:
        yield made


# ---------------------------------------------------------------------------------------------- the ordinary way


@ON_BOTH
async def test_a_paid_order_is_bought_booked_and_handed_over_at_once(trade: Trade) -> None:
    customer, number = await trade.a_paid_order(quantity=3)
    assert await trade.states() == ["first planned"]
    assert (await trade.market.look(number)).state is OrderState.PAID
    await trade.work()
    order = await trade.market.look(number)
    assert order.state is OrderState.DELIVERED
    assert order.lines[0].cost.minor == 1500
    assert await trade.states() == ["first done"]
    assert await trade.asks() == ["price 5.00", "place done"]
    assert await trade.float_of(trade.first) == -1500
    sold = trade.first.placed[0].number
    assert await trade.market.codes_of(customer, number) == [f"first-{sold}-{n}" for n in range(3)]
    assert trade.second.placed == []


async def test_placing_holds_no_card_and_asks_nobody(trade: Trade) -> None:
    variant = await trade.a_variant()
    customer = await trade.market.a_customer()
    number = await trade.market.place(customer, variant, 2)
    assert await trade.purchases() == []
    assert trade.first.placed == []
    assert (await trade.market.look(number)).lines[0].cost.minor == 0


async def test_what_is_on_the_shelf_is_sold_before_anything_is_bought(trade: Trade) -> None:
    variant = await trade.a_variant()
    await trade.market.stock(variant, 2)
    customer = await trade.market.a_customer(balance=9_000)
    number = await trade.market.place(customer, variant, 2)
    await pay_from_wallet(trade.market.shop, customer, number)
    assert (await trade.market.look(number)).state is OrderState.DELIVERED
    assert await trade.purchases() == []


@ON_BOTH
async def test_a_line_comes_whole_from_one_place(trade: Trade) -> None:
    variant = await trade.a_variant()
    await trade.market.stock(variant, 2)
    _, number = await trade.a_paid_order(variant, quantity=3)
    await trade.work()
    assert (await trade.market.look(number)).state is OrderState.DELIVERED
    assert trade.first.placed[0].quantity == 3
    assert await trade.market.cards() == {"available": 2, "delivered": 3}


async def test_the_supplier_is_told_what_it_may_cost_and_where_to_call_back(trade: Trade) -> None:
    await trade.a_paid_order(quantity=2)
    await trade.work()
    [request] = trade.first.placed
    assert request.at_most is not None
    assert request.at_most.minor == 2 * 990
    assert request.callback_url == "https://shop.example.com/suppliers/first/callback"


@ON_BOTH
async def test_two_buyers_at_once_are_bought_for_once_each(trade: Trade) -> None:
    variant = await trade.a_variant()
    first, second = await trade.a_paid_order(variant), await trade.a_paid_order(variant)
    await trade.work()
    codes = [await trade.market.codes_of(*order) for order in (first, second)]
    assert codes[0] != codes[1]
    assert len(trade.first.placed) == 2


# ----------------------------------------------------------------------------------------------------- the price


async def test_nothing_is_sold_below_what_it_costs(trade: Trade) -> None:
    variant = await trade.a_variant(price=500, cost=501)
    customer = await trade.market.a_customer()
    before = await trade.market.everything()
    with pytest.raises(OutOfStock):
        await trade.market.place(customer, variant)
    assert await trade.market.everything() == before


async def test_the_owner_may_allow_a_loss(trade: Trade) -> None:
    variant = await trade.market.a_variant(price=500, codes=0)
    await trade.connect(variant, trade.first, cost=600, max_cost=600)
    _, number = await trade.a_paid_order(variant)
    await trade.work()
    assert (await trade.market.look(number)).state is OrderState.DELIVERED


async def test_the_margin_is_kept(sqlite_url: str) -> None:
    async with a_trade(sqlite_url, margin_percent=10) as trade:
        thin = await trade.a_variant(price=109, cost=100)
        enough = await trade.a_variant(price=110, cost=100)
        customer = await trade.market.a_customer()
        with pytest.raises(OutOfStock):
            await trade.market.place(customer, thin)
        await trade.market.place(customer, enough)


async def test_a_price_that_rose_meanwhile_sends_the_order_elsewhere(trade: Trade) -> None:
    _, number = await trade.a_paid_order()
    trade.first.sells("A", cost=991)
    await trade.work()
    assert await trade.states() == ["first refused", "second planned"]
    assert trade.first.placed == []
    await trade.work()
    assert (await trade.market.look(number)).state is OrderState.DELIVERED
    [offer] = await trade.market.shop.read(find_offers, "first", limit=9)
    assert offer.cost.minor == 991, "what was seen is kept"


@pytest.mark.parametrize("change", ["gone", "off", "empty"])
async def test_an_offer_that_is_gone_is_not_ordered(trade: Trade, change: str) -> None:
    await trade.a_paid_order()
    if change == "gone":
        trade.first.offers.clear()
    elif change == "off":
        trade.first.sells("A", is_on_sale=False)
    else:
        trade.first.sells("A", stock=0)
    await trade.work()
    assert trade.first.placed == []
    assert await trade.states() == ["first refused", "second planned"]


async def test_a_supplier_that_guards_the_price_itself_is_not_asked_for_it(trade: Trade) -> None:
    trade.first.capabilities = type(trade.first.capabilities)(repeats_safely=True, guards_price=True)
    await trade.a_paid_order()
    await trade.work()
    assert await trade.asks() == ["place done"]


# ------------------------------------------------------------------------------------------------------ a no


@pytest.mark.parametrize("why", [No.OUT_OF_STOCK, No.OFF_SALE, No.PRICE, No.BALANCE, No.OTHER])
async def test_a_definite_no_lets_the_next_supplier_try(trade: Trade, why: No) -> None:
    _, number = await trade.a_paid_order()
    trade.first.does = [f"refuse:{why.value}"]
    await trade.work()
    await trade.work()
    assert await trade.states() == ["first refused", "second done"]
    assert (await trade.market.look(number)).state is OrderState.DELIVERED


@ON_BOTH
async def test_when_every_route_says_no_the_money_goes_back_whole(trade: Trade) -> None:
    customer, number = await trade.a_paid_order()
    trade.first.does, trade.second.does = ["refuse"], ["refuse"]
    await trade.work_until_quiet(hours=1)
    assert (await trade.market.look(number)).state is OrderState.REFUNDED
    assert await trade.market.balance(customer) == 990
    assert await trade.states() == ["first refused", "second refused"]


async def test_what_the_buyer_said_wrong_no_other_supplier_is_asked(trade: Trade) -> None:
    customer, _ = await trade.a_paid_order()
    trade.first.does = ["refuse:input"]
    await trade.work()
    assert await trade.states() == ["first refused"]
    assert await trade.market.balance(customer) == 990


async def test_goods_that_came_to_the_shelf_meanwhile_are_taken_after_a_no(trade: Trade) -> None:
    variant = await trade.a_variant(trade.first)
    _, number = await trade.a_paid_order(variant)
    await trade.market.stock(variant, 1)
    trade.first.does = ["refuse"]
    await trade.work()
    assert (await trade.market.look(number)).state is OrderState.DELIVERED


# ------------------------------------------------------------------------------------------------- certainly nothing


@ON_BOTH
async def test_a_supplier_that_is_down_is_tried_again_under_the_same_number(trade: Trade) -> None:
    _, number = await trade.a_paid_order()
    trade.first.does = ["down", "down"]
    await trade.work_until_quiet(hours=1)
    assert len({request.number for request in trade.first.placed}) == 1
    assert len(trade.first.placed) == 3
    assert await trade.states() == ["first done"]
    assert (await trade.market.look(number)).state is OrderState.DELIVERED


async def test_a_supplier_that_stays_down_gives_way(trade: Trade) -> None:
    _, _number = await trade.a_paid_order()
    trade.first.does = ["down"] * 9
    await trade.work_until_quiet(hours=1)
    assert await trade.states() == ["first refused", "second done"]
    assert len(trade.first.placed) == 3


async def test_no_price_to_be_had_buys_nothing(trade: Trade) -> None:
    await trade.a_paid_order()
    trade.first.answers = ["lost"] * 9
    await trade.work_until_quiet(hours=1)
    assert trade.first.placed == []
    assert await trade.states() == ["first refused", "second done"]


# ------------------------------------------------------------------------------------------------------- unknown


@ON_BOTH
@pytest.mark.parametrize("capabilities", [ONLY_QUERY, ONLY_REPEAT], ids=["query", "repeat"])
@pytest.mark.parametrize("deed", ["lost", "sell_lost"])
async def test_an_unknown_purchase_is_settled_and_never_bought_twice(
    trade: Trade, capabilities: Capabilities, deed: str
) -> None:
    trade.first.capabilities = capabilities
    customer, number = await trade.a_paid_order()
    trade.first.does = [deed]
    await trade.work()
    assert await trade.states() == ["first unknown"]
    await trade.work_until_quiet(hours=1)
    order = await trade.market.look(number)
    assert order.state is OrderState.DELIVERED
    assert len(await trade.market.codes_of(customer, number)) == 1
    sold = [*trade.first.sales.values(), *trade.second.sales.values()]
    assert len(sold) == 1
    assert trade.first.balance_minor - 100_000 == await trade.float_of(trade.first)
    assert trade.second.balance_minor - 100_000 == await trade.float_of(trade.second)


async def test_the_refusal_of_a_repeat_is_no_proof_while_the_first_may_still_arrive(trade: Trade) -> None:
    trade.first.capabilities = ONLY_REPEAT
    await trade.a_paid_order()
    trade.first.does = ["lost", "refuse:out_of_stock"]
    await trade.work()
    trade.market.clock.advance(seconds=6)
    await trade.work()
    assert len(trade.first.placed) == 2
    assert await trade.states() == ["first unknown"], "the first may be bought yet"
    trade.first.does = ["refuse:out_of_stock"] * 9
    await trade.work_until_quiet(hours=1)
    assert await trade.states() == ["first refused", "second done"]


async def test_not_found_is_no_proof_before_its_time(trade: Trade) -> None:
    trade.first.capabilities = ONLY_QUERY
    await trade.a_paid_order()
    trade.first.does = ["lost"]
    await trade.work()
    trade.market.clock.advance(minutes=9)
    await trade.work()
    assert await trade.states() == ["first unknown"]
    trade.market.clock.advance(minutes=6)
    await trade.work()
    assert await trade.states() == ["first refused", "second planned"]


@ON_BOTH
async def test_nothing_is_refunded_while_a_supplier_may_deliver(trade: Trade) -> None:
    customer, number = await trade.a_paid_order()
    trade.first.does = ["lost"]
    await trade.work()
    before = await trade.market.everything()
    with pytest.raises(PurchaseUnderWay):
        await refund_order(trade.market.shop, number, by=OWNER)
    assert await sweep_undelivered(trade.market.shop) == 0
    assert await trade.market.everything() == before
    assert await trade.market.balance(customer) == 0


@ON_BOTH
async def test_what_is_only_planned_gives_way_to_a_refund(trade: Trade) -> None:
    customer, number = await trade.a_paid_order()
    [claimed] = await trade.market.shop.write(claim_purchases, 1)
    await refund_order(trade.market.shop, number, by=OWNER)
    assert await trade.states() == ["first refused"]
    with pytest.raises(Fenced):
        await work_on(trade.market.shop, claimed)
    assert trade.first.placed == []
    assert await trade.market.balance(customer) == 990


async def test_who_promises_nothing_leaves_it_to_a_person(trade: Trade) -> None:
    trade.first.capabilities = NOTHING
    await trade.a_paid_order()
    trade.first.does = ["sell_lost"]
    await trade.work_until_quiet(hours=2)
    assert await trade.states() == ["first unknown"]
    assert len(trade.first.placed) == 1
    assert trade.first.queried == []
    assert [case.kind.value for case in await trade.market.shop.read(list_open)] == ["purchase"]


async def test_a_buyer_who_waits_for_an_unknown_purchase_is_told_that_nothing_is_lost(trade: Trade) -> None:
    trade.first.capabilities = ONLY_QUERY
    await trade.a_paid_order()
    trade.first.does = ["lost"]
    await trade.work()
    trade.first.answers = ["lost"] * 9
    for _ in range(4):
        trade.market.clock.advance(minutes=1)
        await trade.work()
    told = await trade.market.rows("SELECT news FROM messages ORDER BY id")
    assert [row["news"] for row in told].count("order_checked") == 1


# ------------------------------------------------------------------------------------------- crashes, freezes, fences


async def test_a_process_that_dies_before_sending_leaves_the_purchase_to_another(trade: Trade) -> None:
    _, number = await trade.a_paid_order()
    assert len(await trade.market.shop.write(claim_purchases, 9)) == 1
    assert await trade.work() == 0
    trade.market.clock.advance(minutes=3)
    await trade.work()
    assert (await trade.market.look(number)).state is OrderState.DELIVERED
    assert len(trade.first.placed) == 1


@ON_BOTH
@pytest.mark.parametrize("arrived", [True, False])
async def test_a_process_that_dies_with_the_call_is_asked_after(trade: Trade, arrived: bool) -> None:
    trade.first.capabilities = ONLY_QUERY
    _, number = await trade.a_paid_order()

    class Killed(BaseException):
        pass

    async def die(*_: object) -> None:
        raise Killed

    place, sell = trade.first.place, trade.first.place

    async def dying(request: object) -> None:
        if arrived:
            await sell(request)  # type: ignore[arg-type]
        raise Killed

    trade.first.place = dying  # type: ignore[assignment,method-assign]
    [claimed] = await trade.market.shop.write(claim_purchases, 1)
    with pytest.raises(Killed):
        await work_on(trade.market.shop, claimed)
    trade.first.place = place  # type: ignore[method-assign]
    assert await trade.states() == ["first sent"]
    await trade.work_until_quiet(hours=1)
    assert (await trade.market.look(number)).state is OrderState.DELIVERED
    assert await trade.states() == (["first done"] if arrived else ["first refused", "second done"])
    assert "crash unreadable" in await trade.asks()


@ON_BOTH
async def test_a_thawed_process_does_not_finish_what_another_took_over(trade: Trade) -> None:
    """Frozen in the call for longer than its claim; meanwhile it was settled: its *no* changes nothing."""
    trade.first.capabilities = ONLY_QUERY
    customer, number = await trade.a_paid_order()
    original = trade.first.place

    async def freeze(request: object) -> object:
        answer = await original(request)  # type: ignore[arg-type]
        trade.market.clock.advance(minutes=3)
        trade.first.place = original  # type: ignore[method-assign]
        await trade.work()
        trade.market.clock.advance(minutes=1)
        await trade.work()
        return answer

    trade.first.place = freeze  # type: ignore[assignment,method-assign]
    await trade.work()
    assert await trade.states() == ["first done"]
    assert (await trade.market.look(number)).state is OrderState.DELIVERED
    assert len(await trade.market.codes_of(customer, number)) == 1
    assert await trade.float_of(trade.first) == -500


async def test_a_process_that_froze_before_the_call_does_not_send_any_more(trade: Trade) -> None:
    await trade.a_paid_order()
    [claimed] = await trade.market.shop.write(claim_purchases, 1)
    shop, write = trade.market.shop, trade.market.shop.write

    async def slow(body: object, *args: object, **kwargs: object) -> object:
        answer: object = await write(body, *args, **kwargs)  # type: ignore[arg-type]
        if getattr(body, "__name__", "") == "_begin":
            trade.market.clock.advance(minutes=1)
        return answer

    shop.write = slow  # type: ignore[assignment,method-assign]
    await work_on(shop, claimed)
    assert trade.first.placed == []
    assert await trade.states() == ["first sent"]


@ON_BOTH
async def test_workers_side_by_side_never_take_the_same_purchase(trade: Trade) -> None:
    variant = await trade.a_variant()
    for _ in range(6):
        await trade.a_paid_order(variant)
    await outcomes(*(trade.work(limit=2) for _ in range(5)))
    await trade.work_until_quiet(hours=1)
    assert len({request.number for request in trade.first.placed}) == len(trade.first.placed) == 6


# ----------------------------------------------------------------------------------- late, twice, short, out of order


async def test_accepted_is_asked_about_until_it_is_there(trade: Trade) -> None:
    _, number = await trade.a_paid_order()
    trade.first.does = ["accept"]
    await trade.work()
    assert await trade.states() == ["first accepted"]
    trade.market.clock.advance(minutes=5)
    await trade.work()
    assert await trade.states() == ["first accepted"]
    trade.first.finishes(trade.first.placed[0].number)
    trade.market.clock.advance(minutes=5)
    await trade.work()
    assert (await trade.market.look(number)).state is OrderState.DELIVERED


async def test_accepted_and_then_failed_goes_to_the_next(trade: Trade) -> None:
    _, _number = await trade.a_paid_order()
    trade.first.does = ["accept"]
    await trade.work()
    trade.first.fails(trade.first.placed[0].number)
    await trade.work_until_quiet(hours=1)
    assert await trade.states() == ["first refused", "second done"]
    assert await trade.float_of(trade.first) == 0 == trade.first.balance_minor - 100_000


@ON_BOTH
async def test_a_callback_before_our_own_commit_is_the_answer(trade: Trade) -> None:
    customer, number = await trade.a_paid_order()

    async def call_back() -> None:
        [placed] = trade.first.placed
        await trade.tell(trade.first, Told(placed.number, outcome=trade.first.sales[placed.number].outcome))

    trade.first.before_answer = call_back
    await trade.work()
    assert await trade.states() == ["first done"]
    assert await trade.asks() == ["price 5.00", "callback done", "place done"]
    assert len(await trade.market.codes_of(customer, number)) == 1
    assert await trade.float_of(trade.first) == -500


@ON_BOTH
async def test_news_without_goods_while_it_is_being_placed_is_asked_about_at_once(trade: Trade) -> None:
    """The goods are there before the answer that they are on their way: nobody waits for the next round."""
    trade.first.does = ["accept"]

    async def overtake() -> None:
        [placed] = trade.first.placed
        trade.first.finishes(placed.number)
        await trade.tell(trade.first, Told(placed.number))

    trade.first.before_answer = overtake
    _, number = await trade.a_paid_order()
    await trade.work()
    assert await trade.states() == ["first accepted"]
    assert await trade.work() == 1
    assert (await trade.market.look(number)).state is OrderState.DELIVERED
    assert await trade.asks() == ["price 5.00", "callback wake_up", "place accepted", "query done"]


async def test_news_without_goods_while_it_is_being_asked_about_is_asked_about_once_more(
    trade: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    trade.first.does = ["accept"]
    _, number = await trade.a_paid_order()
    await trade.work()
    [placed] = trade.first.placed
    ask = trade.first.query

    async def told_meanwhile(*args: Any, **named: Any) -> Outcome:
        """Its answer is older than its news."""
        answer = await ask(*args, **named)
        await trade.tell(trade.first, Told(placed.number))
        return answer

    monkeypatch.setattr(trade.first, "query", told_meanwhile)
    trade.market.clock.advance(seconds=5)
    assert await trade.work() == 1
    monkeypatch.setattr(trade.first, "query", ask)
    assert await trade.work() == 1
    assert await trade.work() == 0, "once more, and then as before"
    trade.first.finishes(placed.number)
    await trade.tell(trade.first, Told(placed.number))
    assert await trade.work() == 1
    assert (await trade.market.look(number)).state is OrderState.DELIVERED


@ON_BOTH
async def test_the_same_codes_twice_are_the_same_codes(trade: Trade) -> None:
    _, _number = await trade.a_paid_order(quantity=2)
    await trade.work()
    told = trade.first.placed[0].number
    for _ in range(2):
        await trade.tell(trade.first, Told(told, outcome=trade.first.sales[told].outcome))
    assert await trade.market.cards() == {"delivered": 2}
    assert await trade.float_of(trade.first) == -1000


async def test_accepted_after_done_changes_nothing(trade: Trade) -> None:
    await trade.a_paid_order()
    trade.first.does = ["accept"]
    await trade.work()
    told = trade.first.placed[0].number
    accepted = trade.first.sales[told].outcome
    await trade.tell(trade.first, Told(told, outcome=trade.first.finishes(told)))
    await trade.tell(trade.first, Told(told, outcome=accepted))
    assert await trade.states() == ["first done"]


async def test_more_codes_than_were_bought_go_on_the_shelf(trade: Trade) -> None:
    customer, number = await trade.a_paid_order()
    trade.first.does = ["accept"]
    await trade.work()
    told = trade.first.placed[0].number
    await trade.tell(trade.first, Told(told, outcome=Done(trade.first.codes(told, 3))))
    assert await trade.market.cards() == {"delivered": 1, "available": 2}
    assert len(await trade.market.codes_of(customer, number)) == 1


@ON_BOTH
async def test_a_part_is_kept_and_the_rest_is_bought_elsewhere(trade: Trade) -> None:
    customer, number = await trade.a_paid_order(quantity=3)
    trade.first.does = ["accept"]
    await trade.work()
    told = trade.first.placed[0].number
    part = Partial(trade.first.codes(told, 2), delivered=2, cost=None)
    await trade.tell(trade.first, Told(told, outcome=part))
    assert await trade.states() == ["first done", "second planned"]
    await trade.work()
    assert trade.second.placed[0].quantity == 1
    assert len(await trade.market.codes_of(customer, number)) == 3
    assert await trade.float_of(trade.first) == -1000
    assert (await trade.market.look(number)).lines[0].cost.minor == 1500


async def test_a_part_whose_rest_nobody_has_goes_on_the_shelf_and_the_money_back(trade: Trade) -> None:
    variant = await trade.a_variant(trade.first)
    customer, number = await trade.a_paid_order(variant, quantity=3)
    trade.first.does = ["accept"]
    await trade.work()
    told = trade.first.placed[0].number
    await trade.tell(trade.first, Told(told, outcome=Partial(trade.first.codes(told, 2), delivered=2)))
    assert (await trade.market.look(number)).state is OrderState.REFUNDED
    assert await trade.market.balance(customer) == 3 * 990
    assert await trade.market.cards() == {"available": 2}


async def test_done_with_fewer_codes_than_bought_is_not_known(trade: Trade) -> None:
    await trade.a_paid_order(quantity=2)
    trade.first.does = ["accept"]
    await trade.work()
    told = trade.first.placed[0].number
    await trade.tell(trade.first, Told(told, outcome=Done(trade.first.codes(told, 1))))
    assert await trade.states() == ["first unknown"]
    assert await trade.market.cards() == {"held": 1}
    trade.first.finishes(told)
    await trade.work_until_quiet(hours=1)
    assert await trade.states() == ["first done"]
    assert await trade.market.cards() == {"delivered": 2}
    assert await trade.float_of(trade.first) == -1000


async def test_a_code_that_the_shop_has_sold_before_is_no_delivery(trade: Trade) -> None:
    """A supplier that sells one code twice: the second buyer does not get it."""
    first = await trade.a_paid_order()
    await trade.work()
    sold = await trade.market.codes_of(*first)
    await trade.a_paid_order(customer=first[0])
    trade.first.does = ["accept"]
    await trade.work()
    told = trade.first.placed[1].number
    twice = Done(tuple(trade.first.codes(trade.first.placed[0].number, 1)))
    await trade.tell(trade.first, Told(told, outcome=twice))
    assert await trade.states() == ["first done", "first unknown"]
    assert await trade.market.codes_of(*first) == sold


@ON_BOTH
async def test_late_goods_after_a_no_serve_the_order_if_it_still_waits(trade: Trade) -> None:
    _customer, number = await trade.a_paid_order()
    trade.first.does = ["accept"]
    await trade.work()
    told = trade.first.placed[0].number
    await trade.tell(trade.first, Told(told, outcome=Failed()))
    assert await trade.states() == ["first refused", "second planned"]
    await trade.tell(trade.first, Told(told, outcome=trade.first.finishes(told)))
    assert await trade.states() == ["first done", "second refused"]
    assert (await trade.market.look(number)).state is OrderState.DELIVERED
    assert trade.second.placed == []


@ON_BOTH
async def test_late_goods_beside_a_second_purchase_go_on_the_shelf(trade: Trade) -> None:
    _customer, number = await trade.a_paid_order()
    trade.first.does, trade.second.does = ["accept"], ["accept"]
    await trade.work()
    told = trade.first.placed[0].number
    await trade.tell(trade.first, Told(told, outcome=Failed()))
    await trade.work()
    await trade.tell(trade.first, Told(told, outcome=trade.first.finishes(told)))
    assert await trade.states() == ["first done", "second accepted"]
    assert await trade.market.cards() == {"available": 1}
    second = trade.second.placed[0].number
    await trade.tell(trade.second, Told(second, outcome=Failed()))
    assert (await trade.market.look(number)).state is OrderState.DELIVERED, "the shelf is looked at first"


async def test_late_goods_after_a_refund_go_on_the_shelf(trade: Trade) -> None:
    variant = await trade.a_variant(trade.first)
    customer, number = await trade.a_paid_order(variant)
    trade.first.does = ["accept"]
    await trade.work()
    told = trade.first.placed[0].number
    await trade.tell(trade.first, Told(told, outcome=Failed()))
    assert (await trade.market.look(number)).state is OrderState.REFUNDED
    await trade.tell(trade.first, Told(told, outcome=trade.first.finishes(told)))
    assert (await trade.market.look(number)).state is OrderState.REFUNDED
    assert await trade.market.cards() == {"available": 1}
    assert await trade.market.balance(customer) == 990
    assert await trade.float_of(trade.first) == -500


@ON_BOTH
async def test_a_supplier_that_takes_it_back_is_a_case_and_its_money_is_booked_once(trade: Trade) -> None:
    _, number = await trade.a_paid_order()
    await trade.work()
    told = trade.first.placed[0].number
    failed = trade.first.fails(told)
    for _ in range(2):
        await trade.tell(trade.first, Told(told, outcome=failed))
    assert await trade.states() == ["first done"]
    assert (await trade.market.look(number)).state is OrderState.DELIVERED
    assert await trade.float_of(trade.first) == 0
    assert [case.kind.value for case in await trade.market.shop.read(list_open)] == ["purchase"]


async def test_a_callback_of_another_supplier_or_number_changes_nothing(trade: Trade) -> None:
    await trade.a_paid_order()
    trade.first.does = ["accept"]
    await trade.work()
    told = trade.first.placed[0].number
    before = await trade.market.everything()
    await trade.tell(trade.second, Told(told, outcome=Done(trade.first.codes(told, 1))))
    await trade.tell(trade.first, Told("23456789", outcome=Failed()))
    assert await trade.market.everything() == before


async def test_a_supplier_that_said_it_was_down_and_delivers_all_the_same(trade: Trade) -> None:
    customer, number = await trade.a_paid_order()
    trade.first.does = ["down"]
    await trade.work()
    assert await trade.states() == ["first planned"]
    told = trade.first.placed[0].number
    await trade.tell(trade.first, Told(told, outcome=Done(trade.first.codes(told, 1))))
    assert await trade.states() == ["first done"]
    assert len(await trade.market.codes_of(customer, number)) == 1


# ------------------------------------------------------------------------------------------------ how it is paid


async def test_paid_from_the_wallet_it_is_bought_all_the_same(trade: Trade) -> None:
    variant = await trade.a_variant()
    customer = await trade.market.a_customer(balance=990)
    number = await trade.market.place(customer, variant)
    paid = await pay_from_wallet(trade.market.shop, customer, number)
    assert paid.state is OrderState.PAID
    await trade.market.run_news()
    await trade.work()
    assert (await trade.market.look(number)).state is OrderState.DELIVERED


@ON_BOTH
async def test_money_that_came_late_buys_what_can_still_be_bought(trade: Trade) -> None:
    variant = await trade.a_variant()
    customer = await trade.market.a_customer()
    number = await trade.market.place(customer, variant)
    await trade.market.ask_money(customer, number)
    trade.market.clock.advance(minutes=20)
    await expire_orders(trade.market.shop)
    await trade.market.tell(await trade.market.notice(number))
    assert (await trade.market.look(number)).state is OrderState.PAID
    await trade.market.run_news()
    await trade.work()
    assert (await trade.market.look(number)).state is OrderState.DELIVERED


async def test_money_that_came_late_is_credited_when_nobody_sells_it_any_more(trade: Trade) -> None:
    variant = await trade.a_variant(trade.first)
    customer = await trade.market.a_customer()
    number = await trade.market.place(customer, variant)
    await trade.market.ask_money(customer, number)
    trade.market.clock.advance(minutes=20)
    await expire_orders(trade.market.shop)
    await trade.connect(variant, trade.first, cost=5000)
    await trade.market.tell(await trade.market.notice(number))
    assert (await trade.market.look(number)).state is OrderState.EXPIRED
    assert await trade.market.balance(customer) == 990
    assert await trade.purchases() == []


# ------------------------------------------------------------------------------- left alone, at once, in other money


@ON_BOTH
async def test_a_supplier_that_fails_again_and_again_is_left_alone_and_probed_by_one(trade: Trade) -> None:
    variant = await trade.a_variant(trade.first)
    trade.first.capabilities = ONLY_QUERY
    for _ in range(5):
        await trade.a_paid_order(variant)
    waiting = [await trade.a_paid_order(variant) for _ in range(3)]
    trade.first.does = ["lost"] * 5
    trade.first.answers = ["say"] * 8 + ["lost"] * 40
    await trade.work(limit=5)
    assert CaseKind.SUPPLIER in [case.kind for case in await trade.market.shop.read(list_open)]
    with pytest.raises(OutOfStock):
        await trade.market.place(await trade.market.a_customer(), variant)
    await trade.work()
    assert len(trade.first.placed) == 5, "nobody was sent while it is left alone"
    trade.market.clock.advance(seconds=31)
    trade.first.answers.clear()
    claimed = [one for one in await trade.market.shop.write(claim_purchases, 20) if one.state == "planned"]
    assert len(claimed) == len(waiting)

    async def look_around() -> None:
        for other in claimed[1:]:
            await work_on(trade.market.shop, other)

    trade.first.before_answer = look_around
    await work_on(trade.market.shop, claimed[0])
    assert len(trade.first.placed) == 6, "one probes, the others wait for what it finds"
    trade.first.before_answer = None
    await trade.work_until_quiet(hours=1)
    assert len(trade.first.sales) == 8 - 5


async def test_a_supplier_gets_no_more_at_once_than_it_may(sqlite_url: str) -> None:
    terms = {name: SupplierTerms(at_once=2) for name in ("first", "second")}
    async with a_trade(sqlite_url, terms=terms) as trade:
        variant = await trade.a_variant(trade.first)
        for _ in range(3):
            await trade.a_paid_order(variant)
        claimed = list(await trade.market.shop.write(claim_purchases, 9))
        most = 0

        async def count() -> None:
            nonlocal most
            under_way = await trade.market.one("SELECT count(*) AS n FROM purchases WHERE state = 'sent'")
            most = max(most, under_way)
            if claimed:
                await work_on(trade.market.shop, claimed.pop())

        trade.first.before_answer = count
        await work_on(trade.market.shop, claimed.pop())
        assert most == 2
        trade.first.before_answer = None
        await trade.work_until_quiet(hours=1)
        assert len(trade.first.sales) == 3


async def test_what_is_priced_in_other_money_is_guarded_in_our_own(sqlite_url: str) -> None:
    terms = {name: SupplierTerms(rate=Decimal("7.2")) for name in ("first", "second")}
    async with a_trade(sqlite_url, terms=terms) as trade:
        variant = await trade.a_variant(trade.first, price=990, cost=137)
        _, number = await trade.a_paid_order(variant)
        await trade.work()
        assert trade.first.placed[0].at_most == Money(137, "CNY"), "9.90 / 7.2, rounded down"
        assert (await trade.market.look(number)).lines[0].cost.minor == 987
        dearer = await trade.a_variant(trade.first, price=990, cost=138)
        with pytest.raises(OutOfStock):
            await trade.market.place(await trade.market.a_customer(), dearer)


# ------------------------------------------------------------------------------------------------ routes and refunds


async def test_a_bought_code_that_nobody_saw_goes_back_on_the_shelf_with_a_refund(trade: Trade) -> None:
    customer, number = await trade.a_paid_order()
    await trade.work()
    await refund_order(trade.market.shop, number, by=OWNER)
    assert await trade.market.cards() == {"available": 1}
    assert await trade.market.balance(customer) == 990


async def test_connecting_again_changes_the_order_of_asking(trade: Trade) -> None:
    variant = await trade.a_variant()
    [second] = await trade.market.shop.read(find_offers, "second", limit=1)
    await trade.market.shop.write(connect_offer, NewRoute(variant, second.id, 0))
    await trade.a_paid_order(variant)
    await trade.work()
    assert await trade.states() == ["second done"]


async def test_without_a_route_there_is_nothing_to_sell(trade: Trade) -> None:
    variant = await trade.a_variant(trade.first)
    [offer] = await trade.market.shop.read(find_offers, "first", limit=1)
    assert await trade.market.shop.write(disconnect_offer, variant, offer.id)
    with pytest.raises(OutOfStock):
        await trade.market.place(await trade.market.a_customer(), variant)


@ON_BOTH
async def test_the_paid_order_that_lost_its_news_is_bought_by_the_sweeper(trade: Trade) -> None:
    variant = await trade.a_variant()
    customer = await trade.market.a_customer()
    order = await trade.market.an_order(customer, variant, paid=True)
    await trade.market.sql("DELETE FROM outbox")
    assert await sweep_undelivered(trade.market.shop) == 1
    assert await sweep_undelivered(trade.market.shop) == 0
    await trade.work()
    assert (await trade.market.look(order.number)).state is OrderState.DELIVERED
