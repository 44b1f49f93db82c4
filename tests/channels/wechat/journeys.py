"""The journeys in ``docs/wechat``: what an owner would look at before opening the account to people."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from shop_core.kernel.numbers import parse_number
from shop_core.orders.by_hand import finish_task, see_tasks, take_task
from shop_core.orders.refund import refund_order
from shop_core.threads.answer import answer_customer
from shop_core.threads.read import list_threads
from shop_core.threads.sealing import Said
from tests.channels.wechat.script import Script
from tests.channels.wechat.stage import SLOW_S, Stage

STAFF: Final = "shell:test"
_WAITING: Final = "SELECT count(*) FROM inbox WHERE done_at IS NULL"
_UNTOLD: Final = "SELECT count(*) FROM messages WHERE state = 'queued' AND problem IS NOT NULL"


OWNER: Final = "oOwner"
_TO_STAFF: Final = "SELECT count(*) FROM messages WHERE news = 'thread_written' AND problem IS NOT NULL"
_TASKS: Final = "SELECT count(*) FROM tasks WHERE state = 'open'"


@dataclass(frozen=True, slots=True)
class Journey:
    """What somebody does.

    Attributes:
        titles: By the languages that it is walked in.
        profile: The account's: one that pushes, or one that only answers, and hears answers late.
        is_staff: It is the owner's.
    """

    name: str
    titles: Mapping[str, str]
    walk: Callable[[Script], Awaitable[None]]
    profile: str = "service"
    is_staff: bool = False


async def lay_out(stage: Stage) -> None:
    """One product, of which there is plenty."""
    codes = [f"IQY-{number:04}-{'7' * 40}" for number in range(40)]
    await stage.product("爱奇艺黄金会员 月卡", codes, en="iQIYI Gold, 1 month")


async def lay_out_more(stage: Stage) -> None:
    """And 39 more: one that is sold out, one that is topped up by hand."""
    await stage.product("Steam 充值码 50 元", en="Steam wallet code, 50 yuan")
    await stage.top_up("手机话费 50 元", en="Phone credit, 50 yuan")
    for number in range(1, 38):
        await stage.product(
            f"网易云音乐 {number} 号年卡",
            [f"NET-{number}"],
            price=8800,
            en=f"NetEase Music no. {number}, 1 year",
        )


async def _buy(script: Script) -> None:
    hello, pick_up = ("你好", "提货") if script.language == "zh" else ("hello", "code")
    for text in (hello, "1"):
        await script.say(text)
    await script.pay(await script.say("１"))
    await script.say(pick_up)


async def _several(script: Script) -> None:
    for text in ("hi", "一", "3"):
        await script.say(text)
    bill = await script.say("１２张")
    await script.pay(bill)
    for text in ("code", "9", "0"):
        await script.say(text)


async def _look_around(script: Script) -> None:
    for text in ("hi", "8", "全部商品", "9", "下一页", "0", "音乐 37", "网易云", "９", "没有的东西", "0"):
        await script.say(text)


async def _sold_out(script: Script) -> None:
    for text in ("hi", "2", "1", "0"):
        await script.say(text)


async def _cancelled(script: Script) -> None:
    await script.say("hi")
    await script.say("1")
    bill = await script.say("2")
    for text in ("1", "订单", script.number_in(bill), "2"):
        await script.say(text)


async def _support(script: Script) -> None:
    for text in ("客服", "我买错了，能退吗？"):
        await script.say(text)
    [thread] = [one for one in await script.stage.shop.read(list_threads, limit=9) if one.waiting_since]
    said = Said("没看过卡密就能退，把订单号发来就行。")
    await answer_customer(script.stage.shop, thread.id, said, key="wx:answer", by=STAFF)
    await script.hear("客服回复了")
    for text in ("客服", "好的，谢谢", "0", "帮助", "余额"):
        await script.say(text)


async def _top_up(script: Script) -> None:
    is_chinese = script.language == "zh"
    for text in ("hi", "3", "1", "12345"):
        await script.say(text)
    await script.say("138 1234 5678")
    await script.stage.pay(await script.say("1"))
    await script.stage.until(_TASKS, 1)
    script.note("付款了", "Paid")
    [seen] = await script.stage.shop.read(see_tasks, 9)
    await take_task(script.stage.shop, seen.task.id, by=STAFF)
    await script.say("订单" if is_chinese else "orders")
    await script.say("1")
    await finish_task(script.stage.shop, seen.task.id, "20261120778", by=STAFF)
    await script.hear("店员充好了" if is_chinese else "It is topped up")
    await script.say("订单" if is_chinese else "orders")
    await script.say("1")


async def _slow(script: Script) -> None:
    """Whoever makes the link to pay takes longer than a request may, and this account cannot push."""
    await script.say("hi")
    await script.say("1")
    script.stage.cashier.fail_next("delay_before", target="mapi", delay_s=SLOW_S)
    await script.say("1")
    await script.stage.until(_WAITING, 0)
    script.note("几秒后")
    bill = await script.say("1")
    await script.stage.pay(bill)
    await script.stage.until(_UNTOLD, 1)
    script.note("付款了。这个公众号不能主动发消息")
    await script.say("你好")
    await script.say("提货")


async def _quota(script: Script) -> None:
    """WeChat lets no more be pushed to him: what is delivered waits for a word."""
    await script.say("hi")
    await script.say("1")
    bill = await script.say("1")
    script.stage.wechat.use_up(script.person.openid)
    await script.stage.pay(bill)
    await script.stage.until(_UNTOLD, 1)
    script.note("付款了。48 小时内能主动发的 5 条已经用完")
    await script.say("在吗")
    await script.say("提货")


async def _refund(script: Script) -> None:
    await script.say("hi")
    await script.say("1")
    bill = await script.say("1")
    await script.pay(bill)
    number = parse_number(script.number_in(bill))
    assert number is not None
    await refund_order(script.stage.shop, number, by=STAFF)
    await script.hear("店员退款了")
    for text in ("余额", "订单", "1", "1", "1", "1", "提货"):
        await script.say(text)


async def _staff(script: Script) -> None:
    """The owner sees to a customer who has bought and written; this account cannot push, so news waits for his word."""
    customer = script.stage.wechat.follower("oCustomerXiaoming")
    for text in ("hi", "1"):
        await customer.say(text)
    await script.stage.pay(await customer.say("1"))
    await script.stage.until(_UNTOLD, 1)
    for text in ("客服", "买错了，能退吗？"):
        await customer.say(text)
    await script.stage.until(_TO_STAFF, 1)
    for text in (
        "/admin",
        "2",
        "1",
        "1",
        "没看过就能退，这就退给你。",
        "/orders",
        "1",
        "2",
        "1",
        "/import 1",
        "0",
    ):
        await script.say(text)


async def _link(script: Script) -> None:
    """The same person has a second account of WeChat's, and bought with that."""
    other = script.stage.wechat.follower()
    for text in ("hi", "1"):
        await other.say(text)
    await script.stage.pay(await other.say("1"))
    await script.say("关联")
    code = (await script.say("获取关联码")).splitlines()[1]
    script.note("小明的另一个微信号：关联")
    await other.say("关联")
    await other.say(code)
    script.note("另一个微信号：发来关联码，是我")
    await other.say("1")
    await script.hear("提醒来了")
    for text in ("关联", "1", "提货", "关联", "解除关联", "2", "1"):
        await script.say(text)


