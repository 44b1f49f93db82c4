"""The web application over real HTTP: probes, headers, errors, and what gateways call back."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot.web.app import WebMetrics, build_app
from bot.web.callbacks import Outcome
from bot.web.form import LARGEST_FORM
from bot.web.notices import unpack_notice
from shop_core.db import inbox
from shop_core.db.database import Database, Signals
from shop_core.db.inbox import Letter, count_pending
from shop_core.db.shop import Shop
from shop_core.kernel.clock import SystemClock
from shop_core.kernel.money import Money
from shop_core.payments.gateway import Gateways, Notice
from shop_core.vault.vault import Vault
from tests.web.stage import POLICY, FakeGateway, a_callback, a_vault, an_open_shop, serving

CALLBACK = "/gateways/fake/callback"


class Site:
    """A running web application, and a client of it."""

    def __init__(self, shop: Shop, http: httpx.AsyncClient, counted: Counter[tuple[str, str]]) -> None:
        self.shop = shop
        self.http = http
        self.counted = counted

    async def stored(self) -> Sequence[tuple[Letter, Notice]]:
        """Take every letter out of the inbox, opened."""
        vault = self.shop.get(Vault)
        found = []
        while letter := await self.shop.write(inbox.take, lease=timedelta(minutes=1)):
            raw = vault.open_bytes(letter.payload, place=f"inbox:{letter.source}:{letter.external_id}")
            found.append((letter, unpack_notice(raw)))
            await self.shop.write(inbox.finish_letter, letter)
        return found


@asynccontextmanager
async def a_site(
    shop: Shop, *, is_schema_current: bool = True, mounts: Sequence[BaseRoute] = ()
) -> AsyncIterator[Site]:
    counted: Counter[tuple[str, str]] = Counter()

    def count(gateway: str, outcome: Outcome) -> None:
        counted[gateway, outcome.value] += 1

    app = build_app(
        shop,
        WebMetrics(lambda: b"kapu_up 1\n", count, count),
        is_schema_current=is_schema_current,
        mounts=mounts,
    )
    async with (
        serving(app) as server,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", trust_env=False) as http,
    ):
        yield Site(shop, http, counted)


@pytest.fixture
async def site(sqlite_url: str) -> AsyncIterator[Site]:
    async with an_open_shop(sqlite_url) as shop, a_site(shop) as site:
        yield site


class DeadDatabase(Database):
    """A database that has gone away."""

    def __init__(self) -> None:
        self.signals = Signals()

    async def write(self, *_: Any, **__: Any) -> Any:
        raise OperationalError("COMMIT", None, OSError("gone"))

    async def read(self, *_: Any, **__: Any) -> Any:
        raise OperationalError("SELECT 1", None, OSError("gone"))

    def sync_engines(self) -> tuple[Engine, ...]:
        return ()

    async def close(self) -> None:
        """Gone already."""


def a_shop_without_database() -> Shop:
    services = {Vault: a_vault(), Gateways: Gateways({"fake": FakeGateway()}, {})}
    return Shop(DeadDatabase(), SystemClock(), POLICY, services)


# ---------------------------------------------------------------------- probes and pages


async def test_a_working_shop_is_alive_and_ready(site: Site) -> None:
    assert (await site.http.get("/healthz")).json() == {"status": "ok"}
    ready = await site.http.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"status": "ready", "database": True, "schema": True})


async def test_an_old_schema_is_alive_but_not_ready(sqlite_url: str) -> None:
    async with an_open_shop(sqlite_url) as shop, a_site(shop, is_schema_current=False) as site:
        assert (await site.http.get("/healthz")).status_code == 200
        ready = await site.http.get("/readyz")
    assert (ready.status_code, ready.json()["schema"]) == (503, False)


async def test_without_its_database_the_shop_is_alive_but_not_ready() -> None:
    async with a_site(a_shop_without_database()) as site:
        assert (await site.http.get("/healthz")).status_code == 200
        ready = await site.http.get("/readyz")
    assert (ready.status_code, ready.json()["database"]) == (503, False)


async def test_metrics_are_given_as_they_are_rendered(site: Site) -> None:
    answer = await site.http.get("/metrics")
    assert answer.content == b"kapu_up 1\n"
    assert answer.headers["content-type"].startswith("text/plain")


async def test_the_page_after_a_payment_says_nothing_that_its_address_says(site: Site) -> None:
    page = await site.http.get(
        "/pay/return", params={"out_trade_no": "<b>K7M2", "trade_status": "TRADE_SUCCESS"}
    )
    assert page.status_code == 200
    assert "K7M2" not in page.text
    assert "../chat" not in page.text, "this shop has no web chat to go back to"
    assert (await site.http.get("/pay/return.css")).headers["content-type"].startswith("text/css")


async def test_every_answer_has_the_security_headers(sqlite_url: str) -> None:
    async def broken(_: Request) -> Response:
        raise ZeroDivisionError("a detail that nobody outside may read")

    async with an_open_shop(sqlite_url) as shop, a_site(shop, mounts=[Route("/broken", broken)]) as site:
        answers = [
            await site.http.get(path) for path in ("/healthz", "/pay/return", "/nowhere", "/broken", CALLBACK)
        ]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'self'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
    assert [answer.status_code for answer in answers] == [200, 200, 404, 500, 400]
    assert answers[2].json() == {"error": "not_found"}
    assert answers[3].json() == {"error": "internal_server_error"}


async def test_a_wrong_method_is_refused_as_json(site: Site) -> None:
    answer = await site.http.post("/healthz")
    assert (answer.status_code, answer.json()) == (405, {"error": "method_not_allowed"})


async def test_a_request_under_way_is_finished_before_the_server_stops(sqlite_url: str) -> None:
    began, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_: Request) -> Response:
        began.set()
        await go_on.wait()
        return PlainTextResponse("finished")

    async with an_open_shop(sqlite_url) as shop:
        metrics = WebMetrics(lambda: b"", lambda _, __: None, lambda _, __: None)
        app = build_app(shop, metrics, is_schema_current=True, mounts=[Route("/slow", slow)])
        async with httpx.AsyncClient(trust_env=False) as http:
            async with serving(app) as server:
                address = f"http://127.0.0.1:{server.port}/slow"
                asking = asyncio.create_task(http.get(address))
                await began.wait()
                server.stop()
                go_on.set()
            assert (await asking).text == "finished"
            with pytest.raises(httpx.ConnectError):
                await http.get(address)


# ---------------------------------------------------------------------- callbacks


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_verified_callback_is_stored_and_then_answered(database_url: str, method: str) -> None:
    params = a_callback(number="K7M29QXD", ref="2026<&>🎁")
    sent: dict[str, Any] = {"params": params} if method == "GET" else {"data": params}
    async with an_open_shop(database_url) as shop, a_site(shop) as site:
        answer = await site.http.request(method, CALLBACK, **sent)
        assert (answer.status_code, answer.text) == (200, "success")
        ((letter, notice),) = await site.stored()
    assert notice == Notice("K7M29QXD", "2026<&>🎁", Money(1500, "CNY"), paid=True)
    assert (letter.source, letter.external_id) == ("gateway:fake", "2026<&>🎁:paid")
    assert letter.lane == "pay:fake:K7M29QXD"
    assert b"K7M29QXD" not in letter.payload
    assert site.counted == {("fake", "stored"): 1}


async def test_a_repeated_callback_is_stored_once_and_answered_alike(database_url: str) -> None:
    async with an_open_shop(database_url) as shop, a_site(shop) as site:
        answers = await asyncio.gather(*(site.http.get(CALLBACK, params=a_callback()) for _ in range(5)))
        assert {(answer.status_code, answer.text) for answer in answers} == {(200, "success")}
        assert len(await site.stored()) == 1
        assert (await site.http.get(CALLBACK, params=a_callback())).text == "success"
        assert await site.stored() == []
    assert site.counted == {("fake", "stored"): 1, ("fake", "repeated"): 5}


async def test_not_paid_and_paid_of_one_payment_are_two_letters(site: Site) -> None:
    for paid in (False, True):
        await site.http.get(CALLBACK, params=a_callback(ref="R" * 300, paid=paid))
    assert [notice.paid for _, notice in await site.stored()] == [False, True]


@pytest.mark.parametrize(
    ("path", "params", "status", "counted"),
    [
        (CALLBACK, a_callback() | {"money": "15000.00"}, 400, ("fake", "forged")),
        (CALLBACK, {}, 400, ("fake", "forged")),
        ("/gateways/other/callback", a_callback(), 404, ("unknown", "no_gateway")),
    ],
)
async def test_what_proves_nothing_is_refused_and_not_kept(
    site: Site, path: str, params: dict[str, str], status: int, counted: tuple[str, str]
) -> None:
    answer = await site.http.get(path, params=params)
    assert (answer.status_code, answer.text) == (status, "fail")
    assert await site.shop.read(count_pending) == 0
    assert site.counted == {counted: 1}


async def test_a_parameter_that_comes_twice_is_refused_even_with_the_same_value(site: Site) -> None:
    signed = urlencode(a_callback())
    twice_in_query = await site.http.get(f"{CALLBACK}?{signed}&money=15.00")
    twice_in_body = await site.http.post(CALLBACK, content=f"{signed}&money=15.00")
    in_both = await site.http.post(f"{CALLBACK}?money=15.00", content=signed)
    for answer in (twice_in_query, twice_in_body, in_both):
        assert (answer.status_code, answer.text) == (400, "fail")
    assert await site.shop.read(count_pending) == 0
    assert site.counted == {("fake", "malformed"): 3}


async def test_a_callback_that_is_too_large_or_not_text_is_refused(site: Site) -> None:
    padding = "p" * LARGEST_FORM
    answers = [
        await site.http.get(CALLBACK, params=a_callback() | {"padding": padding}),
        await site.http.post(CALLBACK, data=a_callback() | {"padding": padding}),
        await site.http.post(CALLBACK, content=b"number=\xff\xfe"),
        await site.http.post(CALLBACK, content="&".join(f"p{n}=1" for n in range(1000))),
    ]
    assert [answer.status_code for answer in answers] == [413, 413, 400, 400]
    assert await site.shop.read(count_pending) == 0


async def test_a_callback_that_could_not_be_stored_is_not_answered_as_if_it_were() -> None:
    async with a_site(a_shop_without_database()) as site:
        answer = await site.http.get(CALLBACK, params=a_callback())
    assert answer.status_code == 500
    assert answer.text != "success"
