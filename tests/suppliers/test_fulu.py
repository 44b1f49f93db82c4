"""福禄: the published vectors on both sides, and what nobody has confirmed."""

import json
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from shop_core.kernel.errors import Unknown
from shop_core.kernel.secret import Secret
from shop_core.supply.supplier import (
    ENOUGH,
    Accepted,
    BadSupplierSettings,
    Done,
    Failed,
    ForgedSupplierCallback,
    GoodsKind,
    No,
    NotFound,
    PurchaseRequest,
    Refused,
    SupplierRefused,
    Told,
)
from shop_core.wire.callback import RawCallback
from suppliers.fulu import signing, translate
from suppliers.fulu.adapter import FuluSupplier
from suppliers.fulu.settings import GATEWAY, FuluSettings
from suppliers.words import Standing
from tests.standins.suppliers.fulu.platform import APP_KEY, PRODUCT, SECRET
from tests.standins.suppliers.fulu.signing import encrypted, of_fields, of_text
from tests.standins.suppliers.server import running_supplier
from tests.suppliers.contract import TLS, MovedClock, now, yuan
from tests.suppliers.vectors import vector

REQUEST = PurchaseRequest("K7M29QXD", "direct:10000103", 1, inputs={"charge_account": Secret("13800138000")})


def fulu(answers: dict[str, Any] | Any, **changes: Any) -> FuluSupplier:
    """A platform that answers each method, or all of them, with one thing."""

    def answer(request: httpx.Request) -> httpx.Response:
        method = json.loads(request.content)["method"]
        return httpx.Response(200, json=answers.get(method, answers))

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    settings = FuluSettings(**{"name": "fulu", "key": APP_KEY, "secret": Secret(SECRET), **changes})
    return FuluSupplier(settings, client, MovedClock())


def ok(result: object) -> dict[str, object]:
    text = json.dumps(result, ensure_ascii=False)
    return {"code": 0, "message": "ok", "result": text, "sign": of_text(text, SECRET)}


def no(code: int, message: str) -> dict[str, object]:
    return {"code": code, "message": message, "result": "", "sign": of_text("", SECRET)}


def an_order(**facts: Any) -> dict[str, object]:
    return ok({"order_id": "7", "customer_order_no": "K7M29QXD", "order_price": 9.9, **facts})


def a_callback(secret: str = SECRET, **facts: Any) -> RawCallback:
    told: dict[str, Any] = {
        "customer_order_no": "K7M29QXD",
        "order_id": "7",
        "order_status": "success",
        **facts,
    }
    told["sign"] = of_fields(told, secret)
    return RawCallback("POST", {}, {}, {}, json.dumps(told).encode())


# ------------------------------------------------------------------------------------------------ signatures, cards


def test_the_published_signature_holds_on_both_sides() -> None:
    v = vector("fulu_sign")
    assert signing.compact(v["params"]) == v["json"]
    assert "".join(sorted(v["json"])) + v["secret"] == v["sign_string"]
    assert signing.signed(v["params"], Secret(v["secret"]))["sign"] == v["expected"]
    assert of_fields(v["params"], v["secret"]) == v["expected"]


@pytest.mark.parametrize("name", ["fulu_card_number", "fulu_card_pwd"])
def test_the_published_cards_open_and_close(name: str) -> None:
    v = vector(name)
    assert signing.decrypt(v["ciphertext"], Secret(v["key"])) == v["expected"]
    assert encrypted(v["expected"], v["key"]) == v["ciphertext"]


@pytest.mark.parametrize(
    "text", ["", "x", "AAAA", "不是", encrypted("card", "another-secret-another-secret-12")]
)
def test_what_is_not_under_our_key_is_no_card(text: str) -> None:
    with pytest.raises(signing.NotDecrypted):
        signing.decrypt(text, Secret(SECRET))


async def test_a_card_that_does_not_open_is_unknown_never_done_without_it() -> None:
    card = {"card_number": "", "card_pwd": "AAAA"}
    with pytest.raises(Unknown):
        await fulu(an_order(order_state="success", cards=[card])).query("K7M29QXD", None, placed_at=now())


async def test_a_card_in_parts_is_one_piece() -> None:
    card = {
        "card_number": encrypted("0012", SECRET),
        "card_pwd": encrypted("77", SECRET),
        "card_deadline": "2027-01-01",
    }
    outcome = await fulu(an_order(order_state="success", cards=[card])).query(
        "K7M29QXD", None, placed_at=now()
    )
    assert outcome == Done((Secret("卡号：0012\n卡密：77\n有效期：2027-01-01"),), "7", yuan(990))


async def test_time_is_told_as_in_beijing_and_the_bytes_are_what_was_signed() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=ok({"balance": "1.00"}))

    settings = FuluSettings(name="fulu", key=APP_KEY, secret=Secret(SECRET))
    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    await FuluSupplier(settings, client, MovedClock()).balance()
    (request,) = seen
    told = json.loads(request.content)
    assert str(request.url) == GATEWAY
    assert told["sign"] == of_fields(told, SECRET)
    assert (told["app_auth_token"], told["biz_content"]) == ("", "{}")
    assert len(told["timestamp"]) == len("2019-07-27 16:44:30")


