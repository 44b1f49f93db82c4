"""What stands between two shops: carries what they say, waits with an answer, or loses it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

_CHUNK_BYTES = 65_536
_ORDER = b"POST /api/v1/upstream/orders "


class Cutter:
    """Passes bytes both ways, until an order is answered.

    Attributes:
        port: Where the one shop finds the other.
        orders: How often an order was sent through here.
        losing: So many answers to orders are lost; the connection breaks in their place.
        before_answer: Done while the next answer to an order waits here, once.
    """

    def __init__(self, shop_port: int) -> None:
        self.port = 0
        self.orders = 0
        self.losing = 0
        self.before_answer: Callable[[], Awaitable[None]] | None = None
        self._shop_port = shop_port
        self._is_ordered = False
        self._open: set[asyncio.StreamWriter] = set()

    @asynccontextmanager
    async def standing(self) -> AsyncIterator[Cutter]:
        """There, and gone in the end."""
        server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for end in self._open:
                end.transport.abort()

    async def _connect(self, buyer_says: asyncio.StreamReader, to_buyer: asyncio.StreamWriter) -> None:
        self._open.add(to_buyer)
        with suppress(OSError):
            shop_says, to_shop = await asyncio.open_connection("127.0.0.1", self._shop_port)
            self._open.add(to_shop)
            asking = asyncio.create_task(self._ask(buyer_says, to_shop))
            try:
                await self._answer(shop_says, to_buyer)
            finally:
                asking.cancel()
                to_shop.transport.abort()
                to_buyer.transport.abort()

    async def _ask(self, buyer_says: asyncio.StreamReader, to_shop: asyncio.StreamWriter) -> None:
        while said := await buyer_says.read(_CHUNK_BYTES):
            if said.startswith(_ORDER):
                self.orders += 1
                self._is_ordered = True
            to_shop.write(said)
        to_shop.close()

    async def _answer(self, shop_says: asyncio.StreamReader, to_buyer: asyncio.StreamWriter) -> None:
        while said := await shop_says.read(_CHUNK_BYTES):
            is_ordered, self._is_ordered = self._is_ordered, False
            if is_ordered and not await self._lets_pass():
                return
            to_buyer.write(said)

    async def _lets_pass(self) -> bool:
        happens, self.before_answer = self.before_answer, None
        if happens is not None:
            await happens()
        self.losing -= 1
        return self.losing < 0
