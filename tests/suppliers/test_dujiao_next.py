"""dujiao-next: the published vectors on both sides, and what its documents leave open."""

import json
from typing import Any

import httpx
import pytest

from shop_core.kernel.errors import Unknown
from shop_core.kernel.secret import Secret
from shop_core.supply.supplier import (
    ENOUGH,
    Accepted,
    BadSupplierSettings,
    Done,
    Failed,
    GoodsKind,
    No,
    NotFound,
    Offer,
    PurchaseRequest,
    Refused,
    SupplierRefused,
)
from shop_core.wire.reading import read_facts
from suppliers.dujiao_next import signing, translate
from suppliers.dujiao_next.adapter import DujiaoNextSupplier
from suppliers.dujiao_next.settings import DujiaoNextSettings
from tests.standins.suppliers.dujiao_next.signing import signature
from tests.suppliers.contract import MovedClock, now, yuan
from tests.suppliers.vectors import vector

SETTINGS = DujiaoNextSettings(name="dj", base_url="https://up.example.com", key="k", secret=Secret("s"))
REQUEST = PurchaseRequest("K7M29QXD", "1101:101", 1)


def answering(answer: object, status: int = 200, **changes: Any) -> DujiaoNextSupplier:
    content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    transport = httpx.MockTransport(lambda _: httpx.Response(status, content=content))
    settings = DujiaoNextSettings(
        **{"name": "dj", "base_url": "https://up.example.com", "key": "k", "secret": Secret("s"), **changes}
    )
    return DujiaoNextSupplier(settings, httpx.AsyncClient(transport=transport), MovedClock())


def offers_in(**product: Any) -> list[Offer]:
    sku = {"id": 101, "price_amount": "9.90", "stock_status": "in_stock"}
    whole = {"id": 1101, "title": "月卡", "skus": [sku], **product}
    return list(translate.offers_of(read_facts(json.dumps(whole).encode()), "CNY"))


@pytest.mark.parametrize("name", ["dujiao_next_order", "dujiao_next_get"])
def test_the_published_vectors_hold_on_both_sides(name: str) -> None:
    v = vector(name)
    path, body = v["path"].split(" ")[0], v["body"].encode()
    stamp = str(v["timestamp"])
    assert signing.sign(Secret(v["secret"]), v["method"], path, stamp, body) == v["expected"]
    assert signature(v["secret"], v["method"], path, stamp, body) == v["expected"]


async def test_what_is_signed_is_the_path_without_the_query_and_the_very_bytes_sent() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"ok": True, "items": [], "total": 0})

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    await DujiaoNextSupplier(SETTINGS, client, MovedClock()).list_offers(since=now())
    (request,) = seen
    assert request.url.path == "/api/v1/upstream/products"
    assert {"page": "1", "page_size": "100"}.items() <= dict(request.url.params).items()
    assert request.url.params["updated_after"].endswith("Z")
    stamp = request.headers["Dujiao-Next-Timestamp"]
    expected = signature("s", "GET", "/api/v1/upstream/products", stamp, request.content)
    assert request.headers["Dujiao-Next-Signature"] == expected


@pytest.mark.parametrize(
    ("status", "code", "why"),
    [
        (400, "bad_request", No.OTHER),
        (400, "sku_unavailable", No.OFF_SALE),
        (404, "product_not_found", No.OFF_SALE),
        (402, "insufficient_balance", No.BALANCE),
        (409, "insufficient_stock", No.OUT_OF_STOCK),
        (200, "payment_failed", No.OTHER),
    ],
)
@pytest.mark.parametrize("field", ["error_code", "error", "code"])
async def test_only_documented_errors_say_that_nothing_was_bought(
    status: int, code: str, why: No, field: str
) -> None:
    outcome = await answering({"ok": False, field: code}, status).place(REQUEST)
    assert isinstance(outcome, Refused)
    assert outcome.why is why


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (400, {"ok": False, "error_code": "duplicate_order"}),
        (500, {"ok": False, "error_code": "bad_request"}),
        (404, b"<html>404 Not Found</html>"),
        (403, b"<html>are you a robot?</html>"),
        (200, {"ok": True, "order_id": 7, "status": "in_orbit"}),
        (200, {"status": "paid"}),
        (200, b"[]"),
        (200, b""),
        (200, b"NaN"),
    ],
)
async def test_anything_else_is_unknown(status: int, answer: object) -> None:
    with pytest.raises(Unknown):
        await answering(answer, status).place(REQUEST)


async def test_a_code_of_the_sites_own_means_what_the_owner_says() -> None:
    refusals = {"wallet_frozen": No.BALANCE}
    outcome = await answering({"ok": False, "error": "wallet_frozen"}, 400, refusals=refusals).place(REQUEST)
    assert isinstance(outcome, Refused)
    assert outcome.why is No.BALANCE


async def test_a_repeat_of_a_cancelled_order_is_judged_by_its_status_not_by_ok() -> None:
    outcome = await answering({"ok": True, "order_id": 7, "status": "canceled"}).place(REQUEST)
    assert isinstance(outcome, Failed)


