"""The sandbox cashier plays an epay V1 vendor as the protocol has it, over real HTTP, in its own process."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from bot.sandbox.cashier import signing
from bot.sandbox.cashier.__main__ import main
from bot.sandbox.cashier.orders import cut_name, fen_of, shortest
from bot.sandbox.cashier.settings import Settings
from bot.sandbox.cashier.words import CHINESE, ENGLISH, words_for
from tests.standins.cashier import REPOSITORY, CashierControl, running_cashier

PID, KEY = "1001", "k3y-that-no-log-may-hold"
VECTORS = json.loads((Path(__file__).parents[1] / "data" / "epay_vectors.json").read_text("utf-8"))


class Merchant:
    """A tiny merchant's server: remembers what it is told and answers what the test wants."""

    def __init__(self) -> None:
        self.heard: list[dict[str, str]] = []
        self.answers: list[str] = []
        merchant = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                query = urlsplit(self.path).query
                merchant.heard.append(dict(parse_qsl(query, keep_blank_values=True)))
                body = (merchant.answers.pop(0) if merchant.answers else "success").encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/notify"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def merchant() -> Iterator[Merchant]:
    merchant = Merchant()
    yield merchant
    merchant.close()


@pytest.fixture(scope="module")
def running() -> Iterator[CashierControl]:
    with running_cashier(pid=PID, key=KEY, options=("--retry-after", "0,0.05,0.1")) as cashier:
        yield cashier


@pytest.fixture
def cashier(running: CashierControl) -> CashierControl:
    running.reset()
    return running


@pytest.fixture(scope="module")
def client(running: CashierControl) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=running.base_url, trust_env=False, timeout=5) as client:
        yield client


@pytest.fixture
def http(cashier: CashierControl, client: httpx.Client) -> httpx.Client:
    """A merchant's or payer's HTTP client, towards a cashier that was reset."""
    assert cashier.base_url == str(client.base_url).rstrip("/")
    return client


def sign(params: Mapping[str, str], key: str = KEY) -> str:
    """Sign once more, independently of the cashier."""
    kept = {k: v for k, v in params.items() if v != "" and k not in {"sign", "sign_type"}}
    text = "&".join(f"{k}={kept[k]}" for k in sorted(kept))
    return hashlib.md5((text + key).encode(), usedforsecurity=False).hexdigest()


def an_order(merchant: Merchant | None = None, /, **changes: str) -> dict[str, str]:
    """A signed order request; ``changes`` are made before it is signed."""
    params = {
        "pid": PID,
        "type": "alipay",
        "out_trade_no": "K7M29QXD",
        "notify_url": merchant.url if merchant else "http://127.0.0.1:9/notify",
        "return_url": "https://shop.example.com/back?from=pay",
        "name": "爱奇艺黄金会员 月卡 A&B",
        "money": "15.00",
        "clientip": "127.0.0.1",
        "param": "",
        **changes,
    }
    return {**params, "sign": sign(params), "sign_type": "MD5"}


def create(http: httpx.Client, params: Mapping[str, str]) -> dict[str, object]:
    answer = http.post("/mapi.php", data=params)
    assert answer.status_code == 200
    body: dict[str, object] = answer.json()
    return body


def query(http: httpx.Client, out_trade_no: str = "K7M29QXD", **params: str) -> dict[str, object]:
    asked = {"act": "order", "pid": PID, "key": KEY, "out_trade_no": out_trade_no, **params}
    body: dict[str, object] = http.get("/api.php", params=asked).json()
    return body


# ---------------------------------------------------------------------- signing


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_the_published_vectors_hold(vector: dict[str, object]) -> None:
    params, key = vector["params"], vector["key"]
    assert isinstance(params, dict)
    assert isinstance(key, str)
    assert signing.sign_text(params) + key == vector["sign_string"]
    assert signing.sign(params, key) == vector["expected"]
    assert signing.is_genuine({**params, "sign": str(vector["expected"])}, key)


