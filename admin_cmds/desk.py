"""The staff's door. Who is not staff is handed on to the customers' side, whatever he sends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from admin_cmds.allowed import HELP, only_allowed
from admin_cmds.command import Command, Desk, Misused, NoSuchCommand, Unfinished
from admin_cmds.links import GO, HOLD, PREFIX, link_to, split_words, words_of
from admin_cmds.manual import CHAT_SIGN, ask_rest, manual_screen, missing_text, usage_text
from admin_cmds.refusals import refusal_text
from admin_cmds.registry import carry_out, find, listed_for
from admin_cmds.threads import replied_thread
from handlers import conversation
from handlers.arriving import arrive
from handlers.incoming import LONGEST_SAID, Contact, Incoming, Link, Text, Upload
from handlers.links import match
from handlers.screen import Line, LinkButton, Prompt, Screen, Style
from handlers.visit import Visit
from shop_core.conversations import prompts
from shop_core.conversations.at_the_desk import find_at_desk
from shop_core.customers.people import Address
from shop_core.db.shop import Shop
from shop_core.db.tx import View
from shop_core.kernel.errors import ShopError
from shop_core.messaging.shown import find_slot
from shop_core.staff.roles import Roster

_IMPORT: Final = "import"
_REPLY: Final = ("thread", "reply")
_BOUGHT: Final = ("purchase", "bought")
_START: Final = "start"
_SLASHES: Final = ("/", "／")
_STAFF_MEANS: Final = ("orders", "help")
"""Typed by staff these are the counter's pages: everybody's orders, all commands. His own orders and the customers' help
are behind the buttons of the shop."""


class TooLate(ShopError):
    """What this button was to confirm is not waiting any more."""

    code = "admin.too_late"


class FileNotText(ShopError):
    """Codes come as a file: a line of text would be one more place where they lie about."""

    code = "admin.file_not_text"


class NoImportWaits(ShopError):
    """A file, and nothing was asked for that it could be."""

    code = "admin.no_import"


@dataclass(frozen=True, slots=True)
class _Said:
    """A message of staff as a command.

    Attributes:
        words: The command.
        answered: The prompt that it answers, to be asked again if the answer is refused.
        text: What is to be passed on as it was written.
    """

    words: tuple[str, ...]
    answered: str | None = None
    upload: Upload | None = None
    text: str = ""


async def answer(shop: Shop, incoming: Incoming) -> Screen:
    """Answer a message of anybody. The role is looked up for every message anew.

    May run twice for the same message: commands set, find what is there, or carry a key.
    """
    address = Address(incoming.channel, incoming.external_id)
    there = await shop.read(find_at_desk, shop.get(Roster), address)
    if there is None:
        return await conversation.answer(shop, incoming)
    visit = await arrive(shop, incoming)
    asked = await shop.read(_find_asked, incoming)
    said = _understand(incoming.content, asked)
    if said is None:
        return await _as_customer(visit, incoming)
    desk = Desk(
        shop,
        visit.say,
        visit.language,
        there.actor,
        there.role,
        upload=said.upload,
        browser=there.browser,
        message=incoming.message,
        text=said.text,
    )
    screen = await (_go(desk, said, asked) if said.words[:1] == (GO,) else _respond(desk, said))
    return only_allowed(screen, there.role)


def _find_asked(view: View, incoming: Incoming) -> str | None:
    """What a message answers: the notice that it is a reply to, or else what was asked last."""
    if incoming.replies_to:
        address = Address(incoming.channel, incoming.external_id)
        thread = replied_thread(find_slot(view, address, incoming.replies_to))
        if thread is not None:
            return link_to(*_REPLY, thread)
    return prompts.asked(view, channel=incoming.channel, external_id=incoming.external_id)


def _understand(content: Link | Text | Upload | Contact, asked: str | None) -> _Said | None:
    """A command, or None: this is for the customers' side."""
    waiting = _waiting_words(asked)
    match content:
        case Link(path, is_typed=True) if path in _STAFF_MEANS:
            return _Said((path,))
        case Link(path):
            words = words_of(path)
            return None if words is None else _Said(words)
        case Upload():
            return _sent(waiting, content, asked)
        case Text(text) if text.lstrip().startswith(_SLASHES):
            return _typed(text)
        case Text(text) if waiting is not None:
            return _completed(waiting, text, asked)
        case Text() | Contact():
            return None


def _sent(waiting: tuple[str, ...] | None, upload: Upload, asked: str | None) -> _Said | None:
    """A file as what was asked for; else as an import, which then asks what for."""
    if waiting is not None:
        return _Said(waiting, asked, upload, upload.text)
    is_for_the_shop = asked is not None and conversation.takes_files(asked)
    return None if is_for_the_shop else _Said((_IMPORT,), None, upload)


def _completed(waiting: tuple[str, ...], text: str, asked: str | None) -> _Said:
    """What was asked for, with the words that answer it."""
    if _takes_text(waiting):
        return _Said(waiting, answered=asked, text=text)
    rest = () if _takes_file(waiting) else split_words(text[:LONGEST_SAID])
    return _Said((*waiting, *rest), answered=asked)


