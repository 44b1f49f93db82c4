"""Somebody's receiver of codes: as docs/running/verification.md shows it, and it imports nothing of ours."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class SmsReceiver:
    """Checks what comes, and remembers it once. ``status`` is what it answers; 0: nothing, the line is cut.

    ``now`` is its clock, in seconds.
    """

    secret: str
    port: int = 0
    status: int = 204
    sent: dict[str, dict[str, Any]] = field(default_factory=dict)
    forged: int = 0
    now: Callable[[], float] = time.time

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/kapu"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lines = [line.partition(": ") for line in head.split("\r\n")[1:] if line]
        headers = {name.lower(): value for name, _, value in lines}
        body = await reader.readexactly(int(headers["content-length"]))
        status = self.status
        if not self._is_genuine(headers, body):
            self.forged += 1
            status = 401
        elif status // 100 == 2:
            told = json.loads(body)
            self.sent[told["id"]] = told
        if self.status:
            writer.write(f"HTTP/1.1 {status} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()
        writer.close()

    def _is_genuine(self, headers: dict[str, str], body: bytes) -> bool:
        stamp = headers["kapu-timestamp"]
        if abs(self.now() - int(stamp)) > 300:
            return False
        signed = hmac.new(self.secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(signed, headers["kapu-signature"])


@asynccontextmanager
async def an_sms_receiver(secret: str, now: Callable[[], float] = time.time) -> AsyncIterator[SmsReceiver]:
    """Serves while the block runs."""
    receiver = SmsReceiver(secret, now=now)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver
