"""Other shops buy here: the pages of the Open API, two Kapu shops trading, and telling what became of orders."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.web.upstream import Upstream
from shop_core.catalog.read import ProductState
from shop_core.customers.people import Customer
from shop_core.kernel.errors import Unknown
from shop_core.kernel.secret import Secret
from shop_core.orders.refund import refund_seen_order
from shop_core.resale import signing
from shop_core.resale.keys import close_keys, make_keys
from shop_core.resale.signing import Keys
from shop_core.resale.tell import tell_resellers
from shop_core.supply.supplier import (
    Accepted,
    Done,
    Failed,
    No,
    NotFound,
    PurchaseRequest,
    Refused,
    SupplierRefused,
    Told,
)
from shop_core.wire.callback import RawCallback
from shop_core.wire.outlet import Outlet, PrivateAddress, WorldOnly, is_the_worlds
from suppliers.dujiao_next.adapter import DujiaoNextSupplier
from suppliers.dujiao_next.settings import DujiaoNextSettings
from tests.core.builders import Market, a_market
from tests.suppliers.contract import TLS, goods_in, ref_of, yuan
from tests.web.stage import serving

BASE = "/api/v1/upstream"


@dataclass
class Buyer:
    """Another shop: its adapter, its keys, and what it was told."""

    market: Market
    person: Customer
    keys: Keys
    url: str
    client: httpx.AsyncClient
    hears: bool = True
    letters: list[RawCallback] = field(default_factory=list)
    callback_url: str | None = None

    def supplier(self, **changes: Any) -> DujiaoNextSupplier:
        given = {
            "name": "up",
            "base_url": self.url,
            "key": self.keys.key,
            "secret": self.keys.secret,
            **changes,
        }
        return DujiaoNextSupplier(DujiaoNextSettings(**given), self.client, self.market.clock)

    def request(
        self, variant_id: int, number: str = "K7M29QXD", quantity: int = 1, **said: str
    ) -> PurchaseRequest:
        ref = f"{variant_id}:{variant_id}"
        inputs = {name: Secret(answer) for name, answer in said.items()}
        return PurchaseRequest(number, ref, quantity, inputs=inputs, callback_url=self.callback_url)

    async def send(
        self, method: str, page: str, body: object = None, *, keys: Keys | None = None, **headers: str
    ) -> httpx.Response:
        """A request signed by hand."""
        content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        stamp = str(int(self.market.clock.now().timestamp()))
        path = BASE + page.partition("?")[0]
        signed = signing.headers(keys or self.keys, method, path, stamp, content)
        return await self.client.request(
            method, self.url + BASE + page, content=content, headers={**signed, **headers}
        )

    async def order(self, variant_id: int, **changes: Any) -> httpx.Response:
        told = {"sku_id": variant_id, "quantity": 1, "downstream_order_no": "K7M29QXD", **changes}
        return await self.send("POST", "/orders", told)

    async def hear(self, request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.letters.append(RawCallback("POST", headers, {}, {}, await request.body()))
        return Response('{"ok":true}' if self.hears else '{"ok":false,"message":"later"}')


@asynccontextmanager
async def a_buyer(market: Market, *, balance: int = 10_000) -> AsyncIterator[Buyer]:
    """The market served over real HTTP, and another shop that has keys and listens on this machine."""
    person = await market.a_customer(balance=balance)
    keys = await market.shop.write(make_keys, market.vault, person.person_id, by="shell:test")
    market.shop._services[Outlet] = Outlet(lambda: httpx.AsyncHTTPTransport(verify=TLS))
    async with (
        httpx.AsyncClient(verify=TLS, trust_env=False, timeout=30) as client,
        serving(Starlette(routes=list(Upstream(market.shop).routes()))) as seller,
    ):
        buyer = Buyer(market, person, keys, f"http://127.0.0.1:{seller.port}", client)
        async with serving(Starlette(routes=[Route("/heard", buyer.hear, methods=["POST"])])) as listening:
            buyer.callback_url = f"http://127.0.0.1:{listening.port}/heard"
            yield buyer


@pytest.fixture
async def market(database_url: str) -> AsyncIterator[Market]:
    async with a_market(database_url) as made:
        yield made


@pytest.fixture
async def buyer(market: Market) -> AsyncIterator[Buyer]:
    async with a_buyer(market) as made:
        yield made


async def tell(market: Market) -> int:
    """Let the news of what the other shop did itself become due, and send it."""
    market.clock.advance(seconds=3)
    return await tell_resellers(market.shop)


# ------------------------------------------------------------------------------------------- two shops trade


async def test_two_kapu_shops_trade(market: Market, buyer: Buyer) -> None:
    await market.a_variant(price=990, codes=["0001", 'a <b>&"c" 😀', "third"])
    supplier = buyer.supplier(finds_numbers=True)
    page = await supplier.list_offers()
    (offer,) = page.offers
    assert (offer.cost, offer.stock, offer.is_on_sale, page.cursor) == (yuan(990), 3, True, None)
    assert await supplier.get_offer(offer.ref) == offer

    request = PurchaseRequest("K7M29QXD", offer.ref, 2, callback_url=buyer.callback_url)
    placed = await supplier.place(request)
    assert isinstance(placed, Accepted)
    assert placed.cost == yuan(1980)
    assert await supplier.balance() == yuan(10_000 - 1980)

    assert await tell(market) == 1
    (letter,) = buyer.letters
    assert supplier.read_callback(letter) == Told("K7M29QXD", placed.supplier_ref)
    assert json.loads(letter.body)["event"] == "order.fulfilled"

    done = await supplier.query("K7M29QXD", placed.supplier_ref, placed_at=market.clock.now())
    assert goods_in(done) == ["0001", 'a <b>&"c" 😀']
    assert await supplier.query("K7M29QXD", None, placed_at=market.clock.now()) == done
    assert await supplier.query("P4RT8WZC", None, placed_at=market.clock.now()) == NotFound()
    assert ref_of(await supplier.place(request)) == placed.supplier_ref
    assert await market.one("SELECT count(*) FROM orders") == 1
    assert await market.balance(buyer.person) == 10_000 - 1980
    assert await tell(market) == 0


async def test_the_same_number_at_the_same_time_is_one_order(market: Market, buyer: Buyer) -> None:
    variant = await market.a_variant(price=990, codes=5)
    answers = await asyncio.gather(*(buyer.order(variant) for _ in range(6)))
    assert {answer.json()["order_id"] for answer in answers} == {answers[0].json()["order_id"]}
    assert await market.one("SELECT count(*) FROM orders") == 1
    assert await market.cards() == {"available": 4, "delivered": 1}
    assert await market.balance(buyer.person) == 10_000 - 990


async def test_a_repeat_that_asks_for_something_else_is_still_the_first_order(
    market: Market, buyer: Buyer
) -> None:
    variant, other = await market.a_variant(price=990), await market.a_variant(price=5)
    first = (await buyer.order(variant)).json()
    assert (await buyer.order(other, quantity=3)).json() == first
    assert await market.one("SELECT count(*) FROM orders") == 1


# ------------------------------------------------------------------------------------------- definite no's


@pytest.mark.parametrize(
    ("price", "codes", "quantity", "status", "code", "why"),
    [
        (990, 1, 2, 409, "insufficient_stock", No.OUT_OF_STOCK),
        (10_001, 1, 1, 402, "insufficient_balance", No.BALANCE),
        (1, 1, 101, 400, "bad_request", No.OTHER),
    ],
)
async def test_what_cannot_be_bought_is_refused_and_nothing_is_kept(  # noqa: PLR0917 - the table's columns
    market: Market, buyer: Buyer, price: int, codes: int, quantity: int, status: int, code: str, why: No
) -> None:
    variant = await market.a_variant(price=price, codes=codes)
    before = await market.everything()
    answer = await buyer.order(variant, quantity=quantity)
    assert (answer.status_code, answer.json()["error_code"]) == (status, code)
    refused = await buyer.supplier().place(buyer.request(variant, quantity=quantity))
    assert isinstance(refused, Refused)
    assert refused.why is why
    assert await market.everything() == before
    assert await market.one("SELECT count(*) FROM downstream_orders") == 0


async def test_what_is_hidden_can_neither_be_seen_nor_bought(market: Market, buyer: Buyer) -> None:
    variant = await market.a_variant(state=ProductState.HIDDEN)
    assert (await buyer.order(variant)).json()["error_code"] == "sku_unavailable"
    assert (await buyer.send("GET", "/products")).json()["items"] == []
    assert (await buyer.send("GET", "/products/999")).json()["error_code"] == "product_not_found"


NO_SENSE = {"bad_request", "invalid_request", "invalid_callback_url"}
NONSENSE: list[dict[str, object]] = [
    {"sku_id": "1"},
    {"sku_id": True},
    {"sku_id": 2**40},
    {"quantity": 0},
    {"quantity": 1.5},
    {"downstream_order_no": ""},
    {"downstream_order_no": "x" * 65},
    {"downstream_order_no": "a\nb"},
    {"downstream_order_no": 7},
    {"manual_form_data": {"account": "138"}},
    {"manual_form_data": {"account": 138}},
    {"manual_form_data": ["138"]},
    {"callback_url": "http://shop.example.com/heard"},
    {"callback_url": "https://" + "x" * 500},
    {"callback_url": 7},
]


async def test_an_order_that_does_not_make_sense_is_refused(market: Market, buyer: Buyer) -> None:
    variant = await market.a_variant()
    for change in NONSENSE:
        answer = await buyer.order(variant, **change)
        assert answer.status_code == 400, change
        assert answer.json()["error_code"] in NO_SENSE, change
    for body in (b"", b"[]", b"{", b"\xff", b"{" * 9000, b"x" * 20_000):
        answer = await buyer.send("POST", "/orders", body)
        assert answer.status_code in {400, 413}, body[:9]
        assert answer.json()["ok"] is False
    assert await market.one("SELECT count(*) FROM orders") == 0


# ------------------------------------------------------------------------------------------- who may


async def test_who_does_not_prove_himself_gets_nothing(market: Market, buyer: Buyer) -> None:
    variant = await market.a_variant()
    told = {"sku_id": variant, "quantity": 1, "downstream_order_no": "K7M29QXD"}
    for name, value, code in (
        (signing.KEY, "", "missing_auth_headers"),
        (signing.TIMESTAMP, "soon", "invalid_timestamp"),
        (signing.TIMESTAMP, "1", "timestamp_expired"),
        (signing.TIMESTAMP, "9" * 40, "timestamp_expired"),
        (signing.KEY, "nobody", "invalid_api_key"),
        (signing.SIGNATURE, "0" * 64, "invalid_signature"),
        (signing.SIGNATURE, "é", "invalid_signature"),
    ):
        changed: Any = {name: value.encode()}
        answer = await buyer.send("POST", "/orders", told, **changed)
        assert (answer.status_code, answer.json()["error_code"]) == (401, code)
    assert await market.one("SELECT count(*) FROM orders") == 0


async def test_a_signature_is_for_one_body_one_page_and_one_minute(market: Market, buyer: Buyer) -> None:
    variant = await market.a_variant()
    told = {"sku_id": variant, "quantity": 1, "downstream_order_no": "K7M29QXD"}
    stamp = str(int(market.clock.now().timestamp()))
    signed = signing.headers(buyer.keys, "POST", f"{BASE}/ping", stamp, b"")
    replayed = await buyer.client.post(f"{buyer.url}{BASE}/orders", json=told, headers=signed)
    assert replayed.json()["error_code"] == "invalid_signature"
    market.clock.advance(seconds=61)
    late = await buyer.client.post(f"{buyer.url}{BASE}/ping", headers=signed)
    assert late.json()["error_code"] == "timestamp_expired"


async def test_keys_that_were_taken_back_open_nothing(market: Market, buyer: Buyer) -> None:
    await market.shop.write(close_keys, buyer.keys.key)
    with pytest.raises(SupplierRefused):
        await buyer.supplier().balance()


async def test_nobody_sees_the_orders_of_another_shop(market: Market, buyer: Buyer) -> None:
    variant = await market.a_variant()
    mine = (await buyer.order(variant)).json()
    other = await market.shop.write(make_keys, market.vault, buyer.person.person_id, by="shell:test")
    for page in (f"/orders/{mine['order_id']}", "/orders/by-downstream/K7M29QXD"):
        answer = await buyer.send("GET", page, keys=other)
        assert (answer.status_code, answer.json()["error_code"]) == (404, "order_not_found")
    assert (await buyer.send("GET", f"/orders/{2**70}")).status_code == 404


async def test_what_was_bought_is_not_cancelled(market: Market, buyer: Buyer) -> None:
    variant = await market.a_variant()
    placed = (await buyer.order(variant)).json()
    answer = await buyer.send("POST", f"/orders/{placed['order_id']}/cancel")
    assert (answer.status_code, answer.json()["error_code"]) == (409, "cancel_not_allowed")


async def test_the_secret_is_sealed(market: Market, buyer: Buyer) -> None:
    (row,) = await market.rows("SELECT * FROM resellers")
    assert buyer.keys.secret.reveal().encode() not in bytes(row["sealed_secret"])
    assert buyer.keys.secret.reveal() not in repr(buyer.keys)


# ------------------------------------------------------------------------------------------- telling


async def test_who_has_not_heard_is_told_again_more_slowly(market: Market, buyer: Buyer) -> None:
    variant = await market.a_variant()
    await buyer.supplier().place(buyer.request(variant))
    buyer.hears = False
    assert await tell(market) == 1
    assert await tell_resellers(market.shop) == 0
    market.clock.advance(seconds=3)
    assert await tell_resellers(market.shop) == 1
    buyer.hears = True
    market.clock.advance(seconds=5)
    assert await tell_resellers(market.shop) == 1
    market.clock.advance(hours=1)
    assert await tell_resellers(market.shop) == 0
    assert len(buyer.letters) == 3
    assert len({letter.body for letter in buyer.letters}) == 3
    assert all(buyer.supplier().read_callback(letter).number == "K7M29QXD" for letter in buyer.letters)


async def test_a_refund_is_told_and_answered(market: Market, buyer: Buyer) -> None:
    variant = await market.a_variant(price=990)
    supplier = buyer.supplier()
    placed = await supplier.place(buyer.request(variant))
    await tell(market)
    number = str(await market.one("SELECT number FROM orders"))
    await refund_seen_order(market.shop, number, by="shell:test")
    await tell(market)
    told = supplier.read_callback(buyer.letters[-1])
    assert isinstance(told.outcome, Failed)
    outcome = await supplier.query("K7M29QXD", ref_of(placed), placed_at=market.clock.now())
    assert outcome == Failed(ref_of(placed), yuan(990), "refunded")
    assert await market.balance(buyer.person) == 10_000


async def test_who_did_not_ask_to_be_told_is_not(market: Market, buyer: Buyer) -> None:
    variant = await market.a_variant()
    buyer.callback_url = None
    await buyer.supplier().place(buyer.request(variant))
    assert await tell(market) == 1
    assert await tell(market) == 0
    assert buyer.letters == []


async def test_a_callback_never_goes_to_a_machine_of_our_own(market: Market, buyer: Buyer) -> None:
    variant = await market.a_variant()
    market.shop._services[Outlet] = Outlet(lambda: WorldOnly(httpx.AsyncHTTPTransport(verify=TLS)))
    await buyer.supplier().place(buyer.request(variant))
    assert await tell(market) == 1
    assert buyer.letters == []
    assert await market.one("SELECT problem FROM messages") == "callback: PrivateAddress"


async def test_a_name_is_looked_up_once_and_kept_for_the_certificate() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"ok": True})

    async def look_up(host: str, port: int) -> list[str]:
        assert (host, port) == ("shop.example.com", 443)
        return ["93.184.216.34"]

    transport = WorldOnly(httpx.MockTransport(answer), look_up)
    async with httpx.AsyncClient(transport=transport) as client:
        await client.post("https://shop.example.com/heard?a=1", content=b"x")
    (request,) = seen
    assert str(request.url) == "https://93.184.216.34/heard?a=1"
    assert request.headers["Host"] == "shop.example.com"
    assert request.extensions["sni_hostname"] == "shop.example.com"
    assert await request.aread() == b"x"


@pytest.mark.parametrize("addresses", [["93.184.216.34", "10.0.0.1"], ["127.0.0.1"], []])
async def test_one_address_of_ours_among_those_of_a_name_is_enough(addresses: list[str]) -> None:
    async def look_up(_host: str, _port: int) -> list[str]:
        return addresses

    transport = WorldOnly(httpx.MockTransport(lambda _: httpx.Response(200)), look_up)
    async with httpx.AsyncClient(transport=transport) as client:
        with pytest.raises(PrivateAddress):
            await client.get("https://shop.example.com/")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
        "ff02::1", "localhost", "",
    ],
)  # fmt: skip
def test_addresses_that_are_not_the_worlds(address: str) -> None:
    assert not is_the_worlds(address)
    assert is_the_worlds("93.184.216.34")
    assert is_the_worlds("2606:2800:220:1:248:1893:25c8:1946")


async def test_the_categories_are_told_parents_first(market: Market, buyer: Buyer) -> None:
    await market.a_variant()
    assert (await buyer.send("GET", "/categories")).json() == {"ok": True, "categories": []}
    for page in ("page=0", "page=x", "page_size=-1"):
        assert (await buyer.send("GET", f"/products?{page}")).status_code == 400
    far = (await buyer.send("GET", "/products?page=9&page_size=1")).json()
    assert (far["items"], far["total"]) == ([], 1)


async def test_a_time_out_after_buying_is_found_by_placing_again(market: Market, buyer: Buyer) -> None:
    """The answer is lost on the way; the shop that buys repeats, and has bought once."""
    variant = await market.a_variant(price=990)

    async def lose_the_answer(request: httpx.Request) -> httpx.Response:
        content = await request.aread()
        await buyer.client.request(request.method, request.url, content=content, headers=request.headers)
        raise httpx.ReadTimeout("lost", request=request)

    settings = DujiaoNextSettings(name="up", base_url=buyer.url, key=buyer.keys.key, secret=buyer.keys.secret)
    async with httpx.AsyncClient(transport=httpx.MockTransport(lose_the_answer)) as losing:
        with pytest.raises(Unknown):
            await DujiaoNextSupplier(settings, losing, market.clock).place(buyer.request(variant))
    market.clock.advance(minutes=5)
    again = await buyer.supplier().place(buyer.request(variant))
    done = await buyer.supplier().query("K7M29QXD", ref_of(again), placed_at=market.clock.now())
    assert isinstance(done, Done)
    assert await market.one("SELECT count(*) FROM orders") == 1
    assert await market.balance(buyer.person) == 10_000 - 990
