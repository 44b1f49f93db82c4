"""``python -m tests.standins.suppliers PROTOCOL``: a stand-in as a process; one JSON line on stdout tells where."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys

from tests.standins.prompt import listen
from tests.standins.suppliers.server import serve


def main() -> None:
    """Serve until interrupted or told to end."""
    parser = argparse.ArgumentParser(prog="python -m tests.standins.suppliers")
    parser.add_argument("protocol", help="the name of a folder beside this file")
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1; 0 (the default) takes a free one")
    options = parser.parse_args()
    asyncio.run(_run(options.protocol, options.port))


async def _run(protocol: str, port: int) -> None:
    listener = listen(port)
    sys.stdout.write(json.dumps({"base_url": f"http://127.0.0.1:{listener.getsockname()[1]}"}) + "\n")
    sys.stdout.flush()
    # uvicorn listens to the signals.
    await serve(protocol, listener, asyncio.Event())


if __name__ == "__main__":
    main()
