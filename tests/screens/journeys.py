"""What customers do, from the first hello on. Each journey is walked on each channel, in each language."""

from __future__ import annotations

from dataclasses import replace

from shop_core.delivery.restock import tell_waves
from tests.screens.goods import LONG_VARIANTS, MONTH, MUSIC, STEAM, TOKENS
from tests.screens.person import Cast
from tests.screens.registry import journey
from tests.screens.scenes import at_the_bill, expire, hold_price, restock, sell_out, with_balance

# ------------------------------------------------------------------------------------------------------ looking


@journey("search", "搜索：两个字就够", "Searching: two characters are enough", goods="many")
async def search(cast: Cast) -> None:
    person = await cast.customer()
    await person.come()
    await person.press("home.search")
    await person.type("百度")
    await person.type("没有的商品")
    await person.type("网易 年卡 005")


@journey("catalogue", "两千种商品，一页一页看", "Two thousand products, page by page", goods="many")
async def catalogue(cast: Cast) -> None:
    person = await cast.customer()
    await person.come()
    await person.press("home.all")
    await person.press("button.next")
    await person.press("button.next")
    await person.press("button.previous")
    await person.press("button.back")
    await person.press("优酷视频 200" if cast.language == "zh" else "Brand 2 200")
    await person.press("button.next")
    await person.press("012")
    await person.press("button.back")


@journey("long-names", "六十个字的商品名", "Names of sixty characters", goods="long")
async def long_names(cast: Cast) -> None:
    person = await cast.customer()
    await person.come()
    await person.press(person.name_of(LONG_VARIANTS))
    await person.press(person.name_of(LONG_VARIANTS.variants[0]))
    await person.press("product.buy")
    await person.press("order.cancel")
    await person.press("button.home")
    await person.press("home.orders")


@journey("sold-out", "卖完了：到货提醒我", "Sold out: tell me when it is back")
async def sold_out(cast: Cast) -> None:
    person = await cast.customer()
    await person.come()
    await person.press(person.name_of(MUSIC))
    await person.press("restock.ask")
    await person.press("restock.cancel")
    await person.press("restock.ask")
    await restock(cast, MUSIC, 2)
    cast.between("店里补货 2 张，轮到他了", "Two codes come in, and it is his turn")
    await cast.stage.run(tell_waves)
    await person.look()
    await person.press("product.buy")


@journey("price-checked", "价格正在核对，先不能买", "The price is being checked: not to be bought yet")
async def price_checked(cast: Cast) -> None:
    person = await cast.customer()
    await person.come()
    await person.press(person.name_of(MONTH))
    await hold_price(cast, MONTH)
    await person.press("product.buy")
    await person.press("button.home")
    await person.press(person.name_of(MONTH))


@journey("language-and-help", "换语言，看帮助", "Another language, and help")
async def language_and_help(cast: Cast) -> None:
    person = await cast.customer()
    await person.come()
    await person.press("home.help")
    await person.press("button.home")
    await person.press("home.language")
    await person.press("English" if cast.language == "zh" else "中文")


# ------------------------------------------------------------------------------------------------------- buying


@journey("first-purchase", "第一次来，买一张，看卡密", "A first visit: buy one, see the code")
async def first_purchase(cast: Cast) -> None:
    person = await at_the_bill(cast)
    await person.press("order.i_paid")
    await person.pay()
    await person.press("order.reveal")


@journey(
    "stars",
    "用 Telegram Stars 付款",
    "Paying with Telegram Stars",
    channels=("telegram",),
    has_stars=True,
)
async def stars(cast: Cast) -> None:
    person = await at_the_bill(cast)
    await person.press("order.i_paid")
    await person.pay()
    await person.press("order.reveal")


@journey("quantity", "一次买很多：卡密在文件里", "Many at once: the codes come in a file")
async def quantity(cast: Cast) -> None:
    person = await cast.customer()
    await person.come()
    await person.press(person.name_of(STEAM))
    await person.press(person.name_of(STEAM.variants[0]))
    await person.press("product.other_quantity")
    await person.type("999")
    await person.type("12")
    await person.pay()
    await person.press("order.reveal")


@journey("wallet", "用余额支付", "Paying from the balance")
async def wallet(cast: Cast) -> None:
    person = await with_balance(cast, 2000)
    await person.press("home.balance")
    await person.press("button.home")
    await person.press(person.name_of(MONTH))
    await person.press("product.buy")
    await person.press("order.pay_wallet")


@journey("top-up", "余额不够：只补差价", "A short balance: pay only the rest")
async def top_up(cast: Cast) -> None:
    person = await with_balance(cast, 400)
    await person.press(person.name_of(MONTH))
    await person.press("product.buy")
    await person.press("order.pay_rest")
    await person.pay()


@journey("cancel", "取消订单", "Cancelling")
async def cancel(cast: Cast) -> None:
    person = await at_the_bill(cast)
    await person.press("order.cancel")
    await person.press("order.again")


@journey("gateway-trouble", "付款网关出了问题", "The gateway has trouble")
async def gateway_trouble(cast: Cast) -> None:
    cast.stage.cashier.fail_next("error_500", target="mapi", times=9)
    person = await at_the_bill(cast)
    cast.stage.cashier.reset()
    await person.press("order.refresh")


@journey("late-payment", "过期之后才付款：货还有", "Paid after it expired: there is stock left")
async def late_payment(cast: Cast) -> None:
    person = await at_the_bill(cast)
    url = person.pay_url
    await expire(cast, person)
    await person.pay_at(url)


@journey("too-late-payment", "过期之后才付款：已经卖完", "Paid after it expired: sold out meanwhile")
async def too_late_payment(cast: Cast) -> None:
    person = await at_the_bill(cast, TOKENS)
    url = person.pay_url
    await expire(cast, person)
    await sell_out(cast, TOKENS)
    await person.pay_at(url)


# ---------------------------------------------------------------------------------------------------- afterwards


@journey("my-orders", "找回订单，再来一单", "Orders found again, and once more")
async def my_orders(cast: Cast) -> None:
    person = await at_the_bill(cast)
    number = person.number
    await person.pay()
    await person.come()
    await person.press("home.orders")
    await person.press("order.delivered.short")
    await person.press("order.reveal")
    await person.press("order.again")
    await person.type(number)


@journey("old-button", "按下旧按钮", "An old button is pressed")
async def old_button(cast: Cast) -> None:
    person = await cast.customer()
    await person.come()
    await person.press(person.name_of(MONTH))
    buy = person.find("product.buy")
    await person.press_old(buy)
    paid = person.find("order.i_paid")
    cancelling = person.find("order.cancel")
    await person.pay()
    await person.press_old(paid)
    await person.press_old(cancelling)
    await person.press_old(buy)
    await person.press_old(replace(buy, value="nonsense"))


@journey("stranger", "别人的订单号", "A stranger's order number")
async def stranger(cast: Cast) -> None:
    person = await at_the_bill(cast)
    other = await cast.other()
    await other.come()
    await other.type(person.number)


@journey(
    "guest", "换了浏览器：用订单密码取回", "In another browser: back by the order password", channels=("web",)
)
async def guest(cast: Cast) -> None:
    person = await at_the_bill(cast)
    number = person.number
    await person.pay()
    await person.come()
    await person.press("home.orders")
    await person.press("button.password")
    await person.type("123", is_secret=True)
    await person.type("long enough", is_secret=True)
    other = await cast.other()
    await other.come()
    await other.press("home.orders")
    await other.type(number)
    await other.press("button.recover")
    await other.type("wrong guess", is_secret=True)
    await other.type("long enough", is_secret=True)
    await other.press("order.delivered.short")
