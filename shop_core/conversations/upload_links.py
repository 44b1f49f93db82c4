"""One-time links for files: where a chat takes none, whoever has the link sends one on a page of ours.

A link carries a command that waits for its file, and whose it is; what he may do is looked up when the file comes.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.db.base import Base
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or
from shop_core.kernel.errors import ShopError

LASTS: Final = timedelta(minutes=10)
_TOKEN_BYTES: Final = 24
_TOKEN: Final = re.compile(r"[0-9A-Za-z_-]{32}")


class UploadLink(Base):
    """A link that has not been used. Only a digest of it is kept."""

    __tablename__ = "upload_links"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    actor: Mapped[str] = mapped_column(String(170))
    command: Mapped[str] = mapped_column(String(120))
    until: Mapped[datetime]


class NoSuchUpload(ShopError):
    """Unknown, used, or too old: which, is not told."""

    code = "conversations.no_such_upload"


class NoUploads(ShopError):
    """The world does not reach this shop, so there is no page."""

    code = "conversations.no_uploads"


@dataclass(frozen=True, slots=True)
class Upload:
    """What a link is for.

    Attributes:
        mark: The same for each try, and no secret.
        actor: Whose it is: ``channel:id``.
        command: The link of the command that waits for a file.
    """

    mark: str
    actor: str
    command: str
    until: datetime


@dataclass(frozen=True, slots=True)
class UploadDoor:
    """Where files are taken.

    Attributes:
        url: Such as ``https://shop.example.com/upload``; None: the world does not reach this shop.
    """

    url: str | None

    def link(self, token: str) -> str:
        """The address that a token opens.

        Raises:
            NoUploads: There is none.
        """
        if self.url is None:
            raise NoUploads
        return f"{self.url}/{token}"


def make_upload_link(tx: Tx, actor: str, command: str) -> str:
    """A token that takes one file for a command, within ten minutes. An older one of his ends."""
    tx.execute(delete(UploadLink).where(UploadLink.actor == actor))
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    row = {"digest": _hashed(token), "actor": actor, "command": command, "until": tx.now + LASTS}
    tx.execute(insert_or(tx, UploadLink).values(row))
    return token


def get_upload(view: View, token: str) -> Upload:
    """What a link is for; looking uses nothing up, because chat apps look at links before people do.

    Raises:
        NoSuchUpload: It does not work.
    """
    row = view.execute(
        select(UploadLink)
        .where(UploadLink.digest == _digest_of(token), UploadLink.until > view.now)
        .with_only_columns(UploadLink.digest, UploadLink.actor, UploadLink.command, UploadLink.until)
    ).first()
    if row is None:
        raise NoSuchUpload
    return Upload(row.digest[:32], row.actor, row.command, row.until)


def take_upload(tx: Tx, token: str) -> Upload:
    """Use a link up. Of two that try at once, one does.

    Raises:
        NoSuchUpload: It does not work, or not any more.
    """
    found = get_upload(tx, token)
    if tx.execute(delete(UploadLink).where(UploadLink.digest == _digest_of(token))).rowcount != 1:
        raise NoSuchUpload
    return found


def give_upload_back(tx: Tx, token: str, taken: Upload) -> None:
    """Its file was refused: another one may be tried, until the same moment."""
    row = {"digest": _digest_of(token), "actor": taken.actor, "command": taken.command, "until": taken.until}
    tx.execute(insert_or(tx, UploadLink).values(row).on_conflict_do_nothing())


def purge(tx: Tx) -> int:
    """Forget what is too old. Returns how many."""
    return tx.execute(delete(UploadLink).where(UploadLink.until <= tx.now)).rowcount


def _digest_of(token: str) -> str:
    if _TOKEN.fullmatch(token) is None:
        raise NoSuchUpload
    return _hashed(token)


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
