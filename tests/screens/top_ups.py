"""Direct top-ups: by a supplier whose answer is lost, and by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from sqlalchemy import func, select

from shop_core.catalog.edit import (
    NewProduct,
    NewVariant,
    add_product,
    add_variant,
    set_fields,
    set_state,
)
from shop_core.catalog.goods import Field, FieldKind, GoodsKind
from shop_core.catalog.read import ProductState
from shop_core.db.tx import Tx, View
from shop_core.delivery.kinds import change_kind
from shop_core.supply.models import Purchase, PurchaseAsk
from shop_core.supply.offers import NewRoute, connect_offer, find_offers
from shop_core.supply.sync import read_list
from tests.screens.counter import at_the_counter
from tests.screens.person import Cast, Person
from tests.screens.registry import journey
from tests.screens.stage import PATIENCE_S
from tests.standins.suppliers.world import TOP_UP

_NAMES: Final = {"zh": "手机话费 50 元", "en": "Phone credit, 50 yuan"}
_FIELD: Final = Field("phone", {"zh": "手机号", "en": "phone number"}, FieldKind.PHONE)


def _sell_credit(tx: Tx, offer_id: int | None) -> None:
    product_id = add_product(tx, NewProduct(_NAMES))
    variant_id = add_variant(tx, NewVariant(product_id, 4980, cost_minor=4930))
    change_kind(tx, variant_id, GoodsKind.TOP_UP)
    set_fields(tx, variant_id, (_FIELD,))
    if offer_id is not None:
        connect_offer(tx, NewRoute(variant_id, offer_id))
    set_state(tx, product_id, ProductState.PUBLISHED)


async def _to_the_bill(cast: Cast) -> Person:
    """Somebody who has said his number, after one that was none."""
    customer = await cast.customer()
    await customer.come()
    await customer.press(_NAMES[cast.language])
    await customer.press("product.top_up")
    await customer.type("12345")
    await customer.type("138 1234 5678")
    await customer.press("input.sure")
    if customer.has("order.way.alipay"):
        await customer.press("order.way.alipay")
    return customer


@journey(
    "direct-top-up",
    "直充：供应商的回答丢了",
    "A top-up whose supplier's answer is lost",
    suppliers=("dayuanren",),
)
async def top_up(cast: Cast) -> None:
    stage, site = cast.stage, cast.stage.sites["dayuanren"]
    site.goods(TOP_UP, is_later=False)
    await read_list(stage.shop, "dyr")
    [offer] = await stage.shop.read(find_offers, "dyr", TOP_UP, limit=1)
    await stage.shop.write(_sell_credit, offer.id)
    site.fail_next("drop_after", "/recharge")
    # A question is asked twice before it counts as not answered.
    site.fail_next("drop_before", "/check", times=4)
    customer = await _to_the_bill(cast)
    await customer.pay()
    await _until_asked(cast, 0, ["unknown"])
    cast.between(
        "供应商已经充了，回答在路上丢了。20 秒过去",
        "The supplier has topped up, its answer is lost. 20 seconds pass",
    )
    stage.clock.advance(seconds=20)
    await _until_asked(cast, 1, ["unknown"])
    await stage.quiet()
    await customer.look()
    cast.between("3 分钟过去，再去问也没有回答", "Three minutes pass; asked again, it does not answer")
    stage.clock.advance(minutes=3)
    await _until_asked(cast, 2, ["unknown"])
    await stage.quiet()
    await customer.look()
    cast.between("再问一次，供应商说：已充", "Asked once more, the supplier says: topped up")
    stage.clock.advance(minutes=1)
    await _until_asked(cast, 3, ["done"])
    await stage.quiet()
    await customer.look()
    await customer.press("topping.receipt")
    assert site.purchases == 1


async def _until_asked(cast: Cast, times: int, states: Sequence[str]) -> None:
    """Wait until the supplier was asked so often, and purchases stand like this."""
    async with asyncio.timeout(PATIENCE_S):
        while await cast.stage.shop.read(_asked) != (times, list(states)):  # noqa: ASYNC110 - rows
            await asyncio.sleep(0.02)


def _asked(view: View) -> tuple[int, list[str]]:
    asks = view.execute(select(func.count()).where(PurchaseAsk.what == "query")).scalar_one()
    return int(asks), list(view.execute(select(Purchase.state).order_by(Purchase.id)).scalars())


@journey("direct-top-up-queue", "直充：店员手工充值", "A top-up by hand", channels=("telegram",))
async def top_up_queue(cast: Cast) -> None:
    await cast.stage.shop.write(_sell_credit, None)
    owner = await at_the_counter(cast)
    customer = await _to_the_bill(cast)
    await customer.pay()
    await owner.look()
    await owner.press("admin.button.home")
    await owner.press("admin.button.queue_n")
    await owner.press(_NAMES[cast.language])
    await owner.press("admin.button.task_take")
    await owner.press("admin.button.task_look")
    await owner.press("admin.button.task_done")
    await owner.type("流水 20261120778" if cast.language == "zh" else "No. 20261120778")
    await customer.look()
