"""Telling those of the staff whose work it is."""

from __future__ import annotations

from collections.abc import Mapping

from shop_core.cases.cases import find_open
from shop_core.cases.handled_by import HANDLED_BY
from shop_core.customers.people import Address
from shop_core.db import outbox
from shop_core.db.outbox import News
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.messaging.queue import NewsKind, queue_message
from shop_core.staff.roles import Right, Roster


async def tell_of_case(shop: Shop, news: News) -> None:
    """Consumer of ``CaseOpened``: one message to each whose work it is, in one transaction with the news."""
    await shop.write(_tell_of_case, news, shop.get(Roster))


def _tell_of_case(tx: Tx, news: News, roster: Roster) -> None:
    case_id = int(news.payload["case_id"])
    case = find_open(tx, case_id)
    if case is not None:
        args = {"case_id": case_id}
        tell_staff(tx, roster, HANDLED_BY[case.kind], NewsKind.CASE_OPENED, args, cause=f"case:{case_id}")
    outbox.done(tx, news)


async def tell_of_task(shop: Shop, news: News) -> None:
    """Consumer of ``TaskOpened``: one message to each who may take it, in one transaction with the news."""
    await shop.write(_tell_of_task, news, shop.get(Roster))


def _tell_of_task(tx: Tx, news: News, roster: Roster) -> None:
    task_id = int(news.payload["task_id"])
    args = {"task_id": task_id}
    tell_staff(tx, roster, Right.SERVE, NewsKind.TASK_OPENED, args, cause=f"task:{task_id}")
    outbox.done(tx, news)


def tell_staff(  # noqa: PLR0913 - whom, what, about what, why: each call names them all
    tx: Tx, roster: Roster, right: Right, news: NewsKind, args: Mapping[str, int | str], *, cause: str
) -> None:
    """Queue news for everybody of the staff who has a right."""
    for actor in roster.list_with(tx, right):
        queue_message(tx, address_of(actor), news, args, cause=cause)


def address_of(actor: str) -> Address:
    """Where a member of staff is reached."""
    channel, _, external_id = actor.partition(":")
    return Address(channel, external_id)
