"""卡速售: the published vectors on both sides, and what its document leaves open."""

import json
from typing import Any

import httpx
import pytest

from shop_core.kernel.errors import Unknown
from shop_core.kernel.secret import Secret
from shop_core.supply.supplier import (
    Accepted,
    BadSupplierSettings,
    Done,
    Failed,
    ForgedSupplierCallback,
    No,
    NotFound,
    Partial,
    PurchaseRequest,
    Refused,
    SupplierRefused,
    Told,
)
from shop_core.wire.callback import RawCallback
from suppliers.kasushou import signing
from suppliers.kasushou.adapter import PAGES_AT_MOST, KasushouSupplier
from suppliers.kasushou.settings import KasushouSettings
from suppliers.words import Standing, Words
from tests.standins.suppliers.driver import SupplierControl
from tests.standins.suppliers.kasushou.signing import callback_signature, request_signature
from tests.standins.suppliers.kasushou.site import APIKEY, USER_ID
from tests.standins.suppliers.server import running_supplier
from tests.suppliers.contract import TLS, MovedClock, now, yuan
from tests.suppliers.vectors import vector

SECRET = "TESTAPIKEY0123456789"
REQUEST = PurchaseRequest("K7M29QXD", "101", 3, yuan(2000))


def answering(answer: object, status: int = 200, **changes: Any) -> KasushouSupplier:
    content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    transport = httpx.MockTransport(lambda _: httpx.Response(status, content=content))
    given = {
        "name": "kss",
        "base_url": "https://up.example.com",
        "key": "1",
        "secret": Secret(SECRET),
        **changes,
    }
    return KasushouSupplier(KasushouSettings(**given), httpx.AsyncClient(transport=transport), MovedClock())


def saying(msg: str, **changes: Any) -> KasushouSupplier:
    return answering({"code": 400, "msg": msg, "data": None}, **changes)


def an_order(**facts: Any) -> dict[str, Any]:
    order = {
        "external_orderno": "K7M29QXD",
        "ordersn": "D7",
        "status": 3,
        "total_price": "30.00",
        "quantity": 3,
    }
    return {"code": 200, "data": [{**order, **facts}]}


def a_push(*, escapes_slashes: bool = True, **facts: Any) -> RawCallback:
    told = {"time": 1767225660, **facts}
    told["sign"] = callback_signature(told, SECRET, escapes_slashes=escapes_slashes)
    return RawCallback("POST", {}, {}, {}, json.dumps(told).encode())


@pytest.mark.parametrize("name", ["kasushou_request_doc", "kasushou_order_buy"])
def test_the_published_vectors_hold_on_both_sides(name: str) -> None:
    v = vector(name)
    body, key = v["body"].encode(), v["apikey"]
    assert signing.sign(v["timestamp"], body, Secret(key)) == v["expected"]
    assert request_signature(v["timestamp"], body, key) == v["expected"]
    assert signing.body_of(json.loads(body)) == body


def test_the_published_callback_holds_on_both_sides() -> None:
    v = vector("kasushou_callback")
    body = json.dumps({**v["params"], "sign": v["expected"]}).encode()
    assert signing.is_genuine(body, Secret(v["apikey"]))
    assert callback_signature(v["params"], v["apikey"]) == v["expected"]


@pytest.mark.parametrize("escapes_slashes", [True, False])
def test_a_callback_is_genuine_with_slashes_escaped_or_not(escapes_slashes: bool) -> None:
    told = answering({}).read_callback(
        a_push(
            escapes_slashes=escapes_slashes,
            external_orderno="K7M29QXD",
            ordersn="D7",
            status=5,
            has_back_money="9.90",
            total_price="9.90",
            recharge_hints="see https://x/y 充值失败",
        )
    )
    assert told == Told("K7M29QXD", "D7", Failed("D7", yuan(990), "see https://x/y 充值失败"))