async def _link_back(script: Script) -> None:
    """He types the code here, and says no to the first one."""
    other = script.stage.wechat.follower()
    for text in ("关联", "AAAAAA"):
        await script.say(text)
    await other.say("关联")
    code = (await other.say("获取关联码") or "").splitlines()[1]
    script.note("小明的另一个微信号拿到关联码")
    await script.say(code)
    await script.say("1")
    await other.say("关联")
    await other.say("1")
    await script.hear("另一边确认了")
    await script.say("关联")


async def _settings(script: Script) -> None:
    """Time zone, notifications, quiet hours, and what the shop holds of him.

    No file can be shown here: he has it erased.
    """
    for text in ("设置", "1", "Atlantis", "Tokyo", "2", "1", "0", "3", "2", "4", "1", "0", "2", "1", "你好"):
        await script.say(text)


JOURNEYS: Final = (
    Journey("buy", {"zh": "从「你好」到卡密", "en": "From “hello” to the code"}, _buy),
    Journey("several", {"zh": "买 12 张，卡密分页看"}, _several),
    Journey("look-around", {"zh": "40 个商品：翻页，搜索，写错数字"}, _look_around),
    Journey("sold-out", {"zh": "卖完了，到货提醒"}, _sold_out),
    Journey("cancel", {"zh": "下单，问付款，找回订单，取消"}, _cancelled),
    Journey("support", {"zh": "找客服，帮助，余额"}, _support),
    Journey(
        "top-up",
        {"zh": "直充：填手机号，店员充好", "en": "A top-up: the number, the wait, the receipt"},
        _top_up,
    ),
    Journey("slow", {"zh": "太慢了，公众号又只能回复：用 1 取结果"}, _slow, profile="passive"),
    Journey("staff", {"zh": "店主：看消息，回复，退款，入库"}, _staff, profile="passive", is_staff=True),
    Journey("quota", {"zh": "主动消息用完了，用「提货」取卡密"}, _quota),
    Journey("refund", {"zh": "退款到余额，再用余额买"}, _refund),
    Journey("link", {"zh": "关联：这里拿码，那边输入，再解除"}, _link),
    Journey("link-typed", {"zh": "关联：那边拿码，这里输入"}, _link_back),
    Journey("settings", {"zh": "设置：时区，通知，免打扰，导出、删除我的资料"}, _settings),
)
