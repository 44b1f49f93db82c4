"""Reading threads: whose they are, what was written, what waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, String, and_, case, cast, exists, func, literal, select, update
from sqlalchemy.orm import aliased

from shop_core.customers.models import Person, PersonChange
from shop_core.customers.people import Address, find_customer
from shop_core.db.base import table_of
from shop_core.db.tx import Tx, View
from shop_core.messaging.models import Message
from shop_core.messaging.queue import MessageState
from shop_core.threads.errors import NoSuchMessage, NoSuchThread
from shop_core.threads.models import FileKind, Thread, ThreadFile, ThreadMessage
from shop_core.threads.sealing import place_of
from shop_core.vault.vault import Vault

_MEASURED: Final = 20
"""Answers that the usual wait is taken from."""


@dataclass(frozen=True, slots=True)
class ThreadView:
    """A thread without what is written in it.

    Attributes:
        address: Where the customer wrote last.
        order_id: The order that he last wrote about.
    """

    id: int
    person_id: int
    name: str
    address: Address
    order_id: int | None
    waiting_since: datetime | None
    last_at: datetime


@dataclass(frozen=True, slots=True)
class FileView:
    """A file without its content. ``is_kept``: the content is still there."""

    message_id: int
    kind: FileKind
    size: int
    is_kept: bool
    name: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message, opened. ``by`` is who settled it; ``is_answered``: by an answer."""

    id: int
    thread_id: int
    by_shop: bool
    author: str
    order_id: int | None
    at: datetime
    settled_at: datetime | None
    settled_by: str | None
    is_answered: bool
    file: FileView | None
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file with its content."""

    view: FileView
    content: bytes = field(repr=False)


_THREAD: Final = select(
    Thread.id,
    Thread.person_id,
    Thread.channel,
    Thread.external_id,
    Thread.order_id,
    Thread.waiting_since,
    Thread.last_at,
    Person.name,
).join(Person, and_(Person.id == Thread.person_id, Person.erased_at.is_(None)))
_SEALER: Final = aliased(Person)
_OPENS_FOR: Final = case(
    (_SEALER.merged_into == Thread.person_id, ThreadMessage.sealed_for), else_=Thread.person_id
).label("opens_for")
"""Whom a message was sealed for: whose thread it is, or who was merged into him. Moved to a stranger's it does not open."""
_MESSAGE: Final = (
    select(
        *ThreadMessage.__table__.columns,
        _OPENS_FOR,
        ThreadFile.kind,
        ThreadFile.size,
        ThreadFile.name_sealed,
        ThreadFile.sealed.is_not(None).label("is_kept"),
    )
    .join(Thread, Thread.id == ThreadMessage.thread_id)
    .outerjoin(_SEALER, _SEALER.id == ThreadMessage.sealed_for)
    .outerjoin(ThreadFile, ThreadFile.message_id == ThreadMessage.id)
    # Of who has been erased an empty row is left.
    .where(func.length(ThreadMessage.sealed) > 0)
)


def list_threads(view: View, *, limit: int, offset: int = 0) -> Sequence[ThreadView]:
    """Who waits longest first, then who was spoken with last."""
    latest = _THREAD.order_by(
        Thread.waiting_since.is_(None), Thread.waiting_since, Thread.last_at.desc(), Thread.id
    )
    return [_thread(row) for row in view.execute(latest.limit(limit).offset(offset))]


def count_waiting(view: View) -> int:
    """How many customers wait for an answer."""
    waiting = select(func.count()).select_from(Thread).where(Thread.waiting_since.is_not(None))
    return int(view.execute(waiting).scalar_one())


def get_thread(view: View, thread_id: int) -> ThreadView:
    """One thread: for staff. One that went on as another is found as that.

    Raises:
        NoSuchThread: Nobody wrote in it, or he has been erased.
    """
    row = view.execute(_THREAD.where(Thread.id == thread_now(view, thread_id))).first()
    if row is None:
        raise NoSuchThread
    return _thread(row)


def thread_now(view: View, thread_id: int) -> int:
    """A thread, or the one that it went on as when its person was merged: notices and buttons name the old one for ever.

    Raises:
        NoSuchThread: Nobody wrote in it.
    """
    if view.execute(select(Thread.id).where(Thread.id == thread_id)).first() is not None:
        return thread_id
    gone = select(PersonChange.kept_thread).where(PersonChange.gone_thread == thread_id)
    kept = view.execute(gone.order_by(PersonChange.id.desc()).limit(1)).scalar()
    if kept is None:
        raise NoSuchThread
    return thread_now(view, kept)


def list_messages(
    view: View, vault: Vault, *, thread_id: int | None = None, person_id: int | None = None, limit: int
) -> Sequence[MessageView]:
    """The latest messages of a thread, or of a person's, oldest first."""
    whose = Thread.id == thread_id if person_id is None else Thread.person_id == person_id
    rows = view.execute(_MESSAGE.where(whose).order_by(ThreadMessage.id.desc()).limit(limit)).all()
    return [_message(vault, row) for row in reversed(rows)]