@pytest.mark.parametrize("time", ["1767225660", '"1767225660"', "1767225660.50"])
def test_numbers_are_verified_in_the_form_in_which_they_came(time: str) -> None:
    signed_text = f'{{"external_orderno":"K7M29QXD","status":3,"time":{time}}}'
    signature = signing.sign(time.strip('"'), signed_text.encode(), Secret(SECRET))
    body = signed_text.replace("}", f',"sign":"{signature}"}}').encode()
    assert signing.is_genuine(body, Secret(SECRET))
    assert not signing.is_genuine(body.replace(b'"status":3', b'"status":"3"'), Secret(SECRET))


def test_cards_in_a_callback_are_not_signed_and_never_taken() -> None:
    push = a_push(external_orderno="K7M29QXD", status=3, card_list=[{"card_password": "EVIL"}])
    assert answering({}).read_callback(push) == Told("K7M29QXD", None, None)


def test_a_push_about_goods_names_the_offer() -> None:
    assert answering({}).read_callback(a_push(id=12345)) == Told(offer_ref="12345")


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"sign": 7, "time": 1}', b'{"sign": "x"}', b"{" * 9999]
)
def test_rubbish_is_a_forgery(body: bytes) -> None:
    with pytest.raises(ForgedSupplierCallback):
        answering({}).read_callback(RawCallback("POST", {}, {}, {}, body))


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        ({"status": -1}, Accepted("D7", yuan(3000))),
        ({"status": 3, "has_back_money": "0.00"}, Done((), "D7", yuan(3000))),
        ({"status": 3, "has_back_money": "10.00"}, Partial((), 2, None, "D7", yuan(3000), yuan(1000))),
        ({"status": 3, "has_back_money": "30.00"}, Failed("D7", yuan(3000))),
        ({"status": 4}, Failed("D7", None)),
        ({"status": 5, "has_back_money": "20.00"}, Partial((), 1, None, "D7", yuan(3000), yuan(2000))),
    ],
)
async def test_money_that_came_back_is_looked_at_whatever_the_status(
    facts: dict[str, Any], outcome: object
) -> None:
    assert await answering(an_order(**facts)).query("K7M29QXD", None, placed_at=now()) == outcome


async def test_a_card_in_two_parts_is_one_piece() -> None:
    cards = [{"card_no": "0012", "card_password": "77"}]
    outcome = await answering(an_order(card_list=cards)).query("K7M29QXD", None, placed_at=now())
    assert isinstance(outcome, Done)
    assert outcome.goods == (Secret("卡号：0012\n卡密：77"),)


async def test_a_status_means_what_the_owner_says_and_else_nothing() -> None:
    with pytest.raises(Unknown):
        await answering(an_order(status=9)).query("K7M29QXD", None, placed_at=now())
    ours = answering(an_order(status=9), states={"9": Standing.UNDER_WAY})
    assert isinstance(await ours.query("K7M29QXD", None, placed_at=now()), Accepted)


@pytest.mark.parametrize("answer", [{"code": 200, "data": []}, {"code": 400, "msg": "订单不存在"}])
async def test_no_order_is_not_found(answer: object) -> None:
    assert await answering(answer).query("K7M29QXD", None, placed_at=now()) == NotFound()


@pytest.mark.parametrize(
    "answer",
    [
        an_order(external_orderno="P4RT8WZC"),
        {"code": 200, "data": None},
        {"code": 400, "msg": "?"},
        {"code": 500},
    ],
)
async def test_any_other_answer_about_an_order_says_nothing(answer: object) -> None:
    with pytest.raises(Unknown):
        await answering(answer).query("K7M29QXD", None, placed_at=now())


async def test_only_a_readable_no_is_a_no() -> None:
    refused = await saying("库存不足").place(REQUEST)
    assert refused == Refused(No.OUT_OF_STOCK, "库存不足")
    assert await saying("外部订单号已存在").place(REQUEST) == Accepted()
    with pytest.raises(SupplierRefused):
        await saying("签名错误").place(REQUEST)
    for supplier in (
        saying("系统繁忙,库存处理中"),
        answering({"code": 500, "msg": "库存不足"}),
        answering({"code": 400, "msg": "库存不足"}, status=404),
        answering({"msg": "库存不足"}),
        answering({"code": 200, "data": {"ordersn": "D7", "external_orderno": "P4RT8WZC"}}),
    ):
        with pytest.raises(Unknown):
            await supplier.place(REQUEST)


