"""What the stand-in's world is made of: bots, people, chats, files, queries, payments."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.standins.telegram.pacing import Pace
from tests.standins.telegram.refusals import Json
from tests.standins.telegram.updates import UpdateQueue


@dataclass(slots=True)
class Person:
    """Somebody with a Telegram account."""

    id: int
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None
    is_deactivated: bool = False

    def user_json(self) -> Json:
        """The User object."""
        optional = {
            "last_name": self.last_name,
            "username": self.username,
            "language_code": self.language_code,
        }
        known = {key: value for key, value in optional.items() if value is not None}
        return {"id": self.id, "is_bot": False, "first_name": self.first_name, **known}

    def chat_json(self) -> Json:
        """The private chat with this person."""
        user = self.user_json()
        kept: Json = {key: user[key] for key in ("id", "first_name", "last_name", "username") if key in user}
        return {**kept, "type": "private"}


@dataclass(slots=True)
class Webhook:
    """Where updates are posted to."""

    url: str
    secret_token: str
    max_connections: int
    last_error_at: float | None = None
    last_error: str = ""


@dataclass(slots=True)
class StoredFile:
    """A file under an id that is good for one bot."""

    file_id: str
    unique_id: str
    kind: str
    name: str
    mime_type: str
    content: bytes
    path: str
    width: int = 0
    height: int = 0


@dataclass(slots=True)
class Query:
    """A press of a callback button, waiting for its answer."""

    id: str
    person_id: int
    data: str
    asked_at: float
    answer: Json | None = None


@dataclass(slots=True)
class Chat:
    """What one bot and one chat have between them; a private chat opens when the person writes first."""

    id: int
    head: Json
    instance: str
    ids: Iterator[int]
    is_open: bool = False
    is_blocked: bool = False
    messages: dict[int, Json] = field(default_factory=dict)
    changed: dict[int, int] = field(default_factory=dict)
    silent: set[int] = field(default_factory=set)
    fixed: set[int] = field(default_factory=set)
    """Messages that carry a reply keyboard: those cannot be edited."""
    reply_keyboard: Json | None = None
    actions: list[str] = field(default_factory=list)
    bell: asyncio.Event = field(default_factory=asyncio.Event)
    """Rung when one of the messages is new or changed."""

    @property
    def is_private(self) -> bool:
        return bool(self.head["type"] == "private")


@dataclass(slots=True)
class Invoice:
    """A bill in Stars, behind a message or a link."""

    payload: str
    total_amount: int
    title: str
    start_parameter: str = ""
    is_subscription: bool = False


@dataclass(slots=True)
class Checkout:
    """A person on the way to paying an invoice: waiting, then paid, refused or expired."""

    id: str
    person_id: int
    invoice: Invoice
    asked_at: float
    state: str = "waiting"
    error: str = ""
    charge_id: str = ""


@dataclass(slots=True)
class BotAccount:
    """A bot: its token, its queue and everything that is only its own."""

    token: str
    id: int
    username: str
    first_name: str
    queue: UpdateQueue
    message_ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    pace: Pace = field(default_factory=Pace)
    webhook: Webhook | None = None
    polls: int = 0
    chats: dict[int, Chat] = field(default_factory=dict)
    files: dict[str, StoredFile] = field(default_factory=dict)
    queries: dict[str, Query] = field(default_factory=dict)
    commands: dict[tuple[str, str], list[Json]] = field(default_factory=dict)
    invoice_links: dict[str, Invoice] = field(default_factory=dict)
    invoices: dict[tuple[int, int], Invoice] = field(default_factory=dict)
    checkouts: dict[str, Checkout] = field(default_factory=dict)
    loses_payments: bool = False
    transactions: list[Json] = field(default_factory=list)

    def user_json(self) -> Json:
        """The bot as the sender of its messages."""
        return {"id": self.id, "is_bot": True, "first_name": self.first_name, "username": self.username}
