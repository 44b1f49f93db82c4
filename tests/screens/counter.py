"""What staff do at the counter."""

from __future__ import annotations

from typing import Final

from shop_core.kernel.money import Money
from shop_core.orders.take_payment import take_payment
from shop_core.payments.gateway import Notice
from tests.screens.goods import FEW, MONTH
from tests.screens.person import Cast, Person
from tests.screens.registry import journey
from tests.screens.scenes import at_the_bill

CODES: Final = "NEW1-0001-CODE\nNEW1-0002-CODE\nNEW1-0002-CODE\n"


async def at_the_counter(cast: Cast) -> Person:
    """The owner, in front of the counter's first screen."""
    owner = await cast.owner()
    await owner.come()
    await owner.press("admin.button.door")
    return owner


@journey("counter-home", "柜台：没有待处理的事", "The counter: nothing is waiting")
async def counter_home(cast: Cast) -> None:
    owner = await at_the_counter(cast)
    await owner.press("admin.button.cases")
    await owner.press("admin.button.home")
    await owner.press("admin.button.stock")


@journey("counter-product", "新建商品，入库，上架", "A new product, stocked and on sale")
async def counter_product(cast: Cast) -> None:
    owner = await at_the_counter(cast)
    await owner.press("admin.button.products")
    await owner.press("admin.button.product_add")
    await owner.type("哔哩哔哩大会员")
    await owner.press(FEW[0].zh if cast.language == "zh" else FEW[0].en)
    await owner.type("15 12.3")
    await owner.type("月卡")
    await owner.press("admin.form.more")
    await owner.type("148")
    await owner.type("年卡")
    await owner.press("admin.form.publish")
    await owner.press("admin.button.import")
    await owner.send("codes.txt", CODES.encode())
    await cast.stage.quiet()
    await owner.look()


@journey("counter-price", "改价，再改回去", "Another price, and back again")
async def counter_price(cast: Cast) -> None:
    owner = await at_the_counter(cast)
    await owner.press("admin.button.products")
    await owner.press(owner.name_of(MONTH))
    await owner.press("admin.button.price")
    await owner.type("十六块")
    await owner.type("16")
    await owner.press("admin.form.price.yes")
    await owner.press("admin.button.price_back")


@journey("counter-order", "查订单，看经过，退款", "An order found, explained, refunded")
async def counter_order(cast: Cast) -> None:
    customer = await at_the_bill(cast)
    number = customer.number
    await customer.pay()
    owner = await at_the_counter(cast)
    await owner.press("admin.button.find_order")
    await owner.type(number)
    await owner.press("admin.button.why_delivered")
    await owner.press("admin.button.order")
    await owner.press("admin.button.refund")
    await owner.press("admin.refund.yes")
    await customer.look()


@journey("counter-suspense", "来路不明的付款", "Money that nobody knows")
async def counter_suspense(cast: Cast) -> None:
    customer = await at_the_bill(cast)
    owner = await at_the_counter(cast)
    cast.between(
        "网关通知：有人付了 ¥15.00，单号对不上", "The gateway tells of ¥15.00 under an unknown number"
    )
    await take_payment(
        cast.stage.shop, "alipay", Notice("K7M29QX9", "2026112022001", Money(1500, "CNY"), paid=True)
    )
    await cast.stage.quiet()
    await owner.look()
    await owner.press("admin.button.cases")
    if not owner.has("admin.button.pay_order"):
        await owner.press("admin.case.suspense")
    await owner.press("admin.button.pay_order")
    await customer.look()


@journey(
    "staff-sign-in", "店员从机器人登录网页", "Staff come to the web from the bot", channels=("telegram",)
)
async def staff_sign_in(cast: Cast) -> None:
    owner = await at_the_counter(cast)
    await owner.press("admin.button.web")
    await owner.press("admin.button.web_close")


@journey("staff-password", "店员设网页密码，退出", "Staff set a password and leave", channels=("web",))
async def staff_password(cast: Cast) -> None:
    owner = await at_the_counter(cast)
    await owner.press("admin.button.web")
    await owner.press("admin.button.web_password")
    await owner.type("a long pass phrase", is_secret=True)
    await owner.type("000000")
    await owner.type("/web")
    await owner.press("admin.button.web_leave")


@journey("message", "给店里留言，店里回复", "A message to the shop, and its answer", channels=("telegram",))
async def message(cast: Cast) -> None:
    owner = await at_the_counter(cast)
    customer = await cast.customer()
    await customer.come()
    await customer.press("home.support")
    await customer.type(
        "月卡能在电视上用吗？" if cast.language == "zh" else "Does the month card work on a TV?"
    )
    await owner.look()
    await owner.press("admin.button.thread_reply")
    await owner.type("能，电视、手机、平板都行。" if cast.language == "zh" else "Yes: TV, phone and tablet.")
    await customer.look()
