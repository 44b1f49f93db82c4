"""The access token of an account: fetched by one process, used by all.

WeChat keeps the last token good for five minutes after the next, so nobody is cut off by a change.

Source: WeChat, stable_token, November 2026: the same token until five minutes before its end; ``force_refresh`` at most 20
times a day.
"""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta
from typing import Final

import httpx
import structlog

from bot.channels.wechat.calls import Call, call
from bot.channels.wechat.settings import WeChatSettings
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.messaging.access_tokens import (
    Turn,
    find_token,
    give_turn_back,
    keep_token,
    refuse_token,
    take_turn,
)
from shop_core.vault.vault import Vault

WAIT_S: Final = 12.0
"""So long one waits for the process that fetches."""
LOOK_EVERY_S: Final = 0.1
_MARGIN: Final = timedelta(minutes=5)
_AT_LEAST: Final = timedelta(seconds=60)
_LONGEST: Final = timedelta(hours=2)

_log = structlog.get_logger(__name__)


class Tokens:
    """Gets, shares and renews."""

    def __init__(self, settings: WeChatSettings, shop: Shop, http: httpx.AsyncClient) -> None:
        self._settings = settings
        self._shop = shop
        self._http = http

    async def get(self) -> str:
        """A token that is good as far as anybody knows.

        Raises:
            RetryLater: There is none to be had now.
        """
        channel = self._settings.name
        for _ in range(int(WAIT_S / LOOK_EVERY_S)):
            sealed = await self._shop.read(find_token, channel)
            if sealed is not None:
                return self._shop.get(Vault).open_bytes(sealed, place=self._place).decode()
            turn = await self._shop.write(take_turn, channel)
            if turn is not None:
                return await self._fetch(turn)
            await asyncio.sleep(LOOK_EVERY_S)
        raise RetryLater("wechat: no token")

    async def refuse(self, token: str) -> None:
        """WeChat did not take it. Whoever asks next gets another one, fetched once for all who heard so."""
        await self._shop.write(refuse_token, self._settings.name, _mark(token))

    async def _fetch(self, turn: Turn) -> str:
        try:
            token, lasts = await self._ask(turn)
        except Unknown as error:
            # Asked again it says the same: nothing can come of that twice.
            await self._shop.write(give_turn_back, self._settings.name, turn)
            raise RetryLater(error.reason) from None
        except BaseException:
            await self._shop.write(give_turn_back, self._settings.name, turn)
            raise
        await self._shop.write(self._keep, turn, token, lasts)
        return token

    async def _ask(self, turn: Turn) -> tuple[str, timedelta]:
        token, lasts = await self._request(is_forced=False)
        if _mark(token) == turn.refused:
            # The very one that was not taken: only force brings another.
            return await self._request(is_forced=True)
        return token, lasts

    async def _request(self, *, is_forced: bool) -> tuple[str, timedelta]:
        body = {
            "grant_type": "client_credential",
            "appid": self._settings.app_id,
            "secret": self._settings.app_secret.reveal(),
            "force_refresh": is_forced,
        }
        asked = Call("/cgi-bin/stable_token", body)
        answer = await call(self._http, asked, within_s=self._settings.call_s)
        token, seconds = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(token, str) or not token or not isinstance(seconds, int):
            # 40164 names the address to be allowed in the console, 40125 a wrong secret: the owner's to mend.
            _log.error(
                "wechat.no_access",
                channel=self._settings.name,
                code=answer.get("errcode"),
                says=str(answer.get("errmsg"))[:200],
            )
            raise RetryLater("wechat: no token", retry_after_s=60)
        return token, min(max(timedelta(seconds=seconds) - _MARGIN, _AT_LEAST), _LONGEST)

    def _keep(self, tx: Tx, turn: Turn, token: str, lasts: timedelta) -> None:
        sealed = self._shop.get(Vault).seal_bytes(token.encode(), place=self._place)
        keep_token(tx, self._settings.name, turn, sealed, _mark(token), lasts=lasts)

    @property
    def _place(self) -> str:
        return f"access_token:{self._settings.name}"


def _mark(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