def test_empty_values_and_the_signature_itself_are_not_signed() -> None:
    assert signing.sign_text({"b": "2", "a": "1", "c": "", "sign": "x", "sign_type": "MD5"}) == "a=1&b=2"


def test_zero_and_spaces_are_signed_as_they_are() -> None:
    assert signing.sign_text({"param": "0", "name": " a "}) == "name= a &param=0"


def test_the_amount_is_signed_as_text_so_another_spelling_is_a_forgery() -> None:
    params = signing.with_signature({"money": "9.90"}, KEY)
    assert signing.is_genuine(params, KEY)
    assert not signing.is_genuine({**params, "money": "9.9"}, KEY)


@pytest.mark.parametrize("forged", ["", "密", "0" * 32])
def test_a_wrong_signature_of_any_shape_is_not_genuine(forged: str) -> None:
    assert not signing.is_genuine({"money": "9.90", "sign": forged}, KEY)


def test_the_key_is_not_in_the_repr_of_the_settings() -> None:
    assert KEY not in repr(Settings(pid=PID, key=KEY))


def test_a_long_name_is_cut_between_characters() -> None:
    assert cut_name("卡" * 60) == "卡" * 42
    assert cut_name("a" * 200) == "a" * 127


@pytest.mark.parametrize(("money", "fen"), [("0.01", 1), ("9.9", 990), ("9.90", 990), ("15", 1500)])
def test_amounts_are_read_to_the_fen(money: str, fen: int) -> None:
    assert fen_of(money) == fen


@pytest.mark.parametrize(
    ("money", "short"), [("9.90", "9.9"), ("15.00", "15"), ("100", "100"), ("0.10", "0.1")]
)
def test_a_fork_that_prints_numbers_drops_trailing_zeros(money: str, short: str) -> None:
    assert shortest(money) == short


# ---------------------------------------------------------------------- from order to money


def test_an_order_is_created_paid_notified_and_found_by_query(
    cashier: CashierControl, http: httpx.Client, merchant: Merchant
) -> None:
    created = create(http, an_order(merchant, param="state-7"))
    assert created["code"] == 1
    assert created["payurl"] == f"{cashier.base_url}/pay/{created['trade_no']}"
    unpaid = query(http)
    assert (unpaid["status"], unpaid["endtime"]) == (0, None)

    cashier.pay("K7M29QXD")
    cashier.wait_for_notifies()

    (heard,) = merchant.heard
    assert heard.pop("sign") == sign(heard)
    assert heard == {
        "pid": PID,
        "trade_no": created["trade_no"],
        "out_trade_no": "K7M29QXD",
        "type": "alipay",
        "name": "爱奇艺黄金会员 月卡 A&B",
        "money": "15.00",
        "trade_status": "TRADE_SUCCESS",
        "param": "state-7",
        "sign_type": "MD5",
    }
    paid = query(http)
    assert (paid["code"], paid["status"], paid["money"], paid["pid"]) == (1, 1, "15.00", 1001)
    assert paid["endtime"]
    assert paid["api_trade_no"]


@pytest.mark.parametrize("mode", ["payurl", "qrcode", "urlscheme"])
def test_an_answer_has_exactly_one_way_to_pay(cashier: CashierControl, http: httpx.Client, mode: str) -> None:
    cashier.change(answer_mode=mode)
    created = create(http, an_order())
    assert created.keys() & {"payurl", "qrcode", "urlscheme"} == {mode}
    assert created.keys() >= {"code", "msg", "trade_no"}


def test_the_device_jump_gets_a_link_whatever_the_site_answers_else(
    cashier: CashierControl, http: httpx.Client
) -> None:
    cashier.change(answer_mode="qrcode")
    assert "payurl" in create(http, an_order(device="jump"))


