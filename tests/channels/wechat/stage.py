"""A shop with a WeChat account, in one process or two, with WeChat and a cashier around it; all over HTTP."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from bot.outside import Outside
from shop_core.catalog.edit import set_fields
from shop_core.catalog.goods import Field, FieldKind, GoodsKind
from shop_core.db.tx import Tx
from shop_core.delivery.kinds import change_kind
from shop_core.invariants.verify import verify
from tests.channels.premises import CALL_S, TIMING, OpenShop, add_goods, lay, opened
from tests.proof.premises import EPAY_KEY, EPAY_PID
from tests.standins.cashier import CashierControl
from tests.standins.wechat import Account, WeChatStandIn
from tests.standins.wechatpay import WeChatPayStandIn

NAME: Final = "wx"
CODE: Final = 'AB]]>CD-<&>"🎁-1'
"""With everything in it that XML, CDATA or a text of WeChat's could trip over."""
IMPATIENT_S, SLOW_S = 1.5, 2.5
"""How long requests wait where somebody is slower, and how slow he is: a busy machine answers all else in time."""
_PAY_BUTTON: Final = re.compile(r'<a class="key primary" href="([^"]+)">')
_TABLES: Final = """
[gateways.alipay]
kind = "epay"
base_url = "{cashier}"
pid = "{pid}"
key = "file:epay.key"

[channels.wx]
kind = "wechat"
app_id = "{app_id}"
app_secret = "file:secret.key"
token = "file:token.key"
encoding_aes_key = "file:aes.key"
mode = "{mode}"
api_base_url = "{api}"
gateways = ["{way}"]
sells_virtual_goods = true
"""
_WECHAT_PAY: Final = """
[gateways.wechatpay]
kind = "wechatpay"
app_id = "{pay.app_id}"
mchid = "{pay.mchid}"
serial = "{pay.serial}"
key = "file:apiclient_key.pem"
api_v3_key = "file:api_v3.key"
public_key_id = "{pay.public_key_id}"
public_key = "file:pub_key.pem"
api_base_url = "{api}"
"""


@dataclass(frozen=True, slots=True)
class Stage(OpenShop):
    """An open shop, and those who stand around it."""

    wechat: WeChatStandIn
    cashier: CashierControl

    async def top_up(self, name: str, *, en: str = "") -> None:
        """Something that staff top up by hand, on a phone's number."""
        await self.shop.write(_add_top_up, name, en)

    async def pay(self, answer: str | None) -> None:
        """Open the pay page that an answer leads to, follow its button, and pay there."""
        assert answer is not None
        page = next(line for line in answer.splitlines() if line.startswith("http"))
        async with httpx.AsyncClient(trust_env=False) as browser:
            shown = (await browser.get(page)).text
        found = _PAY_BUTTON.search(shown)
        assert found is not None, shown
        await asyncio.to_thread(self.cashier.pay, trade_no=found[1].rpartition("/")[2])


@asynccontextmanager
async def a_wechat_shop(
    folder: Path,
    database_url: str,
    cashier: CashierControl,
    account: Account | None = None,
    *,
    profile: str = "service",
    processes: int = 1,
    patience_s: float = 4.3,
    more: str = "",
    owner: str = "",
    wechat: WeChatStandIn | None = None,
    pay: WeChatPayStandIn | None = None,
) -> AsyncIterator[Stage]:
    """Open the shop as ``kapu run`` does, so many times; at the end see that its books are whole.

    Args:
        patience_s: How long the shop lets a request wait.
        more: More keys of the channel's table.
        owner: The openid of whoever owns the shop.
        wechat: One that knows of the account already, and runs.
        pay: The one way to pay, in the place of the cashier's.
    """
    known = account or Account()
    async with AsyncExitStack() as stack:
        if wechat is None:
            wechat = await stack.enter_async_context(WeChatStandIn(known).serving())
        wechat.webhooks.clear()
        table = f'profile = "{profile}"\n{more}\n'
        programs = []
        for number in range(processes):
            config = _lay(
                folder / f"shop{number}", database_url, cashier, wechat, table=table, owner=owner, pay=pay
            )
            outside = Outside(
                timing=TIMING,
                wechat={"trust_env": False},
                wechat_patience_s=patience_s,
                wechat_call_s=CALL_S,
                telegram={"trust_env": False},
            )
            program, port = await stack.enter_async_context(opened(config, outside))
            programs.append(program)
            wechat.webhooks.append(f"http://127.0.0.1:{port}/channels/{NAME}/webhook")
        yield Stage(programs, wechat, cashier)
        assert await programs[0].shop.read(verify) == []


def _lay(
    folder: Path,
    database_url: str,
    cashier: CashierControl,
    wechat: WeChatStandIn,
    *,
    table: str,
    owner: str,
    pay: WeChatPayStandIn | None,
) -> Path:
    account = wechat.account
    tables = _TABLES.format(
        cashier=cashier.base_url,
        pid=EPAY_PID,
        app_id=account.app_id,
        mode=account.mode,
        api=wechat.base_url,
        way="alipay" if pay is None else "wechatpay",
    )
    keys = {
        "epay.key": EPAY_KEY,
        "secret.key": account.secret,
        "token.key": account.token,
        "aes.key": account.aes_key,
    }
    if pay is not None:
        table += _WECHAT_PAY.format(pay=pay.merchant, api=pay.base_url)
        keys["apiclient_key.pem"] = pay.merchant.key_pem
        keys["api_v3.key"] = pay.merchant.seal_key
        keys["pub_key.pem"] = pay.merchant.platform_pem
    whose = f"{NAME}:{owner}" if owner else ""
    return lay(folder, database_url, tables + table, keys, owner=whose, is_public=True)


def _add_top_up(tx: Tx, name: str, en: str) -> None:
    variant_id = add_goods(tx, name, 4980, en)
    change_kind(tx, variant_id, GoodsKind.TOP_UP)
    set_fields(tx, variant_id, (Field("phone", {"zh": "手机号", "en": "phone number"}, FieldKind.PHONE),))
