"""WeChat's API for one account: with a token that is good, past a breaker, and what its answers mean.

Source: WeChat, global return codes and message/custom/send, November 2026; what each means for us, ``_MEANS``.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from math import ceil
from typing import Any, Final

import httpx
import structlog

from bot.channels.channel import Unreachable
from bot.channels.wechat.calls import Call, call
from bot.channels.wechat.settings import WeChatSettings
from bot.channels.wechat.tokens import Tokens
from shop_core.db.shop import Shop
from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.supply.health import channel_subject, close_breaker, note_failure, pass_breaker
from shop_core.wire.certificates import certificates

_BUSY_S: Final = 30
_ASK_OWNER_S: Final = 900

_log = structlog.get_logger(__name__)


class Means(Enum):
    """What an answer of WeChat's means for who called."""

    BAD_TOKEN = auto()
    NO_ALLOWANCE = auto()
    NOBODY_THERE = auto()
    SYSTEM_BUSY = auto()
    TOO_MANY = auto()
    NO_RIGHT = auto()


_MEANS: Final[Mapping[int, Means]] = {
    40001: Means.BAD_TOKEN,
    40014: Means.BAD_TOKEN,
    42001: Means.BAD_TOKEN,
    45015: Means.NO_ALLOWANCE,
    45047: Means.NO_ALLOWANCE,
    40003: Means.NOBODY_THERE,
    43004: Means.NOBODY_THERE,
    43019: Means.NOBODY_THERE,
    48002: Means.NOBODY_THERE,
    -1: Means.SYSTEM_BUSY,
    45009: Means.TOO_MANY,
    45011: Means.TOO_MANY,
    48001: Means.NO_RIGHT,
    48004: Means.NO_RIGHT,
    50002: Means.NO_RIGHT,
}


class Refused(Exception):
    """WeChat does not take what we sent: a mistake of ours, or of the config. Says which, and nothing of the message."""

    def __init__(self, code: int) -> None:
        super().__init__(f"wechat: {code}")
        self.code = code


class NoAllowance(Exception):
    """WeChat counts otherwise than we do: nothing may be pushed to this person."""


class Api:
    """Calls for one account. One that is not answered any more is left alone for a while, by all processes."""

    def __init__(self, settings: WeChatSettings, shop: Shop) -> None:
        self._channel = settings.name
        self._shop = shop
        self._within_s = settings.call_s
        self._http = httpx.AsyncClient(
            base_url=settings.api_base_url,
            timeout=settings.call_s,
            **{"verify": certificates(), **settings.httpx_kwargs},
        )
        self._tokens = Tokens(settings, shop, self._http)

    async def ask(self, asked: Call) -> Mapping[str, Any]:
        """Ask something.

        Raises:
            RetryLater: It did not arrive, or WeChat does not take it now; or it is left alone.
            Unknown: Nobody knows whether it was done.
            Unreachable: The person whom it was about follows the account no more, or wants to hear nothing.
            NoAllowance: Nothing may be pushed to him now.
            Refused: It is not taken, ever.
        """
        subject = channel_subject(self._channel)
        wait = await self._shop.write(pass_breaker, subject)
        if wait is not None:
            raise RetryLater("wechat: left alone", retry_after_s=ceil(wait.total_seconds()))
        try:
            answer = await self._ask_with_token(asked)
        except (RetryLater, Unknown) as error:
            if await self._shop.write(note_failure, subject):
                _log.error("wechat.left_alone", channel=self._channel, reason=error.reason)
            raise
        if await self._shop.write(close_breaker, subject):
            _log.info("wechat.answers_again", channel=self._channel)
        self._take(answer)
        return answer

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def _ask_with_token(self, asked: Call) -> Mapping[str, Any]:
        token = await self._tokens.get()
        answer = await call(self._http, asked, within_s=self._within_s, token=token)
        if _means(answer) is Means.BAD_TOKEN:
            # Another process may have heard so before, and have a new one already.
            await self._tokens.refuse(token)
            token = await self._tokens.get()
            answer = await call(self._http, asked, within_s=self._within_s, token=token)
        if _means(answer) is Means.SYSTEM_BUSY:
            raise RetryLater(f"wechat: {code_of(answer)}", retry_after_s=_BUSY_S)
        return answer

    def _take(self, answer: Mapping[str, Any]) -> None:
        code = code_of(answer)
        if code == 0:
            return
        match _means(answer):
            case Means.NO_ALLOWANCE:
                raise NoAllowance
            case Means.NOBODY_THERE:
                raise Unreachable(f"wechat: {code}")
            case Means.SYSTEM_BUSY | Means.TOO_MANY | Means.BAD_TOKEN:
                raise RetryLater(f"wechat: {code}", retry_after_s=_BUSY_S)
            case Means.NO_RIGHT:
                _log.error("wechat.no_right", channel=self._channel, code=code)
                raise RetryLater(f"wechat: {code}", retry_after_s=_ASK_OWNER_S)
            case None:
                raise Refused(code)


def code_of(answer: Mapping[str, Any]) -> int:
    """Its ``errcode``: 0 where all is well."""
    code = answer.get("errcode", 0)
    return code if isinstance(code, int) else -1


def _means(answer: Mapping[str, Any]) -> Means | None:
    return _MEANS.get(code_of(answer))
