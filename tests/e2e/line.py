"""The line between a browser and a shop: it loses what either side says, and it is cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from enum import Enum

_CHUNK_BYTES = 65_536


class Way(Enum):
    """Which way words travel."""

    TO_SHOP = "what the page says"
    TO_PAGE = "what the shop says"


class Line:
    """Passes bytes both ways, as a phone's network does: well, or into the void, or not at all.

    Attributes:
        port: Where the browser finds the shop.
    """

    def __init__(self, shop_port: int) -> None:
        self.port = 0
        self._shop_port = shop_port
        self._open: set[asyncio.StreamWriter] = set()
        self._loses: Way | None = None
        self._lost = asyncio.Event()

    def lose(self, way: Way) -> None:
        """From now on what is said this way arrives nowhere, and neither side notices."""
        self._loses = way
        self._lost.clear()

    async def has_lost_something(self) -> None:
        """Wait until something has been said into the void."""
        await self._lost.wait()

    def heal(self) -> None:
        """Carry everything again. What was lost stays lost."""
        self._loses = None

    def cut(self) -> None:
        """Break every connection; new ones work again."""
        self._loses = None
        for end in self._open:
            end.transport.abort()

    @asynccontextmanager
    async def laid(self) -> AsyncIterator[Line]:
        """The line, taken away in the end."""
        server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.cut()

    async def _connect(self, page_says: asyncio.StreamReader, to_page: asyncio.StreamWriter) -> None:
        ends = {to_page}
        self._open.add(to_page)
        # Nobody at the other end, or an end that was cut: this connection is over, as it is for the browser.
        with suppress(OSError):
            try:
                shop_says, to_shop = await asyncio.open_connection("127.0.0.1", self._shop_port)
                ends.add(to_shop)
                self._open.add(to_shop)
                there = self._carry(Way.TO_SHOP, page_says, to_shop)
                await asyncio.gather(there, self._carry(Way.TO_PAGE, shop_says, to_page))
            finally:
                self._open -= ends
                for end in ends:
                    end.transport.abort()

    async def _carry(self, way: Way, said: asyncio.StreamReader, end: asyncio.StreamWriter) -> None:
        while chunk := await said.read(_CHUNK_BYTES):
            if self._loses is way:
                self._lost.set()
                continue
            end.write(chunk)
            await end.drain()
        end.close()
