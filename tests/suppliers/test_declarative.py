"""Adapters that are files: what the two shipped ones leave open, and that whatever a file does not say is unknown."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from shop_core.kernel.errors import Unknown
from shop_core.kernel.money import Money
from shop_core.kernel.secret import Secret
from shop_core.supply.supplier import (
    Accepted,
    BadSupplierSettings,
    Done,
    Failed,
    ForgedSupplierCallback,
    GoodsKind,
    InputField,
    No,
    NotFound,
    Partial,
    PurchaseRequest,
    Refused,
    SupplierRefused,
)
from shop_core.wire.callback import RawCallback
from suppliers.declarative.adapter import DeclarativeSupplier
from suppliers.declarative.file import shipped
from suppliers.declarative.paths import found_at, items_at
from suppliers.declarative.schema import Protocol
from suppliers.declarative.sending import signature_of
from suppliers.declarative.settings import DeclarativeSettings
from suppliers.declarative.translate import Reader
from tests.standins.suppliers.dayuanren.site import KEY as DYR_KEY
from tests.standins.suppliers.dayuanren.site import USER as DYR_USER
from tests.standins.suppliers.dayuanren.site import signature as dyr_signature
from tests.standins.suppliers.driver import SupplierControl
from tests.standins.suppliers.kakayun.site import KEY as KKY_KEY
from tests.standins.suppliers.kakayun.site import USER as KKY_USER
from tests.standins.suppliers.kakayun.site import signature as kky_signature
from tests.standins.suppliers.server import running_supplier
from tests.standins.suppliers.world import CARD, LATER, TOP_UP
from tests.suppliers.contract import ACCOUNT, NUMBER, MovedClock, as_callback, now, yuan
from tests.suppliers.vectors import vector

KAKAYUN, DAYUANREN = shipped("kakayun"), shipped("dayuanren")
MOBILE = {"mobile": Secret(ACCOUNT)}


def a_supplier(protocol: Protocol, client: httpx.AsyncClient, **changes: Any) -> DeclarativeSupplier:
    key, secret = (KKY_USER, KKY_KEY) if protocol is KAKAYUN else (DYR_USER, DYR_KEY)
    given = {
        "name": "it",
        "base_url": "https://up.example.com",
        "key": key,
        "secret": Secret(secret),
        **changes,
    }
    return DeclarativeSupplier(DeclarativeSettings(protocol=protocol, **given), client, MovedClock())


def answering(protocol: Protocol, answer: object, **changes: Any) -> DeclarativeSupplier:
    content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=content))
    return a_supplier(protocol, httpx.AsyncClient(transport=transport), **changes)


Connect = Callable[..., DeclarativeSupplier]


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Connects to a running site."""
    async with httpx.AsyncClient(trust_env=False) as client:

        def connected(protocol: Protocol, site: SupplierControl, **changes: Any) -> DeclarativeSupplier:
            return a_supplier(protocol, client, base_url=site.base_url, **changes)

        yield connected


@pytest.fixture(scope="module")
def _sites() -> Iterator[tuple[SupplierControl, SupplierControl]]:
    with running_supplier("kakayun") as kakayun, running_supplier("dayuanren") as dayuanren:
        yield kakayun, dayuanren


@pytest.fixture
def kakayun(_sites: tuple[SupplierControl, SupplierControl]) -> SupplierControl:
    _sites[0].reset()
    return _sites[0]


@pytest.fixture
def dayuanren(_sites: tuple[SupplierControl, SupplierControl]) -> SupplierControl:
    _sites[1].reset()
    return _sites[1]


# ---------------------------------------------------------------------------------------------------------- signing


def test_the_worked_vectors_hold_in_the_files_and_in_the_stand_ins() -> None:
    bought, topped_up = vector("kakayun_buy"), vector("dayuanren_recharge")
    assert signature_of(KAKAYUN, bought["params"], {}, Secret(bought["userkey"])) == bought["expected"]
    assert kky_signature(bought["userkey"], bought["params"]) == bought["expected"]
    found = signature_of(DAYUANREN, topped_up["params"], {}, Secret(topped_up["apikey"]))
    assert found == topped_up["expected"]
    assert dyr_signature(topped_up["apikey"], topped_up["params"]) == topped_up["expected"]


def signing_like(protocol: Protocol, **recipe: Any) -> Protocol:
    told = {**protocol.model_dump(), "signing": recipe, "callback": None, "headers": {"Sign": "{signature}"}}
    return Protocol.model_validate(told)


