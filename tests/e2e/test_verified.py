"""A shop that asks everybody for a number, over HTTP: a touch in Telegram, a code by SMS in WeChat and on the web."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shop_core.invariants.verify import verify
from tests.e2e.everywhere import PATIENCE_S, PRODUCT, Everywhere, a_shop_everywhere
from tests.standins.cashier import CashierControl
from tests.standins.sms import SmsReceiver, an_sms_receiver
from tests.standins.telegram import TelegramStandIn

SECRET = "session-secret-of-everywhere-0123456789"
RULES = """
[verification]
first_contact = "phone"
[verification.sms]
url = "{url}"
secret = "file:session.key"
"""


@pytest.fixture
async def sms() -> AsyncIterator[SmsReceiver]:
    async with an_sms_receiver(SECRET) as receiver:
        yield receiver


@pytest.fixture
async def everywhere(
    database_url: str, tmp_path: Path, cashier: CashierControl, tg: TelegramStandIn, sms: SmsReceiver
) -> AsyncIterator[Everywhere]:
    rules = RULES.format(url=sms.url)
    async with a_shop_everywhere(tmp_path, database_url, cashier, tg, rules=rules) as opened:
        yield opened


async def test_one_touch_or_a_code_and_they_buy(everywhere: Everywhere, sms: SmsReceiver) -> None:
    await by_a_touch_in_telegram(everywhere)
    assert sms.sent == {}
    await by_a_code_in_wechat(everywhere, sms)
    await by_a_code_on_the_web(everywhere, sms)
    assert await everywhere.stage.shop.read(verify) == []


async def by_a_touch_in_telegram(everywhere: Everywhere) -> None:
    person = everywhere.in_telegram()
    await asyncio.to_thread(person.user.start)
    await person.user.wait_for_async("在下面", PATIENCE_S)
    assert PRODUCT not in person.user.transcript()
    await asyncio.to_thread(person.user.share_number, "8613812341234")
    person.last = await person.user.wait_for_async("验证好了：138****1234", PATIENCE_S)
    assert "自动发货" in person.last.text
    await person.order()
    await person.pay()
    assert "CODE-0" in await person.code()
    assert not person.user.is_asked_for_number


async def by_a_code_in_wechat(everywhere: Everywhere, sms: SmsReceiver) -> None:
    one = everywhere.in_wechat()
    assert "先验证一下你的手机号" in await one.say("你好")
    assert "137****1234" in await one.say("137 1234 1234")
    [told] = sms.sent.values()
    assert told["to"] == "+8613712341234"
    assert PRODUCT in await one.say(told["code"])
    await one.order()
    await one.pay()
    assert "CODE-1" in await one.code()


async def by_a_code_on_the_web(everywhere: Everywhere, sms: SmsReceiver) -> None:
    other = await everywhere.on_the_web()
    await other.socket.send('{"type": "hello", "resume": false}')
    await other.until(lambda screen: "先验证" in str(screen["lines"]))
    await other.type("13912341234", "139****1234")
    [code] = [one["code"] for one in sms.sent.values() if one["to"] == "+8613912341234"]
    await other.type(code, "自动发货")
    await other.order()
    await other.pay()
    assert "CODE-2" in await other.code()
