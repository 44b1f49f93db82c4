"""Buying, paying, waiting, looking: the screens of one order through its states."""

from __future__ import annotations

import pytest

from handlers.screen import Line, Style, UrlButton
from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.orders.models import OrderState
from shop_core.orders.pay_door import PayDoor
from shop_core.orders.refund import refund_order
from shop_core.payments.gateway import GatewayRefused
from tests.handlers.street import NO_WAY, ONE_WAY, TWO_WAYS, Street, Visitor, buttons_of


async def test_what_only_the_pay_page_takes_is_paid_there_whatever_the_chat_shows(street: Street) -> None:
    street.market.gateway.is_on_page = True
    visitor = await at_the_till(street)
    [pay] = [button for button in buttons_of(visitor.screen) if isinstance(button, UrlButton)]
    shop = street.market.shop
    address = shop.get(PayDoor).link(shop, visitor.number)
    assert (pay.text, pay.url) == ("去付款", address)
    assert visitor.screen.qr is None


async def at_the_till(
    street: Street, *, channel: str = ONE_WAY, balance: int = 0, quantity: int = 1
) -> Visitor:
    """Somebody with an unpaid order of ¥9.90 each before him."""
    await street.a_product(codes=15)
    visitor = street.a_visitor(channel)
    await visitor.hello()
    if balance:
        await street.give(visitor, balance)
    await visitor.press("爱奇艺")
    if quantity == 1:
        await visitor.press("买 1 张")
    else:
        await visitor.press("其他数量")
        await visitor.type(str(quantity))
    return visitor


async def state_of(street: Street, visitor: Visitor) -> OrderState:
    return (await street.market.look(visitor.number)).state


# ---------------------------------------------------------------------- one press, one order


async def test_the_same_buy_button_twice_is_the_same_order(street: Street) -> None:
    await street.a_product()
    visitor = street.a_visitor()
    await visitor.hello()
    await visitor.press("爱奇艺")
    button = visitor.link("买 1 张")
    await visitor.follow(button)
    number, screen = visitor.number, visitor.screen
    before = await street.market.everything()
    for _ in range(3):
        assert await visitor.follow(button) == screen
    assert visitor.number == number
    assert await street.market.everything() == before
    assert len(street.market.gateway.begun) == 1


async def test_a_button_pressed_again_tells_how_the_order_stands_now(street: Street) -> None:
    await street.a_product()
    visitor = street.a_visitor()
    await visitor.hello()
    await visitor.press("爱奇艺")
    button = visitor.link("买 1 张")
    await visitor.follow(button)
    await street.pay(visitor.number)
    before = await street.market.everything()
    await visitor.follow(button)
    assert "已发货" in visitor.text
    assert await street.market.everything() == before


async def test_the_same_button_in_two_hands_is_two_orders(street: Street) -> None:
    """A key belongs to whoever presses: a forwarded button buys for its new holder."""
    await street.a_product()
    one, other = street.a_visitor(), street.a_visitor()
    await one.hello()
    await one.press("爱奇艺")
    button = one.link("买 1 张")
    await one.follow(button)
    await other.follow(button)
    assert one.number != other.number


async def test_too_many_unpaid_orders_are_refused_in_words(street: Street) -> None:
    await street.a_product(codes=9)
    visitor = street.a_visitor()
    for _ in range(3):
        await visitor.hello()
        await visitor.press("爱奇艺")
        await visitor.press("买 1 张")
    await visitor.hello()
    await visitor.press("爱奇艺")
    before = await street.market.everything()
    await visitor.press("买 1 张")
    assert "你有 3 个订单还没付款" in visitor.text
    assert visitor.has("我的订单")
    assert await street.market.everything() == before


# ---------------------------------------------------------------------- wallet


async def test_the_wallet_is_confirmed_with_price_balance_and_balance_afterwards(street: Street) -> None:
    visitor = await at_the_till(street, balance=1320)
    assert street.market.gateway.begun == [], "there is a choice now: nobody was asked yet"
    for words in ("应付 ¥9.90", "余额 ¥13.20", "支付后余额 ¥3.30"):
        assert words in visitor.text
    await visitor.press("用余额支付 ¥9.90")
    assert "已发货" in visitor.text
    await visitor.press("查看卡密")
    assert len(visitor.codes) == 1
    assert await visitor.news() == [], "the answer to the press told it"
    await visitor.hello()
    assert visitor.has("余额 ¥3.30")


