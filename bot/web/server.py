"""uvicorn inside the shop's own event loop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Final

import uvicorn
from starlette.types import ASGIApp

LARGEST_FRAME: Final = 3 * 1024 * 1024
"""Bytes of one WebSocket message: a file of 2 MB in base64, and its envelope."""

GRACE_S: Final = 10
"""How long requests under way may take to finish after ``stop``; then they are cancelled."""

_PING_EVERY_S: Final = 20
_BACKLOG: Final = 2048


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: they belong to the process, which has more to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class WebServer:
    """Listens from the moment it is made, so that its port is known; serves while ``run`` runs.

    The event loop is the caller's choice; run it on uvloop for a server four times as fast.
    """

    def __init__(self, app: ASGIApp, *, host: str, port: int) -> None:
        """Listen.

        Args:
            app: What answers.
            host: Name or address to listen on.
            port: 0 takes a free one.

        Raises:
            OSError: The address is taken, or none of this machine's.
        """
        self._listener = _listen(host, port)
        self.port: int = self._listener.getsockname()[1]
        self._server = _Server(
            uvicorn.Config(
                app,
                loop="none",
                http="httptools",
                ws="websockets-sansio",
                ws_max_size=LARGEST_FRAME,
                ws_ping_interval=_PING_EVERY_S,
                ws_ping_timeout=_PING_EVERY_S,
                # Compression would cost memory for each open page, and tell lengths of secrets.
                ws_per_message_deflate=False,
                lifespan="off",
                log_config=None,
                # Never lower: at DEBUG the WebSocket library logs frames, and frames have codes in them.
                log_level="warning",
                access_log=False,
                # The address a proxy claims for its client would have to be believed; nobody here needs it.
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=GRACE_S,
            )
        )

    async def run(self) -> None:
        """Serve until ``stop`` or until cancelled; either way what has begun is finished (``GRACE_S``)."""
        serving = asyncio.create_task(self._server.serve(sockets=[self._listener]))
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            self.stop()
            await serving
            raise
        finally:
            self._listener.close()

    def stop(self) -> None:
        """Take no more connections, close the chat's sockets (1012: come back), finish requests."""
        self._server.should_exit = True


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket.

    Its protocol is named: asyncio sets TCP_NODELAY on such connections only, without which small answers wait
    40 ms.
    """
    family, kind, _, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener
