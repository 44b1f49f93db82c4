"""``python -m bot.sandbox.wholesaler``: runs one sandbox wholesaler until it is told to stop."""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import sys
from types import FrameType
from typing import Final

import uvicorn

from bot.sandbox.wholesaler.goods import MANNERS
from bot.sandbox.wholesaler.site import Wholesaler

HOST: Final = "127.0.0.1"
_SHUTDOWN_S: Final = 2


def main() -> int:
    """Run it; the first line on standard output is JSON and names the address."""
    parser = argparse.ArgumentParser(prog="python -m bot.sandbox.wholesaler", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port (default: %(default)s)")
    parser.add_argument("--manner", choices=list(MANNERS), required=True, help="how it behaves")
    parser.add_argument("--key", required=True, help="what it knows the shop by")
    parser.add_argument("--secret-env", metavar="NAME", required=True, help="variable that holds the secret")
    chosen = parser.parse_args()
    secret = os.environ.get(chosen.secret_env, "")
    if not secret:
        parser.error(f"the environment variable {chosen.secret_env} is not set")
    _serve(Wholesaler(chosen.key, secret, MANNERS[chosen.manner]), chosen.port)
    return 0


def _serve(wholesaler: Wholesaler, port: int) -> None:
    config = uvicorn.Config(
        wholesaler.app(),
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_SHUTDOWN_S,
    )
    server = uvicorn.Server(config)

    def stop(_: int, __: FrameType | None) -> None:
        server.should_exit = True

    # Once stopped, uvicorn raises the signal again; the process should end by 0.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    # The protocol is named, as asyncio sets TCP_NODELAY on such sockets only.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(config.backlog)
        sys.stdout.write(json.dumps({"base_url": f"http://{HOST}:{listener.getsockname()[1]}"}) + "\n")
        sys.stdout.flush()
        server.run(sockets=[listener])


if __name__ == "__main__":
    sys.exit(main())