def test_a_notification_is_repeated_until_the_success_word(
    cashier: CashierControl, http: httpx.Client, merchant: Merchant
) -> None:
    merchant.answers = ["fail", "successful", " success\n"]
    create(http, an_order(merchant))
    cashier.pay("K7M29QXD")
    (accepted,) = cashier.wait_for_notifies()
    assert (accepted.number, accepted.answer) == (3, " success\n")
    assert [attempt.accepted for attempt in cashier.notifies()] == [False, False, True]
    assert len({heard["sign"] for heard in merchant.heard}) == 1
    assert cashier.state()["pending_notifies"] == 0


def test_a_merchant_that_never_answers_is_given_up_after_the_schedule(
    cashier: CashierControl, http: httpx.Client
) -> None:
    create(http, an_order())
    cashier.pay("K7M29QXD")
    tries = cashier.wait_for_notifies(3, of=lambda attempt: attempt.http_status is None)
    assert [attempt.number for attempt in tries] == [1, 2, 3]
    assert {attempt.answer for attempt in tries} == {"ConnectError"}
    assert query(http)["status"] == 1


def test_a_second_payment_is_a_second_trade_of_the_same_order(
    cashier: CashierControl, http: httpx.Client, merchant: Merchant
) -> None:
    create(http, an_order(merchant))
    first, second = cashier.pay("K7M29QXD", times=2)
    cashier.wait_for_notifies(2)
    assert {heard["trade_no"] for heard in merchant.heard} == {first.trade_no, second.trade_no}
    assert {heard["out_trade_no"] for heard in merchant.heard} == {"K7M29QXD"}
    assert query(http)["trade_no"] == first.trade_no


def test_a_repeated_notification_is_the_same_to_the_letter(
    cashier: CashierControl, http: httpx.Client, merchant: Merchant
) -> None:
    create(http, an_order(merchant))
    cashier.pay("K7M29QXD", repeats=3)
    cashier.wait_for_notifies(3)
    cashier.notify("K7M29QXD")
    cashier.wait_for_notifies(4)
    assert all(heard == merchant.heard[0] for heard in merchant.heard)


def test_a_short_payment_is_reported_as_what_was_paid(
    cashier: CashierControl, http: httpx.Client, merchant: Merchant
) -> None:
    create(http, an_order(merchant))
    cashier.pay("K7M29QXD", amount="14.00")
    cashier.wait_for_notifies()
    assert merchant.heard[0]["money"] == "14.00"
    assert query(http)["money"] == "14.00"


def test_a_lost_notification_leaves_only_the_query(
    cashier: CashierControl, http: httpx.Client, merchant: Merchant
) -> None:
    create(http, an_order(merchant))
    cashier.pay("K7M29QXD", notify=False)
    assert query(http)["status"] == 1
    assert cashier.state()["pending_notifies"] == 0
    assert merchant.heard == []


def test_forged_news_pays_nothing_and_is_sent_once(
    cashier: CashierControl, http: httpx.Client, merchant: Merchant
) -> None:
    merchant.answers = ["fail"] * 3
    create(http, an_order(merchant))
    cashier.pay("K7M29QXD", wrong_sign=True)
    cashier.pay("K7M29QXD", wrong_pid=True)
    cashier.pay("K7M29QXD", status="WAIT_BUYER_PAY")
    cashier.wait_for_notifies(3, of=lambda attempt: attempt.http_status == 200)
    by_status = {(h["pid"] == PID, h["sign"] == sign(h), h["trade_status"]) for h in merchant.heard}
    assert by_status == {
        (True, False, "TRADE_SUCCESS"),
        (False, True, "TRADE_SUCCESS"),
        (True, True, "WAIT_BUYER_PAY"),
    }
    assert query(http)["status"] == 0
    assert cashier.state()["pending_notifies"] == 0


