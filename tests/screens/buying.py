"""Goods bought when they are paid for: what the buyer sees, and the person who decides where nobody knows."""

from __future__ import annotations

from tests.screens.counter import at_the_counter
from tests.screens.person import Cast
from tests.screens.registry import journey
from tests.screens.shelves import (
    at_the_bill_for_it,
    on_demand,
    until_asked_of_staff,
    until_bought,
    until_sent,
)


@journey(
    "order-checked",
    "现买现发：供应商没有回答，店员定夺",
    "Bought on demand: the supplier does not answer, and staff decide",
    suppliers=("acg_faka", "kakayun"),
)
async def order_checked(cast: Cast) -> None:
    stage = cast.stage
    await on_demand(cast, "acg", "kky")
    stage.sites["acg_faka"].fail_next("drop_before", "/trade", times=99)
    customer = await at_the_bill_for_it(cast)
    await customer.pay()
    await until_bought(cast, ["unknown"])
    cast.between("供应商没有回答。20 秒过去", "The supplier does not answer. 20 seconds pass")
    stage.clock.advance(seconds=20)
    await stage.quiet()
    await customer.look()
    cast.between("3 分钟过去", "Three minutes pass")
    stage.clock.advance(minutes=3)
    await until_sent(cast, 2)
    await customer.look()
    owner = await at_the_counter(cast)
    cast.between("又过了 8 分钟，还是没有回答", "Eight more minutes, and no answer yet")
    stage.clock.advance(minutes=8)
    await until_asked_of_staff(cast)
    await owner.look()
    await owner.press("admin.button.cases")
    await owner.press("admin.case.purchase")
    await owner.press("admin.button.purchase_none")
    await owner.press("admin.purchase.yes_none")
    await until_bought(cast, ["refused", "done"])
    await customer.look()
    await customer.press("order.reveal")
