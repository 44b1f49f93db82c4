"""The epay V1 gateway answer by answer and callback by callback; its transport is a plain function."""

import dataclasses
import json
import traceback
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
import stamina
from hypothesis import given
from hypothesis import strategies as st

from shop_core.customers.people import Address
from shop_core.gateways.epay import signing
from shop_core.gateways.epay.account import EpaySettings
from shop_core.gateways.epay.gateway import EpayGateway
from shop_core.gateways.errors import BadGatewaySettings
from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.kernel.money import Money
from shop_core.kernel.secret import Secret
from shop_core.payments.gateway import Begun, ForgedCallback, Gateway, GatewayRefused, Notice, PaymentRequest
from shop_core.wire.callback import RawCallback

KEY = "k3y-that-nothing-may-show"
SETTINGS = EpaySettings(
    name="alipay",
    base_url="https://pay.example.com/",
    pid="1001",
    key=Secret(KEY),
    notify_url="https://shop.example.com/gateways/alipay/callback",
    return_url="https://shop.example.com/pay/return?from=pay",
)

Handler = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(autouse=True)
def _no_waiting() -> Any:
    with stamina.set_testing(True, attempts=2):
        yield


def a_gateway(handler: Handler | None = None, **changes: Any) -> EpayGateway:
    def nobody(_: httpx.Request) -> httpx.Response:
        raise AssertionError("nobody should have been asked")

    client = httpx.AsyncClient(transport=httpx.MockTransport(handler or nobody))
    return EpayGateway(dataclasses.replace(SETTINGS, **changes), client)


def answering(answer: object, *, status: int = 200) -> Handler:
    content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return lambda _: httpx.Response(status, content=content)


def failing(error: type[httpx.TransportError]) -> Handler:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error("no", request=request)

    return fail


def a_request(
    title: str = "爱奇艺黄金会员 月卡", money: str = "15.00", currency: str = "CNY"
) -> PaymentRequest:
    minor = int(money.replace(".", ""))
    return PaymentRequest(
        "K7M29QXD", Money(minor, currency), title, datetime(2026, 1, 1, tzinfo=UTC), Address("web", "v1")
    )


def a_callback(*, key: str = KEY, **changes: str) -> dict[str, str]:
    """A notification as a site signs it; ``changes`` are made before."""
    params = {
        "pid": "1001",
        "trade_no": "2026010112000012345",
        "out_trade_no": "K7M29QXD",
        "type": "alipay",
        "name": "爱奇艺黄金会员 月卡",
        "money": "15.00",
        "trade_status": "TRADE_SUCCESS",
        "param": "",
        **changes,
    }
    return signing.with_signature(params, Secret(key))


def as_sent(params: Mapping[str, str]) -> RawCallback:
    """A notification on its way: sites write it into the address."""
    return RawCallback("GET", {}, params, {}, b"")


def an_answer(**changes: object) -> dict[str, object]:
    """What ``api.php?act=order`` says of a paid order."""
    return {
        "code": 1,
        "trade_no": "2026010112000012345",
        "out_trade_no": "K7M29QXD",
        "pid": 1001,
        "money": "15.00",
        "status": 1,
        **changes,
    }


PAID = Notice("K7M29QXD", "2026010112000012345", Money(1500, "CNY"), paid=True)


def form_of(request: httpx.Request) -> dict[str, str]:
    return dict(parse_qsl(request.content.decode(), keep_blank_values=True))


