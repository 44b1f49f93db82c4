"""Somebody at the web chat's other end, for the demo that plays by itself: speaks the page's own wire protocol."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

import httpx
import websockets

PATIENCE_S: Final = 20


class DemoFailed(Exception):
    """The play did not end with the code in the customer's hands."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A screen as it arrived: its texts, codes, and buttons."""

    frame: dict[str, Any]

    @property
    def lines(self) -> Sequence[str]:
        """Text lines; codes as they are."""
        return [str(line.get("text", line.get("secret", ""))) for line in self.frame["screen"]["lines"]]

    @property
    def codes(self) -> Sequence[str]:
        """The codes on it."""
        return [str(line["secret"]) for line in self.frame["screen"]["lines"] if "secret" in line]

    @property
    def buttons(self) -> Sequence[dict[str, str]]:
        """All buttons, row by row."""
        return [button for row in self.frame["screen"]["rows"] for button in row]

    def button(self, text: str) -> dict[str, str]:
        """The first button whose text has these words.

        Raises:
            DemoFailed: There is none.
        """
        for button in self.buttons:
            if text in button["text"]:
                return button
        raise DemoFailed(f"no button {text!r} below {self.lines}")


class Visitor:
    """One page of the web chat, without a browser."""

    def __init__(self, name: str, base_url: str, page: str) -> None:
        """Connect nothing yet.

        Args:
            name: Who it is, for the transcript.
            base_url: Of the shop's web server.
            page: ``/chat`` or ``/staff``.
        """
        self.name = name
        self._base_url = base_url
        self._page = page
        self._cookies = httpx.Cookies()

    async def __aenter__(self) -> Self:
        """Open the page for its cookie, then the socket."""
        async with httpx.AsyncClient(base_url=self._base_url) as http:
            (await http.get(self._page)).raise_for_status()
            self._cookies = http.cookies
        cookie = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        address = self._base_url.replace("http", "ws", 1) + f"{self._page}/ws"
        headers = {"Cookie": cookie, "Accept-Language": "zh-CN"}
        self._socket = await websockets.connect(address, additional_headers=headers, origin=self._base_url)  # type: ignore[arg-type]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the page."""
        await self._socket.close()

    async def hello(self) -> Seen:
        """Arrive."""
        await self._send({"type": "hello", "resume": False})
        return await self.screen()

    async def press(self, screen: Seen, text: str) -> Seen:
        """Press the button with these words, and see what comes."""
        link = screen.button(text)["link"]
        await self._send({"type": "press", "id": _message_id(), "link": link})
        return await self.screen()

    async def say(self, text: str) -> Seen:
        """Type something, and see what comes."""
        await self._send({"type": "say", "id": _message_id(), "text": text})
        return await self.screen()

    async def screen(self) -> Seen:
        """The next screen; news is confirmed as a page does.

        Raises:
            DemoFailed: None came.
        """
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._next_screen()
        except TimeoutError as error:
            raise DemoFailed(f"{self.name} was shown nothing for {PATIENCE_S} s") from error

    async def _next_screen(self) -> Seen:
        while True:
            frame = json.loads(await self._socket.recv())
            if frame["type"] != "screen":
                continue
            if frame["news"]:
                await self._send({"type": "seen", "id": frame["id"]})
            return Seen(frame)

    async def _send(self, frame: dict[str, Any]) -> None:
        await self._socket.send(json.dumps(frame))


def _message_id() -> str:
    return f"c-{uuid.uuid4().hex}"
