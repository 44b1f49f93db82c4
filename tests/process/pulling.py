"""Pulls, and is killed as it stores a letter of this number, or at the end: ``… -m tests.process.pulling CONFIG NUMBER``."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from itertools import count
from pathlib import Path

from sqlalchemy import event

from bot.channels.wecom.account import open_api
from bot.channels.wecom.pull import Puller
from bot.channels.wecom.settings import WeComSettings
from bot.config import load_config
from bot.config_wecom import WecomConfig
from bot.outside import Outside
from bot.wiring import open_shop
from shop_core.messaging.pulls import open_pull
from shop_core.payments.gateway import Gateways


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def main(path: str, number: str) -> None:
    config = load_config(Path(path))
    shop = open_shop(config, Outside(), Gateways({}, {}))
    [(name, account)] = config.channels.items()
    assert isinstance(account, WecomConfig)
    settings = WeComSettings(
        name,
        account.corp_id,
        account.secret,
        account.token,
        account.encoding_aes_key,
        account.open_kfid,
        api_base_url=account.api_base_url,
        httpx_kwargs={"trust_env": False},
    )
    await shop.write(open_pull, name)

    stored = count(1)

    def before(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        if "INTO inbox" in statement and next(stored) == int(number):
            die()

    for engine in shop.database.sync_engines():
        event.listen(engine, "before_cursor_execute", before)
    await Puller(settings, open_api(settings, shop), shop).once()
    die()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
