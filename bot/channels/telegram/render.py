"""One screen as Telegram messages: pure, so that what a person will see can be tested without a chat."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import islice
from typing import Final

import segno
from telegram import InlineKeyboardButton, InlineKeyboardMarkup
from telegram.constants import (
    InvoiceLimit,
    MessageLimit,
)

from bot.channels.telegram.keyboard import ImpossibleScreen, draw_keyboard, units
from handlers.deep_links import payload_of
from handlers.screen import (
    Bill,
    Code,
    Line,
    Screen,
    Style,
)

LONGEST_TEXT: Final = 3900
"""UTF-16 units, some short of Telegram's 4096."""
LONGEST_CAPTION: Final = int(MessageLimit.CAPTION_LENGTH)
MOST_CODES: Final = 10
"""More than this nobody copies one by one: they come as a file."""

LONGEST_TITLE: Final = int(InvoiceLimit.MAX_TITLE_LENGTH)
LONGEST_DESCRIPTION: Final = int(InvoiceLimit.MAX_DESCRIPTION_LENGTH)

_ORDER: Final = "order:"


@dataclass(frozen=True, slots=True)
class Words:
    """A text message, in Telegram's HTML."""

    html: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A photo; the words under it may be empty."""

    png: bytes
    html: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Attached:
    """A file of ours; the words under it may be empty."""

    name: str
    content: bytes
    html: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Sent:
    """A picture or file of somebody's own, as it came; the words under it may be empty."""

    name: str
    content: bytes
    is_picture: bool
    html: str = ""


@dataclass(frozen=True, slots=True)
class Invoice:
    """A message that can be paid in Stars. Plain text; copies of it lead to ``start`` instead of being paid.

    Attributes:
        title: 1 to 32 characters.
        description: 1 to 255 characters.
        payload: The payment's number.
    """

    title: str
    description: str
    payload: str
    stars: int
    start: str


Media = Picture | Attached | Sent
Part = Words | Media | Invoice


@dataclass(frozen=True, slots=True)
class Drawn:
    """A screen as messages, in order. The last one carries the buttons.

    Attributes:
        is_protected: Codes are in it: it can be neither forwarded nor saved.
    """

    parts: tuple[Part, ...]
    keyboard: InlineKeyboardMarkup | None
    is_protected: bool

    @property
    def last(self) -> Part:
        """The message that carries the buttons."""
        return self.parts[-1]


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of text with its size as Telegram counts it: UTF-16 units without markup."""

    html: str
    size: int


_CUT: Final = "…"


def render(screen: Screen, bot_name: str | None = None) -> Drawn:
    """Draw a screen.

    A code hides behind a spoiler and nothing else: Telegram takes the spoiler off what is marked as code too.

    Args:
        bot_name: The bot's username, which addresses of its screens begin with; None: not known yet.

    Raises:
        ImpossibleScreen: A link over 64 bytes, or more than 100 buttons.
    """
    if screen.bill is not None:
        return _billed(screen, screen.bill, bot_name)
    codes = [line.secret.reveal() for line in screen.lines if isinstance(line, Code)]
    keyboard, addresses = draw_keyboard(screen.rows, bot_name)
    notes = _notes(screen, addresses)
    rows = [*_rows(screen.lines), *_rows(notes)]
    media: list[Media] = []
    if screen.qr is not None:
        media.append(Picture(_qr(screen.qr.text)))
    if len(codes) > MOST_CODES or (codes and _size(rows) > LONGEST_TEXT):
        media.append(Attached(_file_name(screen.slot), "\n".join([*codes, ""]).encode()))
        rows = [*_rows(line for line in screen.lines if isinstance(line, Line)), *_rows(notes)]
    if screen.file is not None:
        media.append(Attached(screen.file.name, screen.file.bytes))
    if screen.attachment is not None:
        sent = screen.attachment
        media.append(Sent(sent.name, sent.content, sent.is_picture))
    has_secrets = bool(codes) or (screen.file is not None and screen.file.is_secret)
    return Drawn(_parts(media, rows), keyboard, is_protected=has_secrets)


def _billed(screen: Screen, bill: Bill, bot_name: str | None) -> Drawn:
    """A screen that is a bill: its words become the description, its first button pays."""
    keyboard, _ = draw_keyboard(screen.rows, bot_name)
    pay = InlineKeyboardButton(bill.pay, pay=True)
    rows = [] if keyboard is None else keyboard.inline_keyboard
    lines = [line.text for line in screen.lines if isinstance(line, Line)]
    said = "\n".join(text for text in lines if text != bill.title)
    start = payload_of(bill.link)
    if start is None:
        raise ImpossibleScreen(f"a bill that leads to {bill.link}")
    invoice = Invoice(
        _cut(bill.title, LONGEST_TITLE),
        _cut(said, LONGEST_DESCRIPTION),
        bill.number,
        bill.amount.minor,
        start,
    )
    return Drawn((invoice,), InlineKeyboardMarkup([[pay], *rows]), is_protected=False)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + _CUT


def _notes(screen: Screen, addresses: Sequence[Line]) -> list[Line]:
    """What other channels show beside the text."""
    notes = list(addresses)
    if screen.qr is not None:
        notes.append(Line(screen.qr.alt))
    if screen.prompt is not None:
        notes.append(Line(f"✏️ {screen.prompt.placeholder}"))
    return notes


def _parts(media: Sequence[Media], rows: Sequence[_Row]) -> tuple[Part, ...]:
    """Pictures and files first; the words are the last one's caption, or messages below if too long."""
    if media and _size(rows) <= LONGEST_CAPTION:
        *others, last = media
        return (*others, replace(last, html=_joined(rows)))
    return (*media, *(Words(_joined(page)) for page in _pages(rows)))


