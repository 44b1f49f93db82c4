"""Nobody is erased while money is on its way, and what comes for him afterwards goes back or before a person."""

from __future__ import annotations

import pytest

from shop_core.customers.people import PersonErased
from shop_core.orders.end import cancel_order, expire_orders
from shop_core.orders.give_back import send_refunds
from shop_core.orders.suspense import credit_to_buyer
from shop_core.orders.take_payment import Taken
from shop_core.privacy.erase import erase
from tests.core.builders import CLOSED, OWNER, STARS, Market
from tests.core.erased import why_not_yet


async def test_money_that_nobody_has_looked_at_yet_is_not_left_behind(market: Market) -> None:
    him = await market.a_customer()
    order = await market.an_order(him, await market.a_variant())
    payment = await market.ask_money(him, order.number)
    await market.tell(await market.notice(payment, minor=100, currency="USD"))
    await cancel_order(market.shop, him, order.number)
    assert await why_not_yet(market, him) == "payment"


async def test_a_refund_on_its_way_arrives_before_anybody_is_erased(market: Market) -> None:
    him = await market.a_customer(channel=CLOSED)
    order = await market.an_order(him, await market.a_variant())
    payment = await market.ask_money(him, order.number, STARS)
    await market.tell(await market.stars_notice(him, payment), gateway=STARS)
    await market.tell(await market.stars_notice(him, payment, ref="twice"), gateway=STARS)
    assert await why_not_yet(market, him) == "refund"
    await send_refunds(market.shop)
    await erase(market.shop, him)


async def test_late_money_of_an_erased_person_waits_for_somebody_to_look(market: Market) -> None:
    him, other = await market.a_customer(), await market.a_customer()
    order = await market.an_order(him, await market.a_variant())
    notice = await market.notice(await market.ask_money(him, order.number))
    market.clock.moment = order.expires_at
    await expire_orders(market.shop)
    await erase(market.shop, him)
    assert await market.tell(notice) is Taken.SUSPENDED
    assert await market.tell(notice) is Taken.REPEATED
    [receipt] = await market.rows("SELECT id, reason FROM receipts")
    assert receipt["reason"] == "erased"
    with pytest.raises(PersonErased):
        await credit_to_buyer(market.shop, receipt["id"], order.number, by=OWNER)
    [case] = await market.rows("SELECT kind FROM cases WHERE closed_at IS NULL")
    assert case["kind"] == "suspense"
    anothers = await market.an_order(other)
    await credit_to_buyer(market.shop, receipt["id"], anothers.number, by=OWNER)
    assert await market.balance(other) == notice.amount.minor


async def test_late_money_goes_back_where_its_payer_is_known(market: Market) -> None:
    him = await market.a_customer(channel=CLOSED)
    order = await market.an_order(him, await market.a_variant())
    payment = await market.ask_money(him, order.number, STARS)
    late, later = await market.stars_notice(him, payment), await market.stars_notice(him, payment)
    market.clock.moment = order.expires_at
    await expire_orders(market.shop)
    await erase(market.shop, him)
    assert await market.tell(late, gateway=STARS) is Taken.RETURNED
    await send_refunds(market.shop)
    assert await market.rows("SELECT state FROM receipts") == [{"state": "returned"}]
    assert await market.tell(later, gateway=STARS) is Taken.RETURNED
    market.stars.no = "gone"
    await send_refunds(market.shop)
    [_, refused] = await market.rows("SELECT state FROM receipts ORDER BY id")
    assert refused["state"] == "suspense", "nobody has a wallet for it"
    assert await market.rows("SELECT id FROM messages WHERE due_at IS NOT NULL") == [], "nobody is told"