# ------------------------------------------------------------------------------------------------ answers


@pytest.mark.parametrize("change", [{"sign": "0" * 32}, {"sign": ""}, {"result": '{"balance": "9999"}'}])
async def test_an_answer_that_is_not_signed_is_not_believed_unless_the_owner_gives_up_on_that(
    change: dict[str, object],
) -> None:
    answer = {**ok({"balance": "1.00"}), **change}
    with pytest.raises(Unknown):
        await fulu(answer).balance()
    assert await fulu(answer, checks_answers=False).balance() in {yuan(100), yuan(999900)}


async def test_a_clone_that_answers_with_an_object_is_understood_where_nothing_has_to_be_signed() -> None:
    answer = {"code": 0, "result": {"balance": 12.5}}
    with pytest.raises(Unknown):
        await fulu(answer).balance()
    assert await fulu(answer, checks_answers=False).balance() == yuan(1250)


@pytest.mark.parametrize("code", [3001, 3002, 3003, 3004, 3005, 3008])
async def test_the_known_codes_say_that_nothing_was_bought(code: int) -> None:
    assert await fulu(no(code, "商品库存不足")).place(REQUEST) == Refused(No.OUT_OF_STOCK, "商品库存不足")


async def test_any_other_code_is_asked_about_unless_the_owner_knows_it() -> None:
    answers = {"fulu.order.direct.add": no(3099, "库存不足"), "fulu.order.info.get": no(3020, "订单不存在")}
    with pytest.raises(Unknown):
        await fulu(answers).place(REQUEST)
    assert await fulu(answers).query("K7M29QXD", None, placed_at=now()) == NotFound()
    assert isinstance(await fulu(answers, refusals=("3099",)).place(REQUEST), Refused)


async def test_a_known_code_with_unsure_words_is_unknown() -> None:
    with pytest.raises(Unknown):
        await fulu(no(3003, "系统繁忙，请稍后查询")).place(REQUEST)


@pytest.mark.parametrize(
    ("theirs", "outcome"), [("refuse", Accepted()), ("same", Accepted("7000001", yuan(4930))), ("busy", None)]
)
async def test_whatever_a_repeat_does_there_it_never_says_that_nothing_was_bought(
    theirs: str, outcome: object
) -> None:
    with running_supplier("fulu") as vendor:
        vendor.set(options={"duplicates": theirs})
        settings = FuluSettings(
            name="fulu", base_url=f"{vendor.base_url}/api/getway", key=APP_KEY, secret=Secret(SECRET)
        )
        async with httpx.AsyncClient(verify=TLS, trust_env=False) as client:
            supplier = FuluSupplier(settings, client, MovedClock())
            assert await supplier.place(REQUEST) == Accepted("7000001", yuan(4930))
            if outcome is None:
                with pytest.raises(Unknown):
                    await supplier.place(REQUEST)
            else:
                assert await supplier.place(REQUEST) == outcome
        assert vendor.purchases == 1


async def test_words_about_keys_need_a_person_and_words_about_nothing_are_unknown() -> None:
    with pytest.raises(SupplierRefused):
        await fulu(no(1003, "签名错误")).balance()
    with pytest.raises(Unknown):
        await fulu(no(1003, "?")).balance()
    with pytest.raises(Unknown):
        await fulu(no(3020, "系统异常, 订单不存在")).query("K7M29QXD", None, placed_at=now())


async def test_a_state_means_what_the_owner_says_and_else_nothing() -> None:
    with pytest.raises(Unknown):
        await fulu(an_order(order_state="refunding")).query("K7M29QXD", None, placed_at=now())
    supplier = fulu(an_order(order_state="refunding"), states={"refunding": Standing.FAILED})
    assert await supplier.query("K7M29QXD", None, placed_at=now()) == Failed("7")


async def test_answers_about_another_order_say_nothing() -> None:
    other = an_order(customer_order_no="P4RT8WZC", order_state="success")
    with pytest.raises(Unknown):
        await fulu(other).query("K7M29QXD", None, placed_at=now())
    with pytest.raises(Unknown):
        await fulu(other).place(REQUEST)


@pytest.mark.parametrize("text", ["a&b", "<x>", "😀"])
async def test_what_others_would_sign_otherwise_is_not_sent(text: str) -> None:
    request = PurchaseRequest("K7M29QXD", "direct:10000103", 1, inputs={"charge_account": Secret(text)})
    outcome = await fulu({}).place(request)
    assert isinstance(outcome, Refused)
    assert outcome.why is No.INPUT


async def test_no_input_goes_under_a_name_of_the_protocols_own() -> None:
    request = PurchaseRequest("K7M29QXD", "direct:10000103", 1, inputs={"buy_num": Secret("99")})
    assert isinstance(await fulu({}).place(request), Refused)


