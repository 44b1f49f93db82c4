"""A web chat with a stub shop behind it, and pages of it that speak the wire protocol by hand."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Self
from uuid import uuid4

import httpx
from websockets.asyncio.client import ClientConnection, connect

from bot.channels.channel import Channel
from bot.channels.webchat.channel import WebChatChannel, WebChatSettings
from bot.channels.webchat.theme import Theme
from bot.channels.webchat.words import ChatWords
from bot.web.app import WebMetrics, build_app
from bot.wiring_channels import PAGE_WORDS
from handlers.incoming import Contact, Incoming, Link, Text
from handlers.screen import Code, CopyButton, Line, LinkButton, Screen, Style, order_slot
from handlers.words import CUSTOMER_WORDS, Words
from shop_core.db import inbox
from shop_core.db.shop import Shop
from shop_core.kernel.secret import Secret
from shop_core.vault.vault import Vault
from tests.browser import PATIENCE_MS
from tests.web.stage import an_open_shop, serving

CODE = '<&>"🎁'
_WORDS = Words(("zh", "en"), "Asia/Shanghai", [CUSTOMER_WORDS])


def words_of(language: str) -> ChatWords:
    """The page's own words as the shop has them, and some of ours."""
    say = _WORDS.to(language)
    page = {word: say(f"page.{word}", time="{time}", left="{left}", shop="{shop}") for word in PAGE_WORDS}
    return ChatWords(
        page=page, slow_down="慢一点", too_long="太长了", no_file="没问你要", no_answer="回复丢了"
    )


WORDS = words_of("zh")
PROCESSING = WORDS.page["processing"]
PATIENCE_S = 10

Answer = Callable[[Shop, Incoming], Awaitable[Screen]]


async def answer(_: Shop, incoming: Incoming) -> Screen:
    """A shop in three screens: a front with one button, an order with a code, an echo."""
    match incoming.content:
        case Link("code"):
            return Screen(
                lines=(Line("已发货", Style.TITLE), Code(Secret(CODE))),
                rows=((CopyButton("复制卡密", Secret(CODE)),),),
                slot=order_slot("K7M2-9QXD"),
            )
        case Link(path):
            lines = (Line("云卡小铺", Style.TITLE), Line(f"link={path}"))
            return Screen(lines, rows=((LinkButton("买 1 张", "code"),),))
        case Text(text):
            return Screen((Line(text),), slot=None, toast="听到了")
        case Contact(phone):
            return Screen((Line(phone),), slot=None)
        case upload:
            return Screen((Line(f"{upload.name} {len(upload.content)}"),), slot=None)


def a_secret() -> Secret:
    return Secret("signs the cookies of these tests")


