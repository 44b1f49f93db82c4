"""A stand-in's web server that stops at once, and the socket that it listens on."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Final

import uvicorn

KEEP_ALIVE_S: Final = 60
"""Longer than any client keeps a connection that nobody uses: a server that closes one just then breaks a request."""

_LOOK_S: Final = 0.1
_STEP_S: Final = 0.005


class PromptServer(uvicorn.Server):
    """uvicorn that stops at once: the original looks up only every tenth of a second, several times over."""

    def __init__(self, config: uvicorn.Config, *, grace_s: float = 0) -> None:
        """Take the config, and how long what is under way may take to end when the server is told to stop."""
        super().__init__(config)
        self._told = asyncio.Event()
        self._grace_s = grace_s

    def stop(self) -> None:
        """Serve no longer; call it on the loop that runs."""
        self.should_exit = True
        self._told.set()

    async def main_loop(self) -> None:
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), _LOOK_S)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for listener in sockets or ():
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if self._grace_s:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wait_until_idle(), self._grace_s)
        for task in self.server_state.tasks:
            task.cancel()
        await asyncio.gather(*self.server_state.tasks, return_exceptions=True)

    async def _wait_until_idle(self) -> None:
        while self.server_state.connections or self.server_state.tasks:  # noqa: ASYNC110  # uvicorn has no event
            await asyncio.sleep(_STEP_S)


def listen(port: int) -> socket.socket:
    """A listening socket on loopback; port 0 takes a free one.

    The protocol is named because asyncio turns Nagle's algorithm off only then; else each answer takes 40 ms.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(128)
    return listener
