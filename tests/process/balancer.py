"""What stands before several processes of a shop: hands each request to one that is there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.web.server import WebServer


@dataclass
class Balancer:
    """Takes turns; where nobody listens, or somebody dies over a request, the next one gets it."""

    client: httpx.AsyncClient
    ports: list[int] = field(default_factory=list)
    url: str = ""
    _turns: count[int] = field(default_factory=count)

    async def forward(self, request: Request) -> Response:
        body, headers = await request.body(), dict(request.headers)
        turn = next(self._turns)
        for place in range(len(self.ports)):
            ports = self.ports or [0]
            port = ports[(turn + place) % len(ports)]
            try:
                answer = await self.client.post(
                    f"http://127.0.0.1:{port}{request.url.path}", content=body, headers=headers
                )
            except httpx.HTTPError:
                continue
            return Response(answer.content, answer.status_code)
        return Response(status_code=502)


@asynccontextmanager
async def a_balancer() -> AsyncIterator[Balancer]:
    """Open on a free port of loopback."""
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        balancer = Balancer(client)
        app = Starlette(routes=[Route("/{path:path}", balancer.forward, methods=["POST"])])
        server = WebServer(app, host="127.0.0.1", port=0)
        balancer.url = f"http://127.0.0.1:{server.port}"
        serving = asyncio.create_task(server.run())
        try:
            yield balancer
        finally:
            server.stop()
            await serving
