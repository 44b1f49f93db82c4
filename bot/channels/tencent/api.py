"""One account's API: with a token that is good, past a breaker, and what its answers mean."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from enum import Enum, auto
from math import ceil
from typing import Any, Final, TypeVar

import structlog

from bot.channels.channel import Unreachable
from bot.channels.tencent.calls import Call, Fetched, Line
from bot.channels.tencent.tokens import Tokens
from shop_core.db.shop import Shop
from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.supply.health import channel_subject, close_breaker, note_failure, pass_breaker

_BUSY_S: Final = 30
_ASK_OWNER_S: Final = 900

_Got = TypeVar("_Got", bound=Mapping[str, Any] | Fetched)

_log = structlog.get_logger(__name__)


class Means(Enum):
    """What an answer means for who called."""

    BAD_TOKEN = auto()
    NO_ALLOWANCE = auto()
    NOBODY_THERE = auto()
    SYSTEM_BUSY = auto()
    TOO_MANY = auto()
    NO_RIGHT = auto()
    WRONG_STATE = auto()


class Refused(Exception):
    """It does not take what we sent: a mistake of ours, or of the config. Says which, and nothing of the message."""

    def __init__(self, vendor: str, code: int) -> None:
        super().__init__(f"{vendor}: {code}")
        self.code = code


class NoAllowance(Exception):
    """They count otherwise than we do: nothing may be pushed to this person."""


class WrongState(Exception):
    """Somebody else has this person's conversation in hand, or nobody: nothing can be sent into it."""


class Api:
    """Calls for one account. One that is not answered any more is left alone for a while, by all processes."""

    def __init__(
        self, channel: str, line: Line, tokens: Tokens, means: Mapping[int, Means], shop: Shop
    ) -> None:
        """Take the way there.

        Args:
            means: What this vendor's codes mean; any other refuses what was asked.
        """
        self._channel = channel
        self._line = line
        self._tokens = tokens
        self._meanings = means
        self._shop = shop
        self._vendor = line.vendor

    async def ask(self, asked: Call) -> Mapping[str, Any]:
        """Ask something.

        Raises:
            RetryLater: It did not arrive, or is not taken now; or they are left alone.
            Unknown: Nobody knows whether it was done.
            Unreachable: The person whom it was about follows the account no more, or wants to hear nothing.
            NoAllowance: Nothing may be pushed to him now.
            WrongState: Nor said into his conversation, as it stands.
            Refused: It is not taken, ever.
        """

        async def once(token: str) -> Mapping[str, Any]:
            return await self._line.call(asked, token=token)

        answer = await self._past_breaker(once)
        self._take(answer)
        return answer

    async def fetch(self, asked: Call, *, at_most: int) -> Fetched:
        """Fetch a file. Raises as ``ask`` does; and ``TooLarge``, of more than so many bytes."""

        async def once(token: str) -> Mapping[str, Any] | Fetched:
            return await self._line.fetch(asked, token=token, at_most=at_most)

        answer = await self._past_breaker(once)
        if isinstance(answer, Fetched):
            return answer
        self._take(answer)
        raise Unknown(f"{self._vendor}: no file")

    async def close(self) -> None:
        """Let go of the connections."""
        await self._line.http.aclose()

    async def _past_breaker(self, once: Callable[[str], Awaitable[_Got]]) -> _Got:
        subject = channel_subject(self._channel)
        wait = await self._shop.write(pass_breaker, subject)
        if wait is not None:
            raise RetryLater(f"{self._vendor}: left alone", retry_after_s=ceil(wait.total_seconds()))
        try:
            answer = await self._with_token(once)
        except (RetryLater, Unknown) as error:
            if await self._shop.write(note_failure, subject):
                _log.error(f"{self._vendor}.left_alone", channel=self._channel, reason=error.reason)
            raise
        if await self._shop.write(close_breaker, subject):
            _log.info(f"{self._vendor}.answers_again", channel=self._channel)
        return answer

    async def _with_token(self, once: Callable[[str], Awaitable[_Got]]) -> _Got:
        token = await self._tokens.get()
        answer = await once(token)
        if self._means(answer) is Means.BAD_TOKEN:
            # Another process may have heard so before, and have a new one already.
            await self._tokens.refuse(token)
            answer = await once(await self._tokens.get())
        if self._means(answer) is Means.SYSTEM_BUSY:
            raise RetryLater(f"{self._vendor}: {code_of(answer)}", retry_after_s=_BUSY_S)
        return answer

    def _means(self, answer: Mapping[str, Any] | Fetched) -> Means | None:
        return self._meanings.get(code_of(answer))

    def _take(self, answer: Mapping[str, Any]) -> None:
        code = code_of(answer)
        if code == 0:
            return
        match self._means(answer):
            case Means.NO_ALLOWANCE:
                raise NoAllowance
            case Means.WRONG_STATE:
                raise WrongState
            case Means.NOBODY_THERE:
                raise Unreachable(f"{self._vendor}: {code}")
            case Means.SYSTEM_BUSY | Means.TOO_MANY | Means.BAD_TOKEN:
                raise RetryLater(f"{self._vendor}: {code}", retry_after_s=_BUSY_S)
            case Means.NO_RIGHT:
                _log.error(f"{self._vendor}.no_right", channel=self._channel, code=code)
                raise RetryLater(f"{self._vendor}: {code}", retry_after_s=_ASK_OWNER_S)
            case None:
                raise Refused(self._vendor, code)


def code_of(answer: Mapping[str, Any] | Fetched) -> int:
    """Its ``errcode``: 0 where all is well."""
    code = 0 if isinstance(answer, Fetched) else answer.get("errcode", 0)
    return code if isinstance(code, int) else -1
