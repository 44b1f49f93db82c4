"""Payments and receipts."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.db.base import Base, Big, Claimable, Id, Ref


class PaymentState(StrEnum):
    """Where a payment is. Allowed transitions, and who makes them.

    ``intended`` → ``open``     the gateway answered with a way to pay (payments.begin)
    ``intended``, ``open`` → ``settled``  the money is in (payments.settle)
    ``intended``, ``open`` → ``closed``   its order ended unpaid, or another payment was quicker (payments.close)
    ``closed``   → ``settled``  the money came late and still found its place (payments.settle)
    """

    INTENDED = "intended"
    OPEN = "open"
    SETTLED = "settled"
    CLOSED = "closed"


class Purpose(StrEnum):
    """What the money is for."""

    ORDER = "order"
    TOP_UP = "top_up"


class ReceiptState(StrEnum):
    """What became of money that came.

    ``applied``   it paid what it was meant for
    ``suspense``  it has no place yet: a case is open
    ``suspense`` → ``credited`` (to a wallet), ``returned`` (to the payer, outside), ``matched`` (paid an order)
    ``credited`` also directly, by rule: double, short, too late
    ``applied``, ``suspense`` → ``returning``, also directly, by rule: it is to go back at its gateway (payments.refunds)
    ``returning`` → ``returned`` (there), ``credited`` or ``suspense`` (the gateway did not want to)
    """

    APPLIED = "applied"
    SUSPENSE = "suspense"
    CREDITED = "credited"
    MATCHED = "matched"
    RETURNED = "returned"
    RETURNING = "returning"


class RefundState(StrEnum):
    """Where a refund at a gateway is.

    ``intended`` → ``done``     the money is with its payer
    ``intended`` → ``refused``  the gateway will not: the money went to the payer's wallet, or to suspense
    """

    INTENDED = "intended"
    DONE = "done"
    REFUSED = "refused"


class Payment(Claimable, Base):
    """Money that we asked somebody for, through one gateway, under our own number.

    ``due_at`` is when the gateway is asked next: to begin while ``intended``, to tell what it knows afterwards. A closed
    payment goes on being asked about for a day, since a callback may have been lost.

    Where the gateway asks in a currency of its own, ``tender_*`` say for how much, fixed when the payment was intended;
    ``amount_minor`` is what the books count it as. No ``tender_rate``: that price was set by hand.
    """

    __tablename__ = "payments"
    __table_args__ = (
        UniqueConstraint("number"),
        Index("ix_payments_subject", "purpose", "subject_id"),
        Index("ix_payments_person", "person_id"),
        Index(
            "ix_payments_due_at",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(String(16))
    gateway: Mapped[str] = mapped_column(String(40))
    purpose: Mapped[str] = mapped_column(String(10))
    subject_id: Mapped[int | None] = mapped_column(BigInteger)
    person_id: Mapped[Ref]
    channel: Mapped[str] = mapped_column(String(40))
    external_id: Mapped[str] = mapped_column(String(128))
    title: Mapped[str] = mapped_column(String(120))
    currency: Mapped[str] = mapped_column(String(3))
    amount_minor: Mapped[Big]
    state: Mapped[str] = mapped_column(String(10))
    link: Mapped[str | None] = mapped_column(Text)
    qr: Mapped[str | None] = mapped_column(Text)
    gateway_ref: Mapped[str | None] = mapped_column(String(80))
    tender_currency: Mapped[str | None] = mapped_column(String(3))
    tender_minor: Mapped[int | None] = mapped_column(BigInteger)
    tender_rate: Mapped[str | None] = mapped_column(String(40))
    tender_source: Mapped[str | None] = mapped_column(String(80))
    tender_at: Mapped[datetime | None]
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    asked_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]


class Receipt(Base):
    """Money that really came, as a gateway told us. One row for each of the gateway's own numbers, whatever it was for.

    This is where a repeated callback ends: the number is known, nothing else happens.

    ``amount_minor`` is what the books count it as; where that is another currency than the money's own, ``tender_*`` say
    what came. ``payer`` is who paid, as the gateway knows him, where it can give him the money back.
    """

    __tablename__ = "receipts"
    __table_args__ = (
        UniqueConstraint("gateway", "external_ref"),
        Index("ix_receipts_payment", "payment_id"),
        Index("ix_receipts_person", "person_id"),
        Index(
            "ix_receipts_suspense",
            "id",
            sqlite_where=text("state = 'suspense'"),
            postgresql_where=text("state = 'suspense'"),
        ),
    )

    id: Mapped[Id]
    gateway: Mapped[str] = mapped_column(String(40))
    external_ref: Mapped[str] = mapped_column(String(80))
    number: Mapped[str] = mapped_column(String(64))
    payment_id: Mapped[int | None] = mapped_column(BigInteger)
    person_id: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    amount_minor: Mapped[Big]
    state: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(String(20))
    tender_currency: Mapped[str | None] = mapped_column(String(3))
    tender_minor: Mapped[int | None] = mapped_column(BigInteger)
    payer: Mapped[str | None] = mapped_column(String(128))
    received_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[str | None] = mapped_column(String(170))


class Refund(Claimable, Base):
    """Money on its way back to its payer at the gateway that took it: whole, and once for each receipt.

    ``order_id`` where it is an order's refund; else the receipt's reason says why. ``due_at`` is when the gateway is asked
    next; it takes the same refund again.
    """

    __tablename__ = "refunds"
    __table_args__ = (
        Index(
            "uq_refunds_receipt",
            "receipt_id",
            unique=True,
            sqlite_where=text("state <> 'refused'"),
            postgresql_where=text("state <> 'refused'"),
        ),
        Index("ix_refunds_order", "order_id"),
        Index(
            "ix_refunds_due_at",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    receipt_id: Mapped[Ref] = mapped_column(ForeignKey(Receipt.id))
    order_id: Mapped[int | None] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(10))
    made_by: Mapped[str] = mapped_column(String(170))
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    said: Mapped[str | None] = mapped_column(String(200))
