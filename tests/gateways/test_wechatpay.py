"""The WeChat Pay gateway against the stand-in: another implementation of the protocol, over real HTTP."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import stamina

from shop_core.customers.people import Address
from shop_core.gateways.errors import BadGatewaySettings
from shop_core.gateways.wechatpay.account import WechatPaySettings
from shop_core.gateways.wechatpay.gateway import WechatPayGateway
from shop_core.kernel.clock import SystemClock
from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.kernel.money import Money
from shop_core.kernel.secret import Secret
from shop_core.payments.gateway import (
    ForgedCallback,
    GatewayRefused,
    GivesBack,
    Notice,
    OnItsWay,
    PaymentRequest,
    PaysOnPage,
    Return,
)
from shop_core.wire.callback import RawCallback
from tests.standins.wechatpay import Merchant, WeChatPayStandIn, a_merchant

NUMBER = "K7M29QXD"
OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"


def settings_of(base_url: str = "http://127.0.0.1:1", **changes: Any) -> WechatPaySettings:
    merchant = a_merchant()
    settings = WechatPaySettings(
        name="wechatpay",
        app_id=merchant.app_id,
        mchid=merchant.mchid,
        serial=merchant.serial,
        key=Secret(merchant.key_pem),
        seal_key=Secret(merchant.seal_key),
        public_key_id=merchant.public_key_id,
        public_key=merchant.platform_pem,
        notify_url="https://shop.example.com/gateways/wechatpay/callback",
        inside={"wx"},
        base_url=base_url,
    )
    return dataclasses.replace(settings, **changes)


@pytest.fixture
async def pay() -> AsyncIterator[WeChatPayStandIn]:
    async with WeChatPayStandIn(a_merchant()).serving() as standin:
        with stamina.set_testing(testing=True, attempts=1):
            yield standin


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, timeout=2) as client:
        yield client


@pytest.fixture
def gateway(pay: WeChatPayStandIn, client: httpx.AsyncClient) -> WechatPayGateway:
    return WechatPayGateway(settings_of(pay.base_url), client, SystemClock())


def a_request(channel: str = "web", minor: int = 1500, currency: str = "CNY") -> PaymentRequest:
    title, until = "云卡小铺 K7M2-9QXD “A&B” 🎁", datetime.now(UTC) + timedelta(minutes=15)
    return PaymentRequest(NUMBER, Money(minor, currency), title, until, Address(channel, OPENID))


# ----------------------------------------------------------------------------------------------------- the way it goes


async def test_elsewhere_it_is_a_code_to_scan(gateway: WechatPayGateway, pay: WeChatPayStandIn) -> None:
    request = a_request()
    begun = await gateway.begin(request)
    assert begun.link is None
    assert (begun.qr or "").startswith("weixin://wxpay/bizpayurl?pr=")
    assert await gateway.begin(request) == begun, "asked again, it is the same order"
    assert await gateway.query("ZZZZZZZZ") is None
    waiting = await gateway.query(NUMBER)
    assert waiting is not None
    assert not waiting.paid
    pay.orders[NUMBER].wanted["notify_url"] = f"{pay.base_url}/nobody"
    pay.scan(begun.qr or "", "o-a-friend")
    paid = await gateway.query(NUMBER)
    ref = pay.orders[NUMBER].transaction_id
    assert paid == Notice(NUMBER, ref, Money(1500, "CNY"), paid=True, payer="o-a-friend", from_anyone=True)


async def test_inside_it_is_asked_of_the_buyer_himself_by_the_page(
    gateway: WechatPayGateway, pay: WeChatPayStandIn
) -> None:
    begun = await gateway.begin(a_request("wx"))
    assert (begun.link, begun.qr) == (None, None)
    assert begun.gateway_ref is not None
    call = dict(gateway.page_call(begun.gateway_ref))
    assert json.loads(json.dumps(call)) == call
    assert pay.tap({**call, "package": "prepay_id=another"}, OPENID).endswith(":fail")
    assert pay.tap(call, "o-a-friend").endswith(":fail")
    pay.orders[NUMBER].wanted["notify_url"] = f"{pay.base_url}/nobody"
    assert pay.tap(call, OPENID).endswith(":ok")
    paid = await gateway.query(NUMBER)
    assert paid is not None
    assert (paid.paid, paid.payer) == (True, OPENID)


def test_it_does_what_gateways_may_do(gateway: WechatPayGateway) -> None:
    assert isinstance(gateway, GivesBack)
    assert isinstance(gateway, PaysOnPage)
    assert gateway.callback_answer == ""


# -------------------------------------------------------------------------------------------------------- notifications


def told(merchant: Merchant, body: str, **headers: str) -> RawCallback:
    signed = {name.lower(): value for name, value in merchant.signed(body).items()}
    return RawCallback("POST", {**signed, **headers}, {}, {}, body.encode())


def a_trade(**changes: object) -> dict[str, object]:
    merchant = a_merchant()
    return {
        "appid": merchant.app_id,
        "mchid": merchant.mchid,
        "out_trade_no": NUMBER,
        "transaction_id": "4200000000202601010000000001",
        "trade_state": "SUCCESS",
        "payer": {"openid": OPENID},
        "amount": {"total": 1500, "payer_total": 1400, "currency": "CNY", "payer_currency": "CNY"},
        **changes,
    }


PAID = Notice(
    NUMBER, "4200000000202601010000000001", Money(1500, "CNY"), paid=True, payer=OPENID, from_anyone=True
)


def test_a_notification_is_opened_and_read(gateway: WechatPayGateway) -> None:
    merchant = a_merchant()
    letter = told(merchant, merchant.sealed("TRANSACTION.SUCCESS", a_trade()))
    assert gateway.read_callback(letter) == PAID, "what the order costs, not what a coupon left of it"


@pytest.mark.parametrize(
    ("changes", "is_paid"),
    [
        ({"trade_state": "NOTPAY"}, False),
        ({"trade_state": "CLOSED"}, False),
        ({"trade_state": "REFUND"}, True),
    ],
)
def test_only_money_that_came_is_money(gateway: WechatPayGateway, changes: Any, is_paid: bool) -> None:
    merchant = a_merchant()
    letter = told(merchant, merchant.sealed("TRANSACTION.SUCCESS", a_trade(**changes)))
    assert gateway.read_callback(letter).paid is is_paid


def test_word_of_a_refund_is_no_money(gateway: WechatPayGateway) -> None:
    merchant = a_merchant()
    facts = {**a_trade(), "refund_id": "50300000", "refund_status": "SUCCESS"}
    notice = gateway.read_callback(told(merchant, merchant.sealed("REFUND.SUCCESS", facts)))
    assert (notice.paid, notice.number, notice.external_ref) == (False, NUMBER, "refund 50300000")


@pytest.mark.parametrize(
    "headers",
    [
        {"wechatpay-serial": "PUB_KEY_ID_0000000000000000"},
        {"wechatpay-serial": ""},
        {"wechatpay-signature": "WECHATPAY/SIGNTEST/AAAA"},
        {"wechatpay-nonce": "another"},
        {"wechatpay-timestamp": "1767225608"},
        {"wechatpay-timestamp": ""},
        {"wechatpay-timestamp": "²"},
        {"wechatpay-timestamp": "9" * 4000},
    ],
)
def test_a_header_that_is_not_as_it_was_signed_is_forged(
    gateway: WechatPayGateway, headers: Mapping[str, str]
) -> None:
    merchant = a_merchant()
    letter = told(merchant, merchant.sealed("TRANSACTION.SUCCESS", a_trade()), **headers)
    with pytest.raises(ForgedCallback):
        gateway.read_callback(letter)


def test_an_old_notification_is_forged_though_it_was_signed() -> None:
    class Later(SystemClock):
        def now(self) -> datetime:
            return super().now() + timedelta(seconds=301)

    merchant = a_merchant()
    letter = told(merchant, merchant.sealed("TRANSACTION.SUCCESS", a_trade()))
    late = WechatPayGateway(settings_of(), httpx.AsyncClient(), Later())
    with pytest.raises(ForgedCallback):
        late.read_callback(letter)


@pytest.mark.parametrize(
    "changes",
    [
        {"mchid": "1900000002"},
        {"appid": "wxffffffffffffffff"},
        {"out_trade_no": ""},
        {"trade_state": ""},
        {"transaction_id": ""},
        {"transaction_id": "4" * 81},
        {"amount": {"total": "15.00", "currency": "CNY"}},
        {"amount": {"total": -1500, "currency": "CNY"}},
        {"amount": 1500},
    ],
)
def test_facts_that_make_no_sense_are_refused(gateway: WechatPayGateway, changes: dict[str, Any]) -> None:
    merchant = a_merchant()
    with pytest.raises(ForgedCallback):
        gateway.read_callback(told(merchant, merchant.sealed("TRANSACTION.SUCCESS", a_trade(**changes))))


@pytest.mark.parametrize("body", ["", "[]", "{}", "{", '{"resource": {"ciphertext": "AAAA"}}', "\x00"])
def test_a_signed_body_that_is_nothing_is_refused(gateway: WechatPayGateway, body: str) -> None:
    with pytest.raises(ForgedCallback):
        gateway.read_callback(told(a_merchant(), body))


def test_what_another_merchant_sealed_is_refused(gateway: WechatPayGateway) -> None:
    merchant = a_merchant()
    body = dataclasses.replace(merchant, seal_key="f" * 32).sealed("TRANSACTION.SUCCESS", a_trade())
    with pytest.raises(ForgedCallback):
        gateway.read_callback(told(merchant, body))


# ---------------------------------------------------------------------------------------------------------- the money back


async def sold(gateway: WechatPayGateway, pay: WeChatPayStandIn) -> Return:
    await gateway.begin(a_request())
    pay.pay(NUMBER, OPENID, tell=False)
    return Return(pay.orders[NUMBER].transaction_id, OPENID, Money(1500, "CNY"))


async def test_money_goes_back_once_however_often_it_is_asked_for(
    gateway: WechatPayGateway, pay: WeChatPayStandIn
) -> None:
    wanted = await sold(gateway, pay)
    pay.lose = 1
    with pytest.raises(Unknown):
        await gateway.give_back(wanted)
    assert await gateway.give_back(wanted) is None
    assert await gateway.give_back(wanted) is None
    [refund] = pay.refunds.values()
    assert refund["amount"] == {"refund": 1500, "total": 1500, "currency": "CNY"}
    paid = await gateway.query(NUMBER)
    assert paid is not None
    assert paid.paid, "it had come"


async def test_a_refund_may_take_its_time_or_need_a_person(
    gateway: WechatPayGateway, pay: WeChatPayStandIn
) -> None:
    wanted = await sold(gateway, pay)
    pay.balance = 1499
    assert await gateway.give_back(wanted) == OnItsWay("NOT_ENOUGH 基本账户余额不足，请充值后重新发起")
    assert pay.refunds == {}
    pay.balance, pay.refund_state = None, "PROCESSING"
    assert await gateway.give_back(wanted) == OnItsWay()
    pay.refund_state = "ABNORMAL"
    assert await gateway.give_back(wanted) == OnItsWay("ABNORMAL 50300000000")
    pay.refund_state = "SUCCESS"
    assert await gateway.give_back(wanted) is None


async def test_a_no_is_one_only_if_no_refund_is_known(
    gateway: WechatPayGateway, pay: WeChatPayStandIn
) -> None:
    wanted = await sold(gateway, pay)
    with pytest.raises(GatewayRefused):
        await gateway.give_back(dataclasses.replace(wanted, external_ref="4200000000"))
    with pytest.raises(GatewayRefused):
        await gateway.give_back(dataclasses.replace(wanted, amount=Money(1501, "CNY")))
    pay.refund_state = "CLOSED"
    with pytest.raises(GatewayRefused):
        await gateway.give_back(wanted)
    pay.refund_state = "LOST"
    with pytest.raises(Unknown):
        await gateway.give_back(wanted)


async def test_what_a_person_gave_back_there_is_not_given_once_more_by_the_wallet(
    gateway: WechatPayGateway, pay: WeChatPayStandIn
) -> None:
    wanted = await sold(gateway, pay)
    pay.orders[NUMBER].state = "REFUND"
    assert await gateway.give_back(wanted) == OnItsWay("REFUND INVALID_REQUEST 订单已全额退款")
    assert pay.refunds == {}


# ------------------------------------------------------------------------------------------------------------- trouble


async def test_a_no_to_an_order_is_definite_and_readable(
    gateway: WechatPayGateway, pay: WeChatPayStandIn
) -> None:
    pay.refusal = ("PARAM_ERROR", "商户号与appid不匹配")
    with pytest.raises(GatewayRefused) as refused:
        await gateway.begin(a_request())
    assert refused.value.details["said"] == "PARAM_ERROR 商户号与appid不匹配"
    for minor, currency in ((1500, "USD"), (0, "CNY")):
        with pytest.raises(GatewayRefused):
            await gateway.begin(a_request(minor=minor, currency=currency))
    assert pay.orders == {}


async def test_a_lost_answer_is_no_no(gateway: WechatPayGateway, pay: WeChatPayStandIn) -> None:
    pay.lose = 1
    with pytest.raises(Unknown):
        await gateway.begin(a_request())
    pay.pay(NUMBER, OPENID, tell=False)
    with pytest.raises(Unknown):
        await gateway.begin(a_request())
    pay.lose = 1
    with pytest.raises(Unknown):
        await gateway.query(NUMBER)


async def test_keys_that_are_not_taken_are_trouble_and_no_answer(
    pay: WeChatPayStandIn, client: httpx.AsyncClient
) -> None:
    stranger = WechatPayGateway(settings_of(pay.base_url, serial="00000000"), client, SystemClock())
    calls = (
        stranger.begin(a_request()),
        stranger.query(NUMBER),
        stranger.give_back(Return("42", OPENID, Money(1, "CNY"))),
    )
    for call in calls:
        with pytest.raises(RetryLater):
            await call
    assert pay.orders == {}


async def test_an_answer_that_wechat_pay_has_not_signed_counts_for_nothing(
    pay: WeChatPayStandIn, client: httpx.AsyncClient
) -> None:
    other = settings_of(pay.base_url, public_key_id="PUB_KEY_ID_0000000000000000")
    gateway = WechatPayGateway(other, client, SystemClock())
    with pytest.raises(Unknown, match="has not signed"):
        await gateway.begin(a_request())


async def test_nobody_there_is_certainly_no_effect(client: httpx.AsyncClient) -> None:
    gateway = WechatPayGateway(settings_of(), client, SystemClock())
    with pytest.raises(RetryLater):
        await gateway.begin(a_request())


# ------------------------------------------------------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"base_url": "http://api.mch.weixin.qq.com"}, "https"),
        ({"base_url": "https://pay.example.com/wechat"}, "path"),
        ({"notify_url": "https://shop.example.com/callback?a=1"}, "query"),
        ({"notify_url": "shop"}, "web address"),
        ({"seal_key": Secret("short")}, "32"),
        ({"key": Secret("no key")}, "private key"),
        ({"public_key": "no key"}, "public key"),
    ],
)
def test_settings_that_would_lose_money_are_refused(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(BadGatewaySettings, match=problem):
        WechatPayGateway(settings_of(**changes), httpx.AsyncClient(), SystemClock())