def _pages(rows: Sequence[_Row]) -> Iterator[list[_Row]]:
    page: list[_Row] = []
    for row in rows:
        if page and _size([*page, row]) > LONGEST_TEXT:
            yield page
            page = []
        page.append(row)
    yield page


def _rows(lines: Iterable[Line | Code]) -> Iterator[_Row]:
    for line in lines:
        if isinstance(line, Code):
            code = line.secret.reveal()
            yield _Row(f"<tg-spoiler>{_escaped(code)}</tg-spoiler>", units(code))
            continue
        for text in _pieces(f"⚠️ {line.text}" if line.style is Style.WARNING else line.text):
            yield _Row(_styled(text, line.style), units(text))


def _styled(text: str, style: Style) -> str:
    """Bold, quoted, or as it is: Telegram has no grey, and slanted Chinese characters are hard to read."""
    if style is Style.QUOTE and text.strip():
        return f"<blockquote>{_escaped(text)}</blockquote>"
    if style in {Style.TITLE, Style.STRONG} and text.strip():
        return f"<b>{_escaped(text)}</b>"
    return _escaped(text)


def _pieces(text: str) -> Iterator[str]:
    """A text in pieces that fit one message each; a character counts for two units at most."""
    if units(text) <= LONGEST_TEXT:
        yield text
        return
    rest = iter(text)
    while piece := "".join(islice(rest, LONGEST_TEXT // 2)):
        yield piece


def _qr(text: str) -> bytes:
    picture = io.BytesIO()
    segno.make_qr(text, error="m").save(picture, kind="png", scale=8)
    return picture.getvalue()


def _file_name(slot: str | None) -> str:
    return f"{slot.removeprefix(_ORDER)}.txt" if slot is not None and slot.startswith(_ORDER) else "codes.txt"


def _joined(rows: Sequence[_Row]) -> str:
    return "\n".join(row.html for row in rows)


def _size(rows: Sequence[_Row]) -> int:
    return sum(row.size + 1 for row in rows)


def _escaped(text: str) -> str:
    return escape(text, quote=False)
