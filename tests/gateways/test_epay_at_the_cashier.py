"""The epay V1 gateway against the sandbox cashier: another implementation of the protocol, over real HTTP."""

import dataclasses
import threading
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
import stamina

from shop_core.customers.people import Address
from shop_core.gateways.epay.account import EpaySettings
from shop_core.gateways.epay.gateway import EpayGateway
from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.kernel.money import Money
from shop_core.kernel.secret import Secret
from shop_core.payments.gateway import ForgedCallback, GatewayRefused, Notice, PaymentRequest
from shop_core.wire.callback import RawCallback
from tests.standins.cashier import CashierControl, running_cashier

PID, KEY = "1001", "k3y-of-the-sandbox"
NUMBER = "K7M29QXD"
STEP_TIMEOUT_S = 1.0
TOO_LATE_S = 2.0


class Shopfront:
    """Where the cashier notifies: reads each callback through a gateway and answers as the shop would."""

    def __init__(self) -> None:
        self.heard: list[Notice | ForgedCallback] = []
        self.gateway: EpayGateway | None = None
        front = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer = front.hear(dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True)))
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/gateways/epay/callback"

    def hear(self, params: dict[str, str]) -> bytes:
        assert self.gateway is not None
        try:
            self.heard.append(self.gateway.read_callback(RawCallback("GET", {}, params, {}, b"")))
        except ForgedCallback as forged:
            self.heard.append(forged)
            return b"fail"
        return self.gateway.callback_answer.encode()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture(scope="module")
def running() -> Iterator[CashierControl]:
    with running_cashier(pid=PID, key=KEY, options=("--retry-after", "0,0.05")) as cashier:
        yield cashier


@pytest.fixture
def cashier(running: CashierControl) -> Iterator[CashierControl]:
    running.reset()
    with stamina.set_testing(testing=True, attempts=1):
        yield running


@pytest.fixture
def front() -> Iterator[Shopfront]:
    front = Shopfront()
    yield front
    front.close()


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, timeout=STEP_TIMEOUT_S) as client:
        yield client


@pytest.fixture
def gateway(cashier: CashierControl, front: Shopfront, client: httpx.AsyncClient) -> EpayGateway:
    settings = EpaySettings(
        name="epay",
        base_url=cashier.base_url,
        pid=PID,
        key=Secret(KEY),
        notify_url=front.url,
        return_url="https://shop.example.com/pay/return",
    )
    front.gateway = EpayGateway(settings, client)
    return front.gateway


def changed(gateway: EpayGateway, client: httpx.AsyncClient, **changes: Any) -> EpayGateway:
    return EpayGateway(dataclasses.replace(gateway._settings, **changes), client)


def a_request(title: str = "爱奇艺黄金会员 月卡 A&B=1+2%", minor: int = 1500) -> PaymentRequest:
    return PaymentRequest(
        NUMBER, Money(minor, "CNY"), title, datetime(2026, 1, 1, tzinfo=UTC), Address("web", "v1")
    )


# ------------------------------------------------------------------------------------------- the way it goes


@pytest.mark.parametrize(
    ("mode", "starts_with"),
    [("payurl", "http://127.0.0.1"), ("urlscheme", "sandbox-alipay://"), ("qrcode", "")],
)
async def test_every_kind_of_answer_leads_to_the_payer(
    gateway: EpayGateway, cashier: CashierControl, mode: str, starts_with: str
) -> None:
    cashier.change(answer_mode=mode)
    begun = await gateway.begin(a_request())
    order = cashier.order(NUMBER)
    assert (order.money, order.name, order.type) == ("15.00", "爱奇艺黄金会员 月卡 A&B=1+2%", "alipay")
    assert begun.gateway_ref == order.trade_no
    if mode == "qrcode":
        assert begun.link is None
        assert begun.qr is not None
    else:
        assert begun.link is not None
        assert begun.link.startswith(starts_with)
        assert begun.qr is None


async def test_a_long_name_arrives_as_we_cut_it(gateway: EpayGateway, cashier: CashierControl) -> None:
    await gateway.begin(a_request(title="  " + "月卡" * 60))
    assert cashier.order(NUMBER).name == "月卡" * 21


async def test_a_submit_link_opens_the_payers_page(
    gateway: EpayGateway, cashier: CashierControl, client: httpx.AsyncClient
) -> None:
    begun = await changed(gateway, client, mode="submit", method="").begin(a_request())
    assert cashier.orders() == []
    assert begun.link is not None
    page = await client.get(begun.link, follow_redirects=True)
    assert page.status_code == 200
    assert cashier.order(NUMBER).money == "15.00"


async def test_a_payment_is_told_once_by_callback_and_again_by_question(
    gateway: EpayGateway, cashier: CashierControl, front: Shopfront
) -> None:
    assert await gateway.query(NUMBER) is None
    await gateway.begin(a_request())
    unpaid = await gateway.query(NUMBER)
    cashier.pay(NUMBER)
    cashier.wait_for_notifies()
    trade_no = cashier.order(NUMBER).trade_no
    assert unpaid == Notice(NUMBER, trade_no, Money(1500, "CNY"), paid=False)
    assert front.heard == [Notice(NUMBER, trade_no, Money(1500, "CNY"), paid=True)]
    assert await gateway.query(NUMBER) == front.heard[0]


async def test_repeats_of_one_payment_have_one_reference_and_a_second_payment_another(
    gateway: EpayGateway, cashier: CashierControl, front: Shopfront
) -> None:
    await gateway.begin(a_request())
    cashier.pay(NUMBER, repeats=3)
    cashier.wait_for_notifies(3)
    cashier.pay(NUMBER)
    cashier.wait_for_notifies(4)
    references = [heard.external_ref for heard in front.heard if isinstance(heard, Notice)]
    assert len(references) == 4
    assert len(set(references[:3])) == 1
    assert references[3] != references[0]


