"""One shop on Telegram, in WeChat and on the web, and somebody who does the same things on each of them."""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx
from websockets.asyncio.client import ClientConnection, connect

from tests.channels.wechat.stage import Stage, a_wechat_shop
from tests.proof.sights import find_pay_url
from tests.standins.cashier import CashierControl
from tests.standins.telegram import ShownMessage, TelegramStandIn, TelegramUser
from tests.standins.wechat import Follower

PRODUCT: Final = "爱奇艺黄金会员 月卡"
PATIENCE_S: Final = 20
_TWO_MORE: Final = """
[channels.tg]
kind = "telegram"
token = "file:bot.token"
api_base_url = "{telegram}"
gateways = ["alipay"]
other_ways_to_pay = true

[channels.web]
kind = "webchat"
session_secret = "file:session.key"
gateways = ["alipay"]
"""


class Driver(ABC):
    """What somebody means to do, done as his channel has it."""

    @abstractmethod
    async def hello(self) -> None:
        """Open the chat."""

    @abstractmethod
    async def order(self) -> None:
        """Choose the product, and buy one: the bill is there."""

    @abstractmethod
    async def pay(self) -> None:
        """Pay it, and be told that it is delivered."""

    @abstractmethod
    async def code(self) -> str:
        """What is shown when he asks for his code."""

    @abstractmethod
    async def ask(self, words: str) -> None:
        """Write to the shop."""


class InWeChat(Driver):
    """By numbers and words."""

    def __init__(self, stage: Stage, person: Follower) -> None:
        self.stage = stage
        self.person = person
        self.bill = ""

    async def say(self, text: str) -> str:
        return await self.person.say(text) or ""

    async def hello(self) -> None:
        assert PRODUCT in await self.say("你好")

    async def order(self) -> None:
        await self.say("1")
        self.bill = await self.say("1")
        assert "待付款" in self.bill

    async def pay(self) -> None:
        await self.stage.pay(self.bill)
        async with asyncio.timeout(PATIENCE_S):
            while not self.person.pushes:  # noqa: ASYNC110 - WeChat sets no event
                await asyncio.sleep(0.02)

    async def code(self) -> str:
        return await self.say("提货")

    async def ask(self, words: str) -> None:
        await self.say("客服")
        assert "已送到客服" in await self.say(words)


class InTelegram(Driver):
    """By buttons of messages."""

    def __init__(self, stage: Stage, user: TelegramUser) -> None:
        self.stage = stage
        self.user = user
        self.last: ShownMessage | None = None

    async def press(self, words: str, then: str) -> ShownMessage:
        """Press a button of the message that was seen last, and wait for one with these words."""
        assert self.last is not None
        value = next(button.value for button in self.last.buttons if words in button.text)
        await asyncio.to_thread(self.user.press, value, message=self.last)
        self.last = await self.user.wait_for_async(then, PATIENCE_S)
        return self.last

    async def type(self, text: str, then: str) -> ShownMessage:
        await asyncio.to_thread(self.user.say, text)
        self.last = await self.user.wait_for_async(then, PATIENCE_S)
        return self.last

    async def hello(self) -> None:
        await asyncio.to_thread(self.user.start)
        self.last = await self.user.wait_for_async("自动发货", PATIENCE_S)

    async def order(self) -> None:
        await self.press("月卡", "¥15.00")
        await self.press("买 1 张", "待付款")

    async def pay(self) -> None:
        assert self.last is not None
        url = find_pay_url(self.last.text)
        assert url is not None
        await asyncio.to_thread(self.stage.cashier.pay, trade_no=url.rpartition("/")[2])
        self.last = await self.user.wait_for_async("已发货", PATIENCE_S)

    async def code(self) -> str:
        return "".join((await self.press("查看卡密", "请妥善保存")).spoilers)

    async def ask(self, words: str) -> None:
        await self.hello()
        await self.press("客服", "对话")
        await self.type(words, "已送到客服")