def test_the_name_in_the_notification_is_the_cut_one(
    cashier: CashierControl, http: httpx.Client, merchant: Merchant
) -> None:
    create(http, an_order(merchant, name="月" * 60))
    cashier.pay("K7M29QXD")
    cashier.wait_for_notifies()
    assert merchant.heard[0]["name"] == "月" * 42
    assert merchant.heard[0]["sign"] == sign(merchant.heard[0])


def test_a_site_may_print_amounts_as_numbers_and_want_another_word(
    cashier: CashierControl, http: httpx.Client, merchant: Merchant
) -> None:
    cashier.change(money_text="shortest", success_word="OK")
    merchant.answers = ["success", "OK"]
    create(http, an_order(merchant))
    cashier.pay("K7M29QXD")
    cashier.wait_for_notifies()
    assert [heard["money"] for heard in merchant.heard] == ["15", "15"]


# ---------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    "changes",
    [
        {"pid": "9999"},
        {"pid": ""},
        {"type": ""},
        {"type": "cash"},
        {"out_trade_no": ""},
        {"out_trade_no": "K" * 33},
        {"out_trade_no": "K7 M2"},
        {"notify_url": ""},
        {"notify_url": "javascript:alert(1)"},
        {"notify_url": "http://[::1"},
        {"return_url": "data:text/html,x"},
        {"name": ""},
        {"clientip": ""},
        {"money": ""},
        {"money": "0"},
        {"money": "0.00"},
        {"money": "9.901"},
        {"money": "-1.00"},
        {"money": "1e3"},
        {"money": "９.９０"},
        {"money": "1,000.00"},
        {"money": " 15.00"},
    ],
    ids=str,
)
def test_a_bad_order_is_refused_and_nothing_is_opened(
    cashier: CashierControl, http: httpx.Client, changes: dict[str, str]
) -> None:
    refused = create(http, an_order(None, **changes))
    assert refused["code"] != 1
    assert refused["msg"]
    assert cashier.orders() == []


@pytest.mark.parametrize(
    "tampering",
    [{"sign": "0" * 32}, {"sign": ""}, {"sign_type": "RSA"}, {"money": "0.01"}, {"param": "x"}],
    ids=str,
)
def test_a_tampered_order_is_refused(
    cashier: CashierControl, http: httpx.Client, tampering: dict[str, str]
) -> None:
    assert create(http, {**an_order(), **tampering})["code"] != 1
    assert cashier.orders() == []


def test_a_repeated_number_gets_the_old_order_or_a_refusal_as_the_site_has_it(
    cashier: CashierControl, http: httpx.Client
) -> None:
    first = create(http, an_order())
    assert create(http, an_order())["trade_no"] == first["trade_no"]
    assert create(http, an_order(money="16.00"))["code"] != 1
    cashier.change(duplicates="refuse")
    assert create(http, an_order())["code"] != 1
    assert len(cashier.orders()) == 1


@pytest.mark.parametrize(
    "asked",
    [
        {"key": "wrong"},
        {"pid": "9999"},
        {"act": "steal"},
        {"act": ""},
        {"out_trade_no": "UNKNOWN"},
        {"act": "refund"},
        {"act": "orders", "page": "0"},
    ],
    ids=str,
)
def test_a_bad_question_is_refused(
    cashier: CashierControl, http: httpx.Client, asked: dict[str, str]
) -> None:
    create(http, an_order())
    answer = query(http, **asked)
    assert answer["code"] != 1
    assert answer.keys() == {"code", "msg"}
    assert cashier.order("K7M29QXD").refunded_fen == 0


# ---------------------------------------------------------------------- the rest of api.php


def test_orders_are_listed_newest_first_and_paged(http: httpx.Client) -> None:
    for number in range(5):
        create(http, an_order(out_trade_no=f"K{number}"))
    first = query(http, act="orders", limit="2")["data"]
    last = query(http, act="orders", limit="2", page="3")["data"]
    assert isinstance(first, list)
    assert isinstance(last, list)
    assert [order["out_trade_no"] for order in first + last] == ["K4", "K3", "K0"]


