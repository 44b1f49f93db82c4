"""Writing to the shop: the conversation, what is said next, what came along, and the answer as news."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from handlers.incoming import Incoming, Text, Upload
from handlers.links import link
from handlers.screen import Attachment, Button, Line, LinkButton, Prompt, Screen, Style, Weight
from handlers.visit import Visit
from handlers.words import Phrases
from shop_core.conversations.keys import new_key
from shop_core.customers.people import Address
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.messaging.queue import mark_told
from shop_core.orders.errors import NoSuchOrder
from shop_core.orders.read import get_own
from shop_core.threads.models import FileKind
from shop_core.threads.read import (
    MessageView,
    OpenedFile,
    get_message,
    get_own_message,
    is_for,
    list_messages,
    mark_seen,
    open_file,
    usual_wait,
)
from shop_core.threads.sealing import Said, SentFile
from shop_core.threads.telling import answer_cause
from shop_core.threads.write import write_to_shop
from shop_core.vault.vault import Vault

WRITES: Final = frozenset({"support", "support_order"})
"""Endpoints at which the next message is for the shop, as it was written."""
TALK_LASTS: Final = timedelta(days=1)
"""So long what somebody types is for the shop, unless he goes elsewhere: people write on hours after they were answered."""
ANSWER_SLOT: Final = "answer:"
"""``answer:<message>``: an answer of the shop. A reply to it is a message to the shop."""
FILE_SLOT: Final = "file:"
"""``file:<message>``: a picture or file by itself. A slot with a file shows no other: what is sent is not exchanged."""

SHOWN: Final = 6
"""Messages of a conversation on one screen."""
_WHOLE: Final = 2
_CUT_AT: Final = 160
"""Of older messages: their beginning says which one it was."""
_SOON, _LATER, _TODAY = timedelta(minutes=15), timedelta(hours=1), timedelta(hours=12)


async def support(visit: Visit, number: str | None = None) -> Screen:
    """The conversation so far; what is written next goes to the shop."""
    order = None if number is None else await visit.shop.read(get_own, visit.customer.person_id, number)
    said = await visit.shop.read(
        list_messages, visit.shop.get(Vault), person_id=visit.customer.person_id, limit=SHOWN
    )
    if any(message.by_shop for message in said):
        await visit.shop.write(_note_seen, visit, [message.id for message in said if message.by_shop])
    say = visit.say
    lines = [Line(say("support.title"), Style.TITLE)]
    if order is not None:
        lines.append(Line(say("support.about", number=say.number(order.number))))
    lines += quotes(say, said, me=say("support.me"), shop=say("support.shop"))
    has_files = visit.customer.channel not in visit.shop.policy.fileless_channels
    lines.append(Line(say("support.ask" if has_files else "support.ask.words"), Style.MUTED))
    return Screen(tuple(lines), (*_file_rows(visit, said), (_home(visit),)), prompt=_prompt(visit, number))


async def support_file(visit: Visit, message_id: int) -> Screen:
    """A picture or file of the conversation."""
    attachment = await visit.shop.read(_own_file, visit, message_id)
    return Screen(
        (Line(attachment.name),),
        ((LinkButton(visit.say("support.open"), link("support")),),),
        slot=f"{FILE_SLOT}{message_id}",
        attachment=attachment,
        prompt=_prompt(visit, None),
    )


async def write(visit: Visit, incoming: Incoming, number: str | None) -> Screen:
    """Take what somebody said to the shop.

    Args:
        number: The order that he was asked about, if any.
    """
    order_id = await visit.shop.read(_find_order, visit.customer.person_id, number)
    key = key_of(visit.shop, incoming)
    await write_to_shop(visit.shop, visit.customer, said_in(incoming), key=key, order_id=order_id)
    say = visit.say
    lines = (
        Line(say("support.taken"), Style.TITLE),
        Line(await _when(visit)),
        Line(say("support.more"), Style.MUTED),
    )
    rows = ((LinkButton(say("support.open"), link("support")), _home(visit)),)
    return Screen(lines, rows, prompt=_prompt(visit, number))


def refused(visit: Visit, screen: Screen, number: str | None) -> Screen:
    """A refusal, after which the person may write something else."""
    return Screen(screen.lines, ((_home(visit),),), prompt=_prompt(visit, number))


async def answer_screen(visit: Visit, message_id: int, *, is_asked: bool) -> Screen | None:
    """The shop's answer as news: whoever just types on answers it. None: it is not for him.

    Args:
        is_asked: Something else is asked of him already, and stays so.
    """
    answer = await visit.shop.read(_answer_for, visit, message_id)
    if answer is None:
        return None
    message, attachment = answer
    say = visit.say
    lines = [Line(say("support.answer"), Style.TITLE)]
    if message.text:
        lines.append(Line(message.text, Style.QUOTE))
    rows = ((LinkButton(say("support.reply"), link("support"), Weight.PRIMARY),),)
    return Screen(
        tuple(lines),
        rows,
        slot=f"{ANSWER_SLOT}{message_id}",
        news=True,
        attachment=attachment,
        prompt=None if is_asked else _prompt(visit, None),
    )


def quotes(say: Phrases, said: Sequence[MessageView], *, me: str, shop: str) -> list[Line]:
    """Messages as lines: who and when, then the words."""
    lines: list[Line] = []
    for place, message in enumerate(said):
        who = shop if message.by_shop else me
        lines.append(Line(f"{who} · {say.day(message.at)}", Style.MUTED))
        if message.text:
            is_whole = place >= len(said) - _WHOLE or len(message.text) <= _CUT_AT
            lines.append(Line(message.text if is_whole else f"{message.text[:_CUT_AT]}…", Style.QUOTE))
        if message.file is not None:
            lines.append(Line(file_text(say, message)))
    return lines


def file_text(say: Phrases, message: MessageView) -> str:
    """What a message's file is called."""
    file = message.file
    if file is None:
        return ""
    if not file.is_kept:
        return say("support.gone", name=file.name)
    kind = "support.picture" if file.kind is FileKind.PICTURE else "support.file"
    return say(kind, name=file.name, size=f"{max(file.size // 1024, 1):,} KB")


