"""What one Telegram bot is made of: its token, its words, its patience."""

from __future__ import annotations

import hashlib
import hmac
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bot.channels.telegram.pace import Rates
from shop_core.kernel.secret import Secret

API: Final = "https://api.telegram.org/bot"

_random: Final = random.SystemRandom()


StaffMenus = Callable[[], Awaitable[Mapping[str, Mapping[str, str]]]]


async def _no_staff() -> Mapping[str, Mapping[str, str]]:
    return {}


@dataclass(frozen=True, slots=True)
class TelegramWords:
    """What the bot says by itself; the keys are languages, and the first language also serves all others.

    Attributes:
        commands: Language → command without slash → what the menu says about it (1-256 characters).
        processing: Language → the notice of a press whose answer takes long.
        too_large: Language → the answer to a file of more than 20 MB, which bots cannot fetch.
    """

    commands: Mapping[str, Mapping[str, str]]
    processing: Mapping[str, str]
    too_large: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Pauses:
    """How long the bot waits, in seconds.

    Attributes:
        poll_s: How long Telegram holds a poll open when there is nothing to tell.
        first_s: After the first failure of a poll; doubled with each that follows.
        longest_s: Never longer than this.
        conflict_s: While another program takes this bot's messages.
        retries_s: Before each repetition of a call for somebody who waits, when nobody knows what became of it.
        spin_s: So long a pressed button may spin. What takes longer, such as asking a gateway, is told to be under
            way, and then answered in the screen alone.
    """

    poll_s: int = 30
    first_s: float = 1.0
    longest_s: float = 60.0
    conflict_s: float = 30.0
    retries_s: tuple[float, ...] = (0.5, 2.0)
    spin_s: float = 1.0

    def after_failures(self, count: int) -> float:
        """The wait after so many failures in a row; scattered, so that bots do not all return at once."""
        longest = min(self.first_s * 2 ** min(count - 1, 16), self.longest_s)
        return _random.uniform(longest / 2, longest)

    def after_conflict(self) -> float:
        """How long to leave the field to the other program; scattered, so that one of the two comes first."""
        return _random.uniform(self.conflict_s / 2, self.conflict_s)


@dataclass(frozen=True, slots=True)
class Hook:
    """Where Telegram brings a bot's updates, and how it proves to be Telegram.

    Attributes:
        url: ``https://HOST/channels/NAME/webhook``, as the world reaches it.
        proof: What comes in a header of every request: 1-256 of ``A-Za-z0-9_-``.
    """

    url: str
    proof: Secret

    @classmethod
    def of(cls, channel: str, public_url: str, secret: Secret) -> Hook:
        """The hook of a channel of ours.

        The proof is made from the secret and the name. So any text may be the secret, whatever Telegram takes in a
        header, and two bots with the same one cannot be taken for each other.
        """
        proof = hmac.new(secret.reveal().encode(), f"telegram:{channel}".encode(), hashlib.sha256)
        return cls(f"{public_url}/channels/{channel}/webhook", Secret(proof.hexdigest()))


@dataclass(frozen=True, slots=True)
class TelegramSettings:
    """One bot.

    Attributes:
        name: The channel instance's name in the config.
        token: As @BotFather gave it.
        api_base_url: ``https://HOST/bot``: the token is added right behind it. Files are at ``https://HOST/file/bot``.
        rates: How fast it sends.
        staff_menus: Asked at each start: a chat of staff → its commands, as ``TelegramWords.commands`` has them.
        hook: Where updates are brought to; None: they are asked for, by long polling.
        stars: The name in the config of the gateway that is this bot's Stars; None: it takes none.
        httpx_kwargs: Passed to ``httpx.AsyncClient``: a transport, ``trust_env``.
    """

    name: str
    token: Secret
    words: TelegramWords
    api_base_url: str = API
    pauses: Pauses = field(default_factory=Pauses)
    rates: Rates = field(default_factory=Rates)
    staff_menus: StaffMenus = _no_staff
    hook: Hook | None = None
    stars: str | None = None
    httpx_kwargs: Mapping[str, Any] = field(default_factory=dict)
