"""Another shop that never hears what became of its orders: a case, its evidence, and telling it again."""

from __future__ import annotations

import json

from shop_core.cases.cases import CaseKind, list_open
from shop_core.messaging.sending import GIVE_UP_AFTER
from shop_core.resale.keys import close_keys
from shop_core.resale.tell import tell_resellers
from tests.admin.office import button, links_of, staffed, text_of
from tests.core.builders import Market, a_market
from tests.web.test_upstream import Buyer, a_buyer, tell


async def an_order(market: Market, buyer: Buyer, number: str) -> str:
    """An order of the other shop, and its callback that nobody hears for as long as it is sent."""
    variant = await market.a_variant(codes=1)
    placed = await buyer.supplier().place(buyer.request(variant, number))
    await tell(market)
    market.clock.moment += GIVE_UP_AFTER
    assert await tell(market) == 1
    assert await tell_resellers(market.shop) == 0
    (order,) = await market.rows(
        "SELECT o.number FROM orders o JOIN downstream_orders d ON d.order_id = o.id WHERE d.number = :n",
        n=number,
    )
    assert placed is not None
    return str(order["number"])


async def test_a_shop_that_never_hears_is_one_case_and_is_told_again_by_staff(database_url: str) -> None:
    async with a_market(database_url) as market:
        office = staffed(market)
        async with a_buyer(market) as buyer:
            buyer.hears = False
            first = await an_order(market, buyer, "DOWN-1")
            await an_order(market, buyer, "DOWN-2")
            (case,) = await market.shop.read(list_open)
            assert (case.kind, case.evidence["order"], case.evidence["host"]) == (
                CaseKind.UNHEARD,
                first,
                "127.0.0.1",
            )

            shown = await office.press(button(await office.type("/cases"), "进货的店收不到回调"))
            said = text_of(shown)
            assert "not accepted: HTTP 200" in said
            assert "有 2 条回调没送到" in said
            assert "127.0.0.1" in said
            assert f"admin/order/{first}" in links_of(shown).values()

            buyer.hears = True
            buyer.letters.clear()
            again = await office.press(button(shown, "重新通知"))
            assert "2 条" in text_of(again)
            assert await tell_resellers(market.shop) == 2
            numbers = {json.loads(letter.body)["downstream_order_no"] for letter in buyer.letters}
            assert numbers == {"DOWN-1", "DOWN-2"}
            assert await market.shop.read(list_open) == []
            assert [entry.details["count"] for entry in await office.audit_of("reseller tell")] == [2]

            twice = await office.press(button(shown, "重新通知"))
            assert "0 条" in text_of(twice)
            assert await tell_resellers(market.shop) == 0


async def test_what_is_not_heard_a_second_time_is_a_case_again(sqlite_url: str) -> None:
    async with a_market(sqlite_url) as market:
        office = staffed(market)
        async with a_buyer(market) as buyer:
            buyer.hears = False
            await an_order(market, buyer, "DOWN-1")
            await market.shop.write(close_keys, buyer.keys.key)
            shown = await office.press(button(await office.type("/cases"), "进货的店收不到回调"))
            await office.press(button(shown, "重新通知"))
            assert await market.shop.read(list_open) == []
            assert await tell_resellers(market.shop) == 1
            market.clock.moment += GIVE_UP_AFTER
            assert await tell(market) == 1
            (case,) = await market.shop.read(list_open)
            assert case.kind is CaseKind.UNHEARD
            shown = await office.press(button(await office.type("/cases"), "进货的店收不到回调"))
            await office.press(button(shown, "知道了"))
            assert await market.shop.read(list_open) == []
