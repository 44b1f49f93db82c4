"""Pulls what customers said, page by page: each page is in the inbox in the transaction that moves the cursor past it.

Source: WeCom, kf/sync_msg, November 2026: at most 1,000 at a time, kept for three days; without the token of a callback it
is allowed rarely; a page may be short although ``has_more`` says that there is another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

import structlog

from bot.channels.channel import Unreachable
from bot.channels.tencent.api import Api, NoAllowance, Refused, WrongState
from bot.channels.tencent.calls import Call
from bot.channels.wecom.account import BAD_HINT
from bot.channels.wecom.heard import Heard, What, hear
from bot.channels.wecom.settings import WeComSettings
from shop_core.customers.people import Address
from shop_core.db.claims import Fenced
from shop_core.db.inbox import store
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.messaging.allowance import Act, allow
from shop_core.messaging.pulls import TOPIC, Pull, end_pull, keep_page, open_pull, put_off, take_pull
from shop_core.messaging.queue import wake_address
from shop_core.vault.vault import Vault

SYNC: Final = "/cgi-bin/kf/sync_msg"
PAGE: Final = 200
"""So many at a time: the database's transactions stay short."""
LEASE: Final = timedelta(seconds=60)
"""Longer than a call may take: who holds a page longer has lost it."""
_BEFORE: Final = timedelta(minutes=10)
"""So far the clocks may differ: what was said longer before the channel was opened was said to somebody else."""
_SHORTLY_S: Final = 5.0
_AGAIN_S: Final = 60

_log = structlog.get_logger(__name__)


class Puller:
    """Pulls one account's messages. Of several processes one does at a time; what it leaves undone another one finishes."""

    def __init__(self, settings: WeComSettings, api: Api, shop: Shop) -> None:
        self._channel = settings.name
        self._open_kfid = settings.open_kfid
        self._poll = timedelta(seconds=settings.poll_s)
        self._look_s = settings.look_s
        self._api = api
        self._shop = shop
        self._log = _log.bind(channel=settings.name)

    async def run(self) -> None:
        """Pull at once, whenever there is a hint, and now and then without one; until cancelled."""
        signals = self._shop.database.signals
        is_open = False
        while True:
            mark = signals.mark(TOPIC)
            try:
                if not is_open:
                    await self._shop.write(open_pull, self._channel)
                    is_open = True
                found = await self.once()
            except Exception:  # noqa: BLE001 - this loop must go on: a database that is away for a moment
                self._log.exception("wecom.not_pulled")
                await asyncio.sleep(_SHORTLY_S)
                continue
            if not found:
                await signals.wait(TOPIC, since=mark, at_most_s=self._look_s)

    async def once(self) -> bool:
        """Pull all there is, if it is time and nobody else does. Returns whether it was."""
        pull = await self._shop.write(take_pull, self._channel, lease=LEASE)
        if pull is None:
            return False
        try:
            await self._all_pages(pull)
            await self._shop.write(end_pull, pull, again_in=self._poll)
        except Fenced:
            self._log.warning("wecom.pull_taken_over")
        except RetryLater as error:
            self._log.warning("wecom.pull_waits", reason=error.reason)
            await self._shop.write(put_off, pull, pause=timedelta(seconds=error.retry_after_s or _AGAIN_S))
        except (Unknown, Refused, Unreachable, NoAllowance, WrongState) as error:
            self._log.error("wecom.pull_failed", reason=str(error))
            await self._shop.write(put_off, pull, pause=timedelta(seconds=_AGAIN_S))
        return True

    async def _all_pages(self, pull: Pull) -> None:
        cursor, hint = pull.cursor, pull.hint
        while True:
            try:
                page = await self._page(cursor, hint)
            except Refused as error:
                if error.code != BAD_HINT or not hint:
                    raise
                hint = ""
                continue
            following, has_more = page.get("next_cursor"), page.get("has_more") == 1
            if not isinstance(following, str) or not following:
                raise Unknown("wecom: no cursor")
            heard = self._hear(page.get("msg_list"), pull.since)
            await self._shop.write(keep_page, pull, following, partial(self._store, heard), lease=LEASE)
            if not has_more or following == cursor:
                return
            cursor = following

    async def _page(self, cursor: str, hint: str) -> Mapping[str, Any]:
        asked: dict[str, Any] = {"open_kfid": self._open_kfid, "limit": PAGE, "voice_format": 0}
        asked |= {"cursor": cursor} if cursor else {}
        asked |= {"token": hint} if hint else {}
        return await self._api.ask(Call(SYNC, asked))

    def _hear(self, listed: object, since: datetime) -> Sequence[Heard]:
        entries = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        heard = [one for entry in entries if (one := hear(entry, self._open_kfid)) is not None]
        return [one for one in heard if datetime.fromtimestamp(one.at, UTC) > since - _BEFORE]

    def _store(self, heard: Sequence[Heard], tx: Tx) -> None:
        """Keep a page: each entry once, and what it allows us to send."""
        for one in heard:
            place = f"inbox:{self._channel}:{one.message}"
            payload = self._shop.get(Vault).seal_bytes(one.model_dump_json().encode(), place=place)
            lane = f"{self._channel}:{one.person}"
            is_new = store(tx, source=self._channel, external_id=one.message, lane=lane, payload=payload)
            if is_new and not one.agent and one.what in {What.SAID, What.SENT, What.UNREADABLE}:
                address = Address(self._channel, one.person)
                allow(tx, address, Act.SAID)
                wake_address(tx, address)
