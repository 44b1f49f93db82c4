"""Screens as WeChat's texts: pages of at most eight numbers and 600 characters. Pure.

A phone shows that much at a time, and numbers are easily typed. What is longer goes on to another page; nothing is cut.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from pydantic import BaseModel

from admin_cmds.links import link_to
from handlers.links import match
from handlers.screen import Code, LinkButton, Screen, UrlButton
from handlers.words import Phrases

MOST_ITEMS: Final = 8
LONGEST: Final = 600
"""Characters of a page."""
LONGEST_BYTES: Final = 2000
"""Bytes of a page: WeChat takes 2,048."""
BACK: Final = "0"
ON: Final = "9"

_COUNTER: Final = link_to()
"""The staff's first screen."""
_FEW: Final = 4
"""So few choices stand on every page of a long text, so that nobody has to read to the end to buy."""
_WORDS: Final = frozenset({"home", "orders", "support", "help", "balance", "language", "ask_search"})
"""Links that people ask for in words, wherever they are: they need no number."""


class Page(BaseModel):
    """One page.

    Attributes:
        head, items, foot: The text in parts: what stands above the numbers, the numbers, and what may be written.
        choices: What a person may write → the link that it means.
    """

    head: str = ""
    items: tuple[str, ...] = ()
    foot: str = ""
    choices: dict[str, str]

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(part for part in (self.head, *self.items, self.foot) if part)


