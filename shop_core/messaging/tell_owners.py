"""Telling the owners that something needs them."""

from __future__ import annotations

from shop_core.customers.people import Address
from shop_core.db import outbox
from shop_core.db.outbox import News
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.messaging.queue import NewsKind, queue_message
from shop_core.staff.roles import Roster


async def tell_owners(shop: Shop, news: News) -> None:
    """Consumer of ``CaseOpened``: one message to each owner, in one transaction with the news."""
    await shop.write(_tell, news, shop.get(Roster))


def _tell(tx: Tx, news: News, roster: Roster) -> None:
    case_id = int(news.payload["case_id"])
    for owner in sorted(roster.owners):
        channel, _, external_id = owner.partition(":")
        address = Address(channel, external_id)
        queue_message(tx, address, NewsKind.CASE_OPENED, {"case_id": case_id}, cause=f"case:{case_id}")
    outbox.done(tx, news)