def test_recipes_cover_the_cousins_that_sign_time_and_body() -> None:
    doc = vector("kasushou_request_doc")
    parts = ["{timestamp_ms}", "{body}", "{key}"]
    kasushou = signing_like(KAKAYUN, recipe="parts", digest="sha1", parts=parts)
    facts = {"timestamp_ms": doc["timestamp"], "body": doc["body"]}
    assert signature_of(kasushou, {}, facts, Secret(doc["apikey"])) == doc["expected"]

    doc = vector("dujiao_next_order")
    parts = ["{method}", "{path}", "{timestamp}", "{body_md5}"]
    dujiao = signing_like(KAKAYUN, recipe="parts", digest="hmac_sha256", parts=parts, join="\n")
    facts = {key: str(doc[key]) for key in ("method", "path", "timestamp", "body")}
    assert signature_of(dujiao, {}, facts, Secret(doc["secret"])) == doc["expected"]


async def test_a_signed_body_is_sent_as_it_was_signed() -> None:
    told = signing_like(KAKAYUN, recipe="parts", digest="sha1", parts=["{body}", "{key}"]).model_dump()
    told["protocol"]["sends"] = "json"
    seen: list[httpx.Request] = []

    def remember(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"code": 1, "data": {"money": 12.5}})

    transport = httpx.MockTransport(remember)
    protocol = Protocol.model_validate(told)
    supplier = a_supplier(protocol, httpx.AsyncClient(transport=transport), key="7", secret=Secret("k"))
    assert await supplier.balance() == yuan(1250)
    (request,) = seen
    facts = {"body": request.content.decode()}
    assert request.headers["Sign"] == signature_of(protocol, {}, facts, Secret("k"))
    assert json.loads(request.content) == {"userid": "7"}


# ---------------------------------------------------------------------------------- what nobody confirmed, both ways


async def test_kakayun_is_asked_by_our_number_only_where_the_connection_promises_it(
    kakayun: SupplierControl,
    connect: Connect,
) -> None:
    kakayun.set(options={"finds_numbers": True})
    careful = connect(KAKAYUN, kakayun)
    assert isinstance(await careful.place(PurchaseRequest(NUMBER, CARD, 1)), Done)
    with pytest.raises(Unknown):
        await careful.query(NUMBER, None, placed_at=now())
    assert not careful.capabilities.finds_our_number

    sure = connect(KAKAYUN, kakayun, promises={"finds_our_number": True})
    assert sure.capabilities.finds_our_number
    found = await sure.query(NUMBER, None, placed_at=now())
    assert isinstance(found, Done)
    assert [piece.reveal() for piece in found.goods] == ["CARD-0001"]


async def test_a_kakayun_that_does_not_find_our_number_after_all_proves_nothing_by_it(
    kakayun: SupplierControl,
    connect: Connect,
) -> None:
    supplier = connect(KAKAYUN, kakayun, promises={"finds_our_number": True})
    await supplier.place(PurchaseRequest(NUMBER, CARD, 1))
    assert isinstance(await supplier.query(NUMBER, None, placed_at=now()), NotFound)
    assert supplier.capabilities.absent_after_s is None


async def test_a_repeat_that_kakayun_answers_with_the_order_is_that_order(
    kakayun: SupplierControl, connect: Connect
) -> None:
    kakayun.set(options={"repeat": "answer"})
    supplier = connect(KAKAYUN, kakayun)
    first = await supplier.place(PurchaseRequest(NUMBER, CARD, 1))
    assert await supplier.place(PurchaseRequest(NUMBER, CARD, 1)) == first
    assert kakayun.purchases == 1


async def test_a_repeat_that_kakayun_refuses_says_something_only_where_the_connection_promises_it(
    kakayun: SupplierControl, connect: Connect
) -> None:
    request = PurchaseRequest(NUMBER, CARD, 1)
    await connect(KAKAYUN, kakayun).place(request)
    with pytest.raises(Unknown):
        await connect(KAKAYUN, kakayun).place(request)
    again = await connect(KAKAYUN, kakayun, promises={"refuses_repeats": True}).place(request)
    assert again == Accepted(note="known")
    assert kakayun.purchases == 1


async def test_a_code_of_kakayun_is_a_no_only_where_the_connection_says_so(
    kakayun: SupplierControl, connect: Connect
) -> None:
    request = PurchaseRequest(NUMBER, CARD, 0)
    with pytest.raises(Unknown):
        await connect(KAKAYUN, kakayun).place(request)
    outcome = await connect(KAKAYUN, kakayun, refusals=("-1",)).place(request)
    assert outcome == Refused(No.OTHER, "购买数量有误")
    assert kakayun.purchases == 0


