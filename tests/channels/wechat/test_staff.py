"""Staff in WeChat: what must not wait by numbers, and a file by a link that works once."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any, Final

import httpx
from playwright.async_api import Browser, expect
from sqlalchemy import text

from shop_core.db.tx import Tx
from tests.browser import browser, complaints_of
from tests.channels.premises import until
from tests.channels.wechat.stage import NAME, a_wechat_shop
from tests.channels.wechat.test_wechat import SENT, _at_the_bill
from tests.standins.cashier import CashierControl
from tests.standins.wechat import Follower

__all__ = ["browser"]

OWNER: Final = "oOwner"
CARDS: Final = "SELECT count(*) FROM cards"
BATCHES: Final = "SELECT count(*) FROM batches"
ITEM: Final = re.compile(r"^(\d) (.*)$", re.MULTILINE)
LARGEST: Final = 20 * 1024 * 1024
PHONE: Final[Any] = {"width": 320, "height": 640}


async def _choose(owner: Follower, shown: str | None, label: str) -> str:
    """Reply with the number before a label."""
    numbers = [number for number, said in ITEM.findall(shown or "") if said.startswith(label)]
    assert numbers, f"{label}: {shown}"
    answer = await owner.say(numbers[0])
    assert answer is not None
    return answer


async def _upload_link(owner: Follower, line: str = "/import 1") -> str:
    asked = await owner.say(line)
    assert asked is not None
    return next(line for line in asked.splitlines() if line.startswith("http"))


async def test_what_must_not_wait_is_done_by_numbers(
    sqlite_url: str, tmp_path: Path, cashier: CashierControl
) -> None:
    async with a_wechat_shop(tmp_path, sqlite_url, cashier, owner=OWNER) as stage:
        await stage.product("月卡", ["AB-1", "AB-2"])
        owner, person = stage.wechat.follower(OWNER), stage.wechat.follower()
        await owner.say("hi")
        await stage.pay(await _at_the_bill(person))
        await stage.until(SENT, 1)
        await person.say("客服")
        await person.say("买错了，能退吗？")

        async def owner_is_told() -> bool:
            return bool(owner.pushes)

        await until(owner_is_told)
        assert "能退吗" in owner.pushes[0]
        asked = await owner.touch("/thread reply 1")
        assert "能退吗" in (asked or "")
        assert "已回复" in (await owner.say("没看过就能退，这就退给你。") or "")

        home = await owner.say("/admin")
        assert home is not None
        assert "(1/" not in home, "one screen"
        orders = await _choose(owner, home, "订单")
        order = await _choose(owner, orders, "已发货")
        sure = await _choose(owner, order, "退款 ¥15.00")
        assert "已退款" in await _choose(owner, sure, "退款")
        assert (await owner.say("0") or "").startswith((home or "").splitlines()[0]), "0 leads to the counter"
        await until(lambda: _heard(person, "已退款", "这就退给你"))
        assert await stage.count("SELECT count(*) FROM orders WHERE state = 'refunded'") == 1
        # A stranger who types the same is a customer.
        for line in ("/admin", "/thread reply 1 hi", "/import 1", "/order 1"):
            assert "管理" not in (await person.say(line) or "管理"), line


async def _heard(person: Follower, *words: str) -> bool:
    heard = "\n".join(person.pushes)
    return all(word in heard for word in words)


async def test_a_top_up_that_waits_is_done_by_numbers(
    sqlite_url: str, tmp_path: Path, cashier: CashierControl
) -> None:
    async with a_wechat_shop(tmp_path, sqlite_url, cashier, owner=OWNER) as stage:
        await stage.top_up("手机话费 50 元")
        owner, person = stage.wechat.follower(OWNER), stage.wechat.follower()
        await owner.say("hi")
        for said in ("hi", "1", "1", "13812345678"):
            await person.say(said)
        await stage.pay(await person.say("1"))
        await stage.until("SELECT count(*) FROM tasks WHERE state = 'open'", 1)
        await until(lambda: _heard(owner, "手机话费", "138****5678"))
        home = await owner.say("/admin")
        task = await _choose(owner, await _choose(owner, home, "待充值"), "手机话费")
        taken = await _choose(owner, task, "我来充")
        seen = await _choose(owner, taken, "看完整账号")
        assert "13812345678" in seen
        await _choose(owner, seen, "已充好")
        await owner.say("流水 20261129778")
        await until(lambda: _heard(person, "已充值"))
        assert await stage.count("SELECT count(*) FROM orders WHERE state = 'delivered'") == 1


async def test_a_file_of_codes_comes_by_a_link_that_works_once(
    sqlite_url: str, tmp_path: Path, cashier: CashierControl
) -> None:
    async with a_wechat_shop(tmp_path, sqlite_url, cashier, owner=OWNER) as stage:
        await stage.product("月卡")
        owner = stage.wechat.follower(OWNER)
        async with httpx.AsyncClient(trust_env=False) as http:
            link = await _upload_link(owner, "/import 1 --cost 9.00 --origin 老王")
            assert "月卡" in (await http.get(link)).text
            looked = await http.get(link)
            assert "月卡" in looked.text, "looking uses nothing up"
            assert looked.headers["cache-control"] == "no-store"
            assert looked.headers["referrer-policy"] == "no-referrer"
            refused = await http.post(link, files={"file": ("codes.xlsx", b"PK\x03\x04 broken")})
            assert refused.status_code == 400
            assert "读不懂" in refused.text
            assert (await http.post(link, files={"codes": (None, "  ")})).status_code == 400
            both = await asyncio.gather(
                *(http.post(link, files={"file": ("codes.txt", b"AB-1\nAB-2\nAB-1\n")}) for _ in range(2))
            )
            assert sorted(answer.status_code for answer in both) == [200, 404], "of two at once, one"
            done = next(answer for answer in both if answer.status_code == 200)
            assert "<form" not in done.text
            assert "AB-1" not in done.text
            assert await stage.count(CARDS) == 2
            assert await stage.count("SELECT cost_minor FROM batches") == 900
            for answer in (await http.get(link), await http.post(link, files={"codes": (None, "AB-3")})):
                assert answer.status_code == 404
            await stage.until(
                "SELECT count(*) FROM messages WHERE news = 'import_ended' AND state = 'sent'", 1
            )
            assert "2" in owner.pushes[-1]
            # Pasted, by a later link; the one of before would have ended with it.
            older, newer = await _upload_link(owner), await _upload_link(owner)
            assert (await http.get(older)).status_code == 404
            assert (await http.post(newer, files={"codes": (None, "AB-3\r\nAB-4")})).status_code == 200
            assert await stage.count(CARDS) == 4


async def test_a_link_for_files_ends_and_carries_no_right(
    sqlite_url: str, tmp_path: Path, cashier: CashierControl
) -> None:
    async with a_wechat_shop(tmp_path, sqlite_url, cashier, owner=OWNER) as stage:
        await stage.product("月卡")
        owner = stage.wechat.follower(OWNER)
        helper = stage.wechat.follower()
        await helper.say("hi")
        await owner.say(f"/staff add {NAME}:{helper.openid} admin")
        async with httpx.AsyncClient(trust_env=False) as http:
            link = await _upload_link(owner)
            bent = [
                f"{link[:-1]}{'A' if link[-1] != 'A' else 'B'}",
                f"{link}x",
                link.rpartition("/")[0] + "/x",
            ]
            for address in bent:
                assert (await http.get(address)).status_code == 404
                assert (await http.post(address, files={"codes": (None, "AB-1")})).status_code == 404
            too_large = await http.post(link, files={"file": ("codes.txt", b"A" * (LARGEST + 100_000))})
            assert "20 MB" in too_large.text
            assert (
                await http.post(link, content=b"x", headers={"content-type": "text/plain"})
            ).status_code == 400
            await stage.shop.write(_grow_old)
            assert (await http.post(link, files={"codes": (None, "AB-1")})).status_code == 404
            his = await _upload_link(helper)
            await owner.say("/staff remove 1")
            await owner.say("1")
            assert (await http.get(his)).status_code == 404, "staff no more, and his link with him"
            assert (await http.post(his, files={"codes": (None, "AB-1")})).status_code == 404
        assert await stage.count(BATCHES) == 0


async def test_a_colleague_joins_by_writing_the_code_of_his_invitation(
    sqlite_url: str, tmp_path: Path, cashier: CashierControl
) -> None:
    async with a_wechat_shop(tmp_path, sqlite_url, cashier, owner=OWNER) as stage:
        owner, colleague = stage.wechat.follower(OWNER), stage.wechat.follower()
        invited = await owner.say("/staff invite support")
        codes = re.findall(r"^[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}$", invited or "", re.MULTILINE)
        assert codes, invited
        asked = await colleague.say(codes[0])
        joined = await _choose(colleague, asked, "接受")
        assert "/admin" in joined
        assert "按钮" not in joined
        assert "待处理" in (await colleague.say("/admin") or "")
        staff = await owner.say("/staff")
        assert f"{NAME}:{colleague.openid}" in (await _choose(owner, staff, "") or "")


def _grow_old(tx: Tx) -> None:
    tx.execute(text("UPDATE upload_links SET until = 1"))


async def test_the_page_for_files_works_on_a_phone(
    sqlite_url: str, tmp_path: Path, cashier: CashierControl, browser: Browser
) -> None:
    async with a_wechat_shop(tmp_path, sqlite_url, cashier, owner=OWNER) as stage:
        await stage.product("爱奇艺黄金会员 月卡")
        owner = stage.wechat.follower(OWNER)
        link = await _upload_link(owner)
        context = await browser.new_context(viewport=PHONE, locale="zh-CN")
        window = await context.new_page()
        complaints = complaints_of(window)
        await window.goto(link)
        await expect(window.get_by_text("爱奇艺黄金会员 月卡")).to_be_visible()
        assert await window.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert await window.evaluate(
            "[...document.querySelectorAll('input, textarea, .key')].every((one) => one.offsetHeight >= 44)"
        )
        await window.screenshot(path=tmp_path / "asks.png", full_page=True)
        await window.get_by_role("button", name="发送").click()
        await expect(window.get_by_role("alert")).to_have_text("还没有选文件，也没有粘贴卡密。")
        codes = {"name": "codes.txt", "mimeType": "text/plain", "buffer": b"AB-1\nAB-2\n"}
        await window.get_by_label("卡密文件").set_input_files(codes)  # type: ignore[arg-type]
        await window.get_by_role("button", name="发送").click()
        await expect(window.get_by_role("status")).to_contain_text("2")
        await window.screenshot(path=tmp_path / "done.png", full_page=True)
        assert await stage.count(CARDS) == 2
        await window.goto(link)
        await expect(window.get_by_role("heading")).to_contain_text("用过了")
        await window.goto(await _upload_link(owner))
        await window.get_by_label("或者直接粘贴").fill("AB-2\nAB-3\n")
        await window.get_by_role("button", name="发送").click()
        await expect(window.get_by_role("status")).to_contain_text("1")
        assert await stage.count(CARDS) == 3
        # What was refused and what is not there any more have codes that the browser itself complains of.
        assert [said for said in complaints if "status of 40" not in said] == []
        await context.close()
