"""Telling other shops what became of their orders: the news that is queued for them, sent as signed callbacks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from shop_core.db.claims import Fenced
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.delivery.hand_over import SealedCode
from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.messaging.queue import QueuedMessage
from shop_core.messaging.sending import claim_messages, mark_sent, postpone
from shop_core.orders.errors import NoSuchOrder
from shop_core.resale import signing, told
from shop_core.resale.keys import CHANNEL, ResellerView, find_any_reseller
from shop_core.resale.trade import Resold, get_resold, look_at_goods
from shop_core.resale.unheard import report
from shop_core.vault.vault import Vault
from shop_core.wire.outlet import Outlet
from shop_core.wire.reading import NotReadable, read_facts
from shop_core.wire.site import Call

BATCH: Final = 20
HTTP_OK: Final = 200

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Letter:
    reseller: ResellerView
    resold: Resold
    url: str
    goods: Sequence[SealedCode]


async def tell_resellers(shop: Shop) -> int:
    """Send what is due. What is not heard is sent again, ever more slowly, for two days; then staff hear of it.

    May run twice: a callback tells how the order stands, and a second one tells the same.
    """
    claimed = await shop.write(claim_messages, [CHANNEL], BATCH)
    await asyncio.gather(*(_tell(shop, message) for message in claimed))
    return len(claimed)


async def _tell(shop: Shop, message: QueuedMessage) -> None:
    try:
        letter = await shop.write(_write_letter, message)
        problem = "" if letter is None else await _send(shop, letter)
        if letter is not None and problem:
            await shop.write(_not_heard, message, letter, problem)
        else:
            await shop.write(mark_sent, message)
    except Fenced:
        log.warning("callback was taken over", message=message.id)


def _write_letter(tx: Tx, message: QueuedMessage) -> _Letter | None:
    """What there is to tell, as it stands now. None: this shop did not ask to be told, or the news is of no order."""
    reseller = find_any_reseller(tx, message.address.external_id)
    if reseller is None:
        return None
    try:
        resold = get_resold(tx, reseller, int(message.args.get("order_id", 0)))
    except NoSuchOrder:
        return None
    if resold.callback_url is None:
        return None
    # The look is recorded and committed before a code is opened.
    return _Letter(reseller, resold, resold.callback_url, look_at_goods(tx, reseller, resold))


def _not_heard(tx: Tx, message: QueuedMessage, letter: _Letter, problem: str) -> None:
    """Again later; not heard for so long, it needs a person."""
    if not postpone(tx, message, problem):
        report(tx, letter.reseller, letter.resold, problem)


async def _send(shop: Shop, letter: _Letter) -> str:
    """Send a callback. Returns what went wrong, empty if the other shop has heard."""
    vault, now = shop.get(Vault), shop.clock.now()
    codes = [code.open(vault) for code in letter.goods]
    body = json.dumps(told.callback(letter.resold, codes, now), ensure_ascii=False).encode()
    keys = letter.reseller.open_keys(vault)
    stamp = str(int(now.timestamp()))
    headers = signing.headers(keys, "POST", signing.CALLBACK_PATH, stamp, body)
    call = Call(method="POST", page="", content=body, headers={"Content-Type": "application/json", **headers})
    try:
        async with shop.get(Outlet).to(letter.url) as site:
            answer = await site.send(call)
        is_heard = answer.status == HTTP_OK and read_facts(answer.body).get("ok") is True
    except (RetryLater, Unknown) as error:
        return error.reason
    except NotReadable:
        return "answered no JSON"
    return "" if is_heard else f"not accepted: HTTP {answer.status}"
