"""The account's menu: as the config has it, set once by one process, looked at again at each start."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from structlog.testing import capture_logs

from tests.channels.premises import until
from tests.channels.wechat.stage import a_wechat_shop
from tests.standins.cashier import CashierControl
from tests.standins.wechat import Account, WeChatStandIn

MENU: Final = (
    'menu = { "买东西" = "all/1", "我的" = { "我的订单" = "orders", "提货" = "pickup" }, '
    '"官网" = "https://a.example/b" }'
)
OTHER: Final = 'menu = { "买东西" = "p/1" }'


async def _calls(wechat: WeChatStandIn, expected: list[str]) -> None:
    async def are_there() -> bool:
        return len(wechat.menu_calls) >= len(expected)

    await until(are_there)
    assert wechat.menu_calls == expected
    wechat.menu_calls.clear()


async def test_the_menu_follows_the_config_and_is_set_only_where_it_differs(
    sqlite_url: str, tmp_path: Path, cashier: CashierControl
) -> None:
    async with WeChatStandIn(Account()).serving() as wechat:
        async with a_wechat_shop(tmp_path, sqlite_url, cashier, more=MENU, wechat=wechat):
            await _calls(wechat, ["get", "create"])
        assert wechat.menu == [
            {"type": "click", "name": "买东西", "key": "all_1"},
            {
                "name": "我的",
                "sub_button": [
                    {"type": "click", "name": "我的订单", "key": "orders"},
                    {"type": "click", "name": "提货", "key": "pickup"},
                ],
            },
            {"type": "view", "name": "官网", "url": "https://a.example/b"},
        ]
        async with a_wechat_shop(tmp_path, sqlite_url, cashier, more=OTHER, wechat=wechat) as stage:
            await _calls(wechat, ["get", "create"])
            await stage.product("月卡")
            person = wechat.follower()
            assert "月卡" in (await person.do("CLICK", "p_1") or "")
            assert "我的订单" in (await person.do("CLICK", "pickup") or ""), "no code yet: the orders"
        async with a_wechat_shop(tmp_path, sqlite_url, cashier, more="menu = {}", wechat=wechat):
            await _calls(wechat, ["get", "delete"])
        assert not wechat.menu
        async with a_wechat_shop(tmp_path, sqlite_url, cashier, wechat=wechat):
            await wechat.follower().say("hi")
            assert wechat.menu_calls == [], "without the key it is not ours"


async def test_a_menu_that_is_there_is_not_set_again(
    sqlite_url: str, tmp_path: Path, cashier: CashierControl
) -> None:
    async with WeChatStandIn(Account()).serving() as wechat:
        wechat.menu = [{"type": "click", "name": "买东西", "key": "p_1"}]
        async with a_wechat_shop(tmp_path, sqlite_url, cashier, more=OTHER, wechat=wechat):
            await _calls(wechat, ["get"])
            await wechat.follower().say("hi")
            assert wechat.menu_calls == []


async def test_of_two_processes_one_sets_it(
    postgresql_url: str, tmp_path: Path, cashier: CashierControl
) -> None:
    async with a_wechat_shop(tmp_path, postgresql_url, cashier, processes=2, more=MENU) as stage:
        await _calls(stage.wechat, ["get", "create"])
        await stage.wechat.follower().say("hi")
        assert stage.wechat.menu_calls == []


@pytest.mark.parametrize(
    ("faults", "said"),
    [([0, 40018], "wechat.menu_refused"), ([48001], "wechat.no_right"), ([-1], "wechat.menu_waits")],
)
async def test_a_menu_that_is_not_taken_is_told_and_the_shop_stays_open(
    sqlite_url: str, tmp_path: Path, cashier: CashierControl, faults: list[int | str], said: str
) -> None:
    async with WeChatStandIn(Account(), faults=faults).serving() as wechat:
        with capture_logs() as logs:
            async with a_wechat_shop(tmp_path, sqlite_url, cashier, more=MENU, wechat=wechat):

                async def is_told() -> bool:
                    return any(entry["event"] == said for entry in logs)

                await until(is_told)
                assert await wechat.follower().say("hi") is not None
        assert not wechat.menu
