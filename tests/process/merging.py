"""A process that says the last yes and is killed at a point of it: ``python -m tests.process.merging URL KEY ID POINT``."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from sqlalchemy import event

from shop_core.customers.people import find_customer
from shop_core.pairing.merge import confirm
from tests.core.builders import a_market

DONE = "done"
"""The point after everything: the answer is lost, and nothing else."""


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def main(url: str, key: str, external_id: str, point: str) -> None:
    async with a_market(url) as market:
        maker = await market.shop.read(find_customer, channel="tg", external_id=external_id)
        assert maker is not None

        def before(_conn: object, _cursor: object, statement: str, *_: object) -> None:
            if point in statement:
                die()

        for engine in market.shop.database.sync_engines():
            event.listen(engine, "before_cursor_execute", before)
        await confirm(market.shop, maker, key)
        die()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
