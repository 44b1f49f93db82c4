"""Writing to people by ourselves: WeChat's customer service messages, counted before they are sent.

Source: WeChat, message/custom/send, media/upload, November 2026: msgmenu on verified service accounts (40200: not on this
one, 45098: more than it takes); pictures of at most 10 MB, kept for three days under a media id.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import structlog

from bot.channels.channel import Unreachable
from bot.channels.tencent.api import Api, NoAllowance, Refused
from bot.channels.tencent.calls import Call
from bot.channels.tencent.pushed import Pushed, kind_of
from shop_core.customers.people import Address
from shop_core.db.shop import Shop
from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.messaging import allowance
from shop_core.messaging.vendor_ids import find_vendor_id, forget_vendor_id, keep_vendor_id

SEND: Final = "/cgi-bin/message/custom/send"
PICTURE_LASTS: Final = timedelta(days=3) - timedelta(hours=1)
"""WeChat keeps one for three days; who is told of it at the end of the third has to find it still."""
_SILENT_S: Final = 3600
_NO_MENUS: Final = frozenset({40200, 45098})
_NO_SUCH_MEDIA: Final = 40007

_log = structlog.get_logger(__name__)


class NothingMayBePushed(RetryLater):
    """The person's next word brings it along."""

    def __init__(self) -> None:
        super().__init__("wechat: nothing may be pushed", retry_after_s=_SILENT_S)


class Pusher:
    """Sends one account's messages."""

    def __init__(self, channel: str, api: Api, shop: Shop) -> None:
        self._channel = channel
        self._api = api
        self._shop = shop
        self._has_menus = True

    async def push(self, address: Address, news: Pushed, *, keep: int = 0) -> None:
        """Send a message, if one may be sent. It counts before it leaves; one that certainly did not is given back.

        Args:
            keep: So many must be left for what matters more.

        Raises:
            NothingMayBePushed: None may be sent now.
            RetryLater: WeChat does not take it now.
            Unknown: Nobody knows whether it was sent.
            Unreachable: The person follows the account no more, or wants to hear nothing.
        """
        await self._spend(address, keep)
        try:
            await self._send(address, news.message(address.external_id, as_menu=self._has_menus))
        except Refused as error:
            if not self._has_menus or not news.items or error.code not in _NO_MENUS:
                raise
            # Not every account may: a text says the same. What was refused has not been counted.
            self._has_menus = False
            _log.info("wechat.no_menus", channel=self._channel, code=error.code)
            await self._send(address, news.message(address.external_id, as_menu=False))

    async def show_picture(self, address: Address, content: bytes) -> bool:
        """Send a picture, if something is left after it. Nothing hangs on it: False says that it failed."""
        mark = f"picture:{hashlib.sha256(content).hexdigest()[:40]}"
        try:
            media = await self._shop.read(find_vendor_id, self._channel, mark)
            if media is None:
                media = await self._upload(mark, content)
            await self._spend(address, allowance.RESERVED)
            message = {"touser": address.external_id, "msgtype": "image", "image": {"media_id": media}}
            await self._send(address, message)
        except Refused as error:
            if error.code == _NO_SUCH_MEDIA:
                await self._shop.write(forget_vendor_id, self._channel, mark)
            _log.warning("wechat.picture_refused", channel=self._channel, code=error.code)
            return False
        except (RetryLater, Unknown, Unreachable) as error:
            _log.info("wechat.picture_not_shown", channel=self._channel, reason=str(error))
            return False
        return True

    async def _upload(self, mark: str, content: bytes) -> str:
        kind = kind_of(content) or "image/png"
        name = f"picture.{kind.removeprefix('image/')}"
        asked = Call("/cgi-bin/media/upload", query={"type": "image"}, file=(name, content, kind))
        answer = await self._api.ask(asked)
        media = answer.get("media_id")
        if not isinstance(media, str) or not media:
            raise Unknown("wechat: no media id")
        await self._shop.write(keep_vendor_id, self._channel, mark, media, lasts=PICTURE_LASTS)
        return media

    async def _spend(self, address: Address, keep: int) -> None:
        if not await self._shop.write(allowance.spend, address, keep=keep):
            raise NothingMayBePushed

    async def _send(self, address: Address, message: Mapping[str, Any]) -> None:
        try:
            await self._api.ask(Call(SEND, message))
        except RetryLater:
            await self._shop.write(allowance.give_back, address)
            raise
        except NoAllowance:
            await self._shop.write(allowance.close, address)
            raise NothingMayBePushed from None
