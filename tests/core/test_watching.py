"""What opens a case by itself, and closes it by itself when it is over."""

from __future__ import annotations

from datetime import timedelta

from shop_core.cases.cases import CaseKind, list_open, list_subjects, subject_of
from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.orders.ask import poll_payments
from shop_core.payments.health import SILENT_FOR, watch_gateways
from shop_core.stock.watch import MOST_OPEN, watch_stock
from tests.core.builders import EPAY, OTHER_GATEWAY, Market


async def subjects(market: Market, kind: CaseKind) -> list[int]:
    return list(await market.shop.read(list_subjects, kind))


# ---------------------------------------------------------------------- shelves


async def test_a_shelf_that_runs_low_is_told_of_once_until_it_is_filled(market: Market) -> None:
    variant = await market.a_variant(codes=6, names={"zh": "月卡"})
    assert await watch_stock(market.shop) == 0
    await market.place(await market.a_customer(), variant)
    for _ in range(2):
        assert await watch_stock(market.shop) == 1
    (case,) = await market.shop.read(list_open)
    assert (case.kind, case.subject_id) == (CaseKind.STOCK, variant)
    assert case.evidence == {"left": 5, "name": "季卡 月卡"}
    await market.run_news()
    assert await market.one("SELECT count(*) FROM messages WHERE news = 'case_opened'") == 1
    await market.stock(variant, 1)
    assert await watch_stock(market.shop) == 0
    assert await market.shop.read(list_open) == []


async def test_what_is_not_for_sale_or_never_had_stock_is_not_told_of(market: Market) -> None:
    variant = await market.a_variant(codes=1)
    await market.a_variant(codes=0)
    await watch_stock(market.shop)
    assert await subjects(market, CaseKind.STOCK) == [variant]
    await market.sql("UPDATE products SET state = 'hidden'")
    assert await watch_stock(market.shop) == 0
    assert await subjects(market, CaseKind.STOCK) == []


async def test_codes_that_will_not_be_sold_any_more_do_not_count(market: Market) -> None:
    soon = (market.clock.now() + timedelta(days=3)).date()
    variant = await market.a_variant(codes=50, expires_on=soon, sell_until_days=7)
    await watch_stock(market.shop)
    assert await subjects(market, CaseKind.STOCK) == [variant]


async def test_of_many_empty_shelves_only_so_many_are_told_of_emptiest_first(market: Market) -> None:
    fuller = [await market.a_variant(codes=3) for _ in range(3)]
    emptier = [await market.a_variant(codes=1) for _ in range(MOST_OPEN)]
    assert await watch_stock(market.shop) == MOST_OPEN + 3
    assert sorted(await subjects(market, CaseKind.STOCK)) == emptier
    await market.stock(emptier[0], 10)
    await watch_stock(market.shop)
    assert sorted(await subjects(market, CaseKind.STOCK)) == [fuller[0], *emptier[1:]]


# ---------------------------------------------------------------------- gateways


async def test_a_gateway_that_does_not_answer_for_minutes_is_told_of_until_it_does(market: Market) -> None:
    buyer = await market.a_customer()
    order = await market.an_order(buyer)
    market.gateway.trouble = Unknown("ReadTimeout")
    await market.ask_money(buyer, order.number)
    assert await watch_gateways(market.shop) == 0
    market.clock.moment += SILENT_FOR
    await poll_payments(market.shop)
    for _ in range(2):
        assert await watch_gateways(market.shop) == 1
    (case,) = await market.shop.read(list_open)
    assert (case.kind, case.subject_id) == (CaseKind.SILENT, subject_of(EPAY))
    assert (case.evidence["gateway"], case.evidence["said"]) == (EPAY, "ReadTimeout")
    market.gateway.trouble = None
    market.clock.advance(minutes=2)
    assert await poll_payments(market.shop) == 1
    assert await market.shop.read(list_open) == []
    assert await watch_gateways(market.shop) == 0


async def test_a_gateway_that_stumbles_and_answers_again_is_not_told_of(market: Market) -> None:
    buyer = await market.a_customer()
    order = await market.an_order(buyer)
    market.gateway.trouble = RetryLater("ConnectError")
    await market.ask_money(buyer, order.number)
    market.gateway.trouble = None
    await market.ask_money(buyer, order.number)
    market.clock.moment += SILENT_FOR
    assert await watch_gateways(market.shop) == 0


async def test_the_silence_of_one_gateway_is_not_that_of_another(market: Market) -> None:
    buyer = await market.a_customer()
    order, other = await market.an_order(buyer), await market.an_order(buyer)
    market.gateway.trouble = Unknown("ReadTimeout")
    await market.ask_money(buyer, order.number)
    market.clock.moment += SILENT_FOR
    await watch_gateways(market.shop)
    market.other_gateway.trouble = None
    market.clock.moment -= timedelta(minutes=1)
    await market.ask_money(buyer, other.number, OTHER_GATEWAY)
    assert await subjects(market, CaseKind.SILENT) == [subject_of(EPAY)]
