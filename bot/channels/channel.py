"""What a channel is to the running process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from handlers.incoming import Incoming
from handlers.screen import Screen
from shop_core.customers.people import Address
from shop_core.db.inbox import Letter
from shop_core.db.shop import Shop

Answer = Callable[[Shop, Incoming], Awaitable[Screen]]
"""What a channel asks for the screen that answers a message."""


class Unreachable(Exception):
    """Nothing can be sent to this person any more: he blocked the bot, left, or never wrote."""


class Channel(Protocol):
    """One instance of a way to talk: a bot, a web chat. Stores what comes before it confirms it to the sender."""

    @property
    def name(self) -> str:
        """The instance's name in the config."""
        ...

    async def run(self) -> None:
        """Receive until cancelled: every message goes into the inbox, and only then is confirmed."""
        ...

    async def reply(self, letter: Letter, payload: bytes) -> Screen | None:
        """Answer one message out of the inbox and show the screen. May run twice for the same message.

        Returns:
            The screen that was shown, for what it changes about the conversation; None if there was none.

        Raises:
            RetryLater, Unknown: Not shown, or not known to be; the message is answered again.
            Unreachable: Nobody is there to be shown anything.
        """
        ...

    async def send(self, address: Address, screen: Screen) -> None:
        """Show news.

        Raises:
            RetryLater, Unknown: Not shown, or not known to be; sent again later.
            Unreachable: It never will be.
        """
        ...

    async def close(self) -> None:
        """Let go of connections, after the last reply."""
        ...


@dataclass(frozen=True, slots=True)
class NewsScreen:
    """News as a screen; ``message_id``: of the queued message, the same when it is sent again; 0: it was not queued."""

    message_id: int
    screen: Screen


@runtime_checkable
class Merging(Protocol):
    """A channel on which each message counts: several news for one person are one message there."""

    async def send_together(self, address: Address, news: Sequence[NewsScreen]) -> None:
        """Show several news at once. Raises as ``Channel.send`` does, for all of them."""
        ...
