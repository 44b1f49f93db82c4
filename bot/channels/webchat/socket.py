"""The socket of an open page: what a person does is in the inbox before the page hears that we have it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

import structlog
from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from starlette.status import WS_1008_POLICY_VIOLATION, WS_1013_TRY_AGAIN_LATER
from starlette.websockets import WebSocket, WebSocketDisconnect

from admin_cmds.desk import takes_files
from bot.channels.webchat.face import Face
from bot.channels.webchat.frames import (
    BadFrame,
    Frame,
    Hello,
    Later,
    Message,
    Ping,
    Press,
    Seen,
    SendFile,
    Stored,
    TooLong,
    read_frame,
    require_moderate,
)
from bot.channels.webchat.gate import Gate
from bot.channels.webchat.hub import Connection, Hub
from bot.channels.webchat.render import done_frame, pong_frame, taken_frame, toast_frame, welcome_frame
from bot.channels.webchat.words import ChatWords, spoken_language
from shop_core.conversations import prompts
from shop_core.conversations.at_the_desk import find_at_desk
from shop_core.customers.people import Address, find_customer
from shop_core.db import inbox
from shop_core.db.shop import Shop
from shop_core.messaging.queue import wake_address
from shop_core.staff.roles import Roster
from shop_core.vault.vault import Vault

HELLO_TIMEOUT_S: Final = 10.0
"""A page says hello as soon as its socket is open; whoever waits longer is none."""

MOST_MESSAGES: Final = RateLimitItemPerSecond(10, 5)
"""Of one device, over all its pages and reconnects: nobody presses twice a second for long."""

MOST_FILES: Final = RateLimitItemPerMinute(12)
"""Of one device."""

_log = structlog.get_logger(__name__)


class _TooManyHellos(Exception):
    """A page that opens again and again, faster than anybody reads."""


@dataclass(frozen=True, slots=True)
class _Visit:
    connection: Connection
    language: str
    words: ChatWords


class Reception:
    """Takes what pages say, for one channel instance."""

    def __init__(
        self,
        channel: str,
        shop: Shop,
        hub: Hub,
        face: Face,
        *,
        most: RateLimitItem = MOST_MESSAGES,
    ) -> None:
        self._channel = channel
        self._most = most
        self._shop = shop
        self._hub = hub
        self._face = face
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    async def serve(self, socket: WebSocket, gate: Gate) -> None:
        """Endpoint of a socket, until its page is closed.

        A handshake without a good cookie is answered 403; the page then asks for itself again, which renews
        the cookie.
        """
        device = gate.device_of(socket)
        if device is None:
            await socket.close(WS_1008_POLICY_VIOLATION)
            return
        await socket.accept()
        try:
            await self._talk(socket, device)
        except BadFrame:
            await socket.close(WS_1008_POLICY_VIOLATION)
        except _TooManyHellos:
            await socket.close(WS_1013_TRY_AGAIN_LATER)
        except WebSocketDisconnect:
            return

    async def _talk(self, socket: WebSocket, device: str) -> None:
        hello = await _first_frame(socket)
        if not self._is_moderate(device):
            raise _TooManyHellos
        visit = await self._welcome(socket, device)
        try:
            await self._greet(visit, hello)
            while True:
                await self._hear(visit, await _next_frame(socket))
        finally:
            self._hub.leave(visit.connection)

    async def _welcome(self, socket: WebSocket, device: str) -> _Visit:
        accepts = socket.headers.get("accept-language", "")
        reads = spoken_language(accepts, self._face.languages)
        person = await self._shop.read(find_customer, channel=self._channel, external_id=device)
        shown = person.language if person else self._face.language_of(accepts)
        visit = _Visit(Connection(socket, device), reads, self._face.words(shown))
        await visit.connection.send(
            welcome_frame(
                language=shown,
                words=visit.words.page,
                # Others see the clip when they are asked for something that a file can answer.
                may_attach=await self._may_attach(device),
                now=self._shop.clock.now(),
            )
        )
        return visit

    async def _greet(self, visit: _Visit, hello: Hello) -> None:
        """A fresh page gets its home screen, a returning one what it may have missed, both the news that waited."""
        device = visit.connection.device
        if hello.resume:
            await visit.connection.send(*self._hub.rejoin(visit.connection))
        else:
            self._hub.join(visit.connection)
            await self._store(visit, hello, f"h-{uuid4().hex}")
        await self._shop.write(wake_address, Address(self._channel, device))

    async def _hear(self, visit: _Visit, frame: Frame) -> None:
        match frame:
            case Hello():
                raise BadFrame
            case Ping():
                await visit.connection.send(pong_frame())
            case Seen():
                self._hub.confirm(visit.connection.device, frame.id)
            case Later():
                self._hub.put_off(visit.connection.device, frame.id)
            case _:
                await self._take(visit, frame)

    async def _take(self, visit: _Visit, message: Message) -> None:
        """Keep a message, then say so. A repeat is kept once and acknowledged like the first."""
        if not self._is_moderate(visit.connection.device):
            await _decline(visit, message, visit.words.slow_down)
            return
        try:
            require_moderate(message)
        except TooLong:
            await _decline(visit, message, visit.words.too_long)
            return
        if isinstance(message, SendFile) and not await self._takes_file(visit.connection.device):
            await _decline(visit, message, visit.words.no_file)
            return
        is_new = await self._store(visit, message, message.id)
        await visit.connection.send(taken_frame(message.id))
        if not is_new and not self._hub.remembers(visit.connection.device, done_frame(message.id)):
            await self._make_up_for(visit, message)

    async def _make_up_for(self, visit: _Visit, message: Message) -> None:
        """A page repeats what it had no answer to. If there was one, it was lost while we were closed, or he was away.

        A button means the same now as then. A text may have answered a question that is not asked any more.
        """
        external_id = _external_id(visit, message.id)
        if isinstance(message, Press):
            payload = self._sealed(visit, message, external_id)
            await self._shop.write(
                inbox.handle_again, source=self._channel, external_id=external_id, payload=payload
            )
        elif await self._shop.read(inbox.is_handled, source=self._channel, external_id=external_id):
            await _decline(visit, message, visit.words.no_answer)

    async def _store(self, visit: _Visit, frame: Hello | Message, message_id: str) -> bool:
        external_id = _external_id(visit, message_id)
        return await self._shop.write(
            inbox.store,
            source=self._channel,
            external_id=external_id,
            lane=f"{self._channel}:{visit.connection.device}",
            payload=self._sealed(visit, frame, external_id),
        )

    def _sealed(self, visit: _Visit, frame: Hello | Message, external_id: str) -> bytes:
        content = Stored(language=visit.language, frame=frame).model_dump_json().encode()
        return self._shop.get(Vault).seal_bytes(content, place=f"inbox:{self._channel}:{external_id}")

    async def _may_attach(self, device: str) -> bool:
        """Whether files of this device are always taken: staff import codes."""
        address = Address(self._channel, device)
        return await self._shop.read(find_at_desk, self._shop.get(Roster), address) is not None

    async def _takes_file(self, device: str) -> bool:
        """Whether a file of this device is taken now: a stranger's files are kept only if he was asked for one."""
        if await self._may_attach(device):
            return True
        if not self._limiter.hit(MOST_FILES, self._channel, device):
            return False
        asked = await self._shop.read(prompts.asked, channel=self._channel, external_id=device)
        return asked is not None and takes_files(asked)

    def _is_moderate(self, device: str) -> bool:
        return self._limiter.hit(self._most, self._channel, device)


def _external_id(visit: _Visit, message_id: str) -> str:
    return f"{visit.connection.device}:{message_id}"


async def _decline(visit: _Visit, message: Message, why: str) -> None:
    """Say why a message was not taken, and let the page forget it: repeating it would change nothing."""
    await visit.connection.send(toast_frame(why, f"t-{uuid4().hex}"), done_frame(message.id))


async def _first_frame(socket: WebSocket) -> Hello:
    try:
        async with asyncio.timeout(HELLO_TIMEOUT_S):
            frame = await _next_frame(socket)
    except TimeoutError:
        raise BadFrame from None
    if not isinstance(frame, Hello):
        raise BadFrame
    return frame


async def _next_frame(socket: WebSocket) -> Frame:
    received = await socket.receive()
    if received["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(received["code"])
    text = received.get("text")
    if text is None:
        raise BadFrame
    return read_frame(text)