# -------------------------------------------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"base_url": "http://pay.example.com/"}, "https"),
        ({"base_url": "http://127.0.0.1.example.com/"}, "https"),
        ({"base_url": "ftp://127.0.0.1/"}, "https"),
        ({"base_url": "https:///pay"}, "https"),
        ({"base_url": "https://user:word@pay.example.com/"}, "plain"),
        ({"base_url": "https://pay.example.com/?site=2"}, "plain"),
        ({"pid": ""}, "pid"),
        ({"pid": "0"}, "pid"),
        ({"key": Secret(" ")}, "key"),
        ({"notify_url": "shop.example.com/notify"}, "notify_url"),
        ({"notify_url": "https://shop.example.com/notify?gateway=alipay"}, "query"),
        ({"return_url": "javascript:alert(1)"}, "return_url"),
        ({"currency": "JPY"}, "currency"),
        ({"method": ""}, "method"),
        ({"fields": {"money": "amount", "trade_no": "amount"}}, "twice"),
        ({"fields": {"monye": "amount"}}, "fields"),
    ],
)
def test_settings_that_cannot_work_are_refused(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(BadGatewaySettings, match=problem) as refused:
        dataclasses.replace(SETTINGS, **changes)
    assert KEY not in str(refused.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://localhost/pay/", "http://[::1]:9"])
def test_a_site_on_this_machine_may_do_without_tls(url: str) -> None:
    assert dataclasses.replace(SETTINGS, base_url=url).base_url == url


def test_the_gateway_is_one() -> None:
    gateway: Gateway = a_gateway()
    assert (gateway.name, gateway.callback_answer) == ("alipay", "success")
    assert a_gateway(success_word="ok").callback_answer == "ok"


# ----------------------------------------------------------------------------------------------------- begin


async def test_what_is_sent_is_signed_exactly_as_it_is_sent() -> None:
    asked: list[httpx.Request] = []

    def site(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(
            200, json={"code": 1, "trade_no": "T1", "payurl": "https://pay.example.com/p/T1"}
        )

    begun = await a_gateway(site).begin(a_request(title=" 月卡  A&B=1 ", money="9.90"))
    (request,) = asked
    assert (request.method, str(request.url)) == ("POST", "https://pay.example.com/mapi.php")
    form = form_of(request)
    assert signing.is_genuine(form, Secret(KEY))
    assert {name: value for name, value in form.items() if name != "sign"} == {
        "pid": "1001",
        "type": "alipay",
        "out_trade_no": "K7M29QXD",
        "notify_url": SETTINGS.notify_url,
        "return_url": SETTINGS.return_url,
        "name": "月卡 A&B=1",
        "money": "9.90",
        "clientip": "127.0.0.1",
        "sign_type": "MD5",
    }
    assert begun == Begun(link="https://pay.example.com/p/T1", qr=None, gateway_ref="T1")


@given(title=st.text(st.characters(codec="utf-8"), max_size=150), minor=st.integers(1, 10**12))
def test_no_parameter_is_one_that_sites_sign_differently(title: str, minor: int) -> None:
    request = PaymentRequest(
        "K7M29QXD", Money(minor, "CNY"), title, datetime(2026, 1, 1, tzinfo=UTC), Address("web", "v1")
    )
    for params in (a_gateway()._signed(request), a_gateway(mode="submit", method="")._signed(request)):
        assert all(value == value.strip() and value not in {"", "0"} for value in params.values())
        assert len(params["name"].encode()) <= 127
        assert params["money"].partition(".")[2].isdigit()


def test_a_long_name_is_cut_on_a_whole_character() -> None:
    name = a_gateway()._signed(a_request(title="卡" * 120))["name"]
    assert name == "卡" * 42


@pytest.mark.parametrize(
    ("answer", "begun"),
    [
        ({"code": "1", "payurl": "http://p/1"}, Begun("http://p/1", None)),
        (
            {"code": 1, "trade_no": 77, "qrcode": "https://qr.alipay.com/x"},
            Begun(None, "https://qr.alipay.com/x", "77"),
        ),
        ({"code": 1, "urlscheme": "alipays://pay?x=1"}, Begun("alipays://pay?x=1", None)),
        ({"code": 1, "payurl": "", "qrcode": "weixin://wxpay/1"}, Begun(None, "weixin://wxpay/1")),
        ({"code": 1, "payurl": "https://p/1", "trade_no": "9" * 99}, Begun("https://p/1", None, "9" * 80)),
    ],
)
async def test_every_documented_answer_is_a_way_to_pay(answer: dict[str, object], begun: Begun) -> None:
    assert await a_gateway(answering(answer)).begin(a_request()) == begun


async def test_an_answer_behind_a_byte_order_mark_is_read() -> None:
    body = b'\xef\xbb\xbf{"code":1,"payurl":"https://p/1"}'
    assert (await a_gateway(answering(body)).begin(a_request())).link == "https://p/1"


async def test_a_readable_no_is_a_refusal_in_the_sites_words_without_the_key() -> None:
    with pytest.raises(GatewayRefused) as refused:
        await a_gateway(answering({"code": -1, "msg": f"签名校验失败 {KEY} {'x' * 400}"})).begin(a_request())
    assert refused.value.details["gateway"] == "alipay"
    said = str(refused.value.details["said"])
    assert said.startswith("签名校验失败 …")
    assert len(said) == 200


@pytest.mark.parametrize(
    "said", ["商户订单号已存在，请勿重复提交", "订单已支付", "Order already exists", "duplicate"]
)
async def test_a_number_that_is_known_already_is_no_refusal(said: str) -> None:
    with pytest.raises(Unknown):
        await a_gateway(answering({"code": -1, "msg": said})).begin(a_request())


@pytest.mark.parametrize("said", ["支付方式不存在", "商户不存在", "该通道未开启", "order does not exist"])
async def test_what_does_not_exist_is_not_mistaken_for_what_does(said: str) -> None:
    with pytest.raises(GatewayRefused):
        await a_gateway(answering({"code": -1, "msg": said})).begin(a_request())


@pytest.mark.parametrize("amount", [Money(0, "CNY"), Money(-1, "CNY"), Money(1500, "USD")])
async def test_an_amount_that_the_site_cannot_take_is_not_asked_for(amount: Money) -> None:
    request = dataclasses.replace(a_request(), amount=amount)
    with pytest.raises(GatewayRefused):
        await a_gateway().begin(request)


async def test_submit_makes_a_signed_link_and_asks_nobody() -> None:
    begun = await a_gateway(mode="submit", method="").begin(a_request())
    assert begun.link is not None
    parts = urlsplit(begun.link)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "pay.example.com", "/submit.php")
    params = dict(parse_qsl(parts.query, keep_blank_values=True))
    assert signing.is_genuine(params, Secret(KEY))
    assert params["money"] == "15.00"
    assert not {"type", "clientip", "key"} & params.keys()
    assert KEY not in begun.link


# ---------------------------------------------------------------------------------------- trouble on the way


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout])
async def test_what_was_never_sent_may_be_tried_again(error: type[httpx.TransportError]) -> None:
    with pytest.raises(RetryLater):
        await a_gateway(failing(error)).begin(a_request())
    with pytest.raises(RetryLater):
        await a_gateway(failing(error)).query("K7M29QXD")