async def test_goods_may_hang_on_a_child_order() -> None:
    child = {"fulfillment": {"payload": "A\nB"}}
    told = {"ok": True, "order_id": 7, "status": "completed", "items": [{"quantity": 2}], "children": [child]}
    outcome = await answering(told).query("K7M29QXD", "7", placed_at=now())
    assert outcome == Done((Secret("A"), Secret("B")), "7")


@pytest.mark.parametrize("order", [{"order_id": 8}, {"order_id": 7, "downstream_order_no": "P4RT8WZC"}])
async def test_an_answer_about_another_order_says_nothing(order: dict[str, object]) -> None:
    supplier = answering({"ok": True, "status": "delivered", **order})
    with pytest.raises(Unknown):
        await supplier.query("K7M29QXD", "7", placed_at=now())


async def test_a_delivered_order_is_asked_for_its_goods() -> None:
    told = {"ok": True, "order_id": 7, "status": "delivered", "amount": "9.90", "currency": "CNY"}
    assert await answering(told).place(REQUEST) == Accepted("7", yuan(990))


async def test_an_order_that_is_not_there_is_not_found_only_when_the_site_says_so() -> None:
    there = answering({"ok": False, "error_code": "order_not_found"}, 404)
    assert await there.query("K7M29QXD", "7", placed_at=now()) == NotFound()
    with pytest.raises(Unknown):
        await answering(b"<html>404</html>", 404).query("K7M29QXD", "7", placed_at=now())


async def test_our_own_number_is_asked_for_only_where_the_owner_knows_that_it_is_found() -> None:
    told = {"ok": True, "order_id": 7, "downstream_order_no": "K7M29QXD", "status": "paid"}
    finding, other = answering(told, finds_numbers=True), answering(told)
    assert await finding.query("K7M29QXD", None, placed_at=now()) == Accepted("7")
    with pytest.raises(Unknown):
        await other.query("K7M29QXD", None, placed_at=now())
    finds = [one.capabilities.finds_our_number for one in (finding, other)]
    proof = [one.capabilities.absent_after_s is not None for one in (finding, other)]
    assert finds == proof == [True, False], "what is never asked proves nothing by its silence"


async def test_amounts_in_another_currency_are_not_taken_for_ours() -> None:
    told = {"ok": True, "order_id": 7, "status": "paid", "amount": "9.90", "currency": "USD"}
    assert await answering(told).place(REQUEST) == Accepted("7", None)
    with pytest.raises(SupplierRefused):
        await answering({"ok": True, "balance": "1.00", "currency": "USD"}).balance()


@pytest.mark.parametrize("schema", [{}, None, {"fields": []}])
def test_what_asks_for_nothing_is_a_card(schema: object) -> None:
    (offer,) = offers_in(manual_form_schema=schema)
    assert (offer.kind, offer.is_on_sale, offer.inputs) == (GoodsKind.CARD, True, ())


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_form_is_read_in_both_shapes(wrapped: bool) -> None:
    fields = [{"name": "server", "label": {"en": "Server"}, "options": ["A", "B"], "required": False}]
    (offer,) = offers_in(manual_form_schema={"fields": fields} if wrapped else fields)
    (field,) = offer.inputs
    assert (field.key, field.label, field.kind, field.choices) == ("server", "Server", "choice", ("A", "B"))
    assert not field.is_required


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"type": "text"}, "text"),
        ({"type": "textarea"}, "text"),
        ({"type": "number"}, "number"),
        ({"type": "text", "regex": "^[0-9]{6,9}$"}, "number"),
        ({"type": "radio", "options": ["A"]}, "choice"),
        ({"type": "checkbox", "options": ["A"]}, "checkbox"),
    ],
)
def test_what_a_field_asks_for_is_told_by_its_type(told: dict[str, object], kind: str) -> None:
    (offer,) = offers_in(manual_form_schema={"fields": [{"key": "x", **told}]})
    assert [field.kind for field in offer.inputs] == [kind]


@pytest.mark.parametrize("schema", [{"properties": {"a": {}}}, [{"label": "?"}], "text"])
def test_a_form_that_cannot_be_read_keeps_the_offer_off_sale(schema: object) -> None:
    (offer,) = offers_in(manual_form_schema=schema)
    assert not offer.is_on_sale


@pytest.mark.parametrize(
    ("sku", "stock"),
    [
        ({"stock_status": "unlimited", "stock_quantity": -1}, ENOUGH),
        ({"stock_status": "out_of_stock", "stock_quantity": 5}, 0),
        ({"stock_status": "low_stock"}, 1),
        ({"stock_status": "in_stock"}, 21),
        ({"stock_status": "in_stock", "stock_quantity": 40}, 40),
        ({"stock_status": "?"}, None),
    ],
)
def test_stock_is_a_number_enough_or_not_known(sku: dict[str, object], stock: int | None) -> None:
    (offer,) = offers_in(skus=[{"id": 1, "price_amount": "1", **sku}])
    assert offer.stock == stock


def test_a_kind_without_a_price_is_not_offered() -> None:
    assert offers_in(skus=[{"id": 1, "price_amount": "-1"}, {"id": 2}]) == []


def test_plain_http_is_refused() -> None:
    with pytest.raises(BadSupplierSettings):
        DujiaoNextSettings(name="dj", base_url="http://up.example.com", key="k", secret=Secret("s"))
