"""Customers' messages: who waits, one conversation, answering, and the notices that follow each message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from admin_cmds.command import Desk
from admin_cmds.links import link_to
from handlers.screen import Attachment, Button, Line, LinkButton, Prompt, Screen, Style, Weight
from handlers.support import FILE_SLOT, attachment_of, file_text, quotes
from shop_core.conversations.keys import new_key
from shop_core.db.tx import View
from shop_core.orders.errors import NoSuchOrder
from shop_core.orders.read import OrderView, get_by_id, list_own
from shop_core.threads.answer import answer_customer, settle
from shop_core.threads.read import (
    MessageView,
    ThreadView,
    count_waiting,
    get_message,
    get_thread,
    list_messages,
    list_threads,
    name_of,
    open_file,
)
from shop_core.threads.sealing import Said, SentFile
from shop_core.vault.vault import Vault

NOTICE_SLOT: Final = "thread:"
"""``thread:<thread>:<message>``: a notice. A reply to it answers the customer."""

PAGE: Final = 8
SHOWN: Final = 12
ORDERS: Final = 8


@dataclass(frozen=True, slots=True)
class _Notice:
    """A message as those who answer see it."""

    thread: ThreadView
    message: MessageView
    order: str | None
    settled_by: str
    attachment: Attachment | None


@dataclass(frozen=True, slots=True)
class _Talk:
    """A conversation, as one read found it."""

    thread: ThreadView
    said: Sequence[MessageView]
    order: str | None


async def threads(desk: Desk, page: int = 1) -> Screen:
    """Everybody who wrote: who waits longest first."""
    say = desk.say
    offset = (max(page, 1) - 1) * PAGE
    found = await desk.shop.read(list_threads, limit=PAGE + 1, offset=offset)
    waiting = await desk.shop.read(count_waiting)
    title = say("admin.threads.title", n=waiting) if waiting else say("admin.threads.quiet")
    lines = [Line(title if found or page > 1 else say("admin.threads.none"), Style.TITLE)]
    rows: list[tuple[Button, ...]] = [(_short(desk, thread),) for thread in found[:PAGE]]
    pages: list[Button] = []
    if page > 1:
        pages.append(desk.button("button.previous", "threads", str(page - 1)))
    if len(found) > PAGE:
        pages.append(desk.button("button.next", "threads", str(page + 1)))
    return Screen(tuple(lines), (*rows, *((tuple(pages),) if pages else ()), (desk.home_button(),)))


def threads_button(desk: Desk, waiting: int) -> LinkButton:
    """The way there, with how many wait."""
    if waiting:
        return desk.button("admin.button.threads_n", "threads", weight=Weight.PRIMARY, n=waiting)
    return desk.button("admin.button.threads", "threads")


def _short(desk: Desk, thread: ThreadView) -> LinkButton:
    link = ("thread", "show", str(thread.id))
    if thread.waiting_since is None:
        at = desk.say.day(thread.last_at)
        return desk.button("admin.threads.resting", *link, name=thread.name, at=at)
    at = desk.say.day(thread.waiting_since)
    return desk.button("admin.threads.waiting", *link, name=thread.name, at=at)


async def thread_show(desk: Desk, thread_id: int) -> Screen:
    """One conversation: its end, and what can be done about it."""
    talk = await desk.shop.read(_see_talk, desk.shop.get(Vault), thread_id)
    say, thread = desk.say, talk.thread
    lines = [Line(say("admin.thread.title", name=thread.name), Style.TITLE), *_about(desk, talk.order)]
    lines += quotes(say, talk.said, me=thread.name, shop=say("admin.thread.shop"))
    since = thread.waiting_since
    state = say("admin.thread.rests") if since is None else say("admin.thread.waits", at=say.day(since))
    lines.append(Line(state, Style.MUTED if since is None else Style.STRONG))
    files: list[tuple[Button, ...]] = [
        (LinkButton(file_text(say, message), link_to("thread", "file", str(message.id))),)
        for message in talk.said
        if message.file is not None and message.file.is_kept
    ]
    last = (desk.button("admin.button.threads", "threads"), desk.home_button())
    return Screen(tuple(lines), (*files, *_ways(desk, thread.id, is_waiting=since is not None), last))


async def thread_reply(desk: Desk, thread_id: int, words: tuple[str, ...]) -> Screen:
    """Answer a customer with what comes along, or ask for it. The same message once more answers once."""
    file = None if desk.upload is None else SentFile(desk.upload.name, desk.upload.content)
    said = Said(desk.text or " ".join(words), file)
    if file is None and not said.text.strip():
        return await _ask(desk, thread_id)
    channel, _, _ = desk.actor.partition(":")
    if desk.browser is not None:
        channel = desk.browser.channel
    key = f"{channel}:{desk.message or new_key(desk.shop.random)}"
    await answer_customer(desk.shop, thread_id, said, key=key, by=desk.actor)
    thread = await desk.shop.read(get_thread, thread_id)
    lines = (Line(desk.say("admin.thread.sent", name=thread.name), Style.TITLE),)
    rows = (
        (
            desk.button("admin.button.thread", "thread", "show", str(thread_id)),
            desk.button("admin.button.threads", "threads"),
        ),
        (desk.home_button(),),
    )
    return Screen(lines, rows)


async def _ask(desk: Desk, thread_id: int) -> Screen:
    """What was said so far, and the question for the answer."""
    shown = await thread_show(desk, thread_id)
    thread = await desk.shop.read(get_thread, thread_id)
    ask = Line(desk.say("admin.thread.ask", name=thread.name), Style.STRONG)
    prompt = Prompt(
        link_to("thread", "reply", str(thread_id)), desk.say("admin.thread.placeholder"), takes_files=True
    )
    back = (desk.button("admin.button.threads", "threads"), desk.home_button())
    return Screen((*shown.lines[:-1], ask), (back,), prompt=prompt)


async def thread_done(desk: Desk, thread_id: int) -> Screen:
    """Say that what waits needs no answer. A second time finds nothing waiting."""
    was_waiting = await settle(desk.shop, thread_id, by=desk.actor)
    told = desk.say("admin.thread.done" if was_waiting else "admin.thread.done_before")
    return (await thread_show(desk, thread_id)).with_toast(told)


async def thread_orders(desk: Desk, thread_id: int) -> Screen:
    """The customer's orders, newest first."""
    thread = await desk.shop.read(get_thread, thread_id)
    orders = await desk.shop.read(list_own, thread.person_id, limit=ORDERS, offset=0)
    key = "admin.thread.orders" if orders else "admin.thread.no_orders"
    lines = (Line(desk.say(key, name=thread.name), Style.TITLE),)
    rows: list[tuple[Button, ...]] = [(_order_button(desk, order),) for order in orders]
    back = desk.button("admin.button.thread", "thread", "show", str(thread_id))
    return Screen(lines, (*rows, (back, desk.home_button())))


