"""The people of a journey in the web chat, over its socket."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any, Final
from zoneinfo import ZoneInfo

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from shop_core.customers.people import Address
from tests.screens.on_telegram import on_his_phone
from tests.screens.person import OWNER, Cast, Key, Person
from tests.screens.script import CHANGED, NEW, NOTICE, Script
from tests.screens.stage import PATIENCE_S, Stage

_LANGUAGES: Final = {"zh": "zh-CN,zh;q=0.9", "en": "en-US,en;q=0.9"}
_ZONE: Final = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Browser:
    """What a browser keeps: the cookie; and the page that it has open.

    Attributes:
        cookie: As the header has it.
        page: ``/chat`` or ``/staff``.
        pages: Where its sockets are closed in the end.
    """

    cookie: str
    page: str
    pages: AsyncExitStack

    @property
    def device(self) -> str:
        """What the cookie proves."""
        return self.cookie.partition("=")[2].partition(".")[0]

    async def open(self, base_url: str, language: str) -> ClientConnection:
        """Load the page, as far as its socket is concerned."""
        socket = connect(
            f"{base_url.replace('http', 'ws', 1)}{self.page}/ws",
            origin=base_url,  # type: ignore[arg-type]  # a NewType of str
            additional_headers={"Cookie": self.cookie, "Accept-Language": _LANGUAGES[language]},
            proxy=None,
            max_size=None,
        )
        return await self.pages.enter_async_context(socket)


class WebPerson(Person):
    """An open page of the web chat, without a browser around it."""

    def __init__(self, stage: Stage, script: Script, language: str, name: str, browser: Browser) -> None:
        super().__init__(stage, script, language, name)
        self.cards: dict[str, dict[str, Any]] = {}
        self._browser = browser
        self._ids = count(1)
        self._arrived: list[dict[str, Any]] = []
        self._changed = asyncio.Condition()
        self._socket: ClientConnection | None = None
        self._reading: asyncio.Task[None] | None = None

    @property
    def address(self) -> Address:
        return Address("web", self._browser.device)

    @property
    def keys(self) -> Sequence[Key]:
        return [
            _key(button, place)
            for place, screen in self.cards.items()
            for row in screen["rows"]
            for button in row
        ]

    @property
    def number(self) -> str:
        place = next(place for place in reversed(self.cards) if place.startswith("order:"))
        return place.removeprefix("order:")

    async def look(self) -> None:
        await self.stage.quiet()
        # The answer to a ping comes behind everything that was sent before.
        await (await self._there.ping())
        arrived, self._arrived = self._arrived, []
        for frame in arrived:
            if frame["type"] == "toast":
                self.script.saw(NOTICE, frame["text"])
            elif frame["type"] == "screen":
                self._show(frame)

    def _show(self, frame: dict[str, Any]) -> None:
        place = frame["slot"] or frame["id"]
        is_there = self.cards.pop(place, None) is not None
        self.cards[place] = frame["screen"]
        self.script.saw(CHANGED if is_there and not frame["news"] else NEW, draw(frame["screen"]))

    @property
    def _opening(self) -> str:
        return self._browser.page

    async def _open(self) -> None:
        """Load the page; loaded again it has forgotten everything that it showed."""
        self.cards.clear()
        if self._socket is not None:
            await self._socket.close()
        self._socket = await self._browser.open(self.stage.base_url, self.language)
        self._reading = asyncio.create_task(self._read(self._socket))
        await self._there.send(json.dumps({"type": "hello", "resume": False}))
        await self._wait_for("screen")
        await self.look()

    @property
    def _there(self) -> ClientConnection:
        assert self._socket is not None, "the page has not been opened"
        return self._socket

    async def _press(self, key: Key) -> None:
        await self._submit(type="press", link=key.value)

    async def _type(self, text: str) -> None:
        await self._submit(type="say", text=text)

    async def _send(self, name: str, content: bytes) -> None:
        await self._submit(type="file", name=name, content=base64.b64encode(content).decode())

    async def _submit(self, **frame: Any) -> None:
        message_id = f"c-{next(self._ids):x}"
        await self._there.send(json.dumps({**frame, "id": message_id}))
        await self._wait_for("done", id=message_id)
        await self.look()

    async def _wait_for(self, kind: str, **fields: str) -> None:
        wanted = {"type": kind, **fields}
        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(
                lambda: any(wanted.items() <= frame.items() for frame in self._arrived)
            )

    async def _read(self, socket: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            async for text in socket:
                await self._hear(socket, json.loads(text))

    async def _hear(self, socket: ClientConnection, frame: dict[str, Any]) -> None:
        if frame["type"] == "screen" and frame["news"]:
            await socket.send(json.dumps({"type": "seen", "id": frame["id"]}))
        async with self._changed:
            self._arrived.append(frame)
            self._changed.notify_all()


class WebCast(Cast):
    """Everybody has a browser of his own."""

    channel = "web"

    def __init__(self, stage: Stage, language: str, pages: AsyncExitStack) -> None:
        super().__init__(stage, language)
        self._pages = pages

    async def owner(self) -> Person:
        token = await self.link_of_owner()
        async with self._http() as http:
            entered = await http.post(f"/staff/enter/{token}")
        return self._page(OWNER[self.language], "/staff", entered)

    async def elsewhere(self) -> Person:
        return await on_his_phone(self)

    async def _meet(self, name: str) -> Person:
        async with self._http() as http:
            looked = await http.get("/chat")
        return self._page(name, "/chat", looked)

    def _page(self, name: str, page: str, answer: httpx.Response) -> WebPerson:
        cookie = "; ".join(f"{name}={value}" for name, value in answer.cookies.items())
        return WebPerson(self.stage, self.script, self.language, name, Browser(cookie, page, self._pages))

    def _http(self) -> httpx.AsyncClient:
        base = self.stage.base_url
        plain = httpx.AsyncHTTPTransport(verify=False)  # no TLS: looking for certificates takes long
        return httpx.AsyncClient(base_url=base, transport=plain, headers={"Origin": base})


@asynccontextmanager
async def on_the_web(stage: Stage, language: str) -> AsyncIterator[WebCast]:
    """A cast whose pages are closed at the end."""
    async with AsyncExitStack() as pages:
        yield WebCast(stage, language, pages)


def draw(screen: dict[str, Any]) -> str:
    """A card with its buttons. A code is a veil until it is uncovered."""
    lines = ["▒" * len(line["secret"]) if "secret" in line else line["text"] for line in screen["lines"]]
    lines += ["▣ QR"] if screen["qr"] else []
    if screen["deadline"]:
        lines.append(f"⏱ {datetime.fromisoformat(screen['deadline']).astimezone(_ZONE):%H:%M}")
    lines += [f"📎 {screen['file']['name']}"] if screen["file"] else []
    lines += ["  ".join(_key(button, "").drawn() for button in row) for row in screen["rows"]]
    lines += [f"✎ {screen['prompt']['placeholder']}"] if screen["prompt"] else []
    return "\n".join(lines)


def _key(button: dict[str, str], place: str) -> Key:
    kind = next(kind for kind in ("link", "url", "copy") if kind in button)
    return Key(button["text"], kind, button[kind], place)
