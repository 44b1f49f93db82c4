"""The buttons of a screen as Telegram takes them: how many, how wide, and leading where."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Final
from unicodedata import east_asian_width
from urllib.parse import urlencode, urlsplit

from telegram import CopyTextButton, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.constants import InlineKeyboardButtonLimit, InlineKeyboardMarkupLimit

from handlers.deep_links import payload_of
from handlers.screen import (
    Button,
    ContactButton,
    CopyButton,
    Line,
    LinkButton,
    ShareButton,
    UrlButton,
    Weight,
)

_ROW: Final = int(InlineKeyboardMarkupLimit.BUTTONS_PER_ROW)
_GAP: Final = "  "
_CUT: Final = "…"
_WIDEST_BUTTON: Final = 38
"""Columns that a phone 390 pixels wide shows of a button that has a row for itself."""
_NARROWEST_NAME: Final = 12


class ImpossibleScreen(ValueError):
    """A screen that no Telegram message can be: a bug of whoever drew it."""


def draw_keyboard(
    rows: Sequence[Sequence[Button]], bot_name: str | None
) -> tuple[InlineKeyboardMarkup | None, list[Line]]:
    """The buttons, and the addresses that Telegram takes in no button, as lines."""
    addresses = [
        Line(f"{button.text}: {button.url}")
        for row in rows
        for button in row
        if isinstance(button, UrlButton) and not _is_button_url(button.url)
    ]
    keyboard: list[list[InlineKeyboardButton]] = []
    for row in rows:
        buttons = [drawn for button in row if (drawn := _button(button, bot_name)) is not None]
        keyboard.extend(buttons[start : start + _ROW] for start in range(0, len(buttons), _ROW))
    if sum(map(len, keyboard)) > InlineKeyboardMarkupLimit.TOTAL_BUTTON_NUMBER:
        raise ImpossibleScreen(f"{sum(map(len, keyboard))} buttons")
    return InlineKeyboardMarkup(keyboard) if keyboard else None, addresses


def _button(button: Button, bot_name: str | None) -> InlineKeyboardButton | None:
    """One button; None for what cannot be one."""
    match button:
        case LinkButton(text, link, weight):
            if not 0 < len(link.encode()) <= InlineKeyboardButtonLimit.MAX_CALLBACK_DATA:
                raise ImpossibleScreen(f"a link of {len(link.encode())} bytes")
            style = None if weight is Weight.NORMAL else weight.value
            return InlineKeyboardButton(_fitted(text), callback_data=link, style=style)
        case UrlButton(text, url):
            return InlineKeyboardButton(text, url=url) if _is_button_url(url) else None
        case CopyButton(text, secret):
            copied = secret.reveal()
            if not 0 < units(copied) <= InlineKeyboardButtonLimit.MAX_COPY_TEXT:
                return None
            return InlineKeyboardButton(text, copy_text=CopyTextButton(copied))
        case ShareButton(text):
            address = _share_url(button, bot_name)
            return None if address is None else InlineKeyboardButton(text, url=address)
        case ContactButton():
            # It can only stand below the chat: see ``Numbers``.
            return None


def _share_url(button: ShareButton, bot_name: str | None) -> str | None:
    """Lets the person choose a chat, and puts the address of a screen there. None: it has no address."""
    payload = payload_of(button.link)
    if bot_name is None or payload is None:
        return None
    address = f"https://t.me/{bot_name}?start={payload}"
    return f"https://t.me/share/url?{urlencode({'url': address, 'text': button.title})}"


def _fitted(text: str) -> str:
    """A button of several columns (goods, price, stock): the first gives way, so that the others stay in sight.

    Telegram cuts a button's text at its end, where price and stock are.
    """
    name, gap, rest = text.partition(_GAP)
    over = _width(text) - _WIDEST_BUTTON
    if not gap or over <= 0:
        return text
    kept = max(_width(name) - over - _width(_CUT), _NARROWEST_NAME)
    while _width(name) > kept:
        name = name[:-1]
    return f"{name.rstrip()}{_CUT}{gap}{rest}"


def _width(text: str) -> int:
    """Columns on a screen: a Chinese character takes two."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def _is_button_url(url: str) -> bool:
    """Whether a button can have it: Telegram refuses hosts without a dot, and loopback leads nowhere."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme == "tg":
        return bool(host)
    if parts.scheme not in {"http", "https"}:
        return False
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return "." in host and not any(char.isspace() for char in host)


def units(text: str) -> int:
    """How long a text is to Telegram: in units of UTF-16."""
    return len(text.encode("utf-16-le")) // 2
