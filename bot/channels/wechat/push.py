"""Writing to people by ourselves: WeChat's customer service messages, counted before they are sent."""

from __future__ import annotations

from typing import Final

from bot.channels.wechat.api import Api, NoAllowance
from bot.channels.wechat.calls import Call
from shop_core.customers.people import Address
from shop_core.db.shop import Shop
from shop_core.kernel.errors import RetryLater
from shop_core.messaging import allowance

_SILENT_S: Final = 3600


class Pusher:
    """Sends one account's messages."""

    def __init__(self, api: Api, shop: Shop) -> None:
        self._api = api
        self._shop = shop

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
        message = {"touser": address.external_id, "msgtype": "text", "text": {"content": text}}
        try:
            await self._api.ask(Call("/cgi-bin/message/custom/send", message))
        except RetryLater:
            await self._shop.write(allowance.give_back, address)
            raise
        except NoAllowance:
            await self._shop.write(allowance.close, address)
            raise RetryLater("wechat: nothing may be pushed", retry_after_s=_SILENT_S) from None
