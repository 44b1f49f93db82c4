"""``kapu run`` with short leases, and no pacing: a worker that was killed is missed at once.

``python -m tests.process.impatient CONFIG``.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

from bot.channels.telegram.pace import Rates
from bot.config import load_config
from bot.log import set_up_logging
from bot.outside import Outside
from bot.run import run
from bot.timing import Timing
from shop_core.messaging.pace import Rate


def main() -> None:
    config = load_config(Path(sys.argv[1]))
    set_up_logging(config.log, secrets=config.secrets())
    free = Rate(timedelta(microseconds=1), 10_000)
    run(
        config,
        Outside(
            timing=Timing(poll_s=0.1, lease=timedelta(seconds=2)),
            telegram={"trust_env": False},
            rates=Rates(free, free, free),
        ),
    )


if __name__ == "__main__":
    main()
