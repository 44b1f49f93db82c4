"""Pictures and files, both ways: fetched by their media id, and sent up once for as long as WeCom keeps them.

Source: WeCom, media/get and media/upload, November 2026: pictures JPG or PNG of at most 10 MB; files of 5 bytes to 20 MB;
kept for three days under a media id that may be sent again.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import structlog

from bot.channels.tencent.api import Api, Refused
from bot.channels.tencent.calls import Call
from bot.channels.wecom.account import NO_SUCH_MEDIA
from bot.channels.wecom.heard import Heard
from bot.channels.wecom.send import NothingMayBeSent, Saying, Sender
from bot.channels.wecom.settings import WeComSettings
from handlers.incoming import Upload
from handlers.screen import Screen
from shop_core.customers.people import Address
from shop_core.db.shop import Shop
from shop_core.kernel.errors import Unknown
from shop_core.messaging.vendor_ids import find_vendor_id, forget_vendor_id, keep_vendor_id
from shop_core.threads.sealing import LARGEST_FILE, picture_type

LASTS: Final = timedelta(days=3) - timedelta(hours=1)
"""Who is told of one at the end of the third day has to find it still."""
LARGEST_SENT: Final = 20 * 1024 * 1024
SMALLEST_SENT: Final = 5
_LONGEST_ID: Final = 500
_AS_PICTURE: Final = frozenset({"image/png", "image/jpeg"})
_NAMES: Final = {"image": "picture.jpg", "voice": "voice.amr", "video": "video.mp4", "file": "file"}

_log = structlog.get_logger(__name__)


class Files:
    """One account's files."""

    def __init__(self, settings: WeComSettings, api: Api, sender: Sender, shop: Shop) -> None:
        self._channel = settings.name
        self._api = api
        self._sender = sender
        self._shop = shop

    async def fetch(self, heard: Heard) -> Upload | None:
        """What somebody sent; None: it is there no more.

        Raises:
            TooLarge: More than a thread keeps.
            RetryLater, Unknown: Not now.
        """
        asked = Call("/cgi-bin/media/get", query={"media_id": heard.media})
        try:
            got = await self._api.fetch(asked, at_most=LARGEST_FILE)
        except Refused as error:
            _log.warning("wecom.no_file", channel=self._channel, code=error.code)
            return None
        kind = picture_type(got.content) if heard.kind == "image" else None
        name = _NAMES[heard.kind] if kind is None else f"picture.{kind.removeprefix('image/')}"
        return Upload(got.name or name, got.content)

    async def send(self, address: Address, screen: Screen, what: Saying) -> bool:
        """Send what comes along with a screen, if anything does. False: it was not taken, or nothing may be sent.

        Args:
            what: What it is to us, without its content.

        Raises:
            RetryLater, Unknown: Not now; sent again it is there once.
            WrongState, Unreachable: As for any message.
        """
        if screen.attachment is not None:
            name, content = screen.attachment.name, screen.attachment.content
        elif screen.file is not None:
            name, content = screen.file.name, screen.file.bytes
        else:
            return False
        if not SMALLEST_SENT <= len(content) <= LARGEST_SENT:
            return False
        type_ = "image" if picture_type(content) in _AS_PICTURE else "file"
        kept = f"{type_}:{hashlib.sha256(content).hexdigest()[:40]}"
        try:
            media = await self._shop.read(find_vendor_id, self._channel, kept)
            if media is None:
                media = await self._upload(kept, type_, name, content)
            said: dict[str, Any] = {"msgtype": type_, type_: {"media_id": media}}
            await self._sender.say(address, replace(what, content=said))
        except NothingMayBeSent:
            return False
        except Refused as error:
            if error.code == NO_SUCH_MEDIA:
                await self._shop.write(forget_vendor_id, self._channel, kept)
            _log.warning("wecom.file_refused", channel=self._channel, code=error.code)
            return False
        return True

    async def _upload(self, kept: str, type_: str, name: str, content: bytes) -> str:
        kind = picture_type(content) or "application/octet-stream"
        asked = Call("/cgi-bin/media/upload", query={"type": type_}, file=(name, content, kind))
        media = (await self._api.ask(asked)).get("media_id")
        if not isinstance(media, str) or not 0 < len(media) <= _LONGEST_ID:
            raise Unknown("wecom: no media id")
        await self._shop.write(keep_vendor_id, self._channel, kept, media, lasts=LASTS)
        return media
