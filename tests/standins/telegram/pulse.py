"""A heartbeat of the stand-in's world: whoever waits for a change waits here."""

from __future__ import annotations

import asyncio


class Pulse:
    """A counter of changes that can be awaited; belongs to one event loop."""

    def __init__(self) -> None:
        self.version = 0
        self._event = asyncio.Event()

    def beat(self) -> int:
        """Count a change and wake everyone."""
        self.version += 1
        event, self._event = self._event, asyncio.Event()
        event.set()
        return self.version

    async def wait(self, seen: int, timeout_s: float | None) -> None:
        """Return once the version is past ``seen``, or after the time given (None: no limit)."""
        if self.version > seen:
            return
        try:
            await asyncio.wait_for(self._event.wait(), timeout_s)
        except TimeoutError:
            return
