"""What staff are told without asking, drawn when it is sent, for whoever is staff then."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from admin_cmds.allowed import only_allowed
from admin_cmds.command import Desk
from admin_cmds.imports import ended_screen, import_show
from admin_cmds.jobs import ran_screen
from admin_cmds.pending import draw_case
from admin_cmds.queue import task_show
from admin_cmds.team import joined_screen
from admin_cmds.threads import notice_screen, settled_screen
from handlers import news
from handlers.screen import Line, LinkButton, Screen
from handlers.words import Words
from shop_core.cases.cases import find_open
from shop_core.cases.handled_by import HANDLED_BY
from shop_core.conversations.at_the_desk import find_at_desk
from shop_core.customers.people import Address, find_customer
from shop_core.db.shop import Shop
from shop_core.delivery.tasks import NoSuchTask
from shop_core.kernel.errors import ShopError
from shop_core.messaging.queue import NewsKind, QueuedMessage
from shop_core.staff.roles import Right, Roster
from shop_core.stock.batches import BatchView
from shop_core.threads.errors import NoSuchMessage, NoSuchThread

_FOR_STAFF: Final = frozenset(
    {
        NewsKind.CASE_OPENED,
        NewsKind.IMPORT_ENDED,
        NewsKind.TASK_OPENED,
        NewsKind.JOB_RAN,
        NewsKind.STAFF_JOINED,
        NewsKind.THREAD_WRITTEN,
        NewsKind.THREAD_SETTLED,
    }
)


async def news_screen(shop: Shop, message: QueuedMessage) -> Screen | None:
    """Draw news for anybody. None: it is for staff who are staff no more, or for another role, or over."""
    if message.news is NewsKind.ROLE_CHANGED:
        return await _role_screen(shop, message.address)
    if message.news not in _FOR_STAFF:
        return await news.news_screen(shop, message)
    desk = await desk_at(shop, message.address)
    screen = None if desk is None else await _staff_news(desk, message)
    return None if desk is None or screen is None else only_allowed(screen, desk.role)


async def _staff_news(desk: Desk, message: QueuedMessage) -> Screen | None:
    match message.news:
        case NewsKind.CASE_OPENED:
            return await _case_news(desk, int(message.args["case_id"]))
        case NewsKind.JOB_RAN:
            return ran_screen(desk, message.args) if desk.may(Right.BOOKS) else None
        case NewsKind.TASK_OPENED:
            return await _task_news(desk, int(message.args["task_id"]))
        case NewsKind.STAFF_JOINED:
            return await _joined_news(desk, int(message.args["member_id"]))
        case NewsKind.THREAD_WRITTEN | NewsKind.THREAD_SETTLED:
            return await _thread_news(desk, message)
        case _:
            return await ended_screen(desk, int(message.args["batch_id"])) if desk.may(Right.GOODS) else None


async def _case_news(desk: Desk, case_id: int) -> Screen | None:
    case = await desk.shop.read(find_open, case_id)
    if case is None or not desk.may(HANDLED_BY[case.kind]):
        return None
    return replace(await draw_case(desk, case), slot=None, news=True)


async def _task_news(desk: Desk, task_id: int) -> Screen | None:
    if not desk.may(Right.SERVE):
        return None
    try:
        return replace(await task_show(desk, task_id), slot=None, news=True)
    except NoSuchTask:
        return None


async def _thread_news(desk: Desk, message: QueuedMessage) -> Screen | None:
    if not desk.may(Right.SERVE):
        return None
    draw = notice_screen if message.news is NewsKind.THREAD_WRITTEN else settled_screen
    try:
        return await draw(desk, int(message.args["message_id"]))
    except (NoSuchMessage, NoSuchThread):
        # Whoever wrote it has been erased meanwhile.
        return None


async def _joined_news(desk: Desk, member_id: int) -> Screen | None:
    if not desk.may(Right.STAFF):
        return None
    try:
        return await joined_screen(desk, member_id)
    except ShopError:
        return None


async def _role_screen(shop: Shop, address: Address) -> Screen:
    """What somebody is now, to himself. His menu is another one from here on."""
    desk = await desk_at(shop, address)
    if desk is None:
        say = shop.get(Words).to(await _language_at(shop, address), address.channel)
        lines = (Line(say("admin.staff.you_are_out")),)
        return Screen(lines, ((LinkButton(say("button.home"), "home"),),), slot=None, news=True, menu=True)
    text = desk.say("admin.staff.you_are", role=desk.say(f"admin.role.{desk.role.value}"))
    return Screen((Line(text),), ((desk.home_button(),),), slot=None, news=True, menu=True)


async def progress_screen(shop: Shop, batch: BatchView) -> Screen | None:
    """How far an import is, for who waits for its end: a quiet change of the message that he follows it in."""
    desk = None if batch.tell is None else await desk_at(shop, batch.tell)
    return None if desk is None or not desk.may(Right.GOODS) else await import_show(desk, batch.batch_id)


async def desk_at(shop: Shop, address: Address) -> Desk | None:
    """The desk of whoever of the staff is at an address; None: nobody of them is."""
    there = await shop.read(find_at_desk, shop.get(Roster), address)
    if there is None:
        return None
    language = await _language_at(shop, address)
    say = shop.get(Words).to(language, address.channel)
    return Desk(shop, say, language, there.actor, there.role, browser=there.browser)


async def _language_at(shop: Shop, address: Address) -> str:
    person = await shop.read(find_customer, channel=address.channel, external_id=address.external_id)
    return shop.policy.languages[0] if person is None else person.language
