"""A guest gets his orders back in another browser: who can, who cannot, and how often one may guess."""

from __future__ import annotations

import pytest

from shop_core.customers.passwords import (
    LOCKED_FOR,
    MOST_TRIES,
    TooManyTries,
    WeakPassword,
    purge_tries,
    set_password,
)
from shop_core.customers.people import Customer, find_customer
from shop_core.kernel.secret import Secret
from shop_core.orders.read import get_own
from shop_core.orders.recover import HasOwnOrders, NotRecovered, recover_orders
from tests.core.builders import Market, outcomes

RIGHT = Secret("白日依山尽 Gr33n!")
WRONG = Secret("something else")


async def a_buyer(market: Market) -> tuple[Customer, str]:
    """Somebody with an order, a balance and a password; and the order's number."""
    buyer = await market.a_customer(balance=500)
    order = await market.an_order(buyer, paid=True)
    await set_password(market.shop, buyer, RIGHT)
    return buyer, order.number


async def now(market: Market, customer: Customer) -> Customer:
    found = await market.shop.read(find_customer, channel=customer.channel, external_id=customer.external_id)
    assert found is not None
    return found


async def test_number_and_password_bring_orders_and_balance_to_another_browser(market: Market) -> None:
    buyer, number = await a_buyer(market)
    browser = await market.a_customer()
    for _ in range(2):
        await recover_orders(market.shop, browser, number, RIGHT)
    moved = await now(market, browser)
    assert moved.person_id == buyer.person_id
    assert (await market.shop.read(get_own, moved.person_id, number)).number == number
    assert await market.balance(moved) == 500
    assert len(await market.codes_of(moved, number)) == 1
    assert (await now(market, buyer)).person_id == buyer.person_id


async def test_the_same_password_typed_with_another_keyboard_is_the_same(market: Market) -> None:
    buyer, number = await a_buyer(market)
    await set_password(market.shop, buyer, Secret("Ｃａｆé１２３"))
    browser = await market.a_customer()
    await recover_orders(market.shop, browser, number, Secret("Cafe\u0301123"))
    assert (await now(market, browser)).person_id == buyer.person_id


async def test_nobody_learns_whether_an_order_or_a_password_is_there(market: Market) -> None:
    _, number = await a_buyer(market)
    other = await market.a_customer()
    bare = await market.an_order(other)
    browser = await market.a_customer()
    for guessed in (number, bare.number, "ZZZZZZZZ"):
        with pytest.raises(NotRecovered):
            await recover_orders(market.shop, browser, guessed, WRONG)
    assert (await now(market, browser)).person_id == browser.person_id


async def test_an_order_is_locked_after_five_wrong_passwords_whoever_guesses(market: Market) -> None:
    _, number = await a_buyer(market)
    for _ in range(MOST_TRIES):
        with pytest.raises(NotRecovered):
            await recover_orders(market.shop, await market.a_customer(), number, WRONG)
    with pytest.raises(TooManyTries):
        await recover_orders(market.shop, await market.a_customer(), number, RIGHT)
    market.clock.moment += LOCKED_FOR
    assert await market.shop.write(purge_tries) > 0
    await recover_orders(market.shop, await market.a_customer(), number, RIGHT)


async def test_a_browser_is_locked_after_five_wrong_passwords_for_whatever_orders(market: Market) -> None:
    _, number = await a_buyer(market)
    browser = await market.a_customer()
    for guessed in range(MOST_TRIES):
        with pytest.raises(NotRecovered):
            await recover_orders(market.shop, browser, f"ZZZZZZZ{guessed}", WRONG)
    with pytest.raises(TooManyTries):
        await recover_orders(market.shop, browser, number, RIGHT)


async def test_guesses_at_the_same_moment_are_all_counted(market: Market) -> None:
    _, number = await a_buyer(market)
    browsers = [await market.a_customer() for _ in range(MOST_TRIES * 2)]
    guesses = [recover_orders(market.shop, browser, number, WRONG) for browser in browsers]
    assert sorted(error.__name__ for error in await outcomes(*guesses)) == (
        ["NotRecovered"] * MOST_TRIES + ["TooManyTries"] * MOST_TRIES
    )


async def test_the_right_password_wipes_the_count(market: Market) -> None:
    _, number = await a_buyer(market)
    browser = await market.a_customer()
    for _ in range(2):
        for _ in range(MOST_TRIES - 1):
            with pytest.raises(NotRecovered):
                await recover_orders(market.shop, browser, number, WRONG)
        await recover_orders(market.shop, browser, number, RIGHT)


async def test_a_browser_with_orders_or_money_of_its_own_stays_who_it_is(market: Market) -> None:
    _, number = await a_buyer(market)
    with_order, with_money = await market.a_customer(), await market.a_customer(balance=1)
    await market.an_order(with_order)
    for browser in (with_order, with_money):
        with pytest.raises(HasOwnOrders):
            await recover_orders(market.shop, browser, number, RIGHT)
        assert (await now(market, browser)).person_id == browser.person_id


@pytest.mark.parametrize("password", ["", "short", "x" * 65])
async def test_a_password_that_is_worth_nothing_is_refused(market: Market, password: str) -> None:
    buyer, number = await a_buyer(market)
    with pytest.raises(WeakPassword):
        await set_password(market.shop, buyer, Secret(password))
    await recover_orders(market.shop, await market.a_customer(), number, RIGHT)


async def test_the_database_has_no_password_in_it(market: Market) -> None:
    await a_buyer(market)
    (kept,) = await market.rows("SELECT salt, value FROM passwords")
    assert RIGHT.reveal().encode() not in bytes(kept["salt"]) + bytes(kept["value"])
    assert len(bytes(kept["value"])) == 32
