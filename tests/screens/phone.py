"""A Telegram conversation drawn as a phone shows it: a page of its own, for pictures."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Final

from tests.standins.telegram import ShownMessage
from tests.standins.telegram.shown import Button, ShownFile

Read = Callable[[ShownFile], bytes]

_PAGE: Final = Template(Path(__file__).with_name("phone.html").read_text("utf-8"))


def draw_phone(
    messages: Sequence[ShownMessage], *, shop: str, toast: str, entry: str, below: str, read: Read
) -> str:
    """The end of a conversation as a page.

    Args:
        below: The button in the place of the keyboard; may be empty.
        toast: The notice that is just shown; may be empty.
        entry: What stands in the empty line where one writes.
        read: Brings the bytes of a picture.
    """
    drawn = "".join(_message(message, read) for message in messages[-6:])
    notice = f'<div class="toast">{escape(toast)}</div>' if toast else ""
    keyboard = f'<div class="below"><div>{escape(below)}</div></div>' if below else ""
    return _PAGE.substitute(
        mark=escape(shop[:1]),
        shop=escape(shop),
        messages=drawn,
        toast=notice,
        entry=escape(entry),
        below=keyboard,
    )


def _message(message: ShownMessage, read: Read) -> str:
    picture = ""
    if message.photo:
        picture = f'<img src="data:image/png;base64,{b64encode(read(message.photo)).decode()}">'
    if message.document:
        picture = f'<span class="file">📎 {escape(message.document.name)}</span>'
    contact = message.raw.get("contact")
    if contact:
        number = escape(f"+{contact['phone_number']}")
        picture = f'<span class="file">{escape(contact["first_name"])}<br>{number}</span>'
    rows = "".join(f'<div class="row">{"".join(map(_key, row))}</div>' for row in message.rows)
    keys = f'<div class="keys">{rows}</div>' if rows else ""
    side = " mine" if message.is_mine else ""
    return f'<div class="message{side}"><div class="bubble">{picture}{_text(message)}</div>{keys}</div>'


def _key(button: Button) -> str:
    sign = {"url": "↗", "copy": "⧉"}.get(button.kind, "")
    return f'<div class="key {button.style or ""}">{escape(button.text)}<sup>{sign}</sup></div>'


def _text(message: ShownMessage) -> str:
    """The text with what is bold and what is hidden."""
    raw, html, at = message.text.encode("utf-16-le"), "", 0
    for entity in sorted(message.entities, key=lambda entity: int(entity["offset"])):
        start, end = 2 * entity["offset"], 2 * (entity["offset"] + entity["length"])
        tag = {"bold": "<b>%s</b>", "spoiler": '<span class="veil">%s</span>'}.get(entity["type"], "%s")
        html += escape(raw[at:start].decode("utf-16-le")) + tag % escape(raw[start:end].decode("utf-16-le"))
        at = end
    return html + escape(raw[at:].decode("utf-16-le"))
