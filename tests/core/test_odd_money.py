"""Odd money has a home: whatever comes is booked once, and the books balance after each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shop_core.cases.cases import list_open
from shop_core.kernel.money import CurrencyMismatch
from shop_core.orders.end import cancel_order, expire_orders
from shop_core.orders.errors import NoSuchOrder
from shop_core.orders.models import OrderState
from shop_core.orders.read import OrderView
from shop_core.orders.suspense import credit_to_buyer, mark_returned
from shop_core.orders.take_payment import Taken
from shop_core.payments.receipts import NoSuchReceipt
from tests.core.builders import OTHER_GATEWAY, OWNER, Market, outcomes


async def asked_for(market: Market, *, codes: int = 1) -> tuple[OrderView, int]:
    """An order whose money was asked for, and its buyer's id."""
    buyer = await market.a_customer()
    order = await market.an_order(buyer, await market.a_variant(codes=codes))
    await market.ask_money(buyer, order.number)
    return order, buyer.person_id


async def held_by(market: Market, person_id: int) -> int:
    found = await market.rows(
        "SELECT amount_minor FROM ledger_balances WHERE account = :of", of=f"wallet:{person_id}"
    )
    return int(found[0]["amount_minor"]) if found else 0


async def receipt(market: Market) -> tuple[str, str]:
    """State and reason of the latest receipt."""
    [latest] = await market.rows("SELECT state, reason FROM receipts ORDER BY id DESC LIMIT 1")
    return latest["state"], latest["reason"]


async def test_an_expired_order_paid_late_is_delivered_while_there_is_a_code(market: Market) -> None:
    order, _ = await asked_for(market)
    market.clock.advance(minutes=16)
    await expire_orders(market.shop)
    assert await market.tell(await market.notice(order.number)) is Taken.APPLIED
    assert (await market.look(order.number)).state is OrderState.DELIVERED
    assert (await market.look(order.number)).ended_at is None
    assert await receipt(market) == ("applied", "late")


async def test_a_cancelled_order_paid_all_the_same_is_delivered_while_there_is_a_code(market: Market) -> None:
    buyer = await market.a_customer()
    order = await market.an_order(buyer)
    await market.ask_money(buyer, order.number)
    await cancel_order(market.shop, buyer, order.number)
    assert await market.tell(await market.notice(order.number)) is Taken.APPLIED
    assert (await market.look(order.number)).state is OrderState.DELIVERED


async def test_an_order_past_its_deadline_but_not_swept_yet_is_simply_paid(market: Market) -> None:
    order, _ = await asked_for(market)
    market.clock.advance(minutes=16)
    assert await market.tell(await market.notice(order.number)) is Taken.APPLIED
    assert await expire_orders(market.shop) == 0


async def test_an_order_paid_late_without_a_code_left_is_credited(market: Market) -> None:
    order, buyer = await asked_for(market)
    market.clock.advance(minutes=16)
    await expire_orders(market.shop)
    await market.an_order(await market.a_customer(), order.lines[0].variant_id, paid=True)
    assert await market.tell(await market.notice(order.number)) is Taken.CREDITED
    assert (await market.look(order.number)).state is OrderState.EXPIRED
    assert await held_by(market, buyer) == order.total.minor
    assert await receipt(market) == ("credited", "late")


async def test_a_late_order_costs_what_its_new_code_cost(market: Market) -> None:
    buyer, variant = await market.a_customer(), await market.a_variant(codes=1, cost=300)
    order = await market.an_order(buyer, variant)
    await market.ask_money(buyer, order.number)
    market.clock.advance(minutes=16)
    await expire_orders(market.shop)
    await market.an_order(await market.a_customer(), variant, paid=True)
    await market.stock(variant, 1, cost_minor=450)
    await market.tell(await market.notice(order.number))
    assert (await market.look(order.number)).lines[0].cost.minor == 450


@pytest.mark.parametrize("minor", [1, 989])
async def test_too_little_goes_to_the_wallet_and_the_order_waits(market: Market, minor: int) -> None:
    order, buyer = await asked_for(market)
    assert await market.tell(await market.notice(order.number, minor=minor)) is Taken.CREDITED
    assert (await market.look(order.number)).state is OrderState.AWAITING
    assert await held_by(market, buyer) == minor
    assert await receipt(market) == ("credited", "short")


async def test_too_much_pays_the_order_and_the_rest_goes_to_the_wallet(market: Market) -> None:
    order, buyer = await asked_for(market)
    assert await market.tell(await market.notice(order.number, minor=1000)) is Taken.APPLIED
    assert (await market.look(order.number)).state is OrderState.DELIVERED
    assert await held_by(market, buyer) == 10
    assert await receipt(market) == ("applied", "over")


