"""A vendor as a process of its own: an app on a port of loopback, until it is told to stop."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
from types import FrameType
from typing import Final, Literal

import uvicorn
from starlette.types import ASGIApp

HOST: Final = "127.0.0.1"
"""No control panel has a password, so nobody else's machine may reach one."""
_SHUTDOWN_S: Final = 2


def serve(app: ASGIApp, port: int, *, http: type[asyncio.Protocol] | Literal["auto"] = "auto") -> None:
    """Serve until SIGINT or SIGTERM. The first line on standard output is JSON and names the address.

    Args:
        port: 0 takes any that is free.
        http: How uvicorn is to speak HTTP.
    """
    config = uvicorn.Config(
        app,
        http=http,
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_config=None,
        access_log=False,  # It would write queries, and some vendors take keys there.
        proxy_headers=False,
        # Longer than clients keep a connection that nobody uses: to close one just then would break a request.
        timeout_keep_alive=60,
        timeout_graceful_shutdown=_SHUTDOWN_S,
    )
    server = uvicorn.Server(config)

    def stop(_: int, __: FrameType | None) -> None:
        server.should_exit = True

    # Before uvicorn listens to signals, and after: once stopped it raises the signal again, which would
    # end the process by that signal instead of by 0.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    with _listen(port, config.backlog) as listener:
        port = listener.getsockname()[1]
        first = {"event": "listening", "host": HOST, "port": port, "base_url": f"http://{HOST}:{port}"}
        sys.stdout.write(json.dumps(first) + "\n")
        sys.stdout.flush()
        server.run(sockets=[listener])


def _listen(port: int, backlog: int) -> socket.socket:
    """Listen before the address is told, so that whoever reads it can connect at once.

    The protocol is named, as asyncio sets TCP_NODELAY on such sockets only; without it each answer waits
    some 40 ms for the other side's delayed acknowledgement.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    listener.listen(backlog)
    return listener
