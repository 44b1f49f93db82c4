"""Somebody's SMTP server on this machine: takes letters, refuses them, or hangs up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class SmtpServer:
    """A server that offers no TLS. ``answers``: the verb → what is said instead of yes; empty: the line is cut."""

    port: int = 0
    letters: list[str] = field(default_factory=list)
    verbs: list[str] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _say(writer, "220 smtp.test ESMTP")
        while line := (await reader.readline()).decode().strip():
            verb = line.split(maxsplit=1)[0].split(":")[0].upper()
            self.verbs.append(verb)
            if verb == "DATA" and verb not in self.answers:
                await _say(writer, "354 go on")
                self.letters.append((await reader.readuntil(b"\r\n.\r\n")).decode())
                verb = "."
            answer = self.answers.get(verb, "250 yes" if verb != "QUIT" else "221 bye")
            if verb == "EHLO" and verb not in self.answers:
                answer = "250-smtp.test\r\n250 AUTH PLAIN"
            if verb == "AUTH" and verb not in self.answers:
                answer = "235 come in"
            if not answer:
                return
            await _say(writer, answer)
            if verb == "QUIT":
                return


async def _say(writer: asyncio.StreamWriter, line: str) -> None:
    writer.write(f"{line}\r\n".encode())
    await writer.drain()


@asynccontextmanager
async def an_smtp_server() -> AsyncIterator[SmtpServer]:
    """Serves while the block runs."""
    smtp = SmtpServer()
    server = await asyncio.start_server(smtp.serve, "127.0.0.1", 0)
    smtp.port = server.sockets[0].getsockname()[1]
    async with server:
        yield smtp
