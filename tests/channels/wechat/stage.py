"""A shop with a WeChat account, in one process or two, with WeChat and a cashier around it; all over HTTP."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import httpx
from sqlalchemy import text

from bot.config import load_config
from bot.demo.setting import free_port
from bot.outside import Outside
from bot.run import serve
from bot.timing import Timing
from bot.wiring import Program
from shop_core.catalog.edit import NewProduct, NewVariant, add_product, add_variant, set_fields, set_state
from shop_core.catalog.goods import Field, FieldKind, GoodsKind
from shop_core.catalog.read import ProductState
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.delivery.kinds import change_kind
from shop_core.invariants.verify import verify
from shop_core.stock.import_codes import Import, import_codes
from shop_core.vault.vault import new_key
from tests.proof.premises import EPAY_KEY, EPAY_PID
from tests.standins.cashier import CashierControl
from tests.standins.wechat import Account, WeChatStandIn

NAME: Final = "wx"
CODE: Final = 'AB]]>CD-<&>"🎁-1'
"""With everything in it that XML, CDATA or a text of WeChat's could trip over."""
PRICE_MINOR: Final = 1500
TIMING: Final = Timing(
    poll_s=0.2, lease=timedelta(seconds=10), schedule_lease=timedelta(seconds=5), drain_s=2.0, jobs=1.0
)
IMPATIENT_S, SLOW_S = 1.5, 2.5
"""How long requests wait where somebody is slower, and how slow he is: a busy machine answers all else in time."""
CALL_S: Final = 1.5
"""How long a call of the shop's to WeChat may take."""
_PAY_BUTTON: Final = re.compile(r'<a class="key primary" href="([^"]+)">')
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
public_url = "http://127.0.0.1:{port}"

[log]
level = "error"

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
gateways = ["alipay"]
sells_virtual_goods = true
"""


@dataclass(frozen=True, slots=True)
class Stage:
    """An open shop, and those who stand around it."""

    programs: Sequence[Program]
    wechat: WeChatStandIn
    cashier: CashierControl
    variants: dict[str, int] = field(default_factory=dict)

    @property
    def shop(self) -> Shop:
        return self.programs[0].shop

    async def product(
        self, name: str, codes: Sequence[str] = (), *, price: int = PRICE_MINOR, en: str = ""
    ) -> int:
        """Something to buy."""
        variant_id = await self.shop.write(add_goods, name, price, en)
        self.variants[name] = variant_id
        if codes:
            data = "\n".join(codes).encode()
            await import_codes(self.shop, Import(variant_id, "codes.txt", data, "shell:test"))
        return variant_id

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

    async def count(self, statement: str, **values: object) -> int:
        def look(view: View) -> int:
            return int(view.execute(text(statement), values).scalar_one())

        return await self.shop.read(look)

    async def until(self, statement: str, expected: int, *, within_s: float = 20.0) -> None:
        """Wait until a statement finds a number."""
        await until(lambda: self._finds(statement, expected), within_s=within_s)

    async def _finds(self, statement: str, expected: int) -> bool:
        return await self.count(statement) == expected


async def until(condition: Callable[[], Awaitable[object]], *, within_s: float = 20.0) -> None:
    """Wait for something that only looking can tell."""
    async with asyncio.timeout(within_s):
        while not await condition():  # noqa: ASYNC110 - what others do sets no event here
            await asyncio.sleep(0.02)


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
) -> AsyncIterator[Stage]:
    """Open the shop as ``kapu run`` does, so many times; at the end see that its books are whole.

    Args:
        patience_s: How long the shop lets a request wait.
        more: More keys of the channel's table.
        owner: The openid of whoever owns the shop.
        wechat: One that knows of the account already, and runs.
    """
    known = account or Account()
    async with AsyncExitStack() as stack:
        if wechat is None:
            wechat = await stack.enter_async_context(WeChatStandIn(known).serving())
        wechat.webhooks.clear()
        table = f'profile = "{profile}"\n{more}\n'
        programs = []
        for number in range(processes):
            config = _lay(folder / f"shop{number}", database_url, cashier, wechat, table=table, owner=owner)
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


@asynccontextmanager
async def opened(config: Path, outside: Outside) -> AsyncIterator[tuple[Program, int]]:
    """One process of a shop, as ``kapu run`` has it, and its port; stopped at the end."""
    stop = asyncio.Event()
    opened: asyncio.Future[tuple[Program, int]] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(
        serve(
            load_config(config),
            outside,
            stop=stop,
            on_ready=lambda program, port: opened.set_result((program, port)),
        )
    )
    try:
        waited: set[asyncio.Future[Any]] = {serving, opened}
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        if not opened.done():
            await serving
        yield opened.result()
    finally:
        stop.set()
        await serving


def _lay(
    folder: Path, database_url: str, cashier: CashierControl, wechat: WeChatStandIn, *, table: str, owner: str
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    account = wechat.account
    settings = _CONFIG.format(
        database=database_url.replace("+aiosqlite", "").replace("+asyncpg", ""),
        owners=f'"{NAME}:{owner}"' if owner else "",
        port=free_port(),
        cashier=cashier.base_url,
        pid=EPAY_PID,
        app_id=account.app_id,
        mode=account.mode,
        api=wechat.base_url,
    )
    settings += table
    texts = {
        **vault_keys(folder.parent),
        "epay.key": EPAY_KEY,
        "secret.key": account.secret,
        "token.key": account.token,
        "aes.key": account.aes_key,
    }
    for name, content in texts.items():
        (folder / name).write_text(content, "utf-8")
    (folder / "config.toml").write_text(settings, "utf-8")
    return folder / "config.toml"


def add_goods(tx: Tx, name: str, price: int, en: str = "") -> int:
    """A published product with one variant, by the variant's id."""
    product_id = add_product(tx, NewProduct({"zh": name, "en": en or name}))
    variant_id = add_variant(tx, NewVariant(product_id, price, cost_minor=price // 2))
    set_state(tx, product_id, ProductState.PUBLISHED)
    return variant_id


def _add_top_up(tx: Tx, name: str, en: str) -> None:
    variant_id = add_goods(tx, name, 4980, en)
    change_kind(tx, variant_id, GoodsKind.TOP_UP)
    set_fields(tx, variant_id, (Field("phone", {"zh": "手机号", "en": "phone number"}, FieldKind.PHONE),))


def vault_keys(folder: Path) -> dict[str, str]:
    """File → its key: the same for all processes of a shop, made by the first."""
    keys = folder / "keys"
    if not keys.exists():
        keys.mkdir()
        for name in ("k1", "fingerprint"):
            (keys / f"{name}.key").write_text(new_key(), "utf-8")
    return {f"{name}.key": (keys / f"{name}.key").read_text("utf-8") for name in ("k1", "fingerprint")}