async def test_words_mean_what_the_owner_says() -> None:
    assert isinstance(await saying("号用过了", words=Words(known=("用过了",))).place(REQUEST), Accepted)
    with pytest.raises(Unknown):
        await saying("库存不足", words=Words(unsure=("库存",))).place(REQUEST)


@pytest.mark.parametrize(("compared", "guard"), [("piece", "6.66"), ("total", "20.00")])
async def test_the_price_guard_is_of_a_piece_unless_the_owner_knows_better(compared: str, guard: str) -> None:
    sent: list[dict[str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(json.loads(request.content))
        return httpx.Response(200, json={"code": 200, "data": {"ordersn": "D7"}})

    settings: dict[str, Any] = {"name": "kss", "base_url": "https://up.example.com", "key": "1"}
    supplier = KasushouSupplier(
        KasushouSettings(**settings, secret=Secret("s"), safe_price_is=compared),  # type: ignore[arg-type]  # either
        httpx.AsyncClient(transport=httpx.MockTransport(answer)),
        MovedClock(),
    )
    await supplier.place(REQUEST)
    assert sent[0]["safe_price"] == guard
    assert "attach" not in sent[0]
    assert "url" not in sent[0]


@pytest.mark.parametrize(("theirs", "bought"), [("piece", 1), ("total", 0)])
async def test_a_guard_that_they_understand_otherwise_refuses_too_much_never_too_little(
    theirs: str, bought: int
) -> None:
    with running_supplier("kasushou") as vendor:
        vendor.set(options={"safe_price_is": theirs})
        await _buy_three(vendor)
        assert vendor.purchases == bought


async def _buy_three(vendor: SupplierControl) -> None:
    settings = KasushouSettings(name="kss", base_url=vendor.base_url, key=USER_ID, secret=Secret(APIKEY))
    async with httpx.AsyncClient(verify=TLS, trust_env=False) as client:
        await KasushouSupplier(settings, client, MovedClock()).place(
            PurchaseRequest("K7M29QXD", "101", 3, yuan(2970))
        )


@pytest.mark.parametrize("shape", ["list", "data", "rows", None])
async def test_a_list_is_read_bare_or_wrapped(shape: str | None) -> None:
    goods = [{"id": 101, "goods_name": "x", "goods_price": "1.00", "goods_type": 1, "status": 1}]
    data = {shape: goods, "total": 1} if shape else goods
    page = await answering({"code": 200, "data": data}).list_offers()
    assert [offer.ref for offer in page.offers] == ["101"]
    assert page.cursor == "2"


async def test_a_list_without_end_or_without_a_list_is_unknown() -> None:
    with pytest.raises(Unknown):
        await answering({"code": 200, "data": {"x": 1}}).list_offers()
    with pytest.raises(Unknown):
        await answering({"code": 200, "data": []}).list_offers(str(PAGES_AT_MOST + 1))


@pytest.mark.parametrize("name", ["balance", "money"])
async def test_the_balance_is_read_under_either_name(name: str) -> None:
    assert await answering({"code": 200, "data": {"id": 1, name: "12.30"}}).balance() == yuan(1230)


@pytest.mark.parametrize("data", [{}, {"credit": "12.30"}, {"balance": "?"}, None])
async def test_a_balance_under_any_other_name_is_unknown_not_nothing(data: object) -> None:
    with pytest.raises(Unknown):
        await answering({"code": 200, "data": data}).balance()


def test_a_price_guard_of_neither_kind_is_refused() -> None:
    with pytest.raises(BadSupplierSettings):
        answering({}, safe_price_is="box")
