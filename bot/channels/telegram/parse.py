"""What an update says, as the shop understands it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from telegram import CallbackQuery, ChatMember, ChatMemberUpdated, Document, Message, PhotoSize, Update, User
from telegram.constants import ChatType

from handlers import deep_links
from handlers.incoming import Contact, Link, Text
from shop_core.kernel.money import Money
from shop_core.payments.gateway import Notice

STARS: Final = "XTR"
"""Telegram's own currency; it has no smaller unit."""

_COMMANDS: Final[Mapping[str, str]] = {
    "orders": "orders",
    "help": "help",
    "language": "language",
    "admin": "admin",
    # Who takes Telegram's Stars has to answer this one (terms for bot developers, 6.2.1).
    "paysupport": "paysupport",
}
_START: Final = "start"
_HELP: Final = Link("help")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who wrote; the names are Telegram's words for him."""

    external_id: str
    name: str
    language: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A picture or file that can be fetched. ``size`` is what Telegram says, None if it says nothing."""

    file_id: str
    name: str
    size: int | None
    caption: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody wrote something, or followed a deep link.

    Attributes:
        message_id: The message's number in his chat.
        replies_to: The number of the message that it is a reply to; may be empty.
    """

    sender: Sender
    content: Link | Text | Attachment | Contact
    message_id: str = ""
    replies_to: str = ""


@dataclass(frozen=True, slots=True)
class Pressed:
    """Somebody pressed a button, says his client, on a message that may be gone meanwhile."""

    sender: Sender
    link: Link
    query_id: str
    message_id: str | None


@dataclass(frozen=True, slots=True)
class Turned:
    """Somebody blocked the bot, or took it back."""

    external_id: str
    is_reachable: bool


def find_person(update: Mapping[str, Any]) -> str | None:
    """Whose lane an update belongs in, read from the JSON as it came.

    Returns:
        None for what is not from one person in a private chat: groups are answered with nothing.
    """
    pressed = update.get("callback_query")
    if pressed is not None:
        chat = pressed.get("message", {}).get("chat", {})
    else:
        message = update.get("message") or {}
        if "refunded_payment" in message:
            # Telegram's own line in the chat about money that went back: nobody said it.
            return None
        chat = (message or update.get("my_chat_member") or {}).get("chat", {})
    return str(chat["id"]) if chat.get("type") == ChatType.PRIVATE else None


def find_paid(update: Mapping[str, Any]) -> Notice | None:
    """The Stars that an update tells of, read from the JSON as it came."""
    message = update.get("message") or {}
    paid = message.get("successful_payment")
    if paid is None or paid.get("currency") != STARS:
        return None
    return Notice(
        number=str(paid["invoice_payload"]),
        external_ref=str(paid["telegram_payment_charge_id"]),
        amount=Money(paid["total_amount"], STARS),
        paid=True,
        payer=str(message["from"]["id"]),
    )


def parse(update: Update) -> Said | Pressed | Turned | None:
    """Read an update that ``find_person`` knew a person for."""
    if update.callback_query is not None:
        return _pressed(update.callback_query)
    if update.my_chat_member is not None:
        return _turned(update.my_chat_member)
    if update.message is not None and update.message.from_user is not None:
        return _said(update.message, update.message.from_user)
    return None


def _said(message: Message, user: User) -> Said:
    original = message.reply_to_message
    replies_to = "" if original is None else str(original.message_id)
    return Said(_sender(user), _content(message, user), str(message.message_id), replies_to)


def _content(message: Message, user: User) -> Link | Text | Attachment | Contact:
    if message.text is not None:
        return _words(message.text)
    if message.contact is not None:
        # Anybody's contact can be attached, and any message passed on: only his own number, sent by himself, is his.
        is_own = message.contact.user_id == user.id and message.forward_origin is None
        return Contact(message.contact.phone_number, is_own)
    if message.document is not None:
        return _attachment(message.document, message.caption or "")
    if message.photo:
        return _picture(message.photo, message.caption or "")
    for name, media in (
        ("voice.ogg", message.voice),
        ("video.mp4", message.video),
        ("video.mp4", message.video_note),
        ("audio.mp3", message.audio),
        ("sticker.webp", message.sticker),
    ):
        if media is not None:
            return Attachment(media.file_id, name, media.file_size, message.caption or "")
    return _HELP


def _words(text: str) -> Link | Text:
    if not text.startswith("/"):
        return Text(text)
    head, _, rest = text[1:].partition(" ")
    command, rest = head.partition("@")[0].lower(), rest.strip()
    if command == _START:
        return Link(deep_links.link_of(rest) or "")
    if command in _COMMANDS and not rest:
        return Link(_COMMANDS[command], is_typed=True)
    return Text(text)


def _attachment(document: Document, caption: str) -> Attachment:
    return Attachment(document.file_id, document.file_name or "", document.file_size, caption)


def _picture(sizes: Sequence[PhotoSize], caption: str) -> Attachment:
    """The largest of the sizes that Telegram made of a picture, always a JPEG."""
    largest = max(sizes, key=lambda size: size.width * size.height)
    return Attachment(largest.file_id, "photo.jpg", largest.file_size, caption)


def _pressed(query: CallbackQuery) -> Pressed:
    message_id = None if query.message is None else str(query.message.message_id)
    return Pressed(_sender(query.from_user), Link(query.data or ""), query.id, message_id)


def _turned(change: ChatMemberUpdated) -> Turned:
    gone = {ChatMember.BANNED, ChatMember.LEFT}
    return Turned(str(change.chat.id), is_reachable=change.new_chat_member.status not in gone)


def _sender(user: User) -> Sender:
    return Sender(str(user.id), user.full_name, user.language_code or "")