@pytest.mark.parametrize(
    "error",
    [
        httpx.ReadTimeout,
        httpx.WriteTimeout,
        httpx.ReadError,
        httpx.WriteError,
        httpx.RemoteProtocolError,
        httpx.ProxyError,
    ],
)
async def test_whatever_happened_after_sending_is_unknown(error: type[httpx.TransportError]) -> None:
    with pytest.raises(Unknown):
        await a_gateway(failing(error)).begin(a_request())
    with pytest.raises(Unknown):
        await a_gateway(failing(error)).query("K7M29QXD")


UNUSABLE = {
    "HTTP 500": answering({"code": 1, "payurl": "https://p/1"}, status=500),
    "HTTP 502": answering({"code": 1, "payurl": "https://p/1"}, status=502),
    "elsewhere": answering(b"", status=302),
    "empty": answering(b""),
    "a page": answering(b"<html>Fatal error</html>"),
    "half": answering(b'{"code":1,"payurl":"https://p'),
    "no UTF-8": answering(b"\xff\xfe"),
    "a list": answering([1]),
    "a deep list": answering(b"[" * 60_000),
    "no code": answering({}),
    "no, but why": answering({"code": -1}),
    "no way to pay": answering({"code": 1}),
    "another type": answering({"code": True, "payurl": "https://p/1"}),
    "a script": answering({"code": 1, "payurl": "javascript:alert(1)"}),
    "a script for an app": answering({"code": 1, "urlscheme": "javascript:alert(1)"}),
    "half an address": answering({"code": 1, "payurl": "https://[half", "urlscheme": "https://[half"}),
    "too long": answering({"code": 1, "payurl": "https://p/1", "msg": "x" * 70_000}),
}


@pytest.mark.parametrize("handler", UNUSABLE.values(), ids=UNUSABLE)
async def test_an_answer_that_nobody_can_use_is_unknown(handler: Handler) -> None:
    with pytest.raises(Unknown):
        await a_gateway(handler).begin(a_request())


async def test_being_asked_to_wait_is_no_effect() -> None:
    with pytest.raises(RetryLater) as later:
        await a_gateway(answering({}, status=429)).begin(a_request())
    assert later.value.retry_after_s == 30


