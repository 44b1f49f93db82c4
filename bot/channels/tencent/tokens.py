"""The access token of an account: fetched by one process, used by all.

Both vendors keep the last token good for a while after the next, so nobody is cut off by a change.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Final

import structlog

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

Request = Callable[[bool], Awaitable[tuple[str, timedelta]]]
"""Asks the vendor for a token, and how long it lasts; by force, where he knows of that, another than the last."""


class Tokens:
    """Gets, shares and renews."""

    def __init__(self, channel: str, vendor: str, shop: Shop, request: Request) -> None:
        self._channel = channel
        self._vendor = vendor
        self._shop = shop
        self._request = request

    async def get(self) -> str:
        """A token that is good as far as anybody knows.

        Raises:
            RetryLater: There is none to be had now.
        """
        channel = self._channel
        for _ in range(int(WAIT_S / LOOK_EVERY_S)):
            sealed = await self._shop.read(find_token, channel)
            if sealed is not None:
                return self._shop.get(Vault).open_bytes(sealed, place=self._place).decode()
            turn = await self._shop.write(take_turn, channel)
            if turn is not None:
                return await self._fetch(turn)
            await asyncio.sleep(LOOK_EVERY_S)
        raise RetryLater(f"{self._vendor}: no token")

    async def refuse(self, token: str) -> None:
        """They did not take it. Whoever asks next gets another one, fetched once for all who heard so."""
        await self._shop.write(refuse_token, self._channel, _mark(token))

    async def _fetch(self, turn: Turn) -> str:
        try:
            token, lasts = await self._ask(turn)
        except Unknown as error:
            # Asked again it says the same: nothing can come of that twice.
            await self._shop.write(give_turn_back, self._channel, turn)
            raise RetryLater(error.reason) from None
        except BaseException:
            await self._shop.write(give_turn_back, self._channel, turn)
            raise
        await self._shop.write(self._keep, turn, token, lasts)
        return token

    async def _ask(self, turn: Turn) -> tuple[str, timedelta]:
        token, lasts = await self._request(False)  # noqa: FBT003 - by force, or not
        if _mark(token) == turn.refused:
            # The very one that was not taken: only force brings another.
            token, lasts = await self._request(True)  # noqa: FBT003 - as above
        return token, min(max(lasts - _MARGIN, _AT_LEAST), _LONGEST)

    def _keep(self, tx: Tx, turn: Turn, token: str, lasts: timedelta) -> None:
        sealed = self._shop.get(Vault).seal_bytes(token.encode(), place=self._place)
        keep_token(tx, self._channel, turn, sealed, _mark(token), lasts=lasts)

    @property
    def _place(self) -> str:
        return f"access_token:{self._channel}"


def read_token(answer: Mapping[str, Any], *, vendor: str, channel: str) -> tuple[str, timedelta]:
    """The token in an answer, and how long it lasts.

    Raises:
        RetryLater: There is none; the log has their own words: an address to be allowed, a wrong secret: for the
            owner to mend.
    """
    token, seconds = answer.get("access_token"), answer.get("expires_in")
    if isinstance(token, str) and token and isinstance(seconds, int):
        return token, timedelta(seconds=seconds)
    says = str(answer.get("errmsg"))[:200]
    _log.error(f"{vendor}.no_access", channel=channel, code=answer.get("errcode"), says=says)
    raise RetryLater(f"{vendor}: no token", retry_after_s=60)


def _mark(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
