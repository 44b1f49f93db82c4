"""A Telegram channel over the Bot API stand-in, with a shop that says what the test tells it to."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.settings import Hook, Pauses, TelegramSettings, TelegramWords
from handlers.incoming import Contact, Incoming, Link, Text, Upload
from handlers.screen import Line, LinkButton, Screen, Style
from shop_core.customers.people import Address, meet
from shop_core.db.connect import connect
from shop_core.db.inbox import count_pending, finish_letter, take
from shop_core.db.shop import Shop
from shop_core.db.tx import Surroundings
from shop_core.kernel.clock import Clock, SystemClock
from shop_core.kernel.policy import Policy
from shop_core.kernel.secret import Secret
from shop_core.vault.vault import FINGERPRINT_KEY, Vault, new_key
from tests.standins.telegram import TelegramStandIn, TelegramUser
from tests.warmth import share_compiled_statements

NAME = "telegram"
SECRET = Secret("any text of an owner's, with spaces + signs / =")
LEASE = timedelta(seconds=60)
WORDS = TelegramWords(
    commands={
        "zh": {"start": "进店", "orders": "我的订单"},
        "en": {"start": "Shop", "orders": "My orders"},
    },
    processing={"zh": "处理中…", "en": "Processing…"},
    too_large={"zh": "文件太大，最多 20 MB", "en": "The file is too large: 20 MB at most"},
)
QUICK = Pauses(poll_s=20, first_s=0.02, longest_s=0.05, conflict_s=0.05, retries_s=(0.01, 0.02), spin_s=0.3)


def a_screen(title: str, *rows: tuple[LinkButton, ...], **rest: Any) -> Screen:
    return Screen((Line(title, Style.TITLE), Line("第二行")), rows, **rest)


def to(link: str, text: str | None = None) -> LinkButton:
    return LinkButton(text or link, link)


class Teller:
    """Answers links with the screens of ``pages``, echoes texts and files, and remembers what it heard."""

    def __init__(self) -> None:
        self.pages: dict[str, Screen | Callable[[], Screen]] = {"": a_screen("云卡小铺")}
        self.file_answer: Screen | None = None
        self.heard: list[Incoming] = []
        self.open = asyncio.Event()
        self.open.set()

    @property
    def links(self) -> list[str]:
        return [incoming.content.path for incoming in self.heard if isinstance(incoming.content, Link)]

    async def answer(self, shop: Shop, incoming: Incoming) -> Screen:
        self.heard.append(incoming)
        await shop.write(
            meet,
            channel=incoming.channel,
            external_id=incoming.external_id,
            name=incoming.name,
            language=incoming.language,
        )
        await self.open.wait()
        match incoming.content:
            case Link(path):
                page = self.pages.get(path, a_screen(f"没有 {path}"))
                return page() if callable(page) else page
            case Text(text):
                return a_screen(f"你说 {text}")
            case Contact(phone, is_own):
                return a_screen(f"{'你的' if is_own else '别人的'}号码 {phone}")
            case Upload(name, content):
                return self.file_answer or a_screen(f"收到 {name}，{len(content)} 字节")


@dataclass(slots=True)
class Stage:
    """Everything a test has in hand."""

    tg: TelegramStandIn
    shop: Shop
    channel: TelegramChannel
    teller: Teller
    failures: list[Exception] = field(default_factory=list)

    def somebody(self, **about: Any) -> TelegramUser:
        return self.tg.user(**about)

    async def somebody_at_home(self) -> TelegramUser:
        user = self.tg.user()
        user.start()
        await user.wait_for_async("云卡小铺")
        return user

    def address(self, user: TelegramUser) -> Address:
        return Address(NAME, str(user.id))

    async def rest(self) -> None:
        """Wait until every letter is answered and finished."""
        async with asyncio.timeout(5):
            while await self.shop.read(count_pending):  # noqa: ASYNC110 - a row in the database
                await asyncio.sleep(0.01)

    async def work(self) -> None:
        """Answer letters one after the other, as the worker of the process does."""
        vault = self.shop.get(Vault)
        while True:
            mark = self.shop.database.signals.mark("inbox")
            letter = await self.shop.write(take, lease=LEASE)
            if letter is None:
                await self.shop.database.signals.wait("inbox", since=mark, at_most_s=0.05)
                continue
            place = f"inbox:{letter.source}:{letter.external_id}"
            try:
                await self.channel.reply(letter, vault.open_bytes(letter.payload, place=place))
            except Exception as error:  # noqa: BLE001 - kept for the test
                self.failures.append(error)
            await self.shop.write(finish_letter, letter)


def settings_for(tg: TelegramStandIn, **changes: Any) -> TelegramSettings:
    about: dict[str, Any] = {
        "name": NAME,
        "token": Secret(tg.token),
        "words": WORDS,
        "api_base_url": tg.base_url,
        "pauses": QUICK,
        "httpx_kwargs": {"trust_env": False},
    }
    return TelegramSettings(**(about | changes))


@asynccontextmanager
async def an_open_shop(url: str, clock: Clock | None = None) -> AsyncIterator[Shop]:
    clock, policy = clock or SystemClock(), Policy()
    database = connect(url, clock, Surroundings(policy, Random(7), {}))
    share_compiled_statements(database)
    vault = Vault("k1", {"k1": Secret(new_key()), FINGERPRINT_KEY: Secret(new_key())})
    try:
        yield Shop(database, clock, policy, {Vault: vault})
    finally:
        await database.close()


@asynccontextmanager
async def running(*loops: Any) -> AsyncIterator[None]:
    """Run coroutines beside the test; whatever they raise is the test's."""
    tasks = [asyncio.create_task(loop) for loop in loops]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


async def until(holds: Callable[[], object], *, within_s: float = 5.0) -> None:
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110 - the stand-in is in another thread
            await asyncio.sleep(0.01)


class Door:
    """What the web server serves; the channel behind it may be exchanged, as at a new start."""

    def __init__(self) -> None:
        self.app = Starlette()
        self.url = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)

    def hook(self, channel: str = NAME) -> Hook:
        return Hook.of(channel, self.url, SECRET)
