"""``python -m tests.standins.telegram``: the stand-in as a process; one JSON line on stdout tells where."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import socket
import sys
import threading

from tests.standins.prompt import listen
from tests.standins.telegram.driver import DEFAULT_TOKEN, DEFAULT_USERNAME
from tests.standins.telegram.server import ApiServer
from tests.standins.telegram.world import World


def main() -> None:
    """Serve until interrupted, or until standard input closes where that was asked for."""
    options = _parse()
    world = World(is_paced=not options.no_pace)
    world.add_bot(DEFAULT_TOKEN, DEFAULT_USERNAME, "Kapu")
    for number, token in enumerate(options.token, start=2):
        world.add_bot(token, f"kapu_bot_{number}", f"Kapu {number}")
    listener = listen(options.port)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    hello = {"address": address, "base_url": f"{address}/bot", "token": DEFAULT_TOKEN}
    sys.stdout.write(json.dumps(hello) + "\n")
    sys.stdout.flush()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(ApiServer(world, options.webhook_unit_s), listener, options))


async def _serve(server: ApiServer, listener: socket.socket, options: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    if options.until_stdin_closes:

        def watch() -> None:
            sys.stdin.read()
            loop.call_soon_threadsafe(server.stop)

        threading.Thread(target=watch, daemon=True).start()
    await server.run(listener)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.standins.telegram")
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1; 0 (the default) takes a free one")
    parser.add_argument(
        "--token", action="append", default=[], help="one more bot; may be given several times"
    )
    parser.add_argument("--no-pace", action="store_true", help="no 429 for what comes too fast")
    parser.add_argument("--webhook-unit-s", type=float, default=1.0, help="unit of waiting between retries")
    parser.add_argument("--until-stdin-closes", action="store_true", help="end when standard input does")
    return parser.parse_args()


if __name__ == "__main__":
    main()