async def test_the_wallet_button_twice_pays_once_and_shows_the_goods(street: Street) -> None:
    visitor = await at_the_till(street, balance=5000)
    button = visitor.link("用余额支付")
    await visitor.follow(button)
    before = await street.market.everything()
    await visitor.follow(button)
    assert visitor.screen.toast == "这个订单已经付过并发货了。"
    assert visitor.has("查看卡密")
    assert await street.market.everything() == before


async def test_one_button_tops_up_the_difference_and_finishes_the_same_order(street: Street) -> None:
    visitor = await at_the_till(street, balance=320)
    number = visitor.number
    assert not visitor.has("用余额支付")
    await visitor.press("用余额 ¥3.20，再付 ¥6.70")
    assert visitor.number == number
    assert "应付 ¥6.70" in visitor.text
    assert "和余额 ¥3.20 一起自动付清" in visitor.text
    [asked] = street.market.gateway.begun
    assert asked.amount.minor == 670
    assert visitor.pay_url == f"https://pay.test/{asked.number}"
    await street.pay(number, payment=asked.number, minor=670)
    assert await state_of(street, visitor) is OrderState.DELIVERED
    [news] = await visitor.news()
    assert news.slot == visitor.screen.slot
    await visitor.hello()
    assert visitor.has("余额 ¥0.00")
    assert await street.market.one("SELECT count(*) FROM orders") == 1


async def test_a_balance_that_grew_meanwhile_needs_no_top_up(street: Street) -> None:
    visitor = await at_the_till(street, balance=320)
    old_button = visitor.link("再付")
    await street.give(visitor, 1000)
    await visitor.follow(old_button)
    assert "余额已经够付这一单了" in visitor.text
    assert visitor.has("用余额支付 ¥9.90")
    assert street.market.gateway.begun == []


async def test_a_balance_that_shrank_meanwhile_shows_the_order_and_takes_nothing(street: Street) -> None:
    visitor = await at_the_till(street, balance=1000)
    old_button = visitor.link("用余额支付")
    await street.give(visitor, -500)
    before = await street.market.everything()
    await visitor.follow(old_button)
    assert visitor.screen.toast == "余额不够。没有扣款。"
    assert visitor.has("再付 ¥4.90")
    assert await street.market.everything() == before


async def test_a_wallet_pays_where_no_gateway_is_shown(street: Street) -> None:
    visitor = await at_the_till(street, channel=NO_WAY, balance=990)
    assert "支付后余额 ¥0.00" in visitor.text
    assert "没有可用的付款方式" not in visitor.text
    await visitor.press("用余额支付")
    assert visitor.has("查看卡密")


# ---------------------------------------------------------------------- gateways


async def test_another_way_to_pay_can_be_chosen(street: Street) -> None:
    visitor = await at_the_till(street, channel=TWO_WAYS)
    await visitor.press("epay")
    first = visitor.pay_url
    await visitor.press("换付款方式")
    await visitor.press("bank")
    assert visitor.pay_url != first
    assert visitor.number == first.rpartition("/")[2]


@pytest.mark.parametrize("trouble", [RetryLater("busy"), Unknown("timeout")])
async def test_a_gateway_that_does_not_answer_leaves_an_order_to_come_back_to(
    street: Street, trouble: Exception
) -> None:
    street.market.gateway.trouble = trouble
    visitor = await at_the_till(street)
    assert "正在取付款链接" in visitor.text
    assert visitor.screen.qr is None
    await visitor.press("刷新")
    assert "正在取付款链接" in visitor.text


async def test_a_gateway_that_refuses_leaves_the_order_and_its_other_ways(street: Street) -> None:
    street.market.gateway.trouble = GatewayRefused(said="closed")
    visitor = await at_the_till(street)
    assert visitor.has("在线支付 ¥9.90"), "the only way, to be tried again"
    await visitor.press("在线支付")
    assert visitor.screen.toast is not None
    assert "没有扣款" in visitor.screen.toast
    assert visitor.has("取消订单"), "the order is still before him"
    street.market.gateway.trouble = None
    await visitor.press("在线支付")
    assert visitor.pay_url


# ---------------------------------------------------------------------- I have paid