async def test_an_order_is_asked_for_once_and_a_question_twice() -> None:
    asked: list[str] = []

    def site(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        raise httpx.RemoteProtocolError("gone", request=request)

    with pytest.raises(Unknown):
        await a_gateway(site).begin(a_request())
    with pytest.raises(Unknown):
        await a_gateway(site).query("K7M29QXD")
    assert asked == ["/mapi.php", "/api.php", "/api.php"]


async def test_a_question_survives_one_broken_connection() -> None:
    answers = iter([failing(httpx.ReadError), answering(an_answer())])

    def site(request: httpx.Request) -> httpx.Response:
        return next(answers)(request)

    assert await a_gateway(site).query("K7M29QXD") == PAID


async def test_the_key_is_not_taken_along_to_another_address() -> None:
    asked: list[str] = []

    def site(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(302, headers={"Location": "https://elsewhere.example.com/"})

    client = httpx.AsyncClient(transport=httpx.MockTransport(site), follow_redirects=True)
    with pytest.raises(Unknown):
        await EpayGateway(SETTINGS, client).query("K7M29QXD")
    assert asked == ["pay.example.com"]


# ----------------------------------------------------------------------------------------------------- query


async def test_a_question_names_our_number_and_proves_who_asks() -> None:
    asked: list[httpx.Request] = []

    def site(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json=an_answer())

    assert await a_gateway(site).query("K7M29QXD") == PAID
    (request,) = asked
    assert (request.method, request.url.path) == ("GET", "/api.php")
    assert dict(request.url.params) == {"act": "order", "pid": "1001", "key": KEY, "out_trade_no": "K7M29QXD"}


@pytest.mark.parametrize(
    ("changes", "paid"),
    [({"status": "1"}, True), ({"status": 0}, False), ({"status": 2}, False), ({"status": None}, False)],
)
async def test_only_status_1_is_paid(changes: dict[str, object], paid: bool) -> None:
    notice = await a_gateway(answering(an_answer(**changes))).query("K7M29QXD")
    assert notice == dataclasses.replace(PAID, paid=paid)


@pytest.mark.parametrize(
    ("money", "minor"), [("15.00", 1500), (15, 1500), (15.0, 1500), (9.9, 990), ("9.900", 990)]
)
async def test_an_amount_is_read_however_the_fork_prints_it(money: object, minor: int) -> None:
    notice = await a_gateway(answering(an_answer(money=money))).query("K7M29QXD")
    assert notice is not None
    assert notice.amount == Money(minor, "CNY")


@pytest.mark.parametrize(
    "said", ["订单号不存在", "订单不存在", "未查询到订单：订单未找到", "Order not found"]
)
async def test_a_number_unknown_there_is_none(said: str) -> None:
    assert await a_gateway(answering({"code": -1, "msg": said})).query("K7M29QXD") is None


@pytest.mark.parametrize(
    "answer",
    [
        {"code": -3, "msg": f"商户密钥错误 {KEY}"},
        {"code": -3, "msg": "商户不存在"},
        {"code": -5, "msg": "No Act!"},
        {"code": -1},
        an_answer(out_trade_no="K7M29QXE"),
        an_answer(pid=1002),
        an_answer(trade_no=""),
        an_answer(trade_no="9" * 81),
        an_answer(money="abc"),
        an_answer(money="15.001"),
        an_answer(money=None),
        an_answer(money=-15),
        an_answer(money="1e3"),
    ],
)
async def test_an_answer_that_tells_nothing_sure_is_unknown(answer: dict[str, object]) -> None:
    with pytest.raises(Unknown) as unknown:
        await a_gateway(answering(answer)).query("K7M29QXD")
    assert KEY not in str(unknown.value)


# ------------------------------------------------------------------------------------------------- callbacks


def test_a_genuine_callback_is_read_and_reads_the_same_again() -> None:
    assert a_gateway().read_callback(as_sent(a_callback())) == PAID
    assert a_gateway().read_callback(as_sent(a_callback())) == PAID


def test_values_are_verified_as_received() -> None:
    received = a_callback(name="卡" * 42 + "\ufffd", money="15", param=" spaced ", new_field="x")
    assert a_gateway().read_callback(as_sent(received)) == PAID


def test_another_amount_is_told_as_it_is() -> None:
    notice = a_gateway().read_callback(as_sent(a_callback(money="0.01")))
    assert notice == dataclasses.replace(PAID, amount=Money(1, "CNY"))


@pytest.mark.parametrize("trade_status", ["TRADE_CLOSED", "WAIT_BUYER_PAY", "trade_success", "1"])
def test_news_of_anything_else_is_no_payment(trade_status: str) -> None:
    assert a_gateway().read_callback(as_sent(a_callback(trade_status=trade_status))).paid is False


def test_a_fork_may_have_more_words_for_paid() -> None:
    gateway = a_gateway(paid_statuses=("TRADE_SUCCESS", "TRADE_FINISHED"))
    assert gateway.read_callback(as_sent(a_callback(trade_status="TRADE_FINISHED"))).paid is True


@pytest.mark.parametrize(
    ("forged", "problem"),
    [
        (a_callback(key="another key"), "sign"),
        (a_callback(key=""), "sign"),
        ({**a_callback(), "sign": ""}, "sign"),
        ({**a_callback(), "sign": "0" * 32}, "sign"),
        ({**a_callback(), "money": "1500.00"}, "sign"),
        ({**a_callback(), "out_trade_no": "K7M29QXE"}, "sign"),
        ({**a_callback(), "added": "1"}, "sign"),
        ({name: value for name, value in a_callback().items() if name != "sign"}, "sign"),
        ({name: value for name, value in a_callback().items() if name != "money"}, "sign"),
        ({}, "sign"),
        (a_callback(pid="10019"), "pid"),
        (a_callback(pid=""), "pid"),
        (a_callback(trade_status=""), "trade_status"),
        (a_callback(out_trade_no=""), "out_trade_no"),
        (a_callback(trade_no=""), "trade_no"),
        (a_callback(trade_no="9" * 81), "trade_no"),
        (a_callback(money=""), "money"),
        (a_callback(money="-15.00"), "money"),
        (a_callback(money="15.001"), "money"),
        (a_callback(money="NaN"), "money"),
    ],
)
def test_a_callback_that_proves_nothing_is_refused(forged: dict[str, str], problem: str) -> None:
    with pytest.raises(ForgedCallback) as refused:
        a_gateway().read_callback(as_sent(forged))
    assert refused.value.details == {"gateway": "alipay", "problem": problem}


@given(st.dictionaries(st.sampled_from([*a_callback(), "x"]), st.text(max_size=30), max_size=10))
def test_no_made_up_callback_is_believed(params: dict[str, str]) -> None:
    with pytest.raises(ForgedCallback):
        a_gateway().read_callback(as_sent(params))


async def test_a_fork_may_have_renamed_its_fields() -> None:
    fields = {"out_trade_no": "order_id", "money": "amount", "sign": "signature", "status": "state"}
    names = signing.Names("signature")
    received = {fields.get(name, name): value for name, value in a_callback().items() if name != "sign"}
    callback = signing.with_signature(received, Secret(KEY), names)
    assert a_gateway(fields=fields).read_callback(as_sent(callback)) == PAID

    asked: list[httpx.Request] = []

    def site(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(
            200, json={fields.get(name, name): value for name, value in an_answer().items()}
        )

    gateway = a_gateway(site, fields=fields)
    assert await gateway.query("K7M29QXD") == PAID
    assert asked[0].url.params["order_id"] == "K7M29QXD"
    sent = gateway._signed(a_request())
    assert signing.is_genuine(sent, Secret(KEY), names)
    assert sent["amount"] == "15.00"


# --------------------------------------------------------------------------------------------------- the key


async def whatever_comes_of_it(gateway: EpayGateway) -> AsyncIterator[str]:
    """Call everything, and tell each failure as a log would, with all its causes."""
    for attempt in (gateway.begin(a_request()), gateway.query("K7M29QXD")):
        try:
            await attempt
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not show the key
            yield repr(error) + "".join(traceback.format_exception(error))
    try:
        gateway.read_callback(as_sent({}))
    except ForgedCallback as error:
        yield repr(error) + "".join(traceback.format_exception(error))


@pytest.mark.parametrize(
    "handler",
    [
        answering(an_answer(payurl="https://p/1")),
        answering({"code": -1, "msg": KEY}),
        answering(b"half", status=500),
        failing(httpx.ReadTimeout),
        failing(httpx.ConnectError),
    ],
    ids=["yes", "no", "error", "silence", "nobody"],
)
async def test_the_key_is_in_no_log_line_and_no_error(
    handler: Handler, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    caplog.set_level("DEBUG", logger="httpx")
    told = [text async for text in whatever_comes_of_it(a_gateway(handler))]
    written = capsys.readouterr()
    assert all(KEY not in text for text in [*told, caplog.text, written.out, written.err])


async def test_what_was_asked_is_logged_without_its_query(caplog: pytest.LogCaptureFixture) -> None:
    # By its name: whoever set logging up before in this process may have tamed it.
    caplog.set_level("INFO", logger="httpx")
    await a_gateway(answering(an_answer())).query("K7M29QXD")
    (line,) = [record.getMessage() for record in caplog.records if record.name == "httpx"]
    assert line.startswith("HTTP Request: GET https://pay.example.com/api.php ")


def test_nothing_shows_the_key() -> None:
    gateway = a_gateway()
    assert KEY not in repr(gateway) + str(gateway) + repr(gateway._settings) + repr(gateway.__dict__)
