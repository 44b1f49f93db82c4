"""The demo's wholesalers, bought from by the shop's own adapter."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest

from bot.sandbox.wholesaler.goods import GOODS, MANNERS
from bot.sandbox.wholesaler.site import OPENING, Wholesaler
from shop_core.kernel.clock import SystemClock
from shop_core.kernel.money import Money
from shop_core.kernel.secret import Secret
from shop_core.supply.supplier import Done, No, PurchaseRequest, Refused, SupplierRefused
from suppliers.dujiao_next.adapter import DujiaoNextSupplier
from suppliers.dujiao_next.settings import DujiaoNextSettings

CARD, _, PHANTOM = (f"{goods.id}:{goods.sku_id}" for goods in GOODS)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    manner = replace(MANNERS["bargain"], answers_after_s=0)
    transport = httpx.ASGITransport(Wholesaler("demo", "s3cret", manner).app())
    async with httpx.AsyncClient(transport=transport) as made:
        yield made


def supplier(client: httpx.AsyncClient, secret: str = "s3cret") -> DujiaoNextSupplier:
    settings = DujiaoNextSettings(
        name="bargain", base_url="http://127.0.0.1:1", key="demo", secret=Secret(secret)
    )
    return DujiaoNextSupplier(settings, client, SystemClock())


async def test_a_wholesaler_refuses_every_other_order_and_sells_a_number_once(
    client: httpx.AsyncClient,
) -> None:
    shop = supplier(client)
    page = await shop.list_offers()
    costs = {offer.ref: offer.cost for offer in page.offers}
    assert costs[CARD] < Money(GOODS[0].price, "CNY"), "the bargain is cheaper"
    refused = await shop.place(PurchaseRequest("FIRST222", CARD, 2))
    assert isinstance(refused, Refused)
    assert refused.why is No.OTHER
    done = await shop.place(PurchaseRequest("SECOND22", CARD, 2))
    assert isinstance(done, Done)
    assert len({code.reveal() for code in done.goods}) == 2
    assert await shop.place(PurchaseRequest("SECOND22", CARD, 2)) == done
    assert await shop.query("SECOND22", done.supplier_ref, placed_at=datetime.now(UTC)) == done
    assert await shop.balance() == Money(OPENING - 2 * costs[CARD].minor, "CNY")


async def test_what_is_only_listed_is_never_sold(client: httpx.AsyncClient) -> None:
    shop = supplier(client)
    for number in ("FIRST222", "SECOND22"):
        assert isinstance(await shop.place(PurchaseRequest(number, PHANTOM, 1)), Refused)
    assert await shop.balance() == Money(OPENING, "CNY")


async def test_a_stranger_gets_nothing(client: httpx.AsyncClient) -> None:
    with pytest.raises(SupplierRefused):
        await supplier(client, "guessed").balance()
