"""Money back: what nobody has seen goes back on the shelf, what somebody has seen never does."""

from __future__ import annotations

import pytest

from shop_core.orders.errors import NoSuchOrder, NotDelivered, NotRefundable
from shop_core.orders.models import OrderState
from shop_core.orders.refund import CodeWasSeen, refund_order, refund_seen_order
from shop_core.orders.take_payment import Taken
from tests.core.builders import OWNER, Market


async def test_a_refund_of_an_unseen_code_restocks_it_and_pays_the_wallet(market: Market) -> None:
    buyer = await market.a_customer()
    order = await market.an_order(buyer, await market.a_variant(codes=1), paid=True)
    assert (await refund_order(market.shop, order.number, by=OWNER)).minor == order.total.minor
    assert (await market.look(order.number)).state is OrderState.REFUNDED
    assert await market.cards() == {"available": 1}
    assert await market.balance(buyer) == order.total.minor
    with pytest.raises(NotDelivered):
        await market.codes_of(buyer, order.number)
    next_buyer = await market.a_customer()
    again = await market.an_order(next_buyer, order.lines[0].variant_id, paid=True)
    assert len(await market.codes_of(next_buyer, again.number)) == 1


async def test_a_seen_code_is_refunded_only_knowingly_and_never_restocked(market: Market) -> None:
    buyer = await market.a_customer()
    order = await market.an_order(buyer, await market.a_variant(codes=1), paid=True)
    await market.codes_of(buyer, order.number)
    before = await market.everything()
    with pytest.raises(CodeWasSeen):
        await refund_order(market.shop, order.number, by=OWNER)
    assert await market.everything() == before
    await refund_seen_order(market.shop, order.number, by=OWNER)
    assert await market.cards() == {"delivered": 1}
    assert await market.balance(buyer) == order.total.minor


async def test_an_order_is_refunded_once(market: Market) -> None:
    buyer = await market.a_customer()
    order = await market.an_order(buyer, paid=True)
    await refund_order(market.shop, order.number, by=OWNER)
    with pytest.raises(NotRefundable):
        await refund_seen_order(market.shop, order.number, by=OWNER)
    assert await market.balance(buyer) == order.total.minor


async def test_an_unpaid_or_unknown_order_is_not_refunded(market: Market) -> None:
    order = await market.an_order(await market.a_customer())
    with pytest.raises(NotRefundable):
        await refund_order(market.shop, order.number, by=OWNER)
    with pytest.raises(NoSuchOrder):
        await refund_order(market.shop, "22222222", by=OWNER)


async def test_money_that_comes_again_after_a_refund_goes_to_the_wallet(market: Market) -> None:
    buyer = await market.a_customer()
    order = await market.an_order(buyer, paid=True)
    await refund_order(market.shop, order.number, by=OWNER)
    assert await market.tell(await market.notice(order.number)) is Taken.CREDITED
    assert await market.balance(buyer) == 2 * order.total.minor


async def test_a_refund_is_in_the_audit_log(market: Market) -> None:
    order = await market.an_order(await market.a_customer(), paid=True)
    await refund_order(market.shop, order.number, by=OWNER)
    assert (
        await market.one("SELECT count(*) FROM audit_log WHERE command = 'refund' AND actor = :by", by=OWNER)
        == 1
    )
