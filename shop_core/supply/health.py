"""Breaker and pace: whether a purchase may be sent to a supplier now, and what its answers say about it.

A supplier, and each of its offers, has a row; so has a channel whose vendor is called. Enough failures in a row open the
breaker: it is left alone for a while that doubles. When that is over, one call may probe; taking the probe is one guarded
statement, so of many that wait for it one goes and the others stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    Row,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    null,
    or_,
    select,
    update,
)

from shop_core.cases.cases import MACHINE, CaseKind, close_case, open_case, subject_of
from shop_core.db.base import Moment, table_of
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or
from shop_core.kernel.policy import SupplierTerms
from shop_core.supply.models import Health, Purchase

OPENS_AFTER: Final = 5
"""Failures in a row that open a breaker: fewer happen on any bad minute."""
FIRST_PAUSE_S: Final = 30
LONGEST_PAUSE_S: Final = 600
PROBE: Final = timedelta(minutes=2)
"""How long a probe may take before another may be made: as long as a purchase's claim."""
BURST: Final = 4
"""So many purchases may be sent at once after a quiet time, however slow the pace is."""
_SOON: Final = timedelta(seconds=1)

_SUBJECTS: Final[BindParameter[Any]] = bindparam("subjects", expanding=True)
_NOW: Final = bindparam("now", type_=Moment())
_GATE: Final = (
    select(Health.next_at, Health.opened_until, Health.probe_until)
    .where(Health.subject.in_(_SUBJECTS))
    .order_by(Health.subject.desc())
    .with_for_update()
)
_UNDER_WAY: Final = select(func.count()).where(
    Purchase.supplier == bindparam("of_supplier"),
    # Spelled out: from a parameter PostgreSQL's generic plan could not tell that the partial index applies.
    Purchase.state == literal_column("'sent'"),
    Purchase.due_at > _NOW,
)
_PASS: Final = (
    update(table_of(Health))
    .where(
        Health.subject.in_(_SUBJECTS),
        or_(
            Health.opened_until.is_(None),
            and_(
                Health.opened_until <= _NOW,
                or_(Health.probe_until.is_(None), Health.probe_until <= _NOW),
            ),
        ),
    )
    .values(
        probe_until=case(
            (Health.opened_until.is_not(None), bindparam("probe_ends", type_=Moment())), else_=null()
        ),
        next_at=case(
            (Health.subject == bindparam("paced"), bindparam("following", type_=Moment())),
            else_=Health.next_at,
        ),
    )
)
"""Passes a closed breaker, or takes the one probe of a half open one, of supplier and offer; and a turn of the pace."""
_CLOSE: Final = (
    update(table_of(Health))
    .where(Health.subject.in_(_SUBJECTS), or_(Health.failures > 0, Health.opened_until.is_not(None)))
    .values(failures=0, pause_s=0, opened_until=None, probe_until=None)
)


def supplier_subject(name: str) -> str:
    """The row of a supplier."""
    return f"supplier:{name}"


def offer_subject(offer_id: int) -> str:
    """The row of an offer."""
    return f"offer:{offer_id}"


def pass_gate(tx: Tx, supplier: str, offer_id: int, terms: SupplierTerms) -> timedelta | None:
    """Let one purchase through to a supplier, or say how long it has to wait.

    Takes a turn of the pace and, where a breaker is half open, its probe. The supplier's row stays locked until the
    transaction ends, so two that pass together are counted one after the other: whatever else a transaction has to say
    is best said before.
    """
    subjects = (supplier_subject(supplier), offer_subject(offer_id))
    rows = _lock_rows(tx, subjects)
    # The supplier's comes first; so do all who lock both.
    next_at: datetime | None = rows[0].next_at
    wait = _pace_of(tx, next_at, supplier, terms) or _closed_for(tx, rows)
    if wait is not None:
        return wait
    step = timedelta(minutes=1) / terms.per_minute
    passed = tx.execute(
        _PASS,
        {
            "subjects": subjects,
            "now": tx.now,
            "probe_ends": tx.now + PROBE,
            "paced": subjects[0],
            "following": max(next_at or tx.now, tx.now) + step,
        },
    )
    return None if passed.rowcount == len(subjects) else _SOON


def channel_subject(name: str) -> str:
    """The row of a channel whose vendor is called over HTTP."""
    return f"channel:{name}"


