"""A shop with a web server around it, as tests need it."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from random import Random

from starlette.types import ASGIApp

from bot.web.server import WebServer
from shop_core.db.connect import connect
from shop_core.db.shop import Shop
from shop_core.db.tx import Surroundings
from shop_core.kernel.clock import SystemClock
from shop_core.kernel.money import Money, parse_money
from shop_core.kernel.policy import Policy
from shop_core.kernel.secret import Secret
from shop_core.payments.gateway import Begun, ForgedCallback, Gateway, Gateways, Notice, PaymentRequest
from shop_core.staff.roles import Roster
from shop_core.vault.vault import FINGERPRINT_KEY, Vault, new_key
from shop_core.wire.callback import RawCallback
from tests.warmth import share_compiled_statements

GATEWAY_KEY = b"what only the gateway and we know"
POLICY = Policy(name="云卡小铺")


class FakeGateway:
    """A gateway whose callbacks are ``number, ref, money, state`` and an HMAC over them."""

    name = "fake"
    callback_answer = "success"

    async def begin(self, request: PaymentRequest) -> Begun:
        return Begun(link=f"https://pay.example/{request.number}", qr=None)

    async def query(self, number: str) -> Notice | None:
        raise NotImplementedError(number)

    def read_callback(self, callback: RawCallback) -> Notice:
        params = callback.params
        if not hmac.compare_digest(params.get("sign", ""), _sign(params)):
            raise ForgedCallback
        return Notice(
            number=params["number"],
            external_ref=params["ref"],
            amount=parse_money(params["money"], "CNY"),
            paid=params["state"] == "paid",
        )


def a_callback(
    *, number: str = "K7M29QXD", ref: str = "T1", money: Money | None = None, paid: bool = True
) -> dict[str, str]:
    """Parameters as the fake gateway sends them."""
    amount = (money or Money(1500, "CNY")).decimal_text()
    params = {"number": number, "ref": ref, "money": amount, "state": "paid" if paid else "open"}
    return params | {"sign": _sign(params)}


def _sign(params: Mapping[str, str]) -> str:
    text = "&".join(f"{name}={params[name]}" for name in sorted(params) if name != "sign")
    return hmac.new(GATEWAY_KEY, text.encode(), hashlib.sha256).hexdigest()


def a_vault() -> Vault:
    return Vault("k1", {"k1": Secret(new_key()), FINGERPRINT_KEY: Secret(new_key())})


@asynccontextmanager
async def an_open_shop(url: str, *, owners: tuple[str, ...] = ()) -> AsyncIterator[Shop]:
    """A shop over a database, with a vault, a fake gateway and owners wired in."""
    clock = SystemClock()
    database = connect(url, clock, Surroundings(POLICY, Random(7), {}))
    share_compiled_statements(database)
    gateways: dict[str, Gateway] = {"fake": FakeGateway()}
    services = {Vault: a_vault(), Gateways: Gateways(gateways, {}), Roster: Roster.of(owners)}
    try:
        yield Shop(database, clock, POLICY, services)
    finally:
        await database.close()


@asynccontextmanager
async def serving(app: ASGIApp, *, port: int = 0) -> AsyncIterator[WebServer]:
    """The real server on loopback, in this event loop."""
    server = WebServer(app, host="127.0.0.1", port=port)
    running = asyncio.create_task(server.run())
    try:
        yield server
    finally:
        server.stop()
        await running
