"""Prompts, forms, one-time keys and links, and who of the staff is signed in where."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.db.base import Base


class PromptRow(Base):
    """What a person's next free text on a channel means: it is put into ``link`` after a slash."""

    __tablename__ = "prompts"

    channel: Mapped[str] = mapped_column(String(40), primary_key=True)
    external_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    link: Mapped[str] = mapped_column(String(120))
    until: Mapped[datetime]


class FormRow(Base):
    """A form that somebody is filling in, in one chat. Beginning another one there takes its place.

    ``key`` tells one filling in from the next: a button of an earlier one finds nothing.
    """

    __tablename__ = "forms"

    channel: Mapped[str] = mapped_column(String(40), primary_key=True)
    external_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    key: Mapped[str] = mapped_column(String(32))
    form: Mapped[str] = mapped_column(String(40))
    step: Mapped[str] = mapped_column(String(40))
    answers: Mapped[dict[str, Any]]
    until: Mapped[datetime]


class UsedKey(Base):
    """A one-time key that has done its work, and what came of it. Unused keys are stored nowhere: they are random."""

    __tablename__ = "used_keys"
    __table_args__ = (Index("ix_used_keys_used_at", "used_at"),)

    person_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    result: Mapped[int] = mapped_column(BigInteger)
    used_at: Mapped[datetime]


class SignInLink(Base):
    """A one-time link that signs a member of staff in on the web. Only a digest of it is kept."""

    __tablename__ = "sign_in_links"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    actor: Mapped[str] = mapped_column(String(170))
    until: Mapped[datetime]


class StaffSession(Base):
    """A browser in which a member of staff is signed in, as whom, and until when."""

    __tablename__ = "staff_sessions"

    channel: Mapped[str] = mapped_column(String(40), primary_key=True)
    external_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    actor: Mapped[str] = mapped_column(String(170))
    until: Mapped[datetime]


class StaffLogin(Base):
    """A password and a sealed TOTP secret of a member of staff. Usable once a first code has confirmed the secret."""

    __tablename__ = "staff_logins"

    actor: Mapped[str] = mapped_column(String(170), primary_key=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    value: Mapped[bytes] = mapped_column(LargeBinary)
    totp: Mapped[bytes] = mapped_column(LargeBinary)
    last_step: Mapped[int | None] = mapped_column(BigInteger)
    set_at: Mapped[datetime]
