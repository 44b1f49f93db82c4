"""The pages that are open right now, in this process.

A screen goes to every open page of its device. A line that is just being lost (a phone between two masts) takes
frames that never arrive, and nobody can tell: an answer is therefore kept for a little while, whoever took it, and
given again to a page that comes back, which shows each id once. That memory is a courtesy: what a lost screen said
is found again from the chat, and news waits in the database.

With several web processes on one database a device's socket and the worker that answers it may be in
different ones; answers would then have to pass through the database. Until they do, one process serves the
web chat and its inbox.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from shop_core.kernel.errors import RetryLater, Unknown

SEND_TIMEOUT_S: Final = 10.0
"""A page that takes nothing for so long is gone; other people's answers must not wait for it."""

SEEN_TIMEOUT_S: Final = 5.0
"""How long a page may take to show news and say so."""

RETURN_AFTER_S: Final = 600
"""When to try again for somebody who is away. He is told earlier if he comes: his queue is woken then."""

KEEP_ANSWERS_S: Final = 120.0
_KEPT_FRAMES: Final = 8
_KEPT_DEVICES: Final = 1_000


class Connection:
    """One open page."""

    def __init__(self, socket: WebSocket, device: str) -> None:
        self.device = device
        self._socket = socket
        self._is_gone = False

    async def send(self, *frames: str) -> bool:
        """Send frames in order. False: the page is gone or does not read, some of them did not leave."""
        if self._is_gone:
            return False
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                for frame in frames:
                    if self._socket.application_state is not WebSocketState.CONNECTED:
                        return False
                    await self._socket.send_text(frame)
        except (WebSocketDisconnect, TimeoutError):
            # Never waited for again: it would hold up each later answer as long.
            self._is_gone = True
            return False
        return True


@dataclass(slots=True)
class _Telling:
    """A piece of news on its way: settled when a page has shown it, or when each has said that nobody looks."""

    settled: asyncio.Event = field(default_factory=asyncio.Event)
    is_seen: bool = False
    put_off: int = 0


@dataclass(frozen=True, slots=True)
class _Kept:
    frames: deque[str]
    until: float


class Hub:
    """Which pages each device has open, what it was answered lately, and which news it has still to confirm."""

    def __init__(
        self, *, seen_timeout_s: float = SEEN_TIMEOUT_S, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._open: dict[str, list[Connection]] = {}
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._unseen: dict[tuple[str, str], _Telling] = {}
        self._seen_timeout_s = seen_timeout_s
        self._monotonic = monotonic

    def join(self, connection: Connection) -> None:
        """A fresh page is ready for screens. What its device was answered before is behind it."""
        self._kept.pop(connection.device, None)
        self._open.setdefault(connection.device, []).append(connection)

    def rejoin(self, connection: Connection) -> Sequence[str]:
        """A page is back. Returns what its device was answered lately, seen or not."""
        self._open.setdefault(connection.device, []).append(connection)
        kept = self._kept.get(connection.device)
        if kept is None or kept.until < self._monotonic():
            return ()
        return tuple(kept.frames)

    def leave(self, connection: Connection) -> None:
        """A page was closed."""
        others = [other for other in self._open[connection.device] if other is not connection]
        if others:
            self._open[connection.device] = others
        else:
            del self._open[connection.device]

    def remembers(self, device: str, frame: str) -> bool:
        """Whether a page that is back was given this frame."""
        kept = self._kept.get(device)
        return kept is not None and kept.until >= self._monotonic() and frame in kept.frames

    async def show(self, device: str, frames: Sequence[str]) -> bool:
        """Show the answer to a message on every open page of a device, and again when one comes back.

        Args:
            frames: Each is harmless when it comes twice: a screen and a toast by their ids.

        Returns:
            Whether a page was there to take it.
        """
        self._keep(device, frames)
        return await self._send_to_all(device, frames)

    async def change(self, device: str, frames: Sequence[str]) -> None:
        """Change something on the pages that are open here; to any other it is no news."""
        await self._send_to_all(device, frames)

    async def tell(self, device: str, frame_id: str, frame: str) -> None:
        """Show news, and wait until a page says that it did.

        Raises:
            RetryLater: No page of the device is open here, or none that anybody can see.
            Unknown: A page was open, but did not confirm in time.
        """
        telling = self._unseen[device, frame_id] = _Telling()
        try:
            if not await self._send_to_all(device, [frame]):
                raise RetryLater("no page is open", retry_after_s=RETURN_AFTER_S)
            async with asyncio.timeout(self._seen_timeout_s):
                await telling.settled.wait()
        except TimeoutError:
            if not telling.put_off:
                raise Unknown("no page confirmed the news") from None
        finally:
            del self._unseen[device, frame_id]
        if not telling.is_seen:
            raise RetryLater("the page is closed up", retry_after_s=RETURN_AFTER_S)

    def confirm(self, device: str, frame_id: str) -> None:
        """A page showed a piece of news. Whatever was not sent to this device is no concern of its."""
        telling = self._unseen.get((device, frame_id))
        if telling is not None:
            telling.is_seen = True
            telling.settled.set()

    def put_off(self, device: str, frame_id: str) -> None:
        """A page got a piece of news, but nobody looks at it; another page of the device may still show it."""
        telling = self._unseen.get((device, frame_id))
        if telling is not None:
            telling.put_off += 1
            if telling.put_off >= len(self._open.get(device, [])):
                telling.settled.set()

    async def _send_to_all(self, device: str, frames: Sequence[str]) -> bool:
        pages = self._open.get(device, [])
        return any(await asyncio.gather(*(page.send(*frames) for page in pages)))

    def _keep(self, device: str, frames: Sequence[str]) -> None:
        earlier = self._kept.pop(device, None)
        kept = deque(earlier.frames if earlier else (), maxlen=_KEPT_FRAMES)
        kept.extend(frames)
        self._kept[device] = _Kept(kept, self._monotonic() + KEEP_ANSWERS_S)
        now = self._monotonic()
        while len(self._kept) > _KEPT_DEVICES or next(iter(self._kept.values())).until < now:
            self._kept.popitem(last=False)