async def test_i_have_paid_asks_the_gateway_and_says_what_it_answered(street: Street) -> None:
    visitor = await at_the_till(street)
    number, gateway = visitor.number, street.market.gateway
    before = await street.market.everything()

    await visitor.press("我已付款")
    assert visitor.is_told("还没有查到这笔付款。刚付完请等几秒再点一次。")
    await visitor.press("我已付款")
    assert visitor.is_told("刚刚查过，请等几秒再点。")
    assert visitor.number == number, "the order is still before him"
    assert visitor.has("我已付款")
    assert gateway.asked == [number], "asked once, however fast one presses"

    street.market.clock.advance(seconds=9)
    gateway.trouble = RetryLater("down")
    await visitor.press("我已付款")
    assert visitor.is_told("付款网关暂时没有回应，我们会自动继续核实，钱不会丢。")
    assert await state_of(street, visitor) is OrderState.AWAITING
    assert (await street.market.everything())["ledger_entries"] == before["ledger_entries"]

    street.market.clock.advance(seconds=9)
    gateway.trouble = None
    gateway.knows[number] = await street.market.notice(number)
    await visitor.press("我已付款")
    assert "已发货" in visitor.text
    assert visitor.is_told(None)
    await visitor.follow(f"o/{number}/paid")
    assert visitor.has("查看卡密")


# ---------------------------------------------------------------------- how an order ends


async def test_an_order_whose_time_is_over_is_shown_expired_before_the_sweeper_comes(street: Street) -> None:
    visitor = await at_the_till(street)
    number = visitor.number
    street.market.clock.advance(minutes=15)
    assert await state_of(street, visitor) is OrderState.AWAITING
    for path in (f"o/{number}", f"o/{number}/ways", f"o/{number}/pay/epay", f"o/{number}/wallet"):
        await visitor.follow(path)
        assert "已过期" in visitor.text, path
        assert visitor.screen.deadline is None
        assert not visitor.has("我已付款")
    await visitor.follow("orders")
    assert visitor.has("已过期")
    assert not visitor.has("待付款")


async def test_a_cancelled_order_stays_cancelled_and_can_be_bought_again(street: Street) -> None:
    visitor = await at_the_till(street)
    button = visitor.link("取消订单")
    await visitor.follow(button)
    assert "已取消" in visitor.text
    before = await street.market.everything()
    await visitor.follow(button)
    assert "已取消" in visitor.text
    assert await street.market.everything() == before
    await visitor.press("再来一单")
    await visitor.press("买 1 张")
    assert visitor.pay_url


async def test_what_is_delivered_is_not_cancelled(street: Street) -> None:
    visitor = await at_the_till(street)
    button = visitor.link("取消订单")
    await street.pay(visitor.number)
    before = await street.market.everything()
    await visitor.follow(button)
    assert visitor.screen.toast == "这个订单已经付款，不能取消。"
    assert visitor.has("查看卡密")
    assert await street.market.everything() == before


async def test_a_refunded_order_shows_no_code_any_more(street: Street) -> None:
    visitor = await at_the_till(street)
    number = visitor.number
    await street.pay(number)
    await visitor.follow(f"o/{number}")
    button = visitor.link("查看卡密")
    await refund_order(street.market.shop, number, by="tg:1")
    await visitor.follow(button)
    assert visitor.codes == []
    assert "¥9.90 已退到你的余额" in visitor.text


# ---------------------------------------------------------------------- the codes


async def test_one_code_comes_with_a_button_that_copies_it(street: Street) -> None:
    code = '<&>" 🎁 `*_[x](y)'
    _, [variant] = await street.a_product(codes=0)
    await street.market.stock(variant, [code])
    visitor = street.a_visitor()
    await visitor.hello()
    await visitor.press("爱奇艺")
    await visitor.press("买 1 张")
    await street.pay(visitor.number)
    await visitor.follow(f"o/{visitor.number}")
    assert visitor.codes == []
    await visitor.press("查看卡密")
    assert visitor.codes == [code]
    assert visitor.has("复制卡密")
    assert code not in repr(visitor.screen)
    await visitor.follow(f"o/{visitor.number}/code")
    assert visitor.codes == [code], "a look again"
    assert await street.market.one("SELECT count(*) FROM reveals") == 2


@pytest.mark.parametrize(("quantity", "is_file"), [(10, False), (11, True)])
async def test_more_than_ten_codes_come_as_a_file(street: Street, quantity: int, is_file: bool) -> None:
    visitor = await at_the_till(street, quantity=quantity)
    await street.pay(visitor.number)
    await visitor.follow(f"o/{visitor.number}/code")
    assert len(set(visitor.codes)) == quantity
    assert (visitor.screen.file is not None) is is_file
    if visitor.screen.file is not None:
        assert visitor.screen.file.name == f"{visitor.number}.txt"
        assert "共 11 张" in visitor.text
    first = visitor.screen.lines[0]
    assert isinstance(first, Line)
    assert first.style is Style.TITLE
