"""Faults on the wire: the next calls of a merchant fail the way networks and sites fail."""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any, Literal, get_args

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

FaultKind = Literal["error_500", "drop_before", "drop_after", "delay_before", "delay_after", "half_body"]
Target = Literal["mapi", "api"]
KINDS: tuple[str, ...] = get_args(FaultKind)
TARGETS: tuple[str, ...] = get_args(Target)

_TRANSPORT = "cashier.transport"
_PATHS = {"mapi": "/mapi.php", "api": "/api.php"}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What will happen to one call.

    Attributes:
        kind: ``error_500`` and ``drop_before`` have no effect at the vendor; the connection dies in the
            latter. ``drop_after`` has its effect, then the connection dies without an answer.
            ``half_body`` has its effect and answers half. ``delay_before`` waits, then works and answers:
            a caller that has given up meets a late effect. ``delay_after`` works, waits, answers.
        target: Which page; ``None`` is whichever is called next.
        delay_s: How long the two delays take, in seconds.
    """

    kind: FaultKind
    target: Target | None = None
    delay_s: float = 0.0


class Faults:
    """A queue of faults: each call takes the first that is meant for its page."""

    def __init__(self) -> None:
        """Start with none."""
        self._queue: list[Fault] = []

    def add(self, fault: Fault, times: int) -> None:
        """Have the next ``times`` matching calls fail like this."""
        self._queue.extend([fault] * times)

    def waiting(self) -> list[Fault]:
        """List what has not happened yet."""
        return list(self._queue)

    def clear(self) -> None:
        """Let everything work again."""
        self._queue.clear()

    def take(self, path: str) -> Fault | None:
        """Take the fault that this call is to meet, if any."""
        for position, fault in enumerate(self._queue):
            if path in ([_PATHS[fault.target]] if fault.target else _PATHS.values()):
                return self._queue.pop(position)
        return None


class BreakableHttp(H11Protocol):
    """uvicorn's own protocol, handing each request its connection so that a fault can cut it.

    ASGI has no message for "hang up"; the connection travels in the request's ``state``.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Remember the connection for the requests that come over it."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, _TRANSPORT: transport}


class FaultyWire:
    """ASGI middleware that lets the queued faults happen."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        """Wrap ``app``."""
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on, or let its fault happen to it."""
        fault = self._faults.take(scope["path"]) if scope["type"] == "http" else None
        if fault is None:
            await self._app(scope, receive, send)
            return
        call = _Call(self._app, scope, receive, send)
        await _HAPPENINGS[fault.kind](call, fault)


class _Call:
    """One request that meets a fault."""

    def __init__(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        self._app, self._scope, self._receive, self.send = app, scope, receive, send
        self._transport: asyncio.Transport = scope["state"][_TRANSPORT]

    async def answer_after(self, delay_s: float) -> None:
        """Take the request in, wait, then work and answer, whether the caller is still there or not.

        Taken in first, because the server gives no body of a request whose caller has gone.
        """
        taken = await self._take_in()
        await asyncio.sleep(delay_s)

        async def receive() -> Message:
            return taken.pop(0) if taken else await self._receive()

        await self._app(self._scope, receive, self.send)

    async def work(self) -> list[Message]:
        """Work, and keep the answer back."""
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        await self._app(self._scope, self._receive, keep)
        return messages

    async def fail(self) -> None:
        """Answer what a broken site answers."""
        response = PlainTextResponse("Internal Server Error", status_code=500)
        await response(self._scope, self._receive, self.send)

    async def drop(self) -> None:
        """Hang up without working; the request is taken in, else the close would be a reset at times."""
        await self._take_in()
        await self.hang_up()

    async def hang_up(self) -> None:
        """Flush what was sent, close the connection, and wait until the server has noticed."""
        self._transport.close()
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _take_in(self) -> list[Message]:
        taken = [await self._receive()]
        while taken[-1].get("more_body"):
            taken.append(await self._receive())
        return taken


async def _error_500(call: _Call, _: Fault) -> None:
    await call.fail()


async def _drop_before(call: _Call, _: Fault) -> None:
    await call.drop()


async def _drop_after(call: _Call, _: Fault) -> None:
    await call.work()
    await call.hang_up()


async def _delay_before(call: _Call, fault: Fault) -> None:
    await call.answer_after(fault.delay_s)


async def _delay_after(call: _Call, fault: Fault) -> None:
    messages = await call.work()
    await asyncio.sleep(fault.delay_s)
    for message in messages:
        await call.send(message)


async def _half_body(call: _Call, _: Fault) -> None:
    start, *bodies = await call.work()
    body: bytes = b"".join(message.get("body", b"") for message in bodies)
    await call.send(start)
    await call.send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
    await call.hang_up()


_HAPPENINGS: dict[FaultKind, Callable[[_Call, Fault], Awaitable[Any]]] = {
    "error_500": _error_500,
    "drop_before": _drop_before,
    "drop_after": _drop_after,
    "delay_before": _delay_before,
    "delay_after": _delay_after,
    "half_body": _half_body,
}
