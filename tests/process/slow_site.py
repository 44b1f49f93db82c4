"""A site that speaks epay, and answers only when it is told to: what a letter is busy with while the shop stops."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs


@dataclass
class SlowSite:
    """Holds every request for a way to pay until ``released``; knows of no payment when it is asked for one."""

    port: int = 0
    asked: int = 0
    """How often somebody wanted a way to pay."""
    released: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request on one connection."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            answer = {"code": -1, "msg": "订单不存在"}
            if "/mapi.php" in head.partition("\r\n")[0]:
                answer = await self._begin(await reader.readexactly(_length(head)))
            body = json.dumps(answer).encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n")
            writer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            # Who asked is gone.
            pass
        finally:
            writer.close()

    async def _begin(self, body: bytes) -> dict[str, object]:
        [number] = parse_qs(body.decode())["out_trade_no"]
        self.asked += 1
        await self.released.wait()
        return {"code": 1, "trade_no": f"T{number}", "payurl": f"https://pay.test/{number}"}


def _length(head: str) -> int:
    fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
    return int(fields["content-length"])


@asynccontextmanager
async def a_slow_site() -> AsyncIterator[SlowSite]:
    """Open on a free port of loopback."""
    site = SlowSite()
    server = await asyncio.start_server(site.serve, "127.0.0.1", 0)
    site.port = server.sockets[0].getsockname()[1]
    try:
        yield site
    finally:
        site.released.set()
        server.close()
