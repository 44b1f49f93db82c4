"""Writing to people by ourselves: WeChat's customer service messages, counted before they are sent.

Source: WeChat, message/custom/send and stable_token, November 2026; what each error code means, ``_MEANS``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum, auto
from typing import Any, Final

import httpx
import structlog

from bot.channels.channel import Unreachable
from bot.channels.wechat.calls import call
from bot.channels.wechat.settings import WeChatSettings
from bot.channels.wechat.tokens import Tokens
from shop_core.customers.people import Address
from shop_core.db.shop import Shop
from shop_core.kernel.errors import RetryLater
from shop_core.messaging import allowance
from shop_core.wire.certificates import certificates

PATIENCE_S: Final = 10.0
"""So long a call may take, connecting included."""
_SILENT_S: Final = 3600
_BUSY_S: Final = 30
_ASK_OWNER_S: Final = 900

_log = structlog.get_logger(__name__)


class _Means(Enum):
    """What an answer of WeChat's means for who called."""

    BAD_TOKEN = auto()
    NO_ALLOWANCE = auto()
    NOBODY_THERE = auto()
    BUSY = auto()
    NO_RIGHT = auto()


_MEANS: Final[Mapping[int, _Means]] = {
    40001: _Means.BAD_TOKEN,
    40014: _Means.BAD_TOKEN,
    42001: _Means.BAD_TOKEN,
    45015: _Means.NO_ALLOWANCE,
    45047: _Means.NO_ALLOWANCE,
    40003: _Means.NOBODY_THERE,
    43004: _Means.NOBODY_THERE,
    43019: _Means.NOBODY_THERE,
    48002: _Means.NOBODY_THERE,
    -1: _Means.BUSY,
    45009: _Means.BUSY,
    45011: _Means.BUSY,
    48001: _Means.NO_RIGHT,
    48004: _Means.NO_RIGHT,
    50002: _Means.NO_RIGHT,
}


class Refused(Exception):
    """WeChat does not take what we sent: a mistake of ours. Says which, and nothing of the message."""


class Pusher:
    """Sends one account's messages."""

    def __init__(self, settings: WeChatSettings, shop: Shop) -> None:
        self._channel = settings.name
        self._shop = shop
        self._http = httpx.AsyncClient(
            base_url=settings.api_base_url,
            timeout=PATIENCE_S,
            **{"verify": certificates(), **settings.httpx_kwargs},
        )
        self._tokens = Tokens(settings, shop, self._http)

    async def push(self, address: Address, text: str, *, keep: int = 0) -> None:
        """Send a text, if one may be sent. It counts before it leaves; one that certainly did not is given back.

        Args:
            keep: So many must be left for what matters more.

        Raises:
            RetryLater: None may be sent now, or WeChat does not take it now.
            Unknown: Nobody knows whether it was sent.
            Unreachable: The person follows the account no more, or wants to hear nothing.
        """
        if not await self._shop.write(allowance.spend, address, keep=keep):
            raise RetryLater("wechat: nothing may be pushed", retry_after_s=_SILENT_S)
        try:
            await self._send(address, text)
        except RetryLater:
            await self._shop.write(allowance.give_back, address)
            raise
        except _NoAllowance:
            await self._shop.write(allowance.close, address)
            raise RetryLater("wechat: nothing may be pushed", retry_after_s=_SILENT_S) from None

    async def close(self) -> None:
        """Let go of the connections."""
        await self._http.aclose()

    async def _send(self, address: Address, text: str) -> None:
        message = {"touser": address.external_id, "msgtype": "text", "text": {"content": text}}
        body = json.dumps(message, ensure_ascii=False).encode()
        token = await self._tokens.get()
        answer = await self._post(token, body)
        if _MEANS.get(_code(answer)) is _Means.BAD_TOKEN:
            # Another process may have heard so before, and have a new one already.
            await self._tokens.refuse(token)
            answer = await self._post(await self._tokens.get(), body)
        self._take(answer)

    async def _post(self, token: str, body: bytes) -> Mapping[str, Any]:
        return await call(self._http, "/cgi-bin/message/custom/send", body, {"access_token": token})

    def _take(self, answer: Mapping[str, Any]) -> None:
        code = _code(answer)
        if code == 0:
            return
        match _MEANS.get(code):
            case _Means.NO_ALLOWANCE:
                raise _NoAllowance
            case _Means.NOBODY_THERE:
                raise Unreachable(f"wechat: {code}")
            case _Means.BUSY | _Means.BAD_TOKEN:
                raise RetryLater(f"wechat: {code}", retry_after_s=_BUSY_S)
            case _Means.NO_RIGHT:
                _log.error("wechat.no_right", channel=self._channel, code=code)
                raise RetryLater(f"wechat: {code}", retry_after_s=_ASK_OWNER_S)
            case None:
                raise Refused(f"wechat: {code}")


class _NoAllowance(Exception):
    """WeChat counts otherwise than we do."""


def _code(answer: Mapping[str, Any]) -> int:
    code = answer.get("errcode", 0)
    return code if isinstance(code, int) else -1
