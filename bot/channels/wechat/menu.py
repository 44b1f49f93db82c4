"""The account's menu, as the config has it: WeChat is asked what it shows, and told otherwise only where that differs.

Source: WeChat, custom menus (menu/get, menu/create, menu/delete), November 2026: at most three buttons with at most five
below each; 46003: there is none. Phones show a new one within minutes, or after following again.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import structlog

from bot.channels.tencent.api import Api, Refused
from bot.channels.tencent.calls import Call
from bot.channels.wechat.settings import MenuButton
from shop_core.db.leases import acquire
from shop_core.db.shop import Shop
from shop_core.kernel.errors import RetryLater, Unknown

AGAIN_S: Final = 24 * 3600
"""Somebody may have changed it in WeChat's console meanwhile."""
_LEASE: Final = timedelta(minutes=1)
_SHORTLY_S: Final = 30
_NONE: Final = 46003

_log = structlog.get_logger(__name__)


class Menu:
    """Keeps one account's menu in step with the config. Several processes may: one of them does."""

    def __init__(self, channel: str, buttons: Sequence[MenuButton], api: Api, shop: Shop) -> None:
        self._channel = channel
        self._wanted = [button.said() for button in buttons]
        self._api = api
        self._shop = shop
        self._holder = secrets.token_hex(8)

    async def keep(self) -> None:
        """Look at it now and each day, until cancelled."""
        while True:
            pause_s = await self._settle()
            await asyncio.sleep(pause_s)

    async def _settle(self) -> float:
        """See that it is as it should be. Returns after how many seconds to look again."""
        # Its content is part of the name: one that was changed does not wait for whoever saw to the old one.
        mark = hashlib.sha256(json.dumps(self._wanted).encode()).hexdigest()[:16]
        if not await self._shop.write(acquire, f"menu:{self._channel}:{mark}", self._holder, lease=_LEASE):
            return AGAIN_S
        try:
            if await self._shown() != self._wanted:
                await self._set()
                _log.info("wechat.menu_set", channel=self._channel, buttons=len(self._wanted))
        except Refused as error:
            # 40018 and its neighbours: WeChat does not like a name, a key or an address: the config is to be mended.
            _log.error("wechat.menu_refused", channel=self._channel, code=error.code)
        except (RetryLater, Unknown) as error:
            _log.warning("wechat.menu_waits", channel=self._channel, reason=error.reason)
            return error.retry_after_s if isinstance(error, RetryLater) else _SHORTLY_S
        return AGAIN_S

    async def _shown(self) -> Sequence[Mapping[str, Any]]:
        try:
            answer = await self._api.ask(Call("/cgi-bin/menu/get"))
        except Refused as error:
            if error.code == _NONE:
                return []
            raise
        menu = answer.get("menu")
        return _shape(menu.get("button") if isinstance(menu, dict) else None)

    async def _set(self) -> None:
        if self._wanted:
            await self._api.ask(Call("/cgi-bin/menu/create", {"button": self._wanted}))
        else:
            await self._api.ask(Call("/cgi-bin/menu/delete"))


def _shape(buttons: object) -> Sequence[Mapping[str, Any]]:
    """WeChat's buttons without what it adds: empty lists, and fields that we do not set."""
    if not isinstance(buttons, list):
        return []
    return [_button(button) for button in buttons if isinstance(button, dict)]


def _button(button: Mapping[str, Any]) -> Mapping[str, Any]:
    below = _shape(button.get("sub_button"))
    if below:
        return {"name": button.get("name"), "sub_button": below}
    return {name: button[name] for name in ("type", "name", "key", "url") if button.get(name)}