def _waiting_words(asked: str | None) -> tuple[str, ...] | None:
    """The command that the next message completes, if one waits for that and not for a button."""
    words = None if asked is None else words_of(asked)
    return None if words is None or words[:1] == (HOLD,) else words


def _typed(text: str) -> _Said | None:
    """``/price 12 15``, also as ``/price@shop_bot 12 15``, also with ``admin`` before it."""
    words = split_words(text.lstrip()[1 : LONGEST_SAID * 2])
    if not words:
        return _Said(())
    first = words[0].partition("@")[0].lower()
    if first == _START:
        return None
    words = words[1:] if first == PREFIX else (first, *words[1:])
    if _takes_text(words):
        before = len(_REPLY) + (2 if first == PREFIX else 1)
        rest = text.split(maxsplit=before)[before:]
        return _Said(words[: len(_REPLY) + 1], text="".join(rest))
    return _Said(words)


async def _as_customer(visit: Visit, incoming: Incoming) -> Screen:
    """An owner shops too. His home has a door to the other side."""
    content = incoming.content
    if isinstance(content, Text) and content.text.lstrip().startswith(_SLASHES):
        incoming = replace(incoming, content=Link(""))
    screen = await conversation.answer(visit.shop, incoming)
    found = match(incoming.content.path) if isinstance(incoming.content, Link) else None
    if found is None or found[0] != "home":
        return screen
    return replace(screen, rows=(*screen.rows, (LinkButton(visit.say("admin.button.door"), link_to()),)))


async def _go(desk: Desk, said: _Said, asked: str | None) -> Screen:
    """Run what a question held, if the button belongs to the question that was asked last.

    It stays held afterwards: pressed again, the command runs again and finds that it has been done.
    """
    words = None if asked is None else words_of(asked)
    if words is None or words[:1] != (HOLD,) or words[1:2] != said.words[1:2]:
        return _refuse(desk, TooLate(), said)
    return replace(await _respond(desk, _Said(words[2:])), kept=asked)


async def _respond(desk: Desk, said: _Said) -> Screen:
    """Carry a command out; a refusal is an answer."""
    if said.words[:1] == (HELP,):
        return manual_screen(desk, listed_for(desk.role))
    try:
        command, _ = find(said.words, desk.role)
    except NoSuchCommand as unknown:
        return _refuse(desk, unknown, said)
    try:
        _check_file(said)
        return await _carry_out(desk, command, said.words)
    except Misused as misused:
        return _refuse(desk, misused, said, usage_text(desk.say, command, sign=CHAT_SIGN))
    except ShopError as error:
        return _refuse(desk, error, said)


async def _carry_out(desk: Desk, command: Command, words: tuple[str, ...]) -> Screen:
    try:
        return await carry_out(desk, words)
    except Unfinished:
        _, rest = find(words, desk.role)
        guided = None if command.guide is None else await command.guide(desk, rest)
        return guided or ask_rest(desk, command, words)


def _takes_file(words: tuple[str, ...]) -> bool:
    """Whether a file completes these words: an import, not one to look at or take back; or a purchase's codes."""
    is_import = words[:1] == (_IMPORT,) and words[1:2] not in {("show",), ("undo",)}
    return is_import or words[:2] == _BOUGHT


def _takes_text(words: tuple[str, ...]) -> bool:
    """Whether what follows these words is somebody's own, to be passed on as it was written."""
    return words[: len(_REPLY)] == _REPLY


def takes_files(asked: str) -> bool:
    """Whether a picture or a file answers what somebody, staff or not, was asked."""
    words = words_of(asked)
    return conversation.takes_files(asked) if words is None else _takes_file(words) or _takes_text(words)


def _check_file(said: _Said) -> None:
    """Insist that a file meets an import, and an import a file.

    Raises:
        NoImportWaits, FileNotText: Nothing was run.
    """
    is_import = _takes_file(said.words)
    if said.upload is not None and not (is_import and len(said.words) > 1) and not _takes_text(said.words):
        raise NoImportWaits
    if said.answered is not None and said.upload is None and is_import:
        raise FileNotText


def _ask_again(desk: Desk, asked: str, said: _Said) -> Prompt:
    try:
        command, _ = find(words_of(asked) or (), desk.role)
    except NoSuchCommand:
        placeholder = desk.say("admin.ask_for.placeholder")
    else:
        placeholder = missing_text(desk.say, command, words_of(asked) or ())
    return Prompt(asked, placeholder, takes_files=_takes_text(said.words))


def _refuse(desk: Desk, error: ShopError, said: _Said, usage: str | None = None) -> Screen:
    text = refusal_text(desk.say, error) if usage is None else usage
    prompt = None if said.answered is None else _ask_again(desk, said.answered, said)
    row = [desk.home_button()]
    if isinstance(error, NoSuchCommand):
        row.insert(0, desk.button("admin.button.help", HELP))
    if isinstance(error, NoImportWaits):
        row.insert(0, desk.button("admin.button.products", "product", "list"))
    return Screen((Line(text, Style.PLAIN),), (tuple(row),), prompt=prompt)
