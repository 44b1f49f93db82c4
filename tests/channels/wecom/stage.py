"""A shop with a customer service account of WeCom, in one process or two, with WeCom around it; all over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import text

from bot.demo.setting import free_port
from bot.outside import Outside
from bot.wiring import Program
from shop_core.db.shop import Shop
from shop_core.db.tx import View
from shop_core.invariants.verify import verify
from shop_core.stock.import_codes import Import, import_codes
from tests.channels.wechat.stage import TIMING, add_goods, opened, until, vault_keys
from tests.standins.wecom import Account, WeComStandIn

__all__ = ["NAME", "Stage", "a_wecom_shop", "until"]

NAME: Final = "kf"
_CONFIG: Final = """
[shop]
name = "云卡小铺"
owners = [{owners}]

[database]
url = "{database}"

[vault]
active_key = "k1"
[vault.keys]
k1 = "file:k1.key"
fingerprint = "file:fingerprint.key"

[http]
port = {port}

[log]
level = "error"

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
class Stage:
    """An open shop, and WeCom around it."""

    programs: Sequence[Program]
    wecom: WeComStandIn

    @property
    def shop(self) -> Shop:
        return self.programs[0].shop

    async def product(self, name: str, codes: Sequence[str] = ()) -> int:
        """Something to buy."""
        variant_id = await self.shop.write(add_goods, name, 1500)
        if codes:
            data = "\n".join(codes).encode()
            await import_codes(self.shop, Import(variant_id, "codes.txt", data, "shell:test"))
        return variant_id

    async def count(self, statement: str, **values: object) -> int:
        def look(view: View) -> int:
            return int(view.execute(text(statement), values).scalar_one())

        return await self.shop.read(look)

    async def until(self, statement: str, expected: int, *, within_s: float = 20.0) -> None:
        """Wait until a statement finds a number."""

        async def finds() -> bool:
            return await self.count(statement) == expected

        await until(finds, within_s=within_s)


def lay(folder: Path, database_url: str, wecom: WeComStandIn, *, more: str = "", owner: str = "") -> Path:
    """Write a config and its keys. Returns the config."""
    folder.mkdir(parents=True, exist_ok=True)
    account = wecom.account
    settings = _CONFIG.format(
        database=database_url.replace("+aiosqlite", "").replace("+asyncpg", ""),
        owners=f'"{NAME}:{owner}"' if owner else "",
        port=free_port(),
        corp_id=account.corp_id,
        open_kfid=account.open_kfid,
        api=wecom.base_url,
    )
    texts = {
        **vault_keys(folder.parent),
        "secret.key": account.secret,
        "token.key": account.token,
        "aes.key": account.aes_key,
        "config.toml": settings + more,
    }
    for name, content in texts.items():
        (folder / name).write_text(content, "utf-8")
    return folder / "config.toml"


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
            config = lay(folder / f"shop{number}", database_url, wecom, more=more, owner=owner)
            outside = Outside(
                timing=TIMING, wechat={"trust_env": False}, wechat_call_s=1.5, wecom_poll_s=poll_s
            )
            program, port = await stack.enter_async_context(opened(config, outside))
            programs.append(program)
            wecom.webhooks.append(f"http://127.0.0.1:{port}/channels/{NAME}/webhook")
        yield Stage(programs, wecom)
        assert await programs[0].shop.read(verify) == []
