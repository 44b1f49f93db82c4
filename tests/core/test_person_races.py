"""Somebody buys, pays, is refunded, writes or is answered while two persons become one, or one is erased: all is well after.

Whatever was going on, the books are verified at the end of each test, and nothing names the one who is gone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

import pytest
import pytest_asyncio

from admin_cmds.wallets import Adjustment, adjust_once
from shop_core.customers.people import Customer, PersonErased, PersonMerged
from shop_core.delivery.restock import wish
from shop_core.kernel.money import Money
from shop_core.orders.end import cancel_order
from shop_core.orders.pay import pay_from_wallet
from shop_core.orders.read import list_own
from shop_core.orders.refund import refund_order
from shop_core.orders.reveal import reveal_codes
from shop_core.orders.suspense import credit_to_buyer
from shop_core.orders.take_payment import Taken
from shop_core.pairing.codes import decline
from shop_core.pairing.errors import PairingOver
from shop_core.pairing.merge import confirm
from shop_core.privacy.erase import erase
from shop_core.privacy.settled import StillNeeded
from shop_core.threads.answer import answer_customer
from shop_core.threads.read import list_messages, list_threads
from shop_core.threads.sealing import Said
from shop_core.threads.write import write_to_shop
from shop_core.vault.vault import Vault
from tests.core.builders import OTHER_GATEWAY, OWNER, Market, a_market, outcomes
from tests.core.pairs import asked, now
from tests.core.races import Race, run_between

pytestmark = pytest.mark.postgresql

POINTS: Final = (
    "FROM people",
    "UPDATE orders",
    "UPDATE payments",
    "UPDATE identities",
    "UPDATE people",
    "INTO person_changes",
)
"""Moments of a merge: before its locks, and between what it gives away."""


@pytest_asyncio.fixture
async def market(postgresql_url: str) -> AsyncIterator[Market]:
    async with a_market(postgresql_url) as made:
        yield made


@pytest_asyncio.fixture
async def both(market: Market) -> tuple[Customer, Customer]:
    """The one who goes on, and the one who will be gone."""
    return await market.a_customer(channel="tg", balance=990), await market.a_customer(balance=990)


async def as_worker(market: Market, who: Customer, act: Callable[[Customer], Awaitable[Any]]) -> Any:
    """What a worker does with a message: he who has become somebody else meanwhile is looked up again."""
    try:
        return await act(who)
    except PersonMerged:
        return await act(await now(market, who))


async def race(market: Market, both: tuple[Customer, Customer], act: Awaitable[Any], point: str) -> Race:
    older, younger = both
    pairing = await asked(market, older, younger)
    ended = await run_between(
        market.shop.database, confirm(market.shop, older, pairing.key), act, point=point
    )
    assert ended.first is None
    assert (await now(market, younger)).person_id == older.person_id
    return ended


@pytest.mark.parametrize("point", POINTS)
async def test_a_purchase_while_merging(market: Market, both: tuple[Customer, Customer], point: str) -> None:
    older, younger = both
    variant, key = await market.a_variant(price=900), market.key()

    async def buy(who: Customer) -> str:
        number = await market.place(who, variant, key=key)
        await pay_from_wallet(market.shop, who, number)
        return number

    ended = await race(market, both, as_worker(market, younger, buy), point)
    assert await market.codes_of(older, ended.second)
    assert await market.balance(older) == 2 * 990 - 900
    assert len(await market.shop.read(list_own, older.person_id, limit=5)) == 1


@pytest.mark.parametrize("point", POINTS)
async def test_money_that_comes_while_merging(
    market: Market, both: tuple[Customer, Customer], point: str
) -> None:
    older, younger = both
    order = await market.an_order(younger)
    payment = await market.ask_money(younger, order.number)
    notice = await market.notice(payment, minor=1000)
    ended = await race(market, both, market.tell(notice), point)
    assert ended.second is Taken.APPLIED
    assert await market.balance(older) == 2 * 990 + 10
    assert await market.codes_of(older, order.number)


@pytest.mark.parametrize("point", POINTS)
async def test_a_refund_while_merging(market: Market, both: tuple[Customer, Customer], point: str) -> None:
    older, younger = both
    order = await market.an_order(younger, paid=True)
    await race(market, both, refund_order(market.shop, order.number, by=OWNER), point)
    assert await market.balance(older) == 3 * 990


@pytest.mark.parametrize("point", ["FROM people", "UPDATE orders", "UPDATE receipts", "UPDATE people"])
async def test_staff_find_whose_money_it_is_while_merging(
    market: Market, both: tuple[Customer, Customer], point: str
) -> None:
    older, younger = both
    order = await market.an_order(younger)
    await market.tell(await market.notice("ZZZZZZZZ", minor=100), gateway=OTHER_GATEWAY)
    receipt = await market.one("SELECT id FROM receipts")
    await race(market, both, credit_to_buyer(market.shop, receipt, order.number, by=OWNER), point)
    assert await market.balance(older) == 2 * 990 + 100


@pytest.mark.parametrize("point", ["FROM people", "UPDATE people"])
async def test_staff_give_money_while_merging_and_again_after(
    market: Market, both: tuple[Customer, Customer], point: str
) -> None:
    older, younger = both
    change = Adjustment(younger.person_id, Money(50, "CNY"), "a gift", market.key())
    await race(market, both, adjust_once(market.shop, change, by=OWNER), point)
    await adjust_once(market.shop, change, by=OWNER)
    assert await market.balance(older) == 2 * 990 + 50


@pytest.mark.parametrize(
    "point", ["FROM people", "UPDATE identities", "UPDATE thread_messages", "UPDATE people"]
)
async def test_a_message_and_an_answer_while_merging(
    market: Market, both: tuple[Customer, Customer], point: str
) -> None:
    older, younger = both
    for who, text in ((older, "a"), (younger, "b")):
        await write_to_shop(market.shop, who, Said(text), key=f"{who.channel}:1")
    threads = [row["id"] for row in await market.rows("SELECT id FROM threads ORDER BY id")]

    async def talk() -> None:
        for place, thread in enumerate(threads):
            await answer_customer(
                market.shop, thread, Said(f"answer {place}"), key=f"staff:{place}", by=OWNER
            )
        await as_worker(market, younger, lambda who: write_to_shop(market.shop, who, Said("c"), key="web:2"))

    await race(market, both, talk(), point)
    said = await market.shop.read(list_messages, market.shop.get(Vault), person_id=older.person_id, limit=9)
    assert sorted(one.text for one in said) == ["a", "answer 0", "answer 1", "b", "c"]


@pytest.mark.parametrize("point", ["FROM people", "UPDATE orders", "UPDATE people"])
async def test_a_look_at_the_codes_while_merging(
    market: Market, both: tuple[Customer, Customer], point: str
) -> None:
    _, younger = both
    order = await market.an_order(younger, paid=True)
    act = as_worker(market, younger, lambda who: reveal_codes(market.shop, who, order.number))
    ended = await race(market, both, act, point)
    assert len(ended.second.codes) == 1


@pytest.mark.parametrize("point", ["FROM people", "UPDATE people"])
async def test_a_wish_while_merging(market: Market, both: tuple[Customer, Customer], point: str) -> None:
    _, younger = both
    variant = await market.a_variant(codes=0)
    act = as_worker(market, younger, lambda who: market.shop.write(wish, who, variant))
    await race(market, both, act, point)
    assert await market.one("SELECT count(*) FROM restock_wishes") == 1


@pytest.mark.parametrize("point", ["FROM people", "DELETE FROM pairings", "UPDATE orders"])
async def test_a_no_while_the_other_says_yes(
    market: Market, both: tuple[Customer, Customer], point: str
) -> None:
    older, younger = both
    pairing = await asked(market, older, younger)
    ended = await run_between(
        market.shop.database,
        confirm(market.shop, older, pairing.key),
        decline(market.shop, younger, pairing.key),
        point=point,
    )
    is_one = (await now(market, younger)).person_id == older.person_id
    assert (ended.first is None) is is_one
    assert (ended.first is PairingOver) is not is_one


@pytest.mark.parametrize("point", ["FROM people", "DELETE FROM pairings", "UPDATE orders"])
async def test_both_have_made_a_code_and_both_say_yes(
    market: Market, both: tuple[Customer, Customer], point: str
) -> None:
    older, younger = both
    one, other = await asked(market, older, younger), await asked(market, younger, older)
    second = as_worker(market, younger, lambda who: confirm(market.shop, who, other.key))
    ended = await run_between(
        market.shop.database,
        as_worker(market, older, lambda who: confirm(market.shop, who, one.key)),
        second,
        point=point,
    )
    assert [ended.first, ended.second].count(PairingOver) == 1
    assert await market.one("SELECT count(*) FROM person_changes") == 1
    assert await market.balance(older) == 2 * 990


async def test_a_yes_pressed_twice_at_once_merges_once(
    market: Market, both: tuple[Customer, Customer]
) -> None:
    older, younger = both
    pairing = await asked(market, older, younger)
    presses = [as_worker(market, older, lambda who: confirm(market.shop, who, pairing.key)) for _ in range(3)]
    ends = await outcomes(*presses)
    assert ends.count(PairingOver) == 2
    assert await market.balance(older) == 2 * 990


async def test_three_become_one_from_both_ends_at_once(market: Market) -> None:
    people = [await market.a_customer(balance=10) for _ in range(3)]
    first, second = await asked(market, people[0], people[1]), await asked(market, people[2], people[1])
    ends = await outcomes(
        as_worker(market, people[0], lambda who: confirm(market.shop, who, first.key)),
        as_worker(market, people[2], lambda who: confirm(market.shop, who, second.key)),
    )
    # A merge voids what else was asked of either: whoever comes second asks again.
    assert ends.count(PairingOver) == 1
    assert sum([await market.balance(one) for one in people]) == 30


ERASING: Final = ("FROM people", "FROM orders", "UPDATE orders", "DELETE FROM identities", "UPDATE people")
"""Moments of erasing somebody: before its locks, and between what it takes out."""


@pytest.mark.parametrize("point", ERASING)
async def test_staff_refunding_while_somebody_erases_himself(market: Market, point: str) -> None:
    """Either the money is in his balance and he is still there, or he is gone and nothing was given back."""
    him = await market.a_customer()
    order = await market.an_order(him, paid=True)
    refund = refund_order(market.shop, order.number, by=OWNER)
    ended = await run_between(market.shop.database, erase(market.shop, him), refund, point=point)
    assert (ended.first is StillNeeded) is not (ended.second is PersonErased)
    assert await market.balance(him) == (order.total.minor if ended.first is StillNeeded else 0)


@pytest.mark.parametrize("point", ERASING)
async def test_late_money_while_somebody_erases_himself(market: Market, point: str) -> None:
    him = await market.a_customer()
    order = await market.an_order(him)
    notice = await market.notice(await market.ask_money(him, order.number))
    await cancel_order(market.shop, him, order.number)
    ended = await run_between(market.shop.database, erase(market.shop, him), market.tell(notice), point=point)
    assert ended.second in {Taken.APPLIED, Taken.SUSPENDED}


@pytest.mark.parametrize("point", ERASING)
async def test_an_answer_to_somebody_who_erases_himself(market: Market, point: str) -> None:
    him = await market.a_customer()
    await write_to_shop(market.shop, him, Said("hello"), key="k1")
    [thread] = await market.shop.read(list_threads, limit=5)
    answer = answer_customer(market.shop, thread.id, Said("yes?"), key="k2", by=OWNER)
    ended = await run_between(market.shop.database, erase(market.shop, him), answer, point=point)
    assert ended.first is None
    left = await market.rows("SELECT id FROM thread_messages WHERE length(sealed) > 0")
    assert left == [], "said before or never"
    assert (
        await market.rows("SELECT id FROM messages WHERE due_at IS NOT NULL AND news = 'thread_answered'")
        == []
    )
