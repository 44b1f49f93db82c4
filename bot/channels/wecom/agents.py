"""Handing a conversation to a person in WeCom's own app, and knowing when it comes back.

Source: WeCom, kf/service_state/get and trans, November 2026: 0 new, 1 with us, 2 in the waiting pool, 3 with an agent, 4
over; one may go from 0 and 1 to 2 and 3. In 2, 3 and 4 nothing can be sent. A conversation ends when the agent ends it, and
after 48 hours.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import structlog

from bot.channels.tencent.api import Api
from bot.channels.tencent.calls import Call
from bot.channels.wecom.settings import WeComSettings
from shop_core.customers.people import Address
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.kernel.errors import Unknown
from shop_core.messaging.queue import wake_address
from shop_core.threads.handovers import Open, end, find_handover, note_taken

_STATE: Final = "/cgi-bin/kf/service_state/get"
_TRANS: Final = "/cgi-bin/kf/service_state/trans"
_POOL, _AGENT = 2, 3
_SURE_FOR: Final = timedelta(minutes=10)
"""The event that ends a hand-over may be lost: what is older than this is asked for before it is believed."""

_log = structlog.get_logger(__name__)


def take_back(tx: Tx, address: Address, problem: str | None = None) -> bool:
    """The conversation is ours again: what waited for that is due now. False: it was ours."""
    if not end(tx, address, problem):
        return False
    wake_address(tx, address)
    return True


class Agents:
    """Who has one account's conversations in hand."""

    def __init__(self, settings: WeComSettings, api: Api, shop: Shop) -> None:
        self._open_kfid = settings.open_kfid
        self._agent = settings.agent
        self._api = api
        self._shop = shop

    async def call(self, address: Address) -> None:
        """Have a person take the conversation. Twice is once: one that a person has already is left as it is.

        Raises:
            Refused: There is nobody to take it, or WeCom does not let us.
            RetryLater, Unknown: Not now, or nobody knows.
        """
        if await self._state(address) not in {_POOL, _AGENT}:
            state = (
                {"service_state": _AGENT, "servicer_userid": self._agent}
                if self._agent
                else {"service_state": _POOL}
            )
            await self._api.ask(Call(_TRANS, {**self._whose(address), **state}))
        await self._shop.write(note_taken, address, self._agent)

    async def find(self, address: Address) -> Open | None:
        """The hand-over that is going on, as WeCom knows it; one that is over there is ended here. Raises as ``call``."""
        known = await self._shop.read(find_handover, address)
        if known is None or (known.is_taken and self._shop.clock.now() - known.seen_at < _SURE_FOR):
            return known
        return await self.look(address)

    async def look(self, address: Address) -> Open | None:
        """Ask WeCom who has the conversation, and write it down. Raises as ``call``."""
        if await self._state(address) in {_POOL, _AGENT}:
            await self._shop.write(note_taken, address)
        elif await self._shop.write(take_back, address, "not told"):
            _log.info("wecom.handover_was_over")
        return await self._shop.read(find_handover, address)

    async def _state(self, address: Address) -> int:
        state = (await self._api.ask(Call(_STATE, self._whose(address)))).get("service_state")
        if not isinstance(state, int):
            raise Unknown("wecom: no state")
        return state

    def _whose(self, address: Address) -> dict[str, Any]:
        return {"open_kfid": self._open_kfid, "external_userid": address.external_id}
