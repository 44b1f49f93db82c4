"""acg-faka: the published vector on both sides, and what its source leaves open."""

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
import stamina
from hypothesis import given
from hypothesis import strategies as st

from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.kernel.secret import Secret
from shop_core.supply.supplier import (
    ENOUGH,
    Accepted,
    Done,
    ForgedSupplierCallback,
    GoodsKind,
    No,
    Offer,
    PurchaseRequest,
    Refused,
    SupplierRefused,
)
from shop_core.wire.callback import RawCallback
from shop_core.wire.reading import read_facts
from suppliers.acg_faka import signing, translate
from suppliers.acg_faka.adapter import AcgFakaSupplier
from suppliers.acg_faka.settings import AcgFakaSettings
from suppliers.words import Words
from tests.standins.suppliers.acg_faka.shop import APP_ID, APP_KEY, PLACEHOLDER
from tests.standins.suppliers.acg_faka.signing import signature
from tests.standins.suppliers.driver import SupplierControl
from tests.standins.suppliers.faults import FaultKind
from tests.standins.suppliers.server import running_supplier
from tests.standins.suppliers.world import CARD
from tests.suppliers.contract import TLS, MovedClock, goods_in, now, ref_of, yuan
from tests.suppliers.vectors import vector

CODE = f"{int(CARD):016X}"
REQUEST = PurchaseRequest("K7M29QXD", CODE, 2)


@pytest.fixture(scope="module")
def running() -> Iterator[SupplierControl]:
    with running_supplier("acg_faka") as control:
        yield control


@pytest.fixture
def vendor(running: SupplierControl) -> SupplierControl:
    running.reset()
    return running


@pytest.fixture
async def supplier(vendor: SupplierControl) -> AsyncIterator[AcgFakaSupplier]:
    settings = AcgFakaSettings(name="acg", base_url=vendor.base_url, key=APP_ID, secret=Secret(APP_KEY))
    with stamina.set_testing(testing=True, attempts=1):
        async with httpx.AsyncClient(verify=TLS, trust_env=False, timeout=30) as client:
            yield AcgFakaSupplier(settings, client, MovedClock())