def said_in(incoming: Incoming) -> Said:
    """What a message says, as it was written."""
    match incoming.content:
        case Text(text):
            return Said(text)
        case Upload(name, content, text):
            return Said(text, SentFile(name, content))
        case _:
            return Said()


def key_of(shop: Shop, incoming: Incoming) -> str:
    """The message's own id. A channel that gives none cannot repeat itself."""
    return f"{incoming.channel}:{incoming.message or new_key(shop.random)}"


def attachment_of(file: OpenedFile) -> Attachment:
    """A file for a screen."""
    view = file.view
    return Attachment(view.message_id, view.name, file.content, is_picture=view.kind is FileKind.PICTURE)


async def _when(visit: Visit) -> str:
    """When people usually answer, by how long the latest answers took."""
    wait = await visit.shop.read(usual_wait)
    if wait is None:
        return visit.say("support.when")
    for most, key in (
        (_SOON, "support.when.minutes"),
        (_LATER, "support.when.hour"),
        (_TODAY, "support.when.hours"),
    ):
        if wait <= most:
            return visit.say(key)
    return visit.say("support.when.day")


def _note_seen(tx: Tx, visit: Visit, answers: Sequence[int]) -> None:
    """He reads them here: none needs to be sent any more. Reading again changes nothing."""
    mark_seen(tx, visit.customer.person_id)
    address = Address(visit.customer.channel, visit.customer.external_id)
    for message_id in answers:
        mark_told(tx, address, answer_cause(message_id))


def _find_order(view: View, person_id: int, number: str | None) -> int | None:
    """The order that he was asked about, as long as it is his: what he says is taken all the same."""
    if number is None:
        return None
    try:
        return get_own(view, person_id, number).id
    except NoSuchOrder:
        return None


def _own_file(view: View, visit: Visit, message_id: int) -> Attachment:
    vault = visit.shop.get(Vault)
    message = get_own_message(view, vault, visit.customer.person_id, message_id)
    return attachment_of(open_file(view, vault, message))


def _answer_for(view: View, visit: Visit, message_id: int) -> tuple[MessageView, Attachment | None] | None:
    here = Address(visit.customer.channel, visit.customer.external_id)
    if not is_for(view, message_id, here, visit.customer.person_id):
        return None
    vault = visit.shop.get(Vault)
    message = get_message(view, vault, message_id)
    if message.file is None or not message.file.is_kept:
        return message, None
    return message, attachment_of(open_file(view, vault, message))


def _file_rows(visit: Visit, said: Sequence[MessageView]) -> list[tuple[Button, ...]]:
    return [
        (LinkButton(file_text(visit.say, message), link("support_file", message_id=message.id)),)
        for message in said
        if message.file is not None and message.file.is_kept
    ]


def _prompt(visit: Visit, number: str | None) -> Prompt:
    where = link("support") if number is None else link("support_order", number=number)
    return Prompt(where, visit.say("support.placeholder"), takes_files=True)


def _home(visit: Visit) -> LinkButton:
    return LinkButton(visit.say("button.home"), link("home"))