def test_the_vendors_number_wins_over_the_merchants(http: httpx.Client) -> None:
    one = create(http, an_order(out_trade_no="K1"))
    create(http, an_order(out_trade_no="K2"))
    assert query(http, "K2", trade_no=str(one["trade_no"]))["out_trade_no"] == "K1"


def test_a_refund_is_done_as_often_as_it_is_asked_up_to_what_was_paid(
    cashier: CashierControl, http: httpx.Client
) -> None:
    def refund(money: str) -> object:
        form = {"pid": PID, "key": KEY, "out_trade_no": "K7M29QXD", "money": money}
        return http.post("/api.php", params={"act": "refund"}, data=form).json()["code"]

    create(http, an_order())
    assert refund("10.00") != 1, "unpaid"
    cashier.pay("K7M29QXD", notify=False)
    assert refund("10.00") == 1
    assert refund("10.00") != 1, "more than is left"
    assert refund("5.00") == 1
    assert cashier.order("K7M29QXD").refunded_fen == 1500
    assert query(http)["status"] == 1, "V1 has no word for refunded"


def test_a_site_without_refunds_refuses_them(cashier: CashierControl, http: httpx.Client) -> None:
    cashier.change(refunds=False)
    create(http, an_order())
    cashier.pay("K7M29QXD", notify=False)
    form = {"act": "refund", "pid": PID, "key": KEY, "out_trade_no": "K7M29QXD", "money": "15.00"}
    assert http.post("/api.php", data=form).json()["code"] != 1
    assert cashier.order("K7M29QXD").refunded_fen == 0


def test_the_account_and_settlements_are_answered(cashier: CashierControl, http: httpx.Client) -> None:
    create(http, an_order())
    cashier.pay("K7M29QXD", notify=False)
    account = query(http, act="query")
    assert (account["code"], account["pid"], account["active"], account["money"]) == (1, 1001, 1, "15.00")
    assert query(http, act="settle")["data"] == []


# ---------------------------------------------------------------------- faults


@pytest.mark.parametrize(("kind", "orders"), [("drop_before", 0), ("drop_after", 1), ("half_body", 1)])
def test_a_cut_connection_leaves_the_merchant_in_doubt(
    cashier: CashierControl, http: httpx.Client, kind: str, orders: int
) -> None:
    cashier.fail_next(kind, target="mapi")  # type: ignore[arg-type]
    with pytest.raises(httpx.RemoteProtocolError):
        http.post("/mapi.php", data=an_order())
    assert len(cashier.orders()) == orders
    assert create(http, an_order())["code"] == 1


def test_a_broken_site_answers_500_and_does_nothing(cashier: CashierControl, http: httpx.Client) -> None:
    cashier.fail_next("error_500", times=2)
    assert [http.post("/mapi.php", data=an_order()).status_code for _ in range(3)] == [500, 500, 200]
    assert len(cashier.orders()) == 1


@pytest.mark.parametrize(("kind", "at_once"), [("delay_before", 0), ("delay_after", 1)])
def test_a_late_answer_has_its_effect_before_or_after_the_merchant_gave_up(
    cashier: CashierControl, http: httpx.Client, kind: str, at_once: int
) -> None:
    cashier.fail_next(kind, target="mapi", delay_s=0.4)  # type: ignore[arg-type]
    with pytest.raises(httpx.ReadTimeout):
        http.post("/mapi.php", data=an_order(), timeout=0.15)
    assert len(cashier.orders()) == at_once
    deadline = time.monotonic() + 5
    while not cashier.orders() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(cashier.orders()) == 1


def test_a_fault_waits_for_the_page_it_is_meant_for(cashier: CashierControl, http: httpx.Client) -> None:
    cashier.fail_next("error_500", target="api")
    assert create(http, an_order())["code"] == 1
    assert http.get("/api.php").status_code == 500
    assert query(http)["code"] == 1