class Drawn(BaseModel):
    """A screen as it is shown, page by page."""

    pages: tuple[Page, ...]
    takes_text: bool = False
    has_codes: bool = False


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What goes on one page."""

    lines: list[str] = field(default_factory=list)
    items: list[LinkButton] = field(default_factory=list)

    def has_room(self, line: str, room: int, room_bytes: int) -> bool:
        lines = [*self.lines, *(item.text for item in self.items), line]
        # A number and a space before each item.
        extra = 2 * (len(self.items) + 1)
        return _length(lines) + extra <= room and _bytes(lines) + extra <= room_bytes


@dataclass(frozen=True, slots=True)
class _Ways:
    """Where the buttons of a screen lead: by a number, by a word, a page on, or back."""

    items: Sequence[LinkButton]
    words: Sequence[LinkButton]
    back: LinkButton | None
    on: LinkButton | None

    def without_numbers(self) -> _Ways:
        """Where a text is waited for, a number is an answer: all buttons are words then."""
        return replace(self, items=(), words=(*self.items, *self.words))


def draw(screen: Screen, say: Phrases, news: Sequence[str] = ()) -> Drawn:
    """Draw a screen as an answer: with numbers.

    Args:
        news: What stands above it.
    """
    ways = _ways(screen, say)
    takes_text = screen.prompt is not None
    if takes_text:
        ways = ways.without_numbers()
    # Room for whatever the last line can be.
    foot = _foot(ways, say, is_first=False, goes_on=True)
    room, room_bytes = LONGEST - len(foot) - 12, LONGEST_BYTES - len(foot.encode()) - 24
    above = [tame(text) for text in news]
    sheets = list(_sheets(above, [*_lines(screen, say)], ways.items, room, room_bytes))
    pages = tuple(_page(sheet, place, len(sheets), ways, say) for place, sheet in enumerate(sheets))
    has_codes = screen.file is not None or any(isinstance(line, Code) for line in screen.lines)
    return Drawn(pages=pages, takes_text=takes_text, has_codes=has_codes)


def plain(text: str) -> str:
    """What somebody wrote, as a choice is looked up: full-width is the same as narrow, and so is a Chinese number."""
    said = unicodedata.normalize("NFKC", " ".join(text.split())).lower().strip(" .。、,，!！")
    return _CHINESE.get(said, said)


_CHINESE: Final = {char: str(value) for value, char in enumerate("零一二三四五六七八九")} | {"〇": "0"}


def buttons_of(screen: Screen) -> list[LinkButton]:
    """Those that lead to a place of the shop."""
    return [button for row in screen.rows for button in row if isinstance(button, LinkButton)]


def _lines(screen: Screen, say: Phrases) -> Iterator[str]:
    """The text, top to bottom; addresses are written out, and so is what a picture would say."""
    if screen.toast:
        yield tame(screen.toast)
    for line in screen.lines:
        text = line.secret.reveal() if isinstance(line, Code) else tame(line.text)
        if text:
            yield text
    if screen.file is not None or screen.attachment is not None:
        yield say("wechat.no_file")
    urls = [button for row in screen.rows for button in row if isinstance(button, UrlButton)]
    for button in urls:
        yield f"{button.text}\n{button.url}"
    if screen.qr is not None and not urls:
        yield screen.qr.text


def tame(text: str) -> str:
    """A text that cannot become a link: WeChat makes one of ``<a`` wherever it stands. Codes stay as they are."""
    return text.replace("<a", "＜a").replace("<A", "＜A")


def _ways(screen: Screen, say: Phrases) -> _Ways:
    buttons = buttons_of(screen)
    by_text = {button.text: button for button in buttons}
    back = by_text.get(say("button.previous")) or by_text.get(say("button.back"))
    back = back or by_text.get(say("button.home"))
    back = back or next((button for button in buttons if button.link == _COUNTER), None)
    on = by_text.get(say("button.next"))
    rest = [button for button in buttons if button not in {back, on}]
    if back is not None and back.text != say("button.back") and say("button.back") in by_text:
        rest.remove(by_text[say("button.back")])
    words = [button for button in rest if _is_word(button)]
    return _Ways([button for button in rest if button not in words], words, back, on)


def _is_word(button: LinkButton) -> bool:
    found = match(button.link)
    return found is not None and found[0] in _WORDS and "/" not in button.link


def _sheets(
    above: Sequence[str], lines: Sequence[str], items: Sequence[LinkButton], room: int, room_bytes: int
) -> Iterator[_Sheet]:
    """Lines, then items, on as many pages as they need; a few items stand on every one of them, and so does the title."""
    few = list(items) if len(items) <= _FEW and _length([item.text for item in items]) <= room // 3 else []
    title = [line for line in lines[:1] if len(line) <= room // 6]
    sheet = _Sheet(items=list(few))
    for line in _folded([*above, *lines], room // 2):
        if sheet.lines and not sheet.has_room(line, room, room_bytes):
            yield sheet
            sheet = _Sheet(list(title), list(few))
        sheet.lines.append(line)
    for item in () if few else items:
        is_full = len(sheet.items) == MOST_ITEMS or not sheet.has_room(item.text, room, room_bytes)
        if is_full and (sheet.items or len(sheet.lines) > 1):
            yield sheet
            sheet = _Sheet(list(title))
        sheet.items.append(item)
    yield sheet


def _folded(lines: Sequence[str], longest: int) -> Iterator[str]:
    """Lines; one that fits on no page goes on in the next line. Without a space in it, it stays whole: a code, a link."""
    for line in lines:
        rest = line
        while len(rest) > longest and not rest.isascii():
            yield rest[:longest]
            rest = rest[longest:]
        yield rest


def _page(sheet: _Sheet, place: int, count: int, ways: _Ways, say: Phrases) -> Page:
    choices = {plain(button.text): button.link for button in (*ways.items, *ways.words)}
    items = tuple(f"{number} {tame(item.text)}" for number, item in enumerate(sheet.items, start=1))
    for number, item in enumerate(sheet.items, start=1):
        choices[str(number)] = item.link
        # What comes back where somebody touches the whole line.
        choices[plain(items[number - 1])] = item.link
    foot = [f"({place + 1}/{count})"] if count > 1 else []
    is_first, is_last = place == 0, place == count - 1
    if is_first:
        choices[BACK] = "home" if ways.back is None else ways.back.link
    if is_first and ways.back is not None:
        choices[plain(ways.back.text)] = ways.back.link
    if is_last and ways.on is not None:
        choices[ON] = ways.on.link
    goes_on = not is_last or ways.on is not None
    foot.append(_foot(ways, say, is_first=is_first, goes_on=goes_on))
    return Page(head="\n".join(sheet.lines), items=items, foot="\n".join(foot), choices=choices)


def _foot(ways: _Ways, say: Phrases, *, is_first: bool, goes_on: bool) -> str:
    """What may be written: numbers, pages, words."""
    named = [say("wechat.number")] if ways.items else []
    is_home = ways.back is None and any(button.link == "orders" for button in ways.words)
    if not is_first:
        named.append(f"{BACK} {say('button.previous')}")
    elif not is_home:
        named.append(f"{BACK} {say('button.home') if ways.back is None else ways.back.text}")
    if goes_on:
        named.append(f"{ON} {say('button.next')}")
    named += [tame(button.text) for button in ways.words]
    return say("wechat.reply", ways=say("wechat.and").join(named))


def _length(lines: Sequence[str]) -> int:
    return sum(len(line) + 1 for line in lines)


def _bytes(lines: Sequence[str]) -> int:
    return sum(len(line.encode()) + 1 for line in lines)
