"""Screens as frames of the wire protocol. All text goes as it is: the page makes none of it markup."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import segno

from handlers.screen import (
    Attachment,
    Button,
    Code,
    ContactButton,
    CopyButton,
    File,
    Line,
    LinkButton,
    Prompt,
    Qr,
    Screen,
    ShareButton,
    Style,
    UrlButton,
)

_QR_BORDER: Final = 2
"""Modules of white around a QR code; the page's frame adds the rest of the four of the standard."""


def screen_frame(screen: Screen, frame_id: str) -> str:
    """A screen under an id; the page shows each id once."""
    return _frame(
        {
            "type": "screen",
            "id": frame_id,
            "slot": screen.slot,
            "news": screen.news,
            "quiet": screen.quiet,
            "screen": {
                "lines": [_line(line) for line in screen.lines if not _is_shown_live(line, screen)],
                "rows": [row for buttons in screen.rows if (row := _row(buttons))],
                "qr": None if screen.qr is None else _qr(screen.qr),
                "file": None if screen.file is None else _file(screen.file),
                "attachment": None if screen.attachment is None else _attachment(screen.attachment),
                "deadline": None if screen.deadline is None else _moment(screen.deadline),
                "prompt": None if screen.prompt is None else _prompt(screen.prompt),
            },
        }
    )


def toast_frame(text: str, frame_id: str) -> str:
    """A short notice under an id; the page shows each id once."""
    return _frame({"type": "toast", "id": frame_id, "text": text})


def taken_frame(message_id: str) -> str:
    """We have the message; the page need not repeat it."""
    return _frame({"type": "taken", "id": message_id})


def done_frame(message_id: str) -> str:
    """Nothing more follows from the message; its button is free again."""
    return _frame({"type": "done", "id": message_id})


def pong_frame() -> str:
    """The line leads here."""
    return _frame({"type": "pong"})


def welcome_frame(*, language: str, words: Mapping[str, str], may_attach: bool, now: datetime) -> str:
    """The answer to ``hello``. ``now`` lets the page count down rightly on a phone whose clock is wrong."""
    return _frame(
        {
            "type": "welcome",
            "language": language,
            "words": dict(words),
            "attach": may_attach,
            "now": _moment(now),
        }
    )


def _frame(content: Mapping[str, object]) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _is_shown_live(line: Line | Code, screen: Screen) -> bool:
    """The page counts down by itself, in the reader's own time zone."""
    return isinstance(line, Line) and line.style is Style.DEADLINE and screen.deadline is not None


def _line(line: Line | Code) -> Mapping[str, str]:
    match line:
        case Line():
            return {"text": line.text, "style": line.style.value}
        case Code():
            return {"secret": line.secret.reveal(), "style": "code"}


def _row(buttons: Sequence[Button]) -> Sequence[Mapping[str, str]]:
    """A row without what the page cannot do: no address of it shows a screen by itself yet, and it knows no number."""
    return [_button(button) for button in buttons if not isinstance(button, ShareButton | ContactButton)]


def _button(button: LinkButton | UrlButton | CopyButton) -> Mapping[str, str]:
    match button:
        case LinkButton():
            return {"text": button.text, "link": button.link, "style": button.weight.value}
        case UrlButton():
            return {"text": button.text, "url": button.url}
        case CopyButton():
            return {"text": button.text, "copy": button.secret.reveal()}


def _qr(qr: Qr) -> Mapping[str, str] | None:
    try:
        drawn = segno.make_qr(qr.text)
    except segno.DataOverflowError:
        # More than a QR code holds (2,953 bytes): there is always a button beside it.
        return None
    return {"svg": drawn.svg_inline(omitsize=True, border=_QR_BORDER), "alt": qr.alt}


def _file(file: File) -> Mapping[str, str]:
    return {"name": file.name, "content": base64.b64encode(file.bytes).decode()}


def _attachment(attachment: Attachment) -> Mapping[str, str | int | bool]:
    """Without its content: the page fetches that, if it is for whoever has the page's cookie."""
    return {
        "id": attachment.message_id,
        "name": attachment.name,
        "size": len(attachment.content),
        "picture": attachment.is_picture,
    }


def _prompt(prompt: Prompt) -> Mapping[str, str | bool]:
    return {"placeholder": prompt.placeholder, "secret": prompt.is_secret, "files": prompt.takes_files}


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
