"""What suppliers tell: proven, stored once under seal, answered, and worked off."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from bot.web.app import WebMetrics, build_app
from bot.web.callbacks import Outcome
from bot.web.told import BUYING_LANES, TOLD_PREFIX, pack_told, unpack_told
from shop_core.db import inbox
from shop_core.kernel.money import Money
from shop_core.kernel.secret import Secret
from shop_core.orders.models import OrderState
from shop_core.orders.told import take_told
from shop_core.supply.supplier import Accepted, Done, Failed, No, NotFound, Partial, Refused, Told
from shop_core.vault.vault import Vault
from tests.core.wholesaler import ONLY_QUERY, Trade, a_trade
from tests.web.stage import serving

YUAN = Money(500, "CNY")


@dataclass
class Site:
    trade: Trade
    http: httpx.AsyncClient
    counted: list[tuple[str, str]]

    async def told(self, number: str, *, name: str = "first", sign: str = "genuine") -> httpx.Response:
        url = f"/suppliers/{name}/callback"
        return await self.http.post(url, params={"number": number}, headers={"Sign": sign}, content=b"{}")

    async def letters(self) -> int:
        return int(await self.trade.market.one("SELECT count(*) AS n FROM inbox"))


@asynccontextmanager
async def a_site(url: str) -> AsyncIterator[Site]:
    counted: list[tuple[str, str]] = []

    def count(name: str, outcome: Outcome) -> None:
        counted.append((name, outcome.value))

    async with a_trade(url) as trade:
        metrics = WebMetrics(lambda: b"", lambda _, __: None, count)
        app = build_app(trade.market.shop, metrics, is_schema_current=True)
        async with serving(app) as server:
            base = f"http://127.0.0.1:{server.port}"
            async with httpx.AsyncClient(base_url=base, trust_env=False) as http:
                yield Site(trade, http, counted)


async def test_a_proven_callback_is_stored_once_answered_and_worked_off(database_url: str) -> None:
    async with a_site(database_url) as site:
        trade = site.trade
        trade.first.capabilities = ONLY_QUERY
        _, number = await trade.a_paid_order()
        trade.first.does = ["accept"]
        await trade.work()
        told = trade.first.placed[0].number
        trade.first.finishes(told)
        for _ in range(2):
            answer = await site.told(told)
            assert (answer.status_code, answer.text) == (200, "ok")
        assert site.counted == [("first", "stored"), ("first", "repeated")]
        shop = trade.market.shop
        letter = await shop.write(
            inbox.take, lease=trade.market.clock.now() - trade.market.clock.now(), lanes=BUYING_LANES
        )
        assert letter is not None
        assert letter.source == f"{TOLD_PREFIX}first"
        assert told.encode() not in letter.payload
        payload = shop.get(Vault).open_bytes(
            letter.payload, place=f"inbox:{letter.source}:{letter.external_id}"
        )
        waited = trade.market.clock.now() - letter.received_at
        await take_told(shop, "first", unpack_told(payload), waited=waited)
        await trade.work()
        assert (await trade.market.look(number)).state is OrderState.DELIVERED


@pytest.mark.parametrize(
    ("name", "sign", "status", "outcome"),
    [
        ("first", "forged", 400, ("first", "forged")),
        ("nobody", "genuine", 404, ("unknown", "no_supplier")),
    ],
)
async def test_what_proves_nothing_is_not_stored(
    sqlite_url: str, name: str, sign: str, status: int, outcome: tuple[str, str]
) -> None:
    async with a_site(sqlite_url) as site:
        answer = await site.told("23456789", name=name, sign=sign)
        assert answer.status_code == status
        assert answer.text == "fail"
        assert site.counted == [outcome]
        assert await site.letters() == 0


async def test_a_name_twice_and_too_much_are_refused(sqlite_url: str) -> None:
    async with a_site(sqlite_url) as site:
        url = "/suppliers/first/callback"
        twice = await site.http.get(f"{url}?number=1&number=2", headers={"Sign": "genuine"})
        large = await site.http.post(url, headers={"Sign": "genuine"}, content=b"x" * 300_000)
        assert (twice.status_code, large.status_code) == (400, 413)
        assert await site.letters() == 0


@pytest.mark.parametrize(
    "outcome",
    [
        None,
        Accepted("U1", YUAN, "soon"),
        Done((Secret("0001"), Secret("a\nb")), "U1", None, "receipt"),
        Partial((Secret("卡"),), 1, YUAN, "U1", YUAN, YUAN, "part"),
        Refused(No.BALANCE, "too low"),
        Failed("U1", YUAN, "no"),
        NotFound(),
    ],
)
def test_what_was_told_comes_out_of_the_inbox_as_it_went_in(outcome: Any) -> None:
    told = replace(Told("23456789", "U1"), outcome=outcome)
    assert unpack_told(pack_told(told)) == told
