"""The staff's door. Who is not staff is handed on to the customers' side, whatever he sends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from admin_cmds.command import Desk, Misused, NoSuchCommand, Unfinished
from admin_cmds.imports import ended_screen, import_show
from admin_cmds.links import GO, HOLD, PREFIX, link_to, split_words, words_of
from admin_cmds.manual import CHAT_SIGN, ask_rest, manual_screen, usage_text
from admin_cmds.pending import draw_case
from admin_cmds.registry import COMMANDS, carry_out, find
from handlers import conversation, news
from handlers.conversation import LONGEST_TEXT, arrive
from handlers.incoming import Incoming, Link, Text, Upload
from handlers.links import match
from handlers.screen import Line, LinkButton, Prompt, Screen, Style
from handlers.visit import Visit
from handlers.words import Phrases, Words
from shop_core.cases.cases import find_open
from shop_core.conversations import prompts
from shop_core.conversations.sign_in import STAFF_BROWSER, acting_as
from shop_core.customers.people import Address, find_customer
from shop_core.db.shop import Shop
from shop_core.kernel.errors import ShopError
from shop_core.messaging.queue import NewsKind, QueuedMessage
from shop_core.staff.roles import Role, Roster
from shop_core.stock.batches import BatchView

_IMPORT: Final = "import"
_START: Final = "start"
_HELP: Final = "help"
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
    """

    words: tuple[str, ...]
    answered: str | None = None
    upload: Upload | None = None


async def answer(shop: Shop, incoming: Incoming) -> Screen:
    """Answer a message of anybody. The role is looked up for every message anew.

    May run twice for the same message: commands set, find what is there, or carry a key.
    """
    browser = Address(incoming.channel, incoming.external_id)
    signed_in = await _signed_in(shop, browser)
    own = Address(*signed_in.split(":", 1)) if signed_in else browser
    role = shop.get(Roster).role_of(own.channel, own.external_id)
    if role is None:
        return await conversation.answer(shop, incoming)
    visit = await arrive(shop, incoming)
    asked = await shop.read(prompts.asked, channel=incoming.channel, external_id=incoming.external_id)
    said = _understand(incoming.content, asked)
    if said is None:
        return await _as_customer(visit, incoming)
    desk = Desk(
        shop,
        visit.say,
        visit.language,
        f"{own.channel}:{own.external_id}",
        upload=said.upload,
        browser=browser if signed_in else None,
        message=incoming.message,
    )
    if said.words[:1] == (GO,):
        return await _go(desk, role, said, asked)
    return await _respond(desk, role, said)


async def _signed_in(shop: Shop, browser: Address) -> str | None:
    """As whom a browser is signed in. Only those of the staff's page can be: others are not even looked up."""
    if not browser.external_id.startswith(STAFF_BROWSER):
        return None
    return await shop.read(acting_as, browser.channel, browser.external_id)


def _understand(content: Link | Text | Upload, asked: str | None) -> _Said | None:
    """A command, or None: this is for the customers' side."""
    waiting = _waiting_words(asked)
    match content:
        case Link(path, is_typed=True) if path in _STAFF_MEANS:
            return _Said((path,))
        case Link(path):
            words = words_of(path)
            return None if words is None else _Said(words)
        case Upload():
            return _Said(waiting or (_IMPORT,), asked if waiting else None, content)
        case Text(text) if text.lstrip().startswith(_SLASHES):
            return _typed(text)
        case Text(text) if waiting is not None:
            rest = () if _takes_file(waiting) else split_words(text[:LONGEST_TEXT])
            return _Said((*waiting, *rest), answered=asked)
        case Text():
            return None


def _waiting_words(asked: str | None) -> tuple[str, ...] | None:
    """The command that the next message completes, if one waits for that and not for a button."""
    words = None if asked is None else words_of(asked)
    return None if words is None or words[:1] == (HOLD,) else words


def _typed(text: str) -> _Said | None:
    """``/price 12 15``, also as ``/price@shop_bot 12 15``, also with ``admin`` before it."""
    words = split_words(text.lstrip()[1 : LONGEST_TEXT * 2])
    if not words:
        return _Said(())
    first = words[0].partition("@")[0].lower()
    if first == _START:
        return None
    return _Said(words[1:] if first == PREFIX else (first, *words[1:]))


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


