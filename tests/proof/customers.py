"""Customers of both channels, over the wire: what the page's script does, and what a Telegram client does."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
import uuid
from collections.abc import Callable
from typing import Any

from starlette.responses import Response
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage

from bot.channels.webchat.session import Sessions
from shop_core.kernel.secret import Secret
from tests.proof.premises import SESSION_SECRET, Premises
from tests.proof.sights import BILL, Choice, Sight, Wanted, find_pay_url
from tests.standins.telegram import ImpossibleError, RemoteTelegram, ShownMessage
from tests.standins.telegram.shown import shown_message

DEVICE = "c0ffee00c0ffee00c0ffee00c0ffee00"
PERSON_ID = (1 << 40) + 77
"""Past 32 bits, as Telegram's are."""

_RECONNECT_S = 0.03
_CHECKOUT_S = 30.0
"""Telegram says no by itself after ten; this machine may be busy."""


class PageCustomer:
    """The web chat's page: comes back by itself, repeats what was not taken, confirms news, as its script does."""

    def __init__(self, premises: Premises, device: str = DEVICE) -> None:
        self._premises = premises
        self._device = device
        self._is_resuming = False
        self._untaken: dict[str, dict[str, Any]] = {}
        self._socket: ClientConnection | None = None
        self._sights: list[Sight] = []
        self._news = asyncio.Condition()
        self._line: asyncio.Task[None] | None = None
        self._arrived = asyncio.Event()

    async def arrive(self) -> None:
        """Open the page; or press reload, if it is open."""
        await self.leave()
        self._is_resuming = False
        self._line = asyncio.create_task(self._stay())

    async def press(self, choice: Choice) -> None:
        await self._bring({"type": "press", "link": choice.link})

    async def say(self, text: str) -> None:
        await self._bring({"type": "say", "text": text})

    async def _bring(self, frame: dict[str, Any]) -> None:
        frame["id"] = f"c-{uuid.uuid4().hex}"
        self._untaken[frame["id"]] = frame
        if self._arrived.is_set():
            await self._send(frame)

    async def see(self, wanted: Wanted, within_s: float) -> Sight | None:
        def found() -> Sight | None:
            return next((sight for sight in reversed(self._sights) if wanted(sight)), None)

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s), self._news:
                await self._news.wait_for(lambda: found() is not None)
        return found()

    async def pay_bill(self) -> bool:
        """A page takes no money."""
        return False

    async def leave(self) -> None:
        if self._line is not None:
            self._line.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._line
            self._line = None

    async def _stay(self) -> None:
        while True:
            with contextlib.suppress(OSError, ConnectionClosed, InvalidHandshake, InvalidMessage, EOFError):
                async with connect(
                    f"ws://127.0.0.1:{self._premises.port}/chat/ws",
                    origin=self._premises.base_url,  # type: ignore[arg-type]  # a NewType of str
                    additional_headers={"Cookie": _cookie(self._device), "Accept-Language": "zh-CN"},
                    proxy=None,
                    ping_interval=None,
                ) as socket:
                    self._socket = socket
                    await socket.send(json.dumps({"type": "hello", "resume": self._is_resuming}))
                    async for frame in socket:
                        await self._receive(json.loads(frame))
            self._arrived.clear()
            self._socket = None
            await asyncio.sleep(_RECONNECT_S)

    async def _receive(self, frame: dict[str, Any]) -> None:
        kind = str(frame["type"])
        if kind == "welcome":
            self._arrived.set()
            for untaken in list(self._untaken.values()):
                await self._send(untaken)
        elif kind == "taken":
            self._untaken.pop(frame["id"], None)
        elif kind == "screen":
            self._is_resuming = True
            if frame["news"]:
                await self._send({"type": "seen", "id": frame["id"]})
            async with self._news:
                self._sights.append(_sight_of(frame["screen"]))
                self._news.notify_all()

    async def _send(self, frame: dict[str, Any]) -> None:
        with contextlib.suppress(ConnectionClosed):
            if self._socket is not None:
                await self._socket.send(json.dumps(frame))


class TelegramCustomer:
    """Somebody with Telegram, which holds what the shop has not confirmed, and shows what the shop has sent."""

    def __init__(self, telegram: RemoteTelegram, token: str) -> None:
        self._telegram = telegram
        self._token = token
        self._user = telegram.user(PERSON_ID, token=token)

    async def arrive(self) -> None:
        await asyncio.to_thread(self._user.start)

    async def press(self, choice: Choice) -> None:
        # Where the button is gone by now, the newer message is looked at.
        with contextlib.suppress(ImpossibleError):
            await asyncio.to_thread(self._user.press, choice.link, message=choice.where)

    async def say(self, text: str) -> None:
        await asyncio.to_thread(self._user.say, text)

    async def see(self, wanted: Wanted, within_s: float) -> Sight | None:
        def fits(message: ShownMessage) -> bool:
            return not message.is_mine and wanted(_sight_in(message))

        shown = await asyncio.to_thread(self._wait_for, fits, within_s)
        return None if shown is None else _sight_in(shown)

    async def pay_bill(self) -> bool:
        """Press Pay on the newest bill; Telegram asks the shop, for ten seconds at most."""
        with contextlib.suppress(ImpossibleError):
            checkout = await asyncio.to_thread(self._user.pay)
            state = await asyncio.to_thread(self._user.wait_for_checkout, checkout, _CHECKOUT_S)
            return state.state == "paid"
        return False

    async def leave(self) -> None:
        """A chat stays."""

    def _wait_for(self, fits: Callable[[ShownMessage], bool], within_s: float) -> ShownMessage | None:
        """The newest message that fits; unlike the driver's own, however long it has been there."""
        deadline = time.monotonic() + within_s
        while True:
            view = self._telegram.ask("view", token=self._token, person_id=PERSON_ID)
            for raw in reversed(view["messages"]):
                message = shown_message(raw, PERSON_ID, view)
                if fits(message):
                    return message
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                return None
            self._telegram.ask("changed", seen=view["version"], timeout_s=left_s)


def _cookie(device: str) -> str:
    """The cookie that the page got at an earlier visit."""
    response = Response()
    Sessions("web", Secret(SESSION_SECRET), is_secure=False).remember(response, device)
    return response.headers["set-cookie"].partition(";")[0]


def _sight_of(screen: dict[str, Any]) -> Sight:
    buttons = [button for row in screen["rows"] for button in row]
    return Sight(
        text="\n".join(line["text"] for line in screen["lines"] if "text" in line),
        choices=tuple(Choice(button["text"], button["link"]) for button in buttons if "link" in button),
        codes=tuple(line["secret"] for line in screen["lines"] if "secret" in line),
        pay_url=next((button["url"] for button in buttons if "url" in button), None),
    )


def _sight_in(message: ShownMessage) -> Sight:
    return Sight(
        text=message.text,
        choices=tuple(
            Choice(button.text, button.value, message.id)
            for button in message.buttons
            if button.kind == "callback"
        ),
        codes=message.spoilers,
        # Telegram makes no button of an address on this machine, so it stands in the text; others lead to sharing.
        pay_url=_bill_in(message) or find_pay_url(message.text),
    )


def _bill_in(message: ShownMessage) -> str | None:
    return f"{BILL}{message.id}" if any(button.kind == "pay" for button in message.buttons) else None