@pytest.mark.parametrize(
    ("refund", "expected"),
    [(2, Partial), (3, Done), (1, Unknown), (4, Unknown)],
    ids=["part", "marked", "all", "way"],
)
async def test_what_kakayun_delivered_and_paid_back_is_not_taken_for_whole(
    kakayun: SupplierControl, connect: Connect, refund: int, expected: type
) -> None:
    kakayun.set(options={"refund": refund})
    supplier = connect(KAKAYUN, kakayun)
    placed = await supplier.place(PurchaseRequest(NUMBER, LATER, 3))
    assert isinstance(placed, Accepted)
    kakayun.finish(NUMBER, "partial", delivered=1)
    if expected is Unknown:
        with pytest.raises(Unknown):
            await supplier.query(NUMBER, placed.supplier_ref, placed_at=now())
    else:
        assert isinstance(await supplier.query(NUMBER, placed.supplier_ref, placed_at=now()), expected)
    told = supplier.read_callback(as_callback(kakayun.letter(NUMBER)))
    assert (told.number, told.outcome) == (NUMBER, None)


async def test_a_withdrawn_kakayun_order_says_what_came_back(
    kakayun: SupplierControl, connect: Connect
) -> None:
    supplier = connect(KAKAYUN, kakayun)
    placed = await supplier.place(PurchaseRequest(NUMBER, LATER, 2))
    assert isinstance(placed, Accepted)
    kakayun.finish(NUMBER, "failed")
    found = await supplier.query(NUMBER, placed.supplier_ref, placed_at=now())
    assert isinstance(found, Failed)
    assert found.returned == yuan(5000)
    assert supplier.read_callback(as_callback(kakayun.letter(NUMBER))).outcome == found


DIALECT = {"-1": "failed", "2": "partial"}


@pytest.mark.parametrize("state", ["done", "failed", "partial"])
@pytest.mark.parametrize("dialect", ["", "other"])
async def test_dayuanren_states_are_read_by_the_connections_own_map(
    dayuanren: SupplierControl, connect: Connect, dialect: str, state: str
) -> None:
    dayuanren.set(options={"dialect": dialect})
    supplier = connect(DAYUANREN, dayuanren, states=DIALECT if dialect else {})
    await supplier.place(PurchaseRequest(NUMBER, TOP_UP, 1, inputs=MOBILE))
    dayuanren.finish(NUMBER, state, 2000)
    found = await supplier.query(NUMBER, None, placed_at=now())
    assert isinstance(found, {"done": Done, "failed": Failed, "partial": Partial}[state])
    assert found == supplier.read_callback(as_callback(dayuanren.letter(NUMBER))).outcome or state == "done"
    if isinstance(found, Partial):
        assert found.delivered_value == yuan(2000)


async def test_a_part_in_another_dialect_is_never_taken_for_a_failure(
    dayuanren: SupplierControl, connect: Connect
) -> None:
    dayuanren.set(options={"dialect": "other"})
    supplier = connect(DAYUANREN, dayuanren)
    await supplier.place(PurchaseRequest(NUMBER, TOP_UP, 1, inputs=MOBILE))
    dayuanren.finish(NUMBER, "partial", 2000)
    with pytest.raises(Unknown):
        await supplier.query(NUMBER, None, placed_at=now())
    assert supplier.read_callback(as_callback(dayuanren.letter(NUMBER))).outcome is None


@pytest.mark.parametrize("unknown", ["", "words"])
@pytest.mark.parametrize("check", ["", "one"])
async def test_dayuanren_answers_of_either_form_are_read(
    dayuanren: SupplierControl, connect: Connect, unknown: str, check: str
) -> None:
    dayuanren.set(options={"unknown": unknown, "check": check})
    supplier = connect(DAYUANREN, dayuanren)
    assert isinstance(await supplier.query(NUMBER, None, placed_at=now()), NotFound)
    await supplier.place(PurchaseRequest(NUMBER, TOP_UP, 1, inputs=MOBILE))
    assert isinstance(await supplier.query(NUMBER, None, placed_at=now()), Accepted)