@dataclass
class Page:
    """One open page."""

    socket: ClientConnection
    frames: list[dict[str, Any]] = field(default_factory=list)

    async def say(self, **frame: Any) -> None:
        await self.socket.send(json.dumps(frame))

    async def next(self, kind: str) -> dict[str, Any]:
        """The next frame of a kind; those before it are kept in ``frames``."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                frame: dict[str, Any] = json.loads(await self.socket.recv())
                self.frames.append(frame)
                if frame["type"] == kind:
                    return frame

    async def closed_with(self) -> int | None:
        """Wait for the server to close; its code."""
        async with asyncio.timeout(PATIENCE_S):
            await self.socket.wait_closed()
        return self.socket.close_code


class Chat:
    """A running web chat.

    Attributes:
        answers: Cleared, the shop takes its time: messages are heard, but not answered until it is set.
    """

    def __init__(self, shop: Shop, channel: WebChatChannel, port: int) -> None:
        self.shop = shop
        self.channel: Channel = channel
        self.port = port
        self.asked: list[Incoming] = []
        self.answers = asyncio.Event()
        self._channel = channel
        self.answers.set()
        self.base_url = f"http://127.0.0.1:{port}"

    async def new_cookie(self, path: str = "/chat") -> str:
        """Look at the page as somebody new; the ``Cookie`` header that his browser then sends."""
        async with httpx.AsyncClient(trust_env=False) as http:
            page = await http.get(self.base_url + path)
        page.raise_for_status()
        return "; ".join(f"{name}={value}" for name, value in page.cookies.items())

    def device_of(self, cookie: str) -> str:
        return cookie.partition("=")[2].partition(".")[0]

    @asynccontextmanager
    async def page(
        self,
        cookie: str,
        *,
        resume: bool = False,
        path: str = "/chat/ws",
        origin: str | None = "",
        language: str = "zh-CN,zh;q=0.9",
    ) -> AsyncIterator[Page]:
        """A page that has said hello and was welcomed."""
        async with self.socket(cookie, path=path, origin=origin, language=language) as socket:
            page = Page(socket)
            await page.say(type="hello", resume=resume)
            await page.next("welcome")
            yield page

    def socket(
        self,
        cookie: str,
        *,
        path: str = "/chat/ws",
        origin: str | None = "",
        language: str = "zh-CN,zh;q=0.9",
    ) -> connect:
        """A bare socket; ``origin=""`` is our own page's."""
        return connect(
            f"ws://127.0.0.1:{self.port}{path}",
            origin=self.base_url if origin == "" else origin,  # type: ignore[arg-type]  # a NewType of str
            additional_headers={"Cookie": cookie, "Accept-Language": language},
            proxy=None,
            max_size=None,
        )

    def time_passes(self, seconds: float) -> None:
        """For what the channel remembers of answers, which is all that it keeps no row for."""
        hub = self._channel._hub
        hub._monotonic = lambda: time.monotonic() + seconds

    async def work_one(self) -> bool:
        """Answer the next letter of the inbox. False: none was there."""
        letter = await self.shop.write(inbox.take, lease=timedelta(minutes=1))
        if letter is None:
            return False
        place = f"inbox:{letter.source}:{letter.external_id}"
        payload = self.shop.get(Vault).open_bytes(letter.payload, place=place)
        await self.channel.reply(letter, payload)
        await self.shop.write(inbox.finish_letter, letter)
        return True

    async def work(self) -> None:
        """Answer letters until cancelled."""
        signals = self.shop.database.signals
        while True:
            mark = signals.mark("inbox")
            if not await self.work_one():
                await signals.wait("inbox", since=mark, at_most_s=0.2)

    async def __aenter__(self) -> Self:
        self._worker = asyncio.create_task(self.work())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._worker.cancel()
        with suppress(asyncio.CancelledError):
            await self._worker


@asynccontextmanager
async def a_chat(
    shop: Shop,
    *,
    port: int = 0,
    staff: str | None = None,
    public_url: str | None = None,
    seen_timeout_s: float = PATIENCE_MS / 1000,
    sites: tuple[str, ...] = (),
    theme: Theme | None = None,
) -> AsyncIterator[Chat]:
    """A web chat without a worker; ``async with chat`` has one."""

    async def ask(shop: Shop, incoming: Incoming) -> Screen:
        chat.asked.append(incoming)
        await chat.answers.wait()
        return await answer(shop, incoming)

    settings = WebChatSettings(
        name="web",
        session_secret=a_secret(),
        public_url=public_url,
        staff=staff,
        seen_timeout_s=seen_timeout_s,
        sites=sites,
        theme=theme or Theme(),
    )
    channel = WebChatChannel(settings, shop, answer=ask, words=words_of)
    metrics = WebMetrics(lambda: b"", lambda _, __: None, lambda _, __: None)
    app = build_app(shop, metrics, is_schema_current=True, mounts=channel.routes(), has_web_chat=True)
    async with serving(app, port=port) as server:
        chat = Chat(shop, channel, server.port)
        yield chat


@asynccontextmanager
async def an_open_chat(url: str, **settings: Any) -> AsyncIterator[Chat]:
    """A shop, its web chat, and a worker."""
    async with an_open_shop(url, owners=("web:staff",)) as shop, a_chat(shop, **settings) as chat, chat:
        yield chat


def an_id() -> str:
    return f"c-{uuid4()}"
