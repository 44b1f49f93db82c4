"""A conversation as text for a terminal: buttons as ``[ … ]``, hidden words as ``▒``."""

from __future__ import annotations

from tests.standins.telegram.entities import utf16_length
from tests.standins.telegram.shown import ShownMessage


def render_message(message: ShownMessage) -> str:
    """One message: its text, files and buttons."""
    lines = [line for line in (_attachment(message), veiled_text(message)) if line]
    lines += ["  ".join(f"[ {button.text} ]" for button in row) for row in message.rows]
    return "\n".join(lines)


def render_messages(messages: tuple[ShownMessage, ...], name: str) -> str:
    """A whole conversation; what the person sent stands behind ``>`` and the name."""
    blocks = []
    for message in messages:
        body = render_message(message)
        if message.is_mine:
            blocks.append(f"{name} > " + body.replace("\n", "\n" + " " * (len(name) + 3)))
        else:
            blocks.append("    " + body.replace("\n", "\n    "))
    return "\n\n".join(blocks)


def veiled_text(message: ShownMessage) -> str:
    """The text with every hidden part as grey blocks of its length."""
    raw = message.text.encode("utf-16-le")
    for entity in sorted(message.entities, key=lambda e: int(e["offset"]), reverse=True):
        if entity["type"] == "spoiler":
            start, end = 2 * entity["offset"], 2 * (entity["offset"] + entity["length"])
            hidden = raw[start:end].decode("utf-16-le")
            veil = "".join(c if c == "\n" else "▒" * utf16_length(c) for c in hidden)
            raw = raw[:start] + veil.encode("utf-16-le") + raw[end:]
    return raw.decode("utf-16-le")


def _attachment(message: ShownMessage) -> str:
    raw = message.raw
    if message.photo:
        spoiler = ", hidden" if raw.get("has_media_spoiler") else ""
        return f"(picture {message.photo.width}×{message.photo.height}{spoiler})"
    if message.document:
        return f"(file {message.document.name}, {message.document.size} bytes)"
    if "invoice" in raw:
        return f"(invoice {raw['invoice']['title']}, {raw['invoice']['total_amount']} Stars)  [ Pay ]"
    if "successful_payment" in raw:
        return f"(paid {raw['successful_payment']['total_amount']} Stars)"
    if "refunded_payment" in raw:
        return f"(refunded {raw['refunded_payment']['total_amount']} Stars)"
    return ""