async def test_dayuanren_is_told_no_account_and_so_is_not_asked(
    dayuanren: SupplierControl, connect: Connect
) -> None:
    supplier = connect(DAYUANREN, dayuanren)
    outcome = await supplier.place(PurchaseRequest(NUMBER, TOP_UP, 1))
    assert isinstance(outcome, Refused)
    assert outcome.why is No.INPUT
    wrong = await supplier.place(PurchaseRequest(NUMBER, TOP_UP, 1, inputs={"mobile": Secret("123")}))
    assert isinstance(wrong, Refused)
    assert wrong.why is No.INPUT
    assert dayuanren.purchases == 0


@pytest.mark.parametrize("is_signed_with_empty", [True, False])
def test_a_callback_is_genuine_whether_or_not_what_is_empty_was_signed(is_signed_with_empty: bool) -> None:
    supplier = answering(DAYUANREN, {})
    form = {"out_trade_num": NUMBER, "order_number": "A1", "state": "1", "remark": "", "userid": DYR_USER}
    signed = form if is_signed_with_empty else {k: v for k, v in form.items() if v}
    form["sign"] = dyr_signature(DYR_KEY, signed).lower()
    told = supplier.read_callback(RawCallback("POST", {}, {}, form, b""))
    assert (told.number, told.supplier_ref) == (NUMBER, "A1")
    with pytest.raises(ForgedSupplierCallback):
        supplier.read_callback(RawCallback("POST", {}, {}, {**form, "state": "2"}, b""))


# --------------------------------------------------------------------------------------- what a file does not say


TEXTS = st.text(max_size=12) | st.sampled_from(["0", "1", "2", "3", "-1", "5"])


@given(
    code=TEXTS,
    said=st.text(max_size=20),
    more=st.dictionaries(st.text(max_size=5), st.none() | st.booleans()),
)
async def test_an_answer_that_no_map_has_is_never_a_no(code: str, said: str, more: dict[str, Any]) -> None:
    words = [word for group in KAKAYUN.place.no_words.model_dump().values() for word in group]
    supplier = answering(KAKAYUN, {**more, "code": code, "msg": said})
    try:
        outcome = await supplier.place(PurchaseRequest(NUMBER, CARD, 1))
    except (Unknown, SupplierRefused):
        return
    assert isinstance(outcome, Accepted) if code == "1" else any(word in said for word in words)


@given(state=st.text(max_size=6), refund=st.text(max_size=3))
def test_a_state_that_no_map_has_is_unknown(state: str, refund: str) -> None:
    reader = Reader("it", KAKAYUN, Secret("k"))
    item = {"data": {"outorderno": NUMBER, "status": state, "refundstatus": refund}}
    if state in KAKAYUN.states or f"{state} {refund}" in KAKAYUN.states:
        return
    with pytest.raises(Unknown):
        reader.purchase(item, KAKAYUN.query.purchase)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        {"errno": 0},
        {"errno": 0, "data": [{"out_trade_num": "P4RT8WZC", "state": "1"}]},
        {"errno": 0, "data": [{"state": "1"}]},
        {"errno": 0, "data": [{"out_trade_num": NUMBER, "state": "1"}] * 2},
        {"errno": 0, "data": [{"out_trade_num": NUMBER, "state": "3"}]},
        {"errno": 0, "data": [{"out_trade_num": NUMBER, "state": None}]},
        {"errno": 0, "data": [{"out_trade_num": NUMBER, "state": "2", "charge_amount": "0.01"}]},
        {"errno": 1, "errmsg": "系统繁忙，订单不存在"},
        {"errno": 1, "errmsg": "?"},
    ],
    ids=lambda answer: json.dumps(answer)[:120],
)
async def test_an_answer_to_a_question_that_is_not_plainly_about_it_says_nothing(answer: object) -> None:
    with pytest.raises(Unknown):
        await answering(DAYUANREN, answer).query(NUMBER, None, placed_at=now())


@pytest.mark.parametrize("said", ["系统繁忙，余额不足", "操作超时", "网络异常"])
async def test_a_no_of_a_system_in_trouble_is_none(said: str) -> None:
    for protocol, answer in ((DAYUANREN, {"errno": 1, "errmsg": said}), (KAKAYUN, {"code": -1, "msg": said})):
        with pytest.raises(Unknown):
            await answering(protocol, answer, refusals=("-1",)).place(
                PurchaseRequest(NUMBER, CARD, 1, inputs=MOBILE)
            )