def answering(pages: dict[str, Any], **changes: Any) -> tuple[AcgFakaSupplier, list[dict[str, list[str]]]]:
    """A shop that answers each page with the same, and what it was sent."""
    sent: list[dict[str, list[str]]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(
            {"page": [request.url.path], **parse_qs(request.content.decode(), keep_blank_values=True)}
        )
        return httpx.Response(200, json=pages[request.url.path.removeprefix("/shared/commodity/")])

    given = {
        "name": "acg",
        "base_url": "https://up.example.com",
        "key": "1",
        "secret": Secret("s"),
        **changes,
    }
    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return AcgFakaSupplier(AcgFakaSettings(**given), client, MovedClock()), sent


def ok(data: object) -> dict[str, object]:
    return {"code": 200, "msg": "success", "data": data}


def no(msg: str) -> dict[str, object]:
    return {"code": 400, "msg": msg, "data": []}


def an_item(**facts: Any) -> dict[str, Any]:
    return {
        "code": CODE,
        "name": "会员",
        "factory_price": 9.9,
        "price": 15,
        "stock": 5,
        "delivery_way": 0,
        **facts,
    }


def offers_in(**facts: Any) -> list[Offer]:
    return list(translate.offers_of(read_facts(json.dumps(an_item(**facts)).encode()), "CNY"))


# ---------------------------------------------------------------------------------------------------- signatures


def test_the_published_vector_holds_on_both_sides() -> None:
    v = vector("acg_faka_trade")
    form = {
        k: {a: str(b) for a, b in x.items()} if isinstance(x, dict) else str(x)
        for k, x in v["params"].items()
    }
    assert signing.signed_text(form, Secret(v["app_key"])) == v["sign_string"]
    assert signing.sign(form, Secret(v["app_key"])) == v["expected"]
    assert signature(form, v["app_key"]) == v["expected"]


@given(st.dictionaries(st.text("abc_", min_size=1), st.text("ab0 %+&=/<😀月", max_size=6), max_size=6))
def test_both_sides_sign_alike_whatever_is_in_a_form(form: dict[str, str]) -> None:
    assert signing.sign(form, Secret("K")) == signature(form, "K")


def test_a_zero_is_signed_and_an_empty_text_is_not() -> None:
    assert signing.signed_text({"b": "0", "a": "", "sku": {}}, Secret("K")) == "b=0&key=K"


# ---------------------------------------------------------------------------------------------------- offers


def test_each_kind_of_an_item_is_an_offer_at_its_own_cost() -> None:
    config = "[category]\n月卡=15.00\n年卡 = 150.00\n; 注释\n[category_factory]\n月卡=9.90\n"
    month, year = offers_in(config=config)
    assert (month.ref, month.name, month.cost) == (f"{CODE}:月卡", "会员 月卡", yuan(990))
    # Its cost is not told: no less than what everybody pays.
    assert (year.ref, year.cost) == (f"{CODE}:年卡", yuan(1500))


def test_what_can_be_combined_further_is_not_on_sale() -> None:
    (offer,) = offers_in(config="[sku]\ncolor[red]=1\n")
    assert not offer.is_on_sale


def test_a_widget_is_what_the_buyer_has_to_say() -> None:
    (offer,) = offers_in(widget='[{"cn": "QQ号", "name": "qq"}]', minimum=1, maximum=3)
    assert (offer.kind, offer.inputs[0].key, offer.inputs[0].label) == (GoodsKind.TOP_UP, "qq", "QQ号")
    assert (offer.fewest, offer.most) == (1, 3)


@pytest.mark.parametrize(
    "widget", ["{broken", '[{"cn": "?"}]', '[{"cn": "数量", "name": "num"}]', '{"a": 1}']
)
def test_a_widget_that_cannot_be_read_or_sent_keeps_the_offer_off_sale(widget: str) -> None:
    (offer,) = offers_in(widget=widget)
    assert not offer.is_on_sale


@pytest.mark.parametrize(("stock", "known"), [(5, 5), ("充足", ENOUGH), ("已售罄", 0), ("???", None)])
def test_stock_is_a_number_or_words(stock: object, known: int | None) -> None:
    (offer,) = offers_in(stock=stock)
    assert offer.stock == known


def test_items_without_a_code_or_a_price_are_none() -> None:
    assert offers_in(code="../x") == offers_in(factory_price=None, price=None) == []


# ---------------------------------------------------------------------------------------------------- buying


async def test_the_kind_is_named_and_the_contact_is_our_number_unless_the_owner_has_one() -> None:
    item = an_item(config="[category]\n月卡=15\n")
    pages = {"item": ok(item), "trade": ok({"tradeNo": "T1", "secret": "A", "amount": "9.90"})}
    request = PurchaseRequest("K7M29QXD", f"{CODE}:月卡", 1)
    for contact, seen in (("", "K7M29QXD"), ("shop@example.com", "shop@example.com")):
        supplier, sent = answering(pages, contact=contact)
        assert goods_in(await supplier.place(request)) == ["A"]
        assert (sent[-1]["race"], sent[-1]["contact"]) == (["月卡"], [seen])
        assert (sent[-1]["num"], sent[-1]["request_no"]) == (["1"], ["K7M29QXD"])


async def test_what_all_of_it_costs_is_asked_before_where_there_is_a_limit(
    supplier: AcgFakaSupplier, vendor: SupplierControl
) -> None:
    dear = PurchaseRequest("K7M29QXD", CODE, 2, at_most=yuan(1979))
    assert await supplier.place(dear) == Refused(No.PRICE, "19.80")
    assert vendor.purchases == 0
    assert isinstance(await supplier.place(PurchaseRequest("K7M29QXD", CODE, 2, at_most=yuan(1980))), Done)


@pytest.mark.parametrize("path", ["/item", "/valuation"])
@pytest.mark.parametrize("fault", ["error_500", "half_body", "no_json"])
async def test_trouble_before_the_trade_bought_certainly_nothing(
    supplier: AcgFakaSupplier, vendor: SupplierControl, path: str, fault: FaultKind
) -> None:
    vendor.fail_next(fault, path)
    with pytest.raises(RetryLater):
        await supplier.place(PurchaseRequest("K7M29QXD", CODE, 1, at_most=yuan(990)))
    assert vendor.purchases == 0


async def test_what_the_shop_writes_in_place_of_goods_is_not_the_goods() -> None:
    own_words = "感谢购买！10 分钟内发到您的邮箱"
    pages: dict[str, Any] = {
        "item": ok(an_item(delivery_way=1)),
        "trade": ok({"tradeNo": "T1", "secret": own_words}),
        "query/T1": ok({"secret": own_words, "status": 1}),
    }
    supplier, _ = answering(pages)
    placed = await supplier.place(REQUEST)
    assert isinstance(placed, Accepted)
    assert isinstance(await supplier.query("K7M29QXD", placed.supplier_ref, placed_at=now()), Accepted)
    pages["query/T1"] = ok({"secret": "A\nB", "status": 1})
    assert goods_in(await supplier.query("K7M29QXD", placed.supplier_ref, placed_at=now())) == ["A", "B"]
    pages["query/T1"] = ok({"secret": "A\nB", "status": 0})
    assert isinstance(await supplier.query("K7M29QXD", placed.supplier_ref, placed_at=now()), Accepted)


@pytest.mark.parametrize("text", ["", "  ", PLACEHOLDER, "很抱歉，有人在你付款之前抢走了商品，请联系客服。"])
async def test_a_trade_without_its_cards_is_bought_and_not_done(text: str) -> None:
    supplier, _ = answering({"item": ok(an_item()), "trade": ok({"tradeNo": "T1", "secret": text})})
    assert isinstance(await supplier.place(REQUEST), Accepted)


async def test_words_that_stand_for_no_cards_are_the_owners_to_name() -> None:
    pages = {"item": ok(an_item()), "trade": ok({"tradeNo": "T1", "secret": "稍等哦"})}
    assert isinstance(await answering(pages)[0].place(REQUEST), Done)
    assert isinstance(await answering(pages, pending=("稍等",))[0].place(REQUEST), Accepted)


async def test_their_number_is_asked_for_with_how_many_were_bought(
    supplier: AcgFakaSupplier, vendor: SupplierControl
) -> None:
    vendor.goods(CARD, codes=["card 1\npin 1", "card 2\npin 2"])
    done = await supplier.place(REQUEST)
    assert goods_in(done) == ["card 1\npin 1", "card 2\npin 2"]
    assert goods_in(await supplier.query("K7M29QXD", ref_of(done), placed_at=now())) == goods_in(done)


@pytest.mark.parametrize("ref", [None, "", "T1", "a/../b~1~c~", "T~1~x~"])
async def test_nothing_but_a_trades_own_reference_can_be_asked_for(ref: str | None) -> None:
    supplier, sent = answering({})
    with pytest.raises(Unknown):
        await supplier.query("K7M29QXD", ref, placed_at=now())
    assert sent == []


async def test_no_input_goes_under_a_name_of_the_protocols_own() -> None:
    supplier, sent = answering({})
    outcome = await supplier.place(PurchaseRequest("K7M29QXD", CODE, 1, inputs={"num": Secret("9")}))
    assert isinstance(outcome, Refused)
    assert sent == []


@pytest.mark.parametrize(
    ("msg", "why"),
    [
        ("商品不存在", No.OFF_SALE),
        ("<b>库存不足</b>", No.OUT_OF_STOCK),
        ("余额不足", No.BALANCE),
        ("别的", No.OTHER),
    ],
)
async def test_a_failure_in_words_is_a_no(msg: str, why: No) -> None:
    outcome = await answering({"item": ok(an_item()), "trade": no(msg)})[0].place(REQUEST)
    assert isinstance(outcome, Refused)
    assert outcome.why is why
    assert "<" not in outcome.said


@pytest.mark.parametrize("trade", [no("系统繁忙"), no("数据异常"), ok([]), {"msg": "?"}, ok({"secret": "A"})])
async def test_what_may_have_bought_is_unknown(trade: object) -> None:
    with pytest.raises(Unknown):
        await answering({"item": ok(an_item()), "trade": trade})[0].place(REQUEST)


async def test_messages_mean_what_the_owner_says() -> None:
    pages = {"item": ok(an_item()), "trade": no("拒绝访问")}
    assert isinstance(await answering(pages)[0].place(REQUEST), Refused)
    with pytest.raises(SupplierRefused):
        await answering(pages, words=Words(not_us=("拒绝",)))[0].place(REQUEST)
    with pytest.raises(Unknown):
        await answering(pages, words=Words(unsure=("拒绝",)))[0].place(REQUEST)
    assert await answering(pages, words=Words(known=("拒绝",)))[0].place(REQUEST) == Accepted()


def test_nobody_calls_back() -> None:
    with pytest.raises(ForgedSupplierCallback):
        answering({})[0].read_callback(RawCallback("POST", {}, {}, {}, b"{}"))