async def test_paying_twice_credits_the_second_money(market: Market) -> None:
    order, buyer = await asked_for(market, codes=2)
    assert await market.tell(await market.notice(order.number)) is Taken.APPLIED
    assert await market.tell(await market.notice(order.number)) is Taken.CREDITED
    assert await held_by(market, buyer) == order.total.minor
    assert await market.cards() == {"available": 1, "delivered": 1}
    assert await receipt(market) == ("credited", "double")


async def test_two_different_moneys_at_once_deliver_once_and_credit_the_other(market: Market) -> None:
    order, buyer = await asked_for(market, codes=3)
    answers = await outcomes(*[market.tell(await market.notice(order.number)) for _ in range(3)])
    assert sorted(answers) == [Taken.APPLIED, Taken.CREDITED, Taken.CREDITED]
    assert await held_by(market, buyer) == 2 * order.total.minor
    assert (await market.cards())["delivered"] == 1


async def test_money_through_another_gateway_than_asked_waits_for_a_person(market: Market) -> None:
    order, buyer = await asked_for(market)
    assert await market.tell(await market.notice(order.number), gateway=OTHER_GATEWAY) is Taken.SUSPENDED
    assert (await market.look(order.number)).state is OrderState.AWAITING
    assert await held_by(market, buyer) == 0
    assert await receipt(market) == ("suspense", "wrong_gateway")


async def test_money_in_another_currency_waits_for_a_person(market: Market) -> None:
    order, _ = await asked_for(market)
    assert await market.tell(await market.notice(order.number, currency="USD")) is Taken.SUSPENDED
    assert (await market.look(order.number)).state is OrderState.AWAITING
    assert await receipt(market) == ("suspense", "wrong_currency")


async def test_money_for_nobody_waits_for_a_person(market: Market) -> None:
    notice = await market.notice("ZZZZZZZZ", minor=100)
    assert await market.tell(replace(notice, number="z" * 200)) is Taken.SUSPENDED
    [case] = await market.shop.read(list_open)
    assert case.evidence["reason"] == "unknown_number"
    assert case.evidence["amount"] == "1.00"


async def test_suspended_money_told_eight_times_at_once_is_booked_once(market: Market) -> None:
    notice = await market.notice("ZZZZZZZZ", minor=100)
    answers = await outcomes(*(market.tell(notice) for _ in range(8)))
    assert sorted(answers) == [Taken.REPEATED] * 7 + [Taken.SUSPENDED]


@pytest.mark.parametrize("minor", [0, -990])
async def test_paid_nothing_is_not_paid(market: Market, minor: int) -> None:
    order, _ = await asked_for(market)
    before = await market.everything()
    assert await market.tell(await market.notice(order.number, minor=minor)) is Taken.NOT_PAID
    assert await market.tell(replace(await market.notice(order.number), paid=False)) is Taken.NOT_PAID
    assert await market.everything() == before


# ---------------------------------------------------------------------- a person decides


async def suspended(market: Market, **options: str) -> int:
    await market.tell(await market.notice("ZZZZZZZZ", minor=100, **options))
    return int(await market.one("SELECT max(id) FROM receipts"))


async def test_suspended_money_is_credited_once(market: Market) -> None:
    order, buyer = await asked_for(market)
    found = await suspended(market)
    attempts = [credit_to_buyer(market.shop, found, order.number, by=OWNER) for _ in range(4)]
    assert (await outcomes(*attempts)).count(NoSuchReceipt) == 3
    with pytest.raises(NoSuchReceipt):
        await mark_returned(market.shop, found, by=OWNER)
    assert await held_by(market, buyer) == 100
    assert await market.shop.read(list_open) == []


async def test_returned_money_is_gone_from_the_gateway_too(market: Market) -> None:
    found = await suspended(market)
    await mark_returned(market.shop, found, by=OWNER)
    booked = await market.rows(
        "SELECT account, sum(amount_minor) AS total FROM ledger_postings GROUP BY account"
    )
    assert {row["total"] for row in booked} == {0}
    assert await market.one("SELECT count(*) FROM audit_log WHERE command = 'suspense.return'") == 1


async def test_money_of_another_currency_cannot_be_credited_to_a_wallet(market: Market) -> None:
    order, buyer = await asked_for(market)
    found = await suspended(market, currency="USD")
    before = await market.everything()
    with pytest.raises(CurrencyMismatch):
        await credit_to_buyer(market.shop, found, order.number, by=OWNER)
    assert await market.everything() == before
    assert await held_by(market, buyer) == 0
    await mark_returned(market.shop, found, by=OWNER)


async def test_money_is_not_credited_for_an_order_that_is_not_there(market: Market) -> None:
    found = await suspended(market)
    with pytest.raises(NoSuchOrder):
        await credit_to_buyer(market.shop, found, "22222222", by=OWNER)
    assert len(await market.shop.read(list_open)) == 1