# ------------------------------------------------------------------------------------------------ offers


def a_product(**facts: Any) -> dict[str, Any]:
    product = {
        "product_id": PRODUCT + 1,
        "product_name": "x",
        "product_type": "直充",
        "purchase_price": "9.9000",
    }
    return {**product, "sales_status": "上架", "stock_status": "充足", "template_id": "T", **facts}


@pytest.mark.parametrize(
    ("template", "keys"),
    [
        ({"elements": [{"id": "ChargeAccount", "name": "QQ号"}]}, ["charge_account"]),
        ([{"ElementName": "区服", "Field": "ChargeServer"}, {"Field": "ChargeNum"}], ["charge_game_srv"]),
        ({"a": {"b": [{"code": "ChargePWD"}, {"code": "ContactQQ"}]}}, ["charge_password", "contact_qq"]),
    ],
)
async def test_a_template_is_read_wherever_its_elements_stand(template: object, keys: list[str]) -> None:
    answers = {"fulu.goods.info.get": ok(a_product()), "fulu.goods.template.get": ok(template)}
    offer = await fulu(answers).get_offer(f"direct:{PRODUCT + 1}")
    assert offer is not None
    assert [field.key for field in offer.inputs] == keys
    assert (offer.kind, offer.cost, offer.stock, offer.is_on_sale) == (
        GoodsKind.TOP_UP,
        yuan(990),
        ENOUGH,
        True,
    )


async def test_a_template_that_names_nothing_we_know_keeps_the_offer_off_sale() -> None:
    answers = {"fulu.goods.info.get": ok(a_product()), "fulu.goods.template.get": ok({"x": "ChargeMoon"})}
    offer = await fulu(answers).get_offer(f"direct:{PRODUCT + 1}")
    assert offer is not None
    assert not offer.is_on_sale


async def test_without_a_template_an_account_is_asked_for() -> None:
    offer = await fulu({"fulu.goods.info.get": ok(a_product(template_id=""))}).get_offer(
        f"direct:{PRODUCT + 1}"
    )
    assert offer is not None
    assert offer.inputs == (translate.ACCOUNT,)


@pytest.mark.parametrize("result", [[a_product()], {"products": [a_product()], "total": 1}])
async def test_a_list_is_read_bare_or_under_a_name(result: object) -> None:
    page = await fulu(ok(result)).list_offers()
    assert [offer.ref for offer in page.offers] == [f"direct:{PRODUCT + 1}"]
    assert page.cursor is None


async def test_anything_else_is_no_empty_list() -> None:
    results: list[object] = [None, "x", {"a": [], "b": []}, {}]
    for result in results:
        with pytest.raises(Unknown):
            await fulu(ok(result)).list_offers()


@pytest.mark.parametrize(("status", "stock"), [("充足", ENOUGH), ("警报", 1), ("断货", 0), ("?", None)])
async def test_stock_is_told_in_words(status: str, stock: int | None) -> None:
    (offer,) = (await fulu(ok([a_product(stock_status=status)])).list_offers()).offers
    assert offer.stock == stock


# ------------------------------------------------------------------------------------------------ callbacks, settings


def test_a_callback_only_wakes_us_signed_or_not() -> None:
    supplier = fulu({})
    assert supplier.read_callback(a_callback()) == Told("K7M29QXD", "7")
    assert supplier.read_callback(a_callback("guessed")) == Told("K7M29QXD", "7")
    for body in (b"", b"[]", b'{"order_id": "7"}'):
        with pytest.raises(ForgedSupplierCallback):
            supplier.read_callback(RawCallback("POST", {}, {}, {}, body))


def test_where_the_owner_asks_for_it_a_callback_must_be_signed_like_a_request() -> None:
    supplier = fulu({}, callback_sign="required")
    assert supplier.read_callback(a_callback(price=27.9, buy_num=1)) == Told("K7M29QXD", "7")
    for forged in (
        a_callback("guessed"),
        RawCallback("POST", {}, {}, {}, b'{"customer_order_no": "K7M29QXD"}'),
    ):
        with pytest.raises(ForgedSupplierCallback):
            supplier.read_callback(forged)


def test_plain_http_is_the_owners_decision_and_he_is_warned() -> None:
    page = "http://openapi.yunjinshuke.com/api/gateway"
    with pytest.raises(BadSupplierSettings):
        fulu({}, base_url=page)
    with capture_logs() as logged:
        assert fulu({}, base_url=page, plain_http=True).name == "fulu"
        assert fulu({}).name == "fulu"
    assert logged == [{"event": "supplier.read_on_the_way", "supplier": "fulu", "log_level": "warning"}]


@pytest.mark.parametrize("changes", [{"secret": Secret("short")}, {"callback_sign": "maybe"}, {"key": " k"}])
def test_settings_that_cannot_work_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(BadSupplierSettings):
        fulu({}, **changes)
