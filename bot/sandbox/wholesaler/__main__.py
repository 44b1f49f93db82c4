"""``python -m bot.sandbox.wholesaler``: runs one sandbox wholesaler until it is told to stop."""

from __future__ import annotations

import argparse
import os
import sys

from bot.sandbox.process import serve
from bot.sandbox.wholesaler.goods import MANNERS
from bot.sandbox.wholesaler.site import Wholesaler


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
    serve(Wholesaler(chosen.key, secret, MANNERS[chosen.manner]).app(), chosen.port)
    return 0


if __name__ == "__main__":
    sys.exit(main())
