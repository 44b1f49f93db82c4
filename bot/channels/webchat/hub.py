"""The pages that are open right now, in this process.

A screen goes to every open page of its device. If none is open at that moment, the line is usually on its way
back (a phone between two masts, a server just restarted): the answer is kept for a little while and shown on
return. That memory is a courtesy: what a lost screen said is found again from the chat, and news waits in the
database.

With several web processes on one database a device's socket and the worker that answers it may be in
different ones; answers would then have to pass through the database. Until they do, one process serves the
web chat and its inbox.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from shop_core.kernel.errors import RetryLater, Unknown

SEND_TIMEOUT_S: Final = 10.0
"""A page that takes nothing for so long is gone; other people's answers must not wait for it."""

SEEN_TIMEOUT_S: Final = 5.0
"""How long a page may take to show news and say so."""

RETURN_AFTER_S: Final = 600
"""When to try again for somebody who is away. He is told earlier if he comes: his queue is woken then."""

KEEP_MISSED_S: Final = 120.0
_MISSED_FRAMES: Final = 8
_MISSED_DEVICES: Final = 1_000


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


@dataclass(frozen=True, slots=True)
class _Missed:
    frames: deque[str]
    until: float


class Hub:
    """Which pages each device has open, what it missed, and which news it has still to confirm."""

    def __init__(
        self, *, seen_timeout_s: float = SEEN_TIMEOUT_S, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._open: dict[str, list[Connection]] = {}
        self._missed: OrderedDict[str, _Missed] = OrderedDict()
        self._unseen: dict[tuple[str, str], asyncio.Event] = {}
        self._seen_timeout_s = seen_timeout_s
        self._monotonic = monotonic

    def join(self, connection: Connection) -> Sequence[str]:
        """A page is ready for screens. Returns what its device missed lately."""
        self._open.setdefault(connection.device, []).append(connection)
        missed = self._missed.pop(connection.device, None)
        if missed is None or missed.until < self._monotonic():
            return ()
        return tuple(missed.frames)

    def leave(self, connection: Connection) -> None:
        """A page was closed."""
        others = [other for other in self._open[connection.device] if other is not connection]
        if others:
            self._open[connection.device] = others
        else:
            del self._open[connection.device]

    async def show(self, device: str, frames: Sequence[str]) -> bool:
        """Show the answer to a message on every open page of a device, or when it comes back.

        Returns:
            Whether a page was there to take it.
        """
        is_shown = await self._send_to_all(device, frames)
        if not is_shown:
            self._keep(device, frames)
        return is_shown

    async def change(self, device: str, frames: Sequence[str]) -> None:
        """Change something on the pages that are open here; to any other it is no news."""
        await self._send_to_all(device, frames)

    async def tell(self, device: str, frame_id: str, frame: str) -> None:
        """Show news, and wait until a page says that it did.

        Raises:
            RetryLater: No page of the device is open here.
            Unknown: A page was open, but did not confirm in time.
        """
        seen = self._unseen[device, frame_id] = asyncio.Event()
        try:
            if not await self._send_to_all(device, [frame]):
                raise RetryLater("no page is open", retry_after_s=RETURN_AFTER_S)
            async with asyncio.timeout(self._seen_timeout_s):
                await seen.wait()
        except TimeoutError:
            raise Unknown("no page confirmed the news") from None
        finally:
            del self._unseen[device, frame_id]

    def confirm(self, device: str, frame_id: str) -> None:
        """A page showed a piece of news. Whatever was not sent to this device is no concern of its."""
        seen = self._unseen.get((device, frame_id))
        if seen is not None:
            seen.set()

    async def _send_to_all(self, device: str, frames: Sequence[str]) -> bool:
        pages = self._open.get(device, [])
        return any(await asyncio.gather(*(page.send(*frames) for page in pages)))

    def _keep(self, device: str, frames: Sequence[str]) -> None:
        earlier = self._missed.pop(device, None)
        kept = deque(earlier.frames if earlier else (), maxlen=_MISSED_FRAMES)
        kept.extend(frames)
        self._missed[device] = _Missed(kept, self._monotonic() + KEEP_MISSED_S)
        now = self._monotonic()
        while len(self._missed) > _MISSED_DEVICES or next(iter(self._missed.values())).until < now:
            self._missed.popitem(last=False)
