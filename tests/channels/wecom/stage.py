"""A shop with a customer service account of WeCom, in one process or two, with WeCom around it; all over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.outside import Outside
from shop_core.invariants.verify import verify
from tests.channels.premises import CALL_S, TIMING, OpenShop, lay, opened
from tests.standins.wecom import Account, WeComStandIn

NAME: Final = "kf"
_TABLES: Final = """
[channels.kf]
kind = "wecom"
corp_id = "{corp_id}"
secret = "file:secret.key"
token = "file:token.key"
encoding_aes_key = "file:aes.key"
open_kfid = "{open_kfid}"
api_base_url = "{api}"
"""


@dataclass(frozen=True, slots=True)
class Stage(OpenShop):
    """An open shop, and WeCom around it."""

    wecom: WeComStandIn


def lay_wecom_shop(
    folder: Path, database_url: str, wecom: WeComStandIn, *, more: str = "", owner: str = ""
) -> Path:
    """Write a config and its keys. Returns the config."""
    account = wecom.account
    tables = _TABLES.format(corp_id=account.corp_id, open_kfid=account.open_kfid, api=wecom.base_url)
    keys = {"secret.key": account.secret, "token.key": account.token, "aes.key": account.aes_key}
    return lay(folder, database_url, tables + more, keys, owner=f"{NAME}:{owner}" if owner else "")


@asynccontextmanager
async def a_wecom_shop(
    folder: Path,
    database_url: str,
    *,
    processes: int = 1,
    more: str = "",
    owner: str = "",
    poll_s: float = 60.0,
) -> AsyncIterator[Stage]:
    """Open the shop as ``kapu run`` does, so many times; at the end see that its books are whole.

    Args:
        more: More keys of the channel's table.
        owner: The external_userid of whoever owns the shop.
        poll_s: How often it looks without having been told.
    """
    async with AsyncExitStack() as stack:
        wecom = await stack.enter_async_context(WeComStandIn(Account()).serving())
        programs = []
        for number in range(processes):
            config = lay_wecom_shop(folder / f"shop{number}", database_url, wecom, more=more, owner=owner)
            outside = Outside(
                timing=TIMING, wechat={"trust_env": False}, wechat_call_s=CALL_S, wecom_poll_s=poll_s
            )
            program, port = await stack.enter_async_context(opened(config, outside))
            programs.append(program)
            wecom.webhooks.append(f"http://127.0.0.1:{port}/channels/{NAME}/webhook")
        yield Stage(programs, wecom)
        assert await programs[0].shop.read(verify) == []
