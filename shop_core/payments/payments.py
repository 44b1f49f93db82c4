"""Steps of a payment's life, for the use cases of those who want the money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, and_, bindparam, func, insert, literal_column, or_, select, update

from shop_core.customers.people import Address
from shop_core.db.base import table_of
from shop_core.db.tx import Tx, View
from shop_core.kernel.errors import ShopError
from shop_core.kernel.money import Money
from shop_core.payments.gateway import PaymentRequest, Tender
from shop_core.payments.models import Payment, PaymentState, Purpose

BEGIN_LEASE: Final = timedelta(seconds=20)
"""How long the asker of a payment has for it before the poller may begin it instead."""
ASK_EVERY: Final = timedelta(seconds=8)
"""A person may have the gateway asked this often."""
FOLLOW_FOR: Final = timedelta(days=1)
"""How long after its end a payment is still asked about."""
MOST_ATTEMPTS: Final = 9
"""Payments for one subject: enough for every way to pay, and an end to pressing against a gateway that refuses."""
_LONGEST_PAUSE_S: Final = 1800


class NoSuchPayment(ShopError):
    """No payment of that id or number."""

    code = "payments.unknown"


class TooManyAttempts(ShopError):
    """The subject has been asked for so often that another attempt would not help. Nothing was asked."""

    code = "payments.too_many_attempts"


class AskedTooSoon(ShopError):
    """The gateway was asked a moment ago."""

    code = "payments.asked_too_soon"


@dataclass(frozen=True, slots=True)
class PaymentView:
    """A payment as use cases and screens see it."""

    id: int
    number: str
    gateway: str
    purpose: Purpose
    subject_id: int | None
    person_id: int
    address: Address
    title: str
    amount: Money
    state: PaymentState
    link: str | None
    qr: str | None
    expires_at: datetime
    token: int | None
    tender: Tender | None = None
    gateway_ref: str | None = None

    @property
    def due(self) -> Money:
        """What the gateway asks for, in the currency that it asks in."""
        return self.amount if self.tender is None else self.tender.amount

    def request(self) -> PaymentRequest:
        """What the gateway is to be asked."""
        return PaymentRequest(
            self.number, self.amount, self.title, self.expires_at, self.address, self.tender
        )


@dataclass(frozen=True, slots=True)
class Intent:
    """A payment to be made. ``number`` is the base; a second attempt for the same subject gets two digits more."""

    number: str
    gateway: str
    purpose: Purpose
    subject_id: int | None
    person_id: int
    address: Address
    title: str
    amount: Money
    expires_at: datetime
    tender: Tender | None = None


_COLUMNS: Final = tuple(Payment.__table__.columns)
_BY_NUMBER: Final = select(*_COLUMNS).where(Payment.number == bindparam("wanted"))
_INTEND: Final = insert(table_of(Payment)).returning(*_COLUMNS)
_CLOSE: Final = (
    update(table_of(Payment))
    .where(
        # Spelled out: a list of parameters is expanded anew each time, and every purchase says this.
        Payment.purpose.in_([literal_column(f"'{purpose.value}'") for purpose in Purpose]),
        Payment.subject_id == bindparam("subject"),
        Payment.state.in_([literal_column("'intended'"), literal_column("'open'")]),
    )
    .values(state=PaymentState.CLOSED.value)
)


def intend(tx: Tx, intent: Intent) -> PaymentView:
    """Say that money will be asked for, before anybody is asked. The caller holds a lock on the subject.

    Raises:
        TooManyAttempts: Tried too often already.
    """
    attempts = tx.execute(
        select(func.count())
        .select_from(Payment)
        .where(Payment.number.in_([intent.number, *(f"{intent.number}{n:02}" for n in range(2, 100))]))
    ).scalar_one()
    if attempts >= MOST_ATTEMPTS:
        raise TooManyAttempts
    number = intent.number if attempts == 0 else f"{intent.number}{attempts + 1:02}"
    tender = intent.tender
    row = tx.execute(
        _INTEND,
        {
            "number": number,
            "gateway": intent.gateway,
            "purpose": intent.purpose.value,
            "subject_id": intent.subject_id,
            "person_id": intent.person_id,
            "channel": intent.address.channel,
            "external_id": intent.address.external_id,
            "title": intent.title[:120],
            "currency": intent.amount.currency,
            "amount_minor": intent.amount.minor,
            "tender_currency": None if tender is None else tender.amount.currency,
            "tender_minor": None if tender is None else tender.amount.minor,
            "tender_rate": None if tender is None else tender.rate,
            "tender_source": None if tender is None else tender.source[:80],
            "tender_at": None if tender is None else tender.at,
            "state": PaymentState.INTENDED.value,
            "made_at": tx.now,
            "expires_at": intent.expires_at,
            "due_at": tx.now + BEGIN_LEASE,
            "token": tx.new_token(),
            "attempts": 0,
        },
    ).one()
    return _view(row)


def get_payment(view: View, payment_id: int) -> PaymentView:
    """A payment by its id.

    Raises:
        NoSuchPayment: Not there.
    """
    row = view.execute(select(*_COLUMNS).where(Payment.id == payment_id)).first()
    if row is None:
        raise NoSuchPayment
    return _view(row)


def find_payment(view: View, number: str) -> PaymentView | None:
    """A payment by its number. Its facts never change; its state is only sure under the lock of whom it is for."""
    row = view.execute(_BY_NUMBER, {"wanted": number}).first()
    return None if row is None else _view(row)


def list_for(view: View, purpose: Purpose, subject_id: int) -> Sequence[PaymentView]:
    """The payments of a subject, first made first."""
    rows = view.execute(
        select(*_COLUMNS)
        .where(Payment.purpose == purpose.value, Payment.subject_id == subject_id)
        .order_by(Payment.id)
    )
    return [_view(row) for row in rows]


def find_usable(
    view: View, purpose: Purpose, subject_id: int, *, gateway: str, amount: Money
) -> PaymentView | None:
    """A payment already made for this subject, gateway and amount, still waiting: pressing twice makes one."""
    for payment in list_for(view, purpose, subject_id):
        waiting = payment.state in {PaymentState.INTENDED, PaymentState.OPEN}
        if (
            waiting
            and payment.gateway == gateway
            and payment.amount == amount
            and payment.expires_at > view.now
        ):
            return payment
    return None


def record_begun(
    tx: Tx, payment: PaymentView, *, link: str | None, qr: str | None, gateway_ref: str | None
) -> None:
    """The gateway answered with a way to pay. Late answers do not reopen what has been settled or closed meanwhile."""
    tx.execute(
        update(Payment)
        .where(Payment.id == payment.id, Payment.state == PaymentState.INTENDED.value)
        .values(
            state=PaymentState.OPEN.value,
            link=link,
            qr=qr,
            gateway_ref=gateway_ref,
            due_at=tx.now + timedelta(seconds=_pause_s(1)),
            attempts=1,
        )
    )


def mark_settled(tx: Tx, payment: PaymentView) -> bool:
    """The money is in. False if it was before: this is other money for the same payment."""
    settled = tx.execute(
        update(Payment)
        .where(Payment.id == payment.id, Payment.state != PaymentState.SETTLED.value)
        .values(state=PaymentState.SETTLED.value, settled_at=tx.now, due_at=None)
    )
    return settled.rowcount == 1


def close_for(tx: Tx, subject_id: int) -> None:
    """The subject ended: its payments, for whatever purpose, are closed, and still asked about for a while."""
    tx.execute(_CLOSE, {"subject": subject_id})


def close_payment(tx: Tx, payment: PaymentView) -> None:
    """The gateway does not want this payment: the buyer chooses again. It is still asked about for a while."""
    tx.execute(
        update(Payment)
        .where(Payment.id == payment.id, Payment.state == PaymentState.INTENDED.value)
        .values(state=PaymentState.CLOSED.value)
    )


def schedule_next_look(tx: Tx, payment: PaymentView, *, attempts: int) -> None:
    """When to ask the gateway again: often at first, half-hourly later, not at all a day after the end."""
    following = tx.now + timedelta(seconds=_pause_s(attempts))
    over = following > payment.expires_at + FOLLOW_FOR
    tx.execute(
        update(Payment)
        .where(
            Payment.id == payment.id,
            Payment.token == payment.token,
            Payment.state != PaymentState.SETTLED.value,
        )
        .values(due_at=None if over else following)
    )


def note_asked(tx: Tx, payment_id: int) -> None:
    """A person wants the gateway to be asked now.

    Raises:
        AskedTooSoon: It was, within ``ASK_EVERY``.
    """
    asked = tx.execute(
        update(Payment)
        .where(
            and_(
                Payment.id == payment_id,
                or_(Payment.asked_at.is_(None), Payment.asked_at <= tx.now - ASK_EVERY),
            )
        )
        .values(asked_at=tx.now)
    )
    if asked.rowcount != 1:
        raise AskedTooSoon


def as_view(row: Row[Any]) -> PaymentView:
    """A claimed row as use cases see it."""
    return _view(row)


def _pause_s(attempts: int) -> int:
    return int(min(5 * 2 ** min(attempts, 10), _LONGEST_PAUSE_S))


def _view(row: Row[Any]) -> PaymentView:
    return PaymentView(
        row.id,
        row.number,
        row.gateway,
        Purpose(row.purpose),
        row.subject_id,
        row.person_id,
        Address(row.channel, row.external_id),
        row.title,
        Money(row.amount_minor, row.currency),
        PaymentState(row.state),
        row.link,
        row.qr,
        row.expires_at,
        row.token,
        _tender(row),
        row.gateway_ref,
    )


def _tender(row: Row[Any]) -> Tender | None:
    if row.tender_currency is None:
        return None
    amount = Money(row.tender_minor, row.tender_currency)
    return Tender(amount, row.tender_rate, row.tender_source, row.tender_at)
