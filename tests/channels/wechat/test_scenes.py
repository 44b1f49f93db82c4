"""Scene codes: staff make one for a product, and whoever scans it is there."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.channels.wechat.stage import a_wechat_shop
from tests.standins.cashier import CashierControl

OWNER: Final = "oOwner"


async def test_a_code_is_made_once_and_leads_to_its_product(
    sqlite_url: str, tmp_path: Path, cashier: CashierControl
) -> None:
    async with a_wechat_shop(tmp_path, sqlite_url, cashier, owner=OWNER) as stage:
        await stage.product("月卡", ["AB-1"])
        owner = stage.wechat.follower(OWNER)
        product = await owner.say("/product show 1")
        assert product is not None
        assert "微信二维码" in product
        shown = await owner.say("微信二维码")
        assert shown is not None
        assert "http://weixin.qq.com/q/p_1" in shown.splitlines()
        assert await owner.say("/product qr 1") == shown
        assert stage.wechat.scenes == ["p_1"], "asked for twice, made once"
        new, old = stage.wechat.follower(), stage.wechat.follower()
        for scanned in (await new.do("subscribe", "qrscene_p_1"), await old.do("SCAN", "p_1")):
            assert scanned is not None
            assert "月卡" in scanned
            assert "1 买 1 张 ¥15.00" in scanned
        # A code that somebody else made leads nowhere but to the shop, and buys nothing.
        for scene in ("buy_1_1_abcdefghij", "pickup", "admin_price_1_1", "x" * 200):
            assert "云卡小铺" in (await old.do("SCAN", scene) or ""), scene
        assert await stage.count("SELECT count(*) FROM orders") == 0
        assert "没有能做二维码" in (await owner.say("/product qr 1 nobody") or "")
        stage.wechat.faults[:] = [45009]
        await stage.product("年卡")
        assert "过一会儿再试" in (await owner.say("/product qr 2") or "")
        assert "http://weixin.qq.com/q/p_2" in (await owner.say("/product qr 2") or "")


async def test_an_account_that_only_answers_makes_none(
    sqlite_url: str, tmp_path: Path, cashier: CashierControl
) -> None:
    async with a_wechat_shop(tmp_path, sqlite_url, cashier, owner=OWNER, profile="passive") as stage:
        await stage.product("月卡")
        owner = stage.wechat.follower(OWNER)
        assert "二维码" not in (await owner.say("/product show 1") or "二维码")
        assert "认证服务号" in (await owner.say("/product qr 1") or "")