async def _go(desk: Desk, role: Role, said: _Said, asked: str | None) -> Screen:
    """Run what a question held, if the button belongs to the question that was asked last.

    It stays held afterwards: pressed again, the command runs again and finds that it has been done.
    """
    words = None if asked is None else words_of(asked)
    if words is None or words[:1] != (HOLD,) or words[1:2] != said.words[1:2]:
        return _refuse(desk, TooLate(), said)
    return replace(await _respond(desk, role, _Said(words[2:])), kept=asked)


async def _respond(desk: Desk, role: Role, said: _Said) -> Screen:
    """Carry a command out; a refusal is an answer."""
    try:
        _check_file(said)
        return await _carry_out(desk, role, said.words)
    except Misused as misused:
        command, _ = find(said.words, role)
        return _refuse(desk, misused, said, usage_text(desk.say, command, sign=CHAT_SIGN))
    except ShopError as error:
        return _refuse(desk, error, said)


async def _carry_out(desk: Desk, role: Role, words: tuple[str, ...]) -> Screen:
    if words[:1] == (_HELP,):
        return manual_screen(desk, tuple(command for command in COMMANDS if command.is_for(role)))
    try:
        return await carry_out(desk, role, words)
    except Unfinished:
        command, _ = find(words, role)
        return ask_rest(desk, command, words)


def _takes_file(words: tuple[str, ...]) -> bool:
    """Whether these words are an import that a file completes, and not one to look at or take back."""
    return words[:1] == (_IMPORT,) and words[1:2] not in {("show",), ("undo",)}


def _check_file(said: _Said) -> None:
    """Insist that a file meets an import, and an import a file.

    Raises:
        NoImportWaits, FileNotText: Nothing was run.
    """
    is_import = _takes_file(said.words)
    if said.upload is not None and not (is_import and len(said.words) > 1):
        raise NoImportWaits
    if said.answered is not None and said.upload is None and is_import:
        raise FileNotText


def _refuse(desk: Desk, error: ShopError, said: _Said, usage: str | None = None) -> Screen:
    text = refusal_text(desk.say, error) if usage is None else usage
    prompt = None
    if said.answered is not None:
        prompt = Prompt(said.answered, desk.say("admin.ask_for.placeholder"))
    row = [desk.home_button()]
    if isinstance(error, NoSuchCommand):
        row.insert(0, desk.button("admin.button.help", _HELP))
    if isinstance(error, NoImportWaits):
        row.insert(0, desk.button("admin.button.products", "product", "list"))
    return Screen((Line(text, Style.PLAIN),), (tuple(row),), prompt=prompt)


def refusal_text(say: Phrases, error: ShopError) -> str:
    """The words for an error: those for staff if there are any, those for customers, or the plainest."""
    part = error.details.get("field") or error.details.get("state")
    keys = (f"error.{error.code}.staff.{part}", f"error.{error.code}.staff", f"error.{error.code}")
    key = next((key for key in keys if say.has(key)), "error.shop.refused")
    return say(key, **error.details)


async def news_screen(shop: Shop, message: QueuedMessage) -> Screen | None:
    """Draw news for anybody. A case is drawn for staff only, and only while it is open; so is the end of an import."""
    if message.news not in {NewsKind.CASE_OPENED, NewsKind.IMPORT_ENDED}:
        return await news.news_screen(shop, message)
    desk = await _desk_at(shop, message.address)
    if desk is None:
        return None
    if message.news is NewsKind.IMPORT_ENDED:
        return await ended_screen(desk, int(message.args["batch_id"]))
    case = await shop.read(find_open, int(message.args["case_id"]))
    if case is None:
        return None
    return replace(await draw_case(desk, case), slot=None, news=True)


async def progress_screen(shop: Shop, batch: BatchView) -> Screen | None:
    """How far an import is, for who waits for its end: a quiet change of the message that he follows it in."""
    desk = None if batch.tell is None else await _desk_at(shop, batch.tell)
    return None if desk is None else await import_show(desk, batch.batch_id)


async def _desk_at(shop: Shop, address: Address) -> Desk | None:
    """A staff member's desk, for what he is told without asking; None: nobody of the staff is there."""
    if shop.get(Roster).role_of(address.channel, address.external_id) is None:
        return None
    person = await shop.read(find_customer, channel=address.channel, external_id=address.external_id)
    language = shop.policy.languages[0] if person is None else person.language
    return Desk(shop, shop.get(Words).to(language), language, f"{address.channel}:{address.external_id}")
