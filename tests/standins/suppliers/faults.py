"""Faults on the wire: the next calls fail the way networks and sites fail."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

FaultKind = Literal[
    "error_500",
    "drop_before",
    "hang_before",
    "too_often",
    "error_500_after",
    "drop_after",
    "hang_after",
    "half_body",
    "no_json",
    "drip",
    "redirect_after",
]
KINDS: tuple[str, ...] = get_args(FaultKind)
BEFORE: tuple[FaultKind, ...] = ("error_500", "drop_before")
"""What fails before it has an effect. ``hang_before`` waits until the caller has gone, then works all the same."""
AFTER: tuple[FaultKind, ...] = ("error_500_after", "drop_after", "half_body", "no_json", "redirect_after")
"""What fails after it had its effect. ``hang_after`` and ``drip`` do too, and last until the caller has gone."""

DRIP_S = 0.02


@dataclass(frozen=True)
class Fault:
    """What will happen to the next call whose path, or whose body, contains ``path``: some vendors have one page."""

    kind: FaultKind
    path: str = ""


class Faults:
    """A queue: each call takes the first fault that is meant for it."""

    def __init__(self) -> None:
        self.queue: list[Fault] = []

    def take(self, path: str, body: str) -> Fault | None:
        """The fault that a call is to meet, if any."""
        for position, fault in enumerate(self.queue):
            if fault.path in path or fault.path in body:
                return self.queue.pop(position)
        return None


class CuttableHttp(HttpToolsProtocol):
    """Gives each request its connection, so that a fault can cut it: ASGI has no message for "hang up"."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


class FaultyWire:
    """ASGI middleware that lets the queued faults happen. The control interface meets none."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app, self._faults = app, faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_call = scope["type"] == "http" and not scope["path"].startswith("/control/")
        if not (is_call and self._faults.queue):
            await self._app(scope, receive, send)
            return
        meeting = _Meeting(self._app, scope, receive, send)
        body = await meeting.take_in()
        fault = self._faults.take(scope["path"], body)
        await (_HAPPENINGS[fault.kind](meeting) if fault else meeting.pass_on())


class _Meeting:
    """One request that meets a fault."""

    def __init__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        self._app, self._scope, self._receive, self.send = app, scope, receive, send
        self._taken: list[Message] = []

    async def take_in(self) -> str:
        """Read the request whole: hanging up before that would be a reset at times."""
        self._taken = [await self._receive()]
        while self._taken[-1].get("more_body"):
            self._taken.append(await self._receive())
        return b"".join(message.get("body", b"") for message in self._taken).decode(errors="replace")

    async def pass_on(self) -> None:
        """Let the vendor work as usual."""
        await self._app(self._scope, self._again, self.send)

    async def _again(self) -> Message:
        return self._taken.pop(0) if self._taken else await self._receive()

    async def work(self) -> tuple[Message, bytes]:
        """Let the vendor work, and keep the answer back: its start and its body."""
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self._app(self._scope, self._again, keep)
        return messages[0], b"".join(message.get("body", b"") for message in messages[1:])

    async def say(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        """Answer something else."""
        response = PlainTextResponse(text, status_code=status, headers=headers)
        await response(self._scope, self._receive, self.send)

    async def hang_up(self) -> None:
        """Close the connection, and wait until that is noticed."""
        self._scope["state"]["transport"].close()
        await self.wait_until_gone()

    async def wait_until_gone(self) -> None:
        """Wait until nobody listens any more."""
        while (await self._receive())["type"] != "http.disconnect":
            pass


async def _error_500(meeting: _Meeting) -> None:
    await meeting.say(500, "Internal Server Error")


async def _too_often(meeting: _Meeting) -> None:
    await meeting.say(429, "slow down")


async def _drop_before(meeting: _Meeting) -> None:
    await meeting.hang_up()


async def _hang_before(meeting: _Meeting) -> None:
    await meeting.wait_until_gone()
    await meeting.work()


async def _error_500_after(meeting: _Meeting) -> None:
    await meeting.work()
    await meeting.say(502, "<html>Bad Gateway</html>")


async def _drop_after(meeting: _Meeting) -> None:
    await meeting.work()
    await meeting.hang_up()


async def _hang_after(meeting: _Meeting) -> None:
    await meeting.work()
    await meeting.wait_until_gone()


async def _half_body(meeting: _Meeting) -> None:
    start, body = await meeting.work()
    await meeting.send(start)
    await meeting.send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
    await meeting.hang_up()


async def _no_json(meeting: _Meeting) -> None:
    await meeting.work()
    await meeting.say(200, "<b>Warning</b>: Undefined index in index.php on line 7")


async def _redirect_after(meeting: _Meeting) -> None:
    await meeting.work()
    await meeting.say(302, "", {"Location": "/elsewhere"})


async def _drip(meeting: _Meeting) -> None:
    """A byte at a time and never the end."""
    start, _ = await meeting.work()
    headers = [(name, value) for name, value in start["headers"] if name != b"content-length"]
    await meeting.send({**start, "headers": headers})
    gone = asyncio.create_task(meeting.wait_until_gone())
    while not gone.done():
        await meeting.send({"type": "http.response.body", "body": b" ", "more_body": True})
        await asyncio.wait({gone}, timeout=DRIP_S)


_HAPPENINGS: dict[FaultKind, Callable[[_Meeting], Awaitable[Any]]] = {
    "error_500": _error_500,
    "too_often": _too_often,
    "drop_before": _drop_before,
    "hang_before": _hang_before,
    "error_500_after": _error_500_after,
    "drop_after": _drop_after,
    "hang_after": _hang_after,
    "half_body": _half_body,
    "no_json": _no_json,
    "drip": _drip,
    "redirect_after": _redirect_after,
}
