"""Scene codes (带参数的二维码): whoever scans one follows the account and is where it leads.

Source: WeChat, qrcode/create, November 2026: permanent ones, at most 100,000, ``scene_str`` of 1 to 64 characters; a scan is
told as ``SCAN``, or as ``subscribe`` with ``qrscene_`` before the scene.
"""

from __future__ import annotations

from typing import Final

from bot.channels.channel import Unreachable
from bot.channels.tencent.api import Api, NoAllowance, Refused
from bot.channels.tencent.calls import Call
from shop_core.db.shop import Shop
from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.messaging.scene_codes import SceneNotMade
from shop_core.messaging.vendor_ids import find_vendor_id, keep_vendor_id

_LONGEST_ADDRESS: Final = 500


class Scenes:
    """Makes one account's scene codes, each once."""

    def __init__(self, channel: str, api: Api, shop: Shop) -> None:
        self._channel = channel
        self._api = api
        self._shop = shop

    async def make(self, scene: str) -> str:
        """The address that the code has in it. Asked twice, even at once, WeChat makes no second code for a scene.

        Raises:
            SceneNotMade: Not now.
        """
        mark = f"scene:{scene}"
        known = await self._shop.read(find_vendor_id, self._channel, mark)
        if known is not None:
            return known
        wanted = {"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": scene}}}
        try:
            answer = await self._api.ask(Call("/cgi-bin/qrcode/create", wanted))
        except (RetryLater, Unknown, Refused, Unreachable, NoAllowance) as error:
            raise SceneNotMade(reason=str(error)) from None
        address = answer.get("url")
        if not isinstance(address, str) or not 0 < len(address) <= _LONGEST_ADDRESS:
            raise SceneNotMade(reason="wechat: no address")
        await self._shop.write(keep_vendor_id, self._channel, mark, address)
        return address