def pass_breaker(tx: Tx, subject: str) -> timedelta | None:
    """Let one call through to whatever has no pace to keep, or say how long it is left alone."""
    wait = _closed_for(tx, _lock_rows(tx, (subject,)))
    if wait is not None:
        return wait
    passed = tx.execute(
        _PASS,
        {
            "subjects": (subject,),
            "now": tx.now,
            "probe_ends": tx.now + PROBE,
            "paced": "",
            "following": tx.now,
        },
    )
    return None if passed.rowcount == 1 else _SOON


def close_breaker(tx: Tx, subject: str) -> bool:
    """A readable answer. Returns whether anything was wrong before."""
    return bool(tx.execute(_CLOSE, {"subjects": (subject,)}).rowcount)


def _lock_rows(tx: Tx, subjects: Sequence[str]) -> Sequence[Row[Any]]:
    rows = tx.execute(_GATE, {"subjects": subjects}).all()
    if len(rows) < len(subjects):
        _make_rows(tx, subjects)
        rows = tx.execute(_GATE, {"subjects": subjects}).all()
    return rows


def _make_rows(tx: Tx, subjects: Sequence[str]) -> None:
    rows = [{"subject": subject} for subject in subjects]
    tx.execute(insert_or(tx, Health).on_conflict_do_nothing(), rows)


def _pace_of(tx: Tx, next_at: datetime | None, supplier: str, terms: SupplierTerms) -> timedelta | None:
    """How long the supplier's caps make a purchase wait. Its row is locked."""
    burst = timedelta(minutes=1) / terms.per_minute * BURST
    if next_at is not None and next_at > tx.now + burst:
        return next_at - burst - tx.now
    under_way = tx.execute(_UNDER_WAY, {"of_supplier": supplier, "now": tx.now}).scalar_one()
    return _SOON if under_way >= terms.at_once else None


def _closed_for(tx: Tx, rows: Sequence[Row[Any]]) -> timedelta | None:
    """How long open breakers keep everybody away; None: they do not, or one may probe."""
    closed = [max(row.opened_until, row.probe_until or row.opened_until) for row in rows if row.opened_until]
    until: datetime = max(closed, default=tx.now)
    return until - tx.now if until > tx.now else None


def is_left_alone(view: View, supplier: str) -> bool:
    """Whether a supplier's breaker is open."""
    opened = select(Health.opened_until).where(
        Health.subject == supplier_subject(supplier), Health.opened_until > view.now
    )
    return view.execute(opened).first() is not None


def note_success(tx: Tx, supplier: str, *offer_ids: int) -> None:
    """A readable answer: the breakers close. Writes only where something was wrong."""
    subjects = (supplier_subject(supplier), *map(offer_subject, offer_ids))
    closed = tx.execute(_CLOSE, {"subjects": subjects})
    if closed.rowcount:
        close_case(tx, CaseKind.SUPPLIER, subject_of(supplier), by=MACHINE, resolution="answers again")


def note_failure(tx: Tx, subject: str, *, opens: bool = False) -> bool:
    """No answer, or none that says anything. Enough of them, or one that ``opens``, and it is left alone for a while.

    Returns:
        Whether its breaker is open now.
    """
    _make_rows(tx, [subject])
    row = tx.execute(
        select(Health.failures, Health.pause_s, Health.opened_until)
        .where(Health.subject == subject)
        .with_for_update()
    ).one()
    failures = row.failures + 1
    values: dict[str, object] = {"failures": failures}
    is_open = opens or failures >= OPENS_AFTER or row.opened_until is not None
    if is_open:
        pause_s = min(max(row.pause_s * 2, FIRST_PAUSE_S), LONGEST_PAUSE_S)
        values |= {
            "pause_s": pause_s,
            "opened_until": tx.now + timedelta(seconds=pause_s),
            "probe_until": None,
        }
    tx.execute(update(table_of(Health)).where(Health.subject == subject).values(values))
    return is_open


def note_silence(tx: Tx, supplier: str, said: str, *, opens: bool = False) -> None:
    """A supplier did not answer, or does not want us. An open breaker is a case: whoever runs the shop should know."""
    if note_failure(tx, supplier_subject(supplier), opens=opens):
        evidence = {"supplier": supplier, "said": said}
        open_case(tx, CaseKind.SUPPLIER, subject_of(supplier), evidence)
