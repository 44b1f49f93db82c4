"""What somebody says, and the same sealed: bound to the person and the message, so that rows cannot be swapped."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import insert, select

from shop_core.db.tx import Tx, View
from shop_core.threads.errors import FileTooLarge, NothingSaid, TooLong
from shop_core.threads.models import FileKind, ThreadFile, ThreadMessage
from shop_core.vault.vault import Vault

LONGEST_TEXT: Final = 4096
"""Characters: what Telegram takes in one message, the most of all channels."""
LARGEST_FILE: Final = 10 * 1024 * 1024
"""Bytes: what Telegram takes as a photo, and a database as a value."""
LONGEST_NAME: Final = 120

_PICTURES: Final = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}


@dataclass(frozen=True, slots=True)
class SentFile:
    """A picture or a file as it came."""

    name: str = field(repr=False)
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody says: a text, a file, or both. Never printed."""

    text: str = field(default="", repr=False)
    file: SentFile | None = None

    def require_sendable(self) -> None:
        """Insist that it says something, and not too much.

        Raises:
            NothingSaid, TooLong, FileTooLarge: It is not to be kept.
        """
        if not self.text.strip() and (self.file is None or not self.file.content):
            raise NothingSaid
        if len(self.text) > LONGEST_TEXT:
            raise TooLong(most=LONGEST_TEXT)
        if self.file is not None and len(self.file.content) > LARGEST_FILE:
            raise FileTooLarge(most=LARGEST_FILE >> 20)


@dataclass(frozen=True, slots=True)
class SealedFile:
    """A file that only the vault can read."""

    kind: FileKind
    size: int
    name: bytes
    content: bytes


@dataclass(frozen=True, slots=True)
class Sealed:
    """What was said, ready to be kept under its key; ``person_id`` is whom it is sealed for."""

    person_id: int
    key: str
    text: bytes
    file: SealedFile | None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a message belongs, and whose it is."""

    thread_id: int
    by_shop: bool
    author: str
    order_id: int | None = None


def picture_type(content: bytes) -> str | None:
    """The media type of a picture that every client can show, by how it begins; None: any other file."""
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in _PICTURES.items() if content.startswith(start)), None)


def place_of(person_id: int, key: str, part: str) -> str:
    """Where a sealed part of a message is: it opens nowhere else."""
    return f"thread:{person_id}:{part}:{key}"


def seal(vault: Vault, person_id: int, key: str, said: Said) -> Sealed:
    """Seal what was said.

    Args:
        person_id: Whose thread it is for, whoever wrote it.
    """
    text = vault.seal(said.text, place=place_of(person_id, key, "text"))
    if said.file is None:
        return Sealed(person_id, key, text, None)
    content = said.file.content
    kind = FileKind.FILE if picture_type(content) is None else FileKind.PICTURE
    name = vault.seal(said.file.name[:LONGEST_NAME], place=place_of(person_id, key, "name"))
    return Sealed(
        person_id,
        key,
        text,
        SealedFile(
            kind, len(content), name, vault.seal_bytes(content, place=place_of(person_id, key, "file"))
        ),
    )


def find_by_key(view: View, key: str) -> int | None:
    """The message that came under this key, if it came before."""
    return view.execute(select(ThreadMessage.id).where(ThreadMessage.key == key)).scalar()


def keep(tx: Tx, sealed: Sealed, origin: Origin) -> int:
    """Write a message and its file. Its id. The caller has seen, under a lock, that the key is new."""
    message_id = tx.execute(
        insert(ThreadMessage)
        .values(
            thread_id=origin.thread_id,
            key=sealed.key,
            by_shop=origin.by_shop,
            author=origin.author,
            order_id=origin.order_id,
            sealed=sealed.text,
            sealed_for=sealed.person_id,
            at=tx.now,
        )
        .returning(ThreadMessage.id)
    ).scalar_one()
    file = sealed.file
    if file is not None:
        tx.execute(
            insert(ThreadFile).values(
                message_id=message_id,
                kind=file.kind.value,
                size=file.size,
                name_sealed=file.name,
                sealed=file.content,
                kept_since=tx.now,
            )
        )
    return int(message_id)