async def test_a_yes_about_another_purchase_is_unknown() -> None:
    answer = {"code": 1, "orderno": "A1", "outorderno": "P4RT8WZC", "cardlist": ["C"]}
    with pytest.raises(Unknown):
        await answering(KAKAYUN, answer).place(PurchaseRequest(NUMBER, CARD, 1))


@pytest.mark.parametrize("data", [None, {}, "", "oops"])
async def test_an_answer_without_a_list_is_not_an_empty_list(data: object) -> None:
    for protocol, answer in ((KAKAYUN, {"code": 1, "data": data}), (DAYUANREN, {"errno": 0, "data": data})):
        with pytest.raises(Unknown):
            await answering(protocol, answer).list_offers()


async def test_a_list_that_never_ends_is_given_up() -> None:
    goods = [{"goodsid": i, "goodsname": "x", "goodsprice": "1"} for i in range(100)]
    supplier = answering(KAKAYUN, {"code": 1, "data": goods})
    page = await supplier.list_offers("2000")
    assert page.cursor == "2001"
    with pytest.raises(Unknown):
        await supplier.list_offers(page.cursor)


async def test_an_offer_that_cannot_be_read_leaves_the_others_in_the_list() -> None:
    good = {
        "goodsid": 7,
        "goodsname": "月卡",
        "goodsprice": 9.901,
        "goodsstatus": 1,
        "goodstype": 0,
        "stock": "3",
    }
    asked = {**good, "goodsid": 8, "attach": [{"title": "QQ号"}, {"title": "大区"}]}
    bad = [{**good, "goodsprice": "?"}, {**good, "goodsid": None}, {**good, "goodsname": " "}, "x", None]
    page = await answering(KAKAYUN, {"code": 1, "data": [*bad, good, asked]}).list_offers()
    assert [offer.ref for offer in page.offers] == ["7", "8"]
    first, second = page.offers
    assert (first.cost, first.kind, first.stock, first.is_on_sale) == (yuan(991), GoodsKind.TOP_UP, 3, True)
    assert second.inputs == (InputField("1", "QQ号"), InputField("2", "大区"))


async def test_what_the_buyer_says_is_sent_in_the_order_of_the_fields(
    kakayun: SupplierControl, connect: Connect
) -> None:
    supplier = connect(KAKAYUN, kakayun)
    words = {str(i): Secret(f"第{i}") for i in (10, 2, 1, 3, 9, 4, 8, 5, 7, 6)}
    await supplier.place(PurchaseRequest(NUMBER, TOP_UP, 1, inputs=words))
    assert kakayun.orders[0]["inputs"] == {str(i): f"第{i}" for i in range(1, 11)}


# ---------------------------------------------------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"states": {"9": "bought"}}, "states.9"),
        ({"promises": {"is_kind": True}}, "promises.is_kind"),
        ({"promises": {"absent_after_s": -1}}, "promises.absent_after_s"),
        ({"key": ""}, "key"),
        ({"currency": "USD"}, "currency is CNY in the protocol's file"),
        ({"base_url": "http://up.example.com"}, "https"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_settings_that_cannot_work_are_refused_by_name(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(BadSupplierSettings, match=named):
        answering(DAYUANREN, {}, **changes)


def test_knowing_no_such_purchase_proves_something_unless_the_connection_says_that_it_never_does() -> None:
    assert answering(DAYUANREN, {}).capabilities.absent_after_s == 600
    careful = answering(DAYUANREN, {}, promises={"absent_after_s": 0})
    assert careful.capabilities.absent_after_s is None


def test_a_site_without_https_is_the_owners_decision_and_he_is_warned() -> None:
    with capture_logs() as logged:
        supplier = answering(DAYUANREN, {}, base_url="http://up.example.com", plain_http=True)
        answering(DAYUANREN, {})
    assert supplier.capabilities.finds_our_number
    assert logged == [{"event": "supplier.read_on_the_way", "supplier": "it", "log_level": "warning"}]


def test_paths_reach_through_lists_and_nothing_else() -> None:
    facts = {
        "data": [{"list": [{"n": "1"}, {"n": "2"}]}, {"list": []}, {"list": [{"n": "3"}]}],
        "one": {"n": "4"},
    }
    assert found_at(facts, "data.*.list.*.n") == ["1", "2", "3"]
    assert found_at(facts, "data.0.list.1.n") == "2"
    assert found_at(facts, "data.7.list") is None
    assert found_at(facts, "one.*.n") is None
    assert items_at(facts, "one") == [{"n": "4"}]
    assert items_at(facts, "") == [facts]
    assert Money(1, "CNY") == yuan(1)
