"""Many calls to one site at a time: each through a connection of its own, used again."""

from __future__ import annotations

import asyncio

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from shop_core.wire.spread import Spread
from tests.suppliers.contract import TLS
from tests.web.stage import serving

MANY = 24


async def test_many_calls_go_out_side_by_side_and_the_next_use_the_same_connections() -> None:
    ports: list[int] = []
    all_there = asyncio.Event()

    async def answer(request: Request) -> PlainTextResponse:
        assert request.client is not None
        ports.append(request.client.port)
        if len(ports) == MANY:
            all_there.set()
        await all_there.wait()
        return PlainTextResponse("x" * 1000)

    async with (
        serving(Starlette(routes=[Route("/", answer)])) as site,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{site.port}", transport=Spread(TLS)) as client,
        asyncio.timeout(20),
    ):
        answers = await asyncio.gather(*(client.get("/") for _ in range(MANY)))
        assert [len(one.content) for one in answers] == [1000] * MANY
        assert len(set(ports)) == MANY
        for _ in range(MANY):
            await client.get("/")
        assert len(set(ports[MANY:])) == 1, "a quiet shop keeps to one connection"
        assert set(ports[MANY:]) < set(ports[:MANY]), "which it had before"


async def test_a_call_that_fails_gives_its_connection_back() -> None:
    spread = Spread(TLS)
    async with httpx.AsyncClient(transport=spread) as client:
        for _ in range(MANY):
            try:
                await client.get("http://127.0.0.1:1/")
            except httpx.ConnectError:
                continue
    assert spread.connections == 1