@pytest.mark.parametrize("money_text", ["as_sent", "shortest"])
async def test_what_was_really_paid_is_told_however_it_is_printed(
    gateway: EpayGateway, cashier: CashierControl, front: Shopfront, money_text: str
) -> None:
    cashier.change(money_text=money_text)
    await gateway.begin(a_request())
    cashier.pay(NUMBER, amount="9.90")
    cashier.wait_for_notifies()
    (heard,) = front.heard
    assert isinstance(heard, Notice)
    assert heard.amount == Money(990, "CNY")


async def test_other_news_is_no_payment(
    gateway: EpayGateway, cashier: CashierControl, front: Shopfront
) -> None:
    await gateway.begin(a_request())
    cashier.pay(NUMBER, status="TRADE_CLOSED")
    cashier.wait_for_notifies()
    (heard,) = front.heard
    assert isinstance(heard, Notice)
    assert not heard.paid


@pytest.mark.parametrize(("forgery", "problem"), [("wrong_sign", "sign"), ("wrong_pid", "pid")])
async def test_a_forged_callback_is_not_believed(
    gateway: EpayGateway, cashier: CashierControl, front: Shopfront, forgery: str, problem: str
) -> None:
    await gateway.begin(a_request())
    cashier.notify(NUMBER, wrong_sign=forgery == "wrong_sign", wrong_pid=forgery == "wrong_pid")
    cashier.wait_for_notifies(of=lambda attempt: attempt.answer == "fail")
    (heard,) = front.heard
    assert isinstance(heard, ForgedCallback)
    assert heard.details["problem"] == problem


# ----------------------------------------------------------------------------------------- the ways it fails


async def test_a_repeat_finds_the_same_order(gateway: EpayGateway, cashier: CashierControl) -> None:
    first = await gateway.begin(a_request())
    assert await gateway.begin(a_request()) == first
    assert len(cashier.orders()) == 1


async def test_a_site_that_refuses_repeats_says_nothing_about_the_payment(
    gateway: EpayGateway, cashier: CashierControl
) -> None:
    cashier.change(duplicates="refuse")
    await gateway.begin(a_request())
    with pytest.raises(Unknown):
        await gateway.begin(a_request())
    assert len(cashier.orders()) == 1


async def test_another_merchant_or_key_is_refused_in_the_sites_words(
    gateway: EpayGateway, client: httpx.AsyncClient, cashier: CashierControl
) -> None:
    with pytest.raises(GatewayRefused, match="商户不存在"):
        await changed(gateway, client, pid="1002").begin(a_request())
    with pytest.raises(GatewayRefused, match="签名校验失败"):
        await changed(gateway, client, key=Secret("another")).begin(a_request())
    with pytest.raises(Unknown, match="商户密钥错误"):
        await changed(gateway, client, key=Secret("another")).query(NUMBER)
    assert cashier.orders() == []


@pytest.mark.parametrize(
    ("fault", "has_effect"),
    [
        ("error_500", False),
        ("drop_before", False),
        ("drop_after", True),
        ("half_body", True),
        ("delay_after", True),
    ],
)
async def test_whatever_breaks_after_sending_is_unknown_and_found_by_asking(
    gateway: EpayGateway, cashier: CashierControl, fault: Any, has_effect: bool
) -> None:
    cashier.fail_next(fault, target="mapi", delay_s=TOO_LATE_S if fault.startswith("delay") else 0.0)
    with pytest.raises(Unknown):
        await gateway.begin(a_request())
    assert (await gateway.query(NUMBER) is not None) == has_effect
    begun = await gateway.begin(a_request())
    assert begun.gateway_ref == cashier.order(NUMBER).trade_no


@pytest.mark.parametrize("fault", ["error_500", "drop_before", "drop_after", "half_body", "delay_before"])
async def test_a_question_without_an_answer_is_unknown_and_may_be_repeated(
    gateway: EpayGateway, cashier: CashierControl, fault: Any
) -> None:
    await gateway.begin(a_request())
    cashier.fail_next(fault, target="api", delay_s=TOO_LATE_S if fault.startswith("delay") else 0.0)
    with pytest.raises(Unknown):
        await gateway.query(NUMBER)
    assert await gateway.query(NUMBER) is not None


async def test_a_question_asks_again_by_itself_when_the_connection_breaks(
    gateway: EpayGateway, cashier: CashierControl
) -> None:
    await gateway.begin(a_request())
    cashier.fail_next("drop_before", target="api")
    with stamina.set_testing(testing=True, attempts=2):
        assert await gateway.query(NUMBER) is not None


async def test_where_nobody_listens_nothing_was_sent(gateway: EpayGateway, client: httpx.AsyncClient) -> None:
    nobody = changed(gateway, client, base_url="http://127.0.0.1:1/")
    with pytest.raises(RetryLater):
        await nobody.begin(a_request())
    with pytest.raises(RetryLater):
        await nobody.query(NUMBER)


async def test_over_real_http_too_no_log_line_has_the_key(
    gateway: EpayGateway, cashier: CashierControl, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    # By name: another test of this process may have hushed them, as the running shop does.
    caplog.set_level("DEBUG", logger="httpx")
    caplog.set_level("DEBUG", logger="httpcore")
    await gateway.begin(a_request())
    assert await gateway.query(NUMBER) is not None
    cashier.fail_next("half_body", target="api")
    with pytest.raises(Unknown):
        await gateway.query(NUMBER)
    assert "/api.php" in caplog.text
    assert "httpcore" in {record.name.partition(".")[0] for record in caplog.records}
    assert KEY not in caplog.text
