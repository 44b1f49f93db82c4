"""Whatever a site answers: a call ends in an outcome, or in one of three errors, and never in a bug of ours."""

import json
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.kernel.secret import Secret
from shop_core.supply.supplier import (
    ForgedSupplierCallback,
    PurchaseRequest,
    Supplier,
    SupplierRefused,
)
from shop_core.wire.callback import RawCallback
from tests.suppliers.contract import ACCOUNT, NUMBER, Driver, MovedClock, all_drivers, now

NAMES = (
    "code", "errno", "msg", "errmsg", "data", "status", "state", "list", "content", "items",
    "orders", "order", "last", "totalPages", "orderno", "outorderno", "cardlist", "order_number",
    "out_trade_num", "charge_amount", "transactionId", "customIdentifier", "cardNumber", "amount",
    "currencyCode", "balance", "money", "ok", "error", "result", "message", "product", "products",
    "price", "goodsprice", "id", "productId",
)  # fmt: skip
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from(
        [0, 1, "0", "1", 200, "SUCCESSFUL", NUMBER, "3", "5", "9.90", "1e999999", "-1", "٣", "\ud800"]
    )
)
ANSWERS = st.recursive(
    LEAVES,
    lambda deeper: st.lists(deeper, max_size=3) | st.dictionaries(st.sampled_from(NAMES), deeper, max_size=5),
    max_leaves=12,
)
YES = st.builds(
    lambda code, more: {"code": code, "errno": 0, "ok": True, **more},
    st.sampled_from([0, 1, 200]),
    st.dictionaries(st.sampled_from(NAMES), ANSWERS, max_size=5),
)


def calls(supplier: Supplier, driver: Driver) -> Iterable[Callable[[], Awaitable[Any]]]:
    inputs = {driver.account_field: Secret(ACCOUNT)}
    request = PurchaseRequest(NUMBER, driver.any().offer_ref, 2 if driver.has_cards else 1, inputs=inputs)
    return (
        supplier.list_offers,
        lambda: supplier.get_offer(request.offer_ref),
        lambda: supplier.place(request),
        lambda: supplier.query(NUMBER, "7000001", placed_at=now()),
        lambda: supplier.query(NUMBER, None, placed_at=now()),
        supplier.balance,
        lambda: supplier.statement(now().date()),
    )


@pytest.mark.parametrize("driver", all_drivers(), ids=lambda driver: driver.protocol)
@settings(max_examples=12)
@given(answer=ANSWERS | YES | YES, status=st.sampled_from([200, 200, 200, 400, 404]))
async def test_whatever_a_site_answers_is_an_outcome_or_a_known_trouble(
    driver: Driver, answer: object, status: int
) -> None:
    def told(request: httpx.Request) -> httpx.Response:
        is_token = request.url.path.endswith("/oauth/token")
        said = {"access_token": "t", "expires_in": 60} if is_token else answer
        return httpx.Response(200 if is_token else status, content=json.dumps(said).encode())

    client = httpx.AsyncClient(transport=httpx.MockTransport(told))
    supplier = driver.supplier("https://up.example.com", client, MovedClock())
    for call in calls(supplier, driver):
        try:
            await call()
        except (RetryLater, Unknown, SupplierRefused):
            continue


@pytest.mark.parametrize("driver", all_drivers(), ids=lambda driver: driver.protocol)
@settings(max_examples=12)
@given(
    headers=st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=3),
    form=st.dictionaries(st.sampled_from([*NAMES, "sign"]), st.text(max_size=8), max_size=5),
    body=st.binary(max_size=40) | ANSWERS.map(lambda answer: json.dumps(answer).encode()),
)
def test_whatever_somebody_sends_as_a_callback_is_forged(
    driver: Driver, headers: dict[str, str], form: dict[str, str], body: bytes
) -> None:
    client = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(500)))
    supplier = driver.supplier("https://up.example.com", client, MovedClock())
    with pytest.raises(ForgedSupplierCallback):
        supplier.read_callback(RawCallback("POST", headers, {}, form, body))