def get_message(view: View, vault: Vault, message_id: int) -> MessageView:
    """One message: for staff.

    Raises:
        NoSuchMessage: Not there.
    """
    return _message(vault, _row(view, ThreadMessage.id == message_id))


def get_own_message(view: View, vault: Vault, person_id: int, message_id: int) -> MessageView:
    """One message of a person's own thread.

    Raises:
        NoSuchMessage: Not there, or not his: both are the same to him.
    """
    mine = and_(ThreadMessage.id == message_id, Thread.person_id == person_id)
    return _message(vault, _row(view, mine))


def is_for(view: View, message_id: int, address: Address, person_id: int) -> bool:
    """Whether an answer is for whoever is at an address: he owns the thread, or it is where its messages came from."""
    here = and_(Thread.channel == address.channel, Thread.external_id == address.external_id)
    owned = (Thread.person_id == person_id) | here
    found = select(Thread.id).join(ThreadMessage, ThreadMessage.thread_id == Thread.id)
    return view.execute(found.where(ThreadMessage.id == message_id, owned)).first() is not None


def open_file(view: View, vault: Vault, message: MessageView) -> OpenedFile:
    """The content of a message's file. Whoever may see the message may see it.

    Raises:
        NoSuchMessage: It has none, or none any more.
    """
    row = view.execute(
        select(ThreadFile.sealed, ThreadMessage.key, _OPENS_FOR)
        .join(ThreadMessage, ThreadMessage.id == ThreadFile.message_id)
        .join(Thread, Thread.id == ThreadMessage.thread_id)
        .outerjoin(_SEALER, _SEALER.id == ThreadMessage.sealed_for)
        .where(ThreadFile.message_id == message.id)
    ).first()
    if row is None or row.sealed is None or message.file is None:
        raise NoSuchMessage
    content = vault.open_bytes(row.sealed, place=place_of(row.opens_for, row.key, "file"))
    return OpenedFile(message.file, content)


def usual_wait(view: View) -> timedelta | None:
    """How long the latest answers took, in the middle; None: nobody has been answered yet."""
    rows = view.execute(
        select(ThreadMessage.at, ThreadMessage.settled_at)
        .where(ThreadMessage.answer_id.is_not(None), ThreadMessage.settled_at.is_not(None))
        .order_by(ThreadMessage.settled_at.desc())
        .limit(_MEASURED)
    ).all()
    waits = [(row.settled_at - row.at) / timedelta(seconds=1) for row in rows]
    return timedelta(seconds=median(waits)) if waits else None


def count_unseen(view: View, person_id: int) -> int:
    """Answers that reached the person neither as news nor in the conversation."""
    told = exists().where(
        Message.cause == literal("thread:") + cast(ThreadMessage.id, String) + literal(":answer"),
        Message.state == MessageState.SENT.value,
    )
    unseen = (
        select(func.count())
        .select_from(ThreadMessage)
        .join(Thread, Thread.id == ThreadMessage.thread_id)
        .where(
            Thread.person_id == person_id,
            ThreadMessage.by_shop.is_(True),
            ThreadMessage.seen_at.is_(None),
            ~told,
        )
    )
    return int(view.execute(unseen).scalar_one())


def mark_seen(tx: Tx, person_id: int) -> None:
    """The person has the conversation open."""
    own = select(Thread.id).where(Thread.person_id == person_id)
    tx.execute(
        update(table_of(ThreadMessage))
        .where(
            ThreadMessage.thread_id.in_(own),
            ThreadMessage.by_shop.is_(True),
            ThreadMessage.seen_at.is_(None),
        )
        .values(seen_at=tx.now)
    )


def name_of(view: View, actor: str) -> str:
    """What somebody is called, for his colleagues."""
    channel, _, external_id = actor.partition(":")
    person = find_customer(view, channel=channel, external_id=external_id)
    return actor if person is None or not person.name else person.name


def _row(view: View, condition: ColumnElement[bool]) -> Row[Any]:
    row = view.execute(_MESSAGE.where(condition)).first()
    if row is None:
        raise NoSuchMessage
    return row


def _thread(row: Row[Any]) -> ThreadView:
    return ThreadView(
        row.id,
        row.person_id,
        row.name,
        Address(row.channel, row.external_id),
        row.order_id,
        row.waiting_since,
        row.last_at,
    )


def _message(vault: Vault, row: Row[Any]) -> MessageView:
    text = vault.open(row.sealed, place=place_of(row.opens_for, row.key, "text")).reveal()
    return MessageView(
        row.id,
        row.thread_id,
        row.by_shop,
        row.author,
        row.order_id,
        row.at,
        row.settled_at,
        row.settled_by,
        row.answer_id is not None,
        None if row.kind is None else _file(vault, row),
        text,
    )


def _file(vault: Vault, row: Row[Any]) -> FileView:
    name = vault.open(row.name_sealed, place=place_of(row.opens_for, row.key, "name")).reveal()
    return FileView(row.id, FileKind(row.kind), row.size, bool(row.is_kept), name)
