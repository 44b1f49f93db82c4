"""Verified contacts, the codes on their way to one, and how many were sent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.customers.models import Person
from shop_core.db.base import Base, Id, Ref


class VerifiedContact(Base):
    """A phone number or an e-mail address that a person has shown to be his: one of each kind, and nobody else's.

    ``sealed`` for its fingerprint, not for its person: it is the same after a merge. ``echo`` is what may be shown.
    ``how``: ``shared`` (the channel told it) or ``code`` (he typed what was sent there). ``by``: ``channel:id``.
    """

    __tablename__ = "verified_contacts"
    __table_args__ = (
        Index("uq_verified_contacts_fingerprint", "fingerprint", unique=True),
        Index("uq_verified_contacts_person_kind", "person_id", "kind", unique=True),
    )

    id: Mapped[Id]
    person_id: Mapped[Ref] = mapped_column(ForeignKey(Person.id))
    kind: Mapped[str] = mapped_column(String(10))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    echo: Mapped[str] = mapped_column(String(160))
    how: Mapped[str] = mapped_column(String(10))
    by: Mapped[str] = mapped_column(String(170))
    verified_at: Mapped[datetime]


class ContactCode(Base):
    """The code that was last sent for a person, of which only a keyed digest is kept. Another one takes its place.

    ``key`` is what whoever sends it knows it by. ``state``: ``sending`` → ``sent``, ``refused``, ``unsent`` (certainly not
    sent) or ``unknown``; only what is read on the screen depends on it: a code that arrives counts.
    """

    __tablename__ = "contact_codes"
    __table_args__ = (Index("ix_contact_codes_until", "until"),)

    person_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey(Person.id), primary_key=True, autoincrement=False
    )
    key: Mapped[str] = mapped_column(String(10))
    kind: Mapped[str] = mapped_column(String(10))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    echo: Mapped[str] = mapped_column(String(160))
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(10))
    tries: Mapped[int]
    made_at: Mapped[datetime]
    until: Mapped[datetime]
    used_at: Mapped[datetime | None]


class CodeCount(Base):
    """How many codes were sent, for one person, to one number or by the whole shop, until when it counts."""

    __tablename__ = "code_counts"

    subject: Mapped[str] = mapped_column(String(80), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)
    until: Mapped[datetime]
