"""QR codes that a channel's vendor makes, which lead whoever scans them to a place of the shop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from shop_core.kernel.errors import ShopError

Make = Callable[[str], Awaitable[str]]
"""From a public link as a payload to the address that the QR code has in it."""


class NoSceneCodes(ShopError):
    """No channel of this name makes them; in the shell none does."""

    code = "messaging.no_scene_codes"


class SceneNotMade(ShopError):
    """The vendor did not make one now. It may be asked again: what it may have made is the same code."""

    code = "messaging.scene_not_made"


class SceneCodes:
    """Who makes them: each channel that can says so when it is put together."""

    def __init__(self) -> None:
        self._makers: dict[str, Make] = {}

    @property
    def channels(self) -> tuple[str, ...]:
        """The channel instances that make them."""
        return tuple(self._makers)

    def add(self, channel: str, make: Make) -> None:
        """One more that does."""
        self._makers[channel] = make

    async def make(self, channel: str, scene: str) -> str:
        """The address to draw as a QR code. The same scene has the same one each time.

        Raises:
            NoSceneCodes: The channel makes none.
            SceneNotMade: Not now.
        """
        if channel not in self._makers:
            raise NoSceneCodes
        return await self._makers[channel](scene)