@pytest.mark.parametrize(
    ("command", "body"),
    [
        ("pay", {"out_trade_no": "K7M29QXD", "amuont": "1.00"}),
        ("pay", {"out_trade_no": "K7M29QXD", "amount": "0"}),
        ("pay", {"out_trade_no": "K7M29QXD", "amount": 1}),
        ("pay", {"out_trade_no": "K7M29QXD", "times": 0}),
        ("pay", {"out_trade_no": "K7M29QXD", "delay_s": -1}),
        ("pay", {"out_trade_no": "K7M29QXD", "notify": "yes"}),
        ("pay", {"out_trade_no": "UNKNOWN"}),
        ("faults", {"kind": "explode"}),
        ("settings", {"key": "other"}),
        ("settings", {"answer_mode": "smoke"}),
        ("settings", {"retry_after_s": []}),
    ],
    ids=str,
)
def test_a_mistaken_control_command_is_named_and_does_nothing(
    cashier: CashierControl, http: httpx.Client, command: str, body: dict[str, object]
) -> None:
    create(http, an_order())
    before = cashier.state()
    answer = http.post(f"/control/{command}", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert not cashier.order("K7M29QXD").paid
    assert cashier.state() == before


# ---------------------------------------------------------------------- the payer's page


def test_the_page_shows_whom_what_and_how_much_and_a_button(http: httpx.Client) -> None:
    trade_no = create(http, an_order(name="<b>月卡</b>"))["trade_no"]
    page = http.get(f"/pay/{trade_no}")
    assert "¥</span>15.00" in page.text
    assert "支付 ¥15.00</button>" in page.text
    assert "沙盒收银台 · 不会真的扣款" in page.text
    assert "&lt;b&gt;月卡&lt;/b&gt;" in page.text
    assert "<b>" not in page.text
    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert http.get("/cashier.css").headers["content-type"].startswith("text/css")


def test_the_page_speaks_english_to_who_prefers_it(http: httpx.Client) -> None:
    trade_no = create(http, an_order())["trade_no"]
    page = http.get(f"/pay/{trade_no}", headers={"accept-language": "en-GB,en;q=0.9,zh;q=0.5"})
    assert "Sandbox · no real money" in page.text
    assert "Pay ¥15.00</button>" in page.text


@pytest.mark.parametrize(
    ("accept_language", "words"),
    [
        ("", CHINESE),
        ("fr", CHINESE),
        ("zh-CN,zh;q=0.9,en;q=0.8", CHINESE),
        ("en", ENGLISH),
        ("zh;q=0.1, EN-us;q=0.2", ENGLISH),
        ("en;q=often", CHINESE),
    ],
)
def test_the_language_is_the_browsers(accept_language: str, words: object) -> None:
    assert words_for(accept_language) is words


def test_paying_in_the_browser_leads_back_with_a_signed_return(
    cashier: CashierControl, http: httpx.Client, merchant: Merchant
) -> None:
    trade_no = create(http, an_order(merchant))["trade_no"]
    http.post(f"/pay/{trade_no}", data={"do": "pay"})
    page = http.post(f"/pay/{trade_no}", data={"do": "pay"}, follow_redirects=True)
    cashier.wait_for_notifies()
    assert "支付成功" in page.text
    href = page.text.split('<a class="pay" href="')[1].split('"')[0].replace("&amp;", "&")
    address, _, carried = href.partition("?from=pay&")
    returned = dict(parse_qsl(carried, keep_blank_values=True))
    assert address == "https://shop.example.com/back"
    assert returned["sign"] == sign(returned)
    assert len(merchant.heard) == 1, "pressing again pays nothing"


def test_a_browser_order_without_a_method_lets_the_payer_choose(
    cashier: CashierControl, http: httpx.Client
) -> None:
    led = http.get("/submit.php", params=an_order(type=""))
    assert led.status_code == 302
    page = http.get(led.headers["location"])
    assert page.text.count('type="radio"') == 3
    http.post(led.headers["location"], data={"do": "pay", "type": "wxpay"})
    order = cashier.order("K7M29QXD")
    assert (order.paid, order.type) == (True, "wxpay")
    again = http.post("/submit.php", data=an_order(type=""))
    assert again.headers["location"] == led.headers["location"]


def test_a_bad_browser_order_is_refused_on_a_page(cashier: CashierControl, http: httpx.Client) -> None:
    refused = http.get("/submit.php", params={**an_order(), "sign": "0" * 32})
    assert refused.status_code == 400
    assert "签名校验失败" in refused.text
    assert cashier.orders() == []
    assert http.get("/pay/20260101000000").status_code == 404


@pytest.mark.parametrize(
    ("button", "paid"),
    [
        ("twice", ["15.00", "15.00"]),
        ("short", ["14.00"]),
        ("late", ["15.00"]),
        ("lost", ["15.00"]),
        ("forged", [None]),
    ],
)
def test_each_mischief_button_does_what_it_says(
    cashier: CashierControl, http: httpx.Client, merchant: Merchant, button: str, paid: list[str | None]
) -> None:
    trade_no = create(http, an_order(merchant))["trade_no"]
    page = http.post(f"/pay/{trade_no}", data={"do": button, "delay_s": "0"}, follow_redirects=True)
    heard = 0 if button == "lost" else len(paid)
    cashier.wait_for_notifies(heard)
    assert CHINESE.notes[button] in page.text
    assert [order.paid_money for order in cashier.orders()] == paid
    assert len(merchant.heard) == heard
    assert all((told["sign"] == sign(told)) == (button != "forged") for told in merchant.heard)


# ---------------------------------------------------------------------- the process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_process_ends_with_0_even_while_something_waits_and_logs_no_key(number: signal.Signals) -> None:
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "bot.sandbox.cashier",
            "--port",
            "0",
            "--pid",
            PID,
            "--key-env",
            "CASHIER_KEY",
        ],
        cwd=REPOSITORY,
        env={**os.environ, "CASHIER_KEY": KEY},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    base_url = json.loads(process.stdout.readline())["base_url"]
    with httpx.Client(base_url=base_url, trust_env=False) as http:
        create(http, an_order())
        assert query(http)["code"] == 1
        http.post("/control/pay", json={"out_trade_no": "K7M29QXD", "delay_s": 60})
        process.send_signal(number)
        _, errors = process.communicate(timeout=10)
    assert process.returncode == 0
    lines = [json.loads(line) for line in errors.splitlines()]
    assert {(line["method"], line["path"], line["status"]) for line in lines} == {
        ("POST", "/mapi.php", 200),
        ("GET", "/api.php", 200),
        ("POST", "/control/pay", 200),
    }
    assert KEY not in errors


@pytest.mark.parametrize(
    "options",
    [
        ("--key-env", "NOT_SET_ANYWHERE"),
        ("--key", "k", "--key-env", "HOME"),
        ("--key", "k", "--retry-after", "soon"),
        (),
    ],
    ids=str,
)
def test_a_cashier_without_a_usable_key_or_schedule_does_not_start(
    capsys: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--port", "0", "--pid", PID, *options])
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_the_cashier_imports_nothing_of_the_shop() -> None:
    code = "import sys, bot.sandbox.cashier.__main__; print([m for m in sys.modules])"
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, timeout=10, check=True
    )
    loaded: set[str] = set(json.loads(ended.stdout.replace("'", '"')))
    ours = {
        name
        for name in loaded
        if name.partition(".")[0] in {"handlers", "admin_cmds", "shop_core", "suppliers"}
    }
    of_bot = {name for name in loaded if name.startswith("bot.")}
    assert ours == set()
    parts = ("bot.sandbox.cashier", "bot.sandbox.process")
    assert all(name == "bot.sandbox" or name.startswith(parts) for name in of_bot)