class OnTheWeb(Driver):
    """By frames of the web chat's socket."""

    def __init__(self, stage: Stage, socket: ClientConnection) -> None:
        self.stage = stage
        self.socket = socket
        self.screen: dict[str, Any] = {}
        self._number = 0

    async def until(self, is_there: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Read on until a screen is what is waited for."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                frame = json.loads(await self.socket.recv())
                if frame["type"] == "screen" and is_there(frame["screen"]):
                    self.screen = frame["screen"]
                    return self.screen

    async def press(self, words: str, then: str) -> dict[str, Any]:
        value = next(
            button["link"]
            for row in self.screen["rows"]
            for button in row
            if words in button["text"] and "link" in button
        )
        return await self._submit(then, type="press", link=value)

    async def type(self, text: str, then: str) -> dict[str, Any]:
        return await self._submit(then, type="say", text=text)

    async def _submit(self, then: str, **frame: Any) -> dict[str, Any]:
        self._number += 1
        await self.socket.send(json.dumps({**frame, "id": f"c-{self._number:x}"}))
        return await self.until(lambda screen: then in _text(screen))

    async def hello(self) -> None:
        await self.socket.send(json.dumps({"type": "hello", "resume": False}))
        await self.until(lambda screen: "自动发货" in _text(screen))

    async def order(self) -> None:
        await self.press("月卡", "¥15.00")
        await self.press("买 1 张", "待付款")

    async def pay(self) -> None:
        await self.pay_and_go()
        await self.until(lambda screen: "已发货" in _text(screen))

    async def pay_and_go(self) -> None:
        """Pay, and look no more what comes of it."""
        url = next(
            button["url"] for row in self.screen["rows"] for button in row if "去付款" in button["text"]
        )
        await asyncio.to_thread(self.stage.cashier.pay, trade_no=url.rpartition("/")[2])

    async def code(self) -> str:
        screen = await self.press("查看卡密", "请妥善保存")
        return "".join(line["secret"] for line in screen["lines"] if "secret" in line)

    async def ask(self, words: str) -> None:
        await self._submit("对话", type="press", link="support")
        await self.type(words, "已送到客服")


def _text(screen: dict[str, Any]) -> str:
    return "\n".join(line.get("text", "") for line in screen["lines"])


class Everywhere:
    """The shop, and a newcomer on each channel."""

    def __init__(self, stage: Stage, tg: TelegramStandIn, base_url: str, pages: AsyncExitStack) -> None:
        self.stage = stage
        self._tg = tg
        self._base_url = base_url
        self._pages = pages

    def in_wechat(self) -> InWeChat:
        return InWeChat(self.stage, self.stage.wechat.follower())

    def in_telegram(self) -> InTelegram:
        return InTelegram(self.stage, self._tg.user(first_name="小明", language_code="zh-hans"))

    async def on_the_web(self) -> OnTheWeb:
        async with httpx.AsyncClient(trust_env=False) as http:
            looked = await http.get(f"{self._base_url}/chat", headers={"Origin": self._base_url})
        cookie = "; ".join(f"{name}={value}" for name, value in looked.cookies.items())
        socket = connect(
            f"{self._base_url.replace('http', 'ws', 1)}/chat/ws",
            origin=self._base_url,  # type: ignore[arg-type]  # a NewType of str
            additional_headers={"Cookie": cookie, "Accept-Language": "zh-CN,zh;q=0.9"},
            proxy=None,
        )
        return OnTheWeb(self.stage, await self._pages.enter_async_context(socket))


@asynccontextmanager
async def a_shop_everywhere(
    folder: Path, database_url: str, cashier: CashierControl, tg: TelegramStandIn, *, rules: str = ""
) -> AsyncIterator[Everywhere]:
    """Open it, with three codes of one product.

    Args:
        rules: More tables of its config.
    """
    room = folder / "shop0"
    room.mkdir()
    (room / "bot.token").write_text(tg.token, "utf-8")
    (room / "session.key").write_text("session-secret-of-everywhere-0123456789", "utf-8")
    more = _TWO_MORE.format(telegram=tg.base_url) + rules
    async with AsyncExitStack() as pages:
        stage = await pages.enter_async_context(a_wechat_shop(folder, database_url, cashier, more=more))
        await stage.product(PRODUCT, [f"CODE-{number}" for number in range(3)])
        base_url = stage.wechat.webhooks[0].partition("/channels/")[0]
        yield Everywhere(stage, tg, base_url, pages)
