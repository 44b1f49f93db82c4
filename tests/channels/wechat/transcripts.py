"""Journeys through the shop in WeChat, as they were seen: ``python -m tests.channels.wechat.transcripts`` writes them."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final

from tests.channels.wechat.stage import Stage, a_wechat_shop
from tests.proof.premises import EPAY_KEY, EPAY_PID
from tests.standins.cashier import CashierControl, running_cashier
from tests.standins.wechat import Follower

DOCS: Final = Path(__file__).parents[3] / "docs" / "wechat"
_LINK: Final = re.compile(r"http://127\.0\.0\.1:\d+/pay/[\w/-]+")
_NUMBER: Final = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b")
_CLOCK: Final = re.compile(r"\b\d\d:\d\d\b")


class Script:
    """What one person writes and reads. What differs from run to run gets a name that does not."""

    def __init__(self, stage: Stage, title: str) -> None:
        self.stage = stage
        self.person: Follower = stage.wechat.follower()
        self._lines = [f"# {title}"]
        self._numbers: dict[str, str] = {}
        self._pushes = 0

    async def say(self, text: str) -> str:
        answer = await self.person.say(text) or ""
        self._write(f"小明 › {text}", answer)
        return answer

    async def pay(self, bill: str) -> None:
        """Pay outside, and see what is pushed."""
        await self.stage.pay(bill)
        async with asyncio.timeout(20):
            while len(self.person.pushes) == self._pushes:  # noqa: ASYNC110 - WeChat sets no event
                await asyncio.sleep(0.02)
        self._write("小明 付款了", "", *self.person.pushes[self._pushes :])
        self._pushes = len(self.person.pushes)

    def text(self) -> str:
        return "\n\n".join(self._lines) + "\n"

    def _write(self, did: str, *shown: str) -> None:
        self._lines.append(self._same(did))
        self._lines += [f"```\n{self._same(text)}\n```" for text in shown if text]

    def _same(self, text: str) -> str:
        text = _LINK.sub("https://shop.example.com/pay/…", _CLOCK.sub("14:32", text))
        return _NUMBER.sub(
            lambda found: self._numbers.setdefault(found[0], f"K7M2-000{len(self._numbers) + 1}"), text
        )


async def _buy(script: Script) -> None:
    for text in ("你好", "1"):
        await script.say(text)
    await script.pay(await script.say("１"))
    await script.say("提货")


async def _several(script: Script) -> None:
    for text in ("hi", "一", "3"):
        await script.say(text)
    bill = await script.say("１２张")
    await script.pay(bill)
    for text in ("code", "9", "0"):
        await script.say(text)


async def _look_around(script: Script) -> None:
    for text in ("hi", "8", "全部商品", "9", "0", "网易云", "没有的东西", "0"):
        await script.say(text)


async def _sold_out(script: Script) -> None:
    for text in ("hi", "2", "1", "0"):
        await script.say(text)


async def _cancelled(script: Script) -> None:
    await script.say("hi")
    await script.say("1")
    bill = await script.say("2")
    number = _NUMBER.search(bill)
    assert number is not None
    for text in ("1", "订单", number[0], "2"):
        await script.say(text)


async def _support(script: Script) -> None:
    for text in ("客服", "我买错了，能退吗？", "0", "帮助", "余额"):
        await script.say(text)


JOURNEYS: Final[Mapping[str, tuple[str, Callable[[Script], Awaitable[None]]]]] = {
    "buy": ("从「你好」到卡密", _buy),
    "several": ("买 12 张，卡密分页看", _several),
    "look-around": ("翻页，搜索，写错数字", _look_around),
    "sold-out": ("卖完了，到货提醒", _sold_out),
    "cancel": ("下单，问付款，找回订单，取消", _cancelled),
    "support": ("找客服，帮助，余额", _support),
}


async def walk(folder: Path, cashier: CashierControl) -> Mapping[str, str]:
    """All journeys, each by another person. Returns them by the names of their files."""
    async with a_wechat_shop(folder, f"sqlite:///{folder}/kapu.db", cashier) as stage:
        await stage.product("爱奇艺黄金会员 月卡", [f"IQY-{number:04}-{'7' * 40}" for number in range(30)])
        await stage.product("Steam 充值码 50 元")
        for number in range(1, 12):
            await stage.product(f"网易云音乐 {number} 号年卡", [f"NET-{number}"], price=8800)
        walked = {}
        for name, (title, journey) in JOURNEYS.items():
            script = Script(stage, title)
            await journey(script)
            walked[f"{name}.zh.md"] = script.text()
        return walked


def main() -> None:
    """Write the transcripts anew."""
    DOCS.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_cashier(pid=EPAY_PID, key=EPAY_KEY, options=("--retry-after", "0,0.2,1")) as cashier,
    ):
        for name, text in asyncio.run(walk(Path(folder), cashier)).items():
            (DOCS / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
