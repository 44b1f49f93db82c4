"""``python -m benchmarks.serving CONFIG``: ``kapu run`` whose bots send as fast as they can, to a Telegram that takes it."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import Final

from bot.channels.telegram.pace import Rates
from bot.config import load_config
from bot.log import set_up_logging
from bot.outside import Outside
from bot.run import run
from shop_core.messaging.pace import Rate

_FREE: Final = Rate(timedelta(microseconds=1), 10_000)


def main() -> None:
    """Run until SIGTERM."""
    config = load_config(Path(sys.argv[1]))
    set_up_logging(config.log, secrets=config.secrets())
    run(config, Outside(telegram={"trust_env": False}, rates=Rates(_FREE, _FREE, _FREE)))


if __name__ == "__main__":
    main()
