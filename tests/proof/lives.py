"""The lives of one shop: the first dies where it is told to, the second goes on for as long as it is needed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from tests.proof.host import Order

REPOSITORY = Path(__file__).parents[2]
START_S = 60.0
KILLED = -signal.SIGKILL


class DiedOfItself(AssertionError):
    """The shop ended though nobody had told it to."""


class Host:
    """The process that forks shops, one at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def start(self, order: Order) -> int:
        """Begin a life. Returns its process id once it serves.

        Raises:
            DiedOfItself: Before that.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(order.line())
        said = await self.hear()
        if "open" not in said:
            raise DiedOfItself(f"{said}: {order.log.read_text('utf-8')[-4000:]}")
        return int(said["pid"])

    async def hear(self) -> dict[str, Any]:
        """The next thing that the host says: a shop is open, or ended."""
        assert self._process.stdout is not None
        async with asyncio.timeout(START_S):
            line = await self._process.stdout.readline()
        if not line:
            raise DiedOfItself(f"the host of shops ended with {await self._process.wait()}")
        said: dict[str, Any] = json.loads(line)
        return said

    async def ended(self) -> int:
        """Wait for the shop's end: its exit status, negative for a signal."""
        return int((await self.hear())["ended"])


@asynccontextmanager
async def a_host() -> AsyncIterator[Host]:
    """A host of shops, for the length of the block."""
    # A proxy of this machine is no business of a shop that talks to loopback.
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.proof.host",
        cwd=REPOSITORY,
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    host = Host(process)
    try:
        yield host
    finally:
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()


class Lives:
    """A shop that is started again as soon as it dies, as a service manager does."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._pid = 0
        self.first_died = asyncio.Event()
        self.second_opened = asyncio.Event()

    @asynccontextmanager
    async def rehearsal(self, order: Order) -> AsyncIterator[None]:
        """A single life, ended by SIGTERM, as a service manager does."""
        self._pid = await self._host.start(order)
        try:
            yield
        finally:
            os.kill(self._pid, signal.SIGTERM)
            status = await self._host.ended()
        if status != 0:
            raise DiedOfItself(f"exit status {status}")

    @asynccontextmanager
    async def two(self, first: Order, second: Order, *, between: Callable[[], None]) -> AsyncIterator[None]:
        """A life that dies of its own hand somewhere in the block, and the next.

        Args:
            between: Called while there is no shop.

        Raises:
            DiedOfItself: One of them ended otherwise.
        """
        self._pid = await self._host.start(first)
        resurrecting = asyncio.create_task(self._resurrect(second, between))
        try:
            yield
        finally:
            if not self.first_died.is_set():
                self._kill()
            await resurrecting
            self._kill()
            status = await self._host.ended()
        if status != KILLED:
            raise DiedOfItself(f"the second life ended with {status}: {second.log}")

    async def _resurrect(self, second: Order, between: Callable[[], None]) -> None:
        status = await self._host.ended()
        self.first_died.set()
        if status != KILLED:
            raise DiedOfItself(f"the first life ended with {status}: {second.log}")
        between()
        self._pid = await self._host.start(second)
        self.second_opened.set()

    def _kill(self) -> None:
        # Who died by himself just now is not there to be killed; his status tells.
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
