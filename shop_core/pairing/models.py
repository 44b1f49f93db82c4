"""Codes by which two channels become one person's."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.db.base import Base, Ref


class Pairing(Base):
    """One code on its way from the channel that it was made on to the one that it is typed on. Only a digest is kept.

    ``channel`` and ``external_id`` have made it, one at a time for each. Then, within ``until``: *typed* by whoever comes
    first, who alone goes on with it; *accepted* by him, once he has seen whose it is; confirmed by its maker, which merges
    the two persons and deletes the row, as a no of either does.

    ``key``, in the buttons, is random: a number would be given again, and an old yes must not mean a new question. Both
    persons are noted as they were when each said yes: who has become somebody else meanwhile has not agreed to that.
    """

    __tablename__ = "pairings"
    __table_args__ = (
        UniqueConstraint("digest"),
        UniqueConstraint("channel", "external_id"),
        Index("ix_pairings_until", "until"),
    )

    key: Mapped[str] = mapped_column(String(10), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    person_id: Mapped[Ref]
    channel: Mapped[str] = mapped_column(String(40))
    external_id: Mapped[str] = mapped_column(String(128))
    until: Mapped[datetime]
    typed_person_id: Mapped[int | None] = mapped_column(BigInteger)
    typed_channel: Mapped[str | None] = mapped_column(String(40))
    typed_external_id: Mapped[str | None] = mapped_column(String(128))
    accepted_at: Mapped[datetime | None]