def _order_button(desk: Desk, order: OrderView) -> LinkButton:
    state = desk.say(f"order.{order.state.value}.short")
    text = f"{desk.say.number(order.number)}  {state}  {desk.money(order.total)}"
    return LinkButton(text, link_to("order", order.number))


async def thread_file(desk: Desk, message_id: int) -> Screen:
    """The picture or file of a message."""
    notice = await desk.shop.read(_see_notice, desk.shop.get(Vault), message_id, with_file=True)
    line = Line(desk.say("admin.thread.file", name=notice.thread.name), Style.TITLE)
    back = desk.button("admin.button.thread", "thread", "show", str(notice.thread.id))
    slot = f"{FILE_SLOT}{message_id}"
    return Screen((line,), ((back, desk.home_button()),), slot=slot, attachment=notice.attachment)


async def notice_screen(desk: Desk, message_id: int) -> Screen:
    """A customer's message for those who answer: theirs to reply to, as long as nobody has."""
    notice = await desk.shop.read(_see_notice, desk.shop.get(Vault), message_id, with_file=False)
    say, message, thread = desk.say, notice.message, notice.thread
    lines = [Line(say("admin.thread.wrote", name=thread.name), Style.TITLE), *_about(desk, notice.order)]
    if message.text:
        lines.append(Line(message.text, Style.QUOTE))
    if message.settled_at is None:
        # Where nothing can be pressed or replied to, the channel itself names the command.
        hint = [] if desk.only_types else [Line(say("admin.thread.reply_hint"), Style.MUTED)]
        lines += hint
    else:
        key = "admin.thread.answered" if message.is_answered else "admin.thread.settled"
        at = say.day(message.settled_at)
        lines.append(Line(say(key, name=notice.settled_by, at=at), Style.STRONG))
    rows = _ways(desk, thread.id, is_waiting=message.settled_at is None)
    slot = f"{NOTICE_SLOT}{thread.id}:{message.id}"
    return Screen(tuple(lines), rows, slot=slot, news=True, attachment=notice.attachment)


async def settled_screen(desk: Desk, message_id: int) -> Screen:
    """The same notice once somebody has answered: changed where it stands, disturbing nobody."""
    return replace(await notice_screen(desk, message_id), news=False, quiet=True)


def replied_thread(slot: str | None) -> str | None:
    """The thread of a notice, by the slot that it is in; None: no notice."""
    if slot is None or not slot.startswith(NOTICE_SLOT):
        return None
    return slot.removeprefix(NOTICE_SLOT).partition(":")[0]


def _ways(desk: Desk, thread_id: int, *, is_waiting: bool) -> tuple[tuple[Button, ...], ...]:
    number = str(thread_id)
    weight = Weight.PRIMARY if is_waiting else Weight.NORMAL
    reply = desk.button("admin.button.thread_reply", "thread", "reply", number, weight=weight)
    orders = desk.button("admin.button.thread_orders", "thread", "orders", number)
    if not is_waiting:
        return ((reply, orders),)
    return ((reply, orders, desk.button("admin.button.thread_done", "thread", "done", number)),)


def _about(desk: Desk, order: str | None) -> list[Line]:
    return [] if order is None else [Line(desk.say("admin.thread.about", number=desk.say.number(order)))]


def _see_talk(view: View, vault: Vault, thread_id: int) -> _Talk:
    thread = get_thread(view, thread_id)
    said = list_messages(view, vault, thread_id=thread.id, limit=SHOWN)
    return _Talk(thread, said, _number_of(view, thread.order_id))


def _see_notice(view: View, vault: Vault, message_id: int, *, with_file: bool) -> _Notice:
    """Look a message up.

    Args:
        with_file: Without its file it is of no use.

    Raises:
        NoSuchMessage: Not there, or its file is not.
    """
    message = get_message(view, vault, message_id)
    attachment = None
    if with_file or (message.file is not None and message.file.is_kept):
        attachment = attachment_of(open_file(view, vault, message))
    return _Notice(
        get_thread(view, message.thread_id),
        message,
        _number_of(view, message.order_id),
        "" if message.settled_by is None else name_of(view, message.settled_by),
        attachment,
    )


def _number_of(view: View, order_id: int | None) -> str | None:
    if order_id is None:
        return None
    try:
        return get_by_id(view, order_id).number
    except NoSuchOrder:
        return None
