"""Where a case leads by its kind alone, whatever else is known of it."""

from __future__ import annotations

from collections.abc import Iterator

from admin_cmds.command import Desk
from handlers.screen import Button, Weight
from shop_core.cases.cases import CaseKind, OpenCase


def ways_first(desk: Desk, case: OpenCase) -> Iterator[Button]:
    """The buttons that a case of this kind has, the likeliest first."""
    subject = str(case.subject_id)
    match case.kind:
        case CaseKind.SILENT:
            yield desk.button("admin.button.unpaid", "orders", "--state", "awaiting")
        case CaseKind.SUPPLIER:
            yield desk.button("admin.button.supplier", "supplier", "show", str(case.evidence["supplier"]))
        case CaseKind.JOB:
            yield desk.button("admin.button.paid", "orders", "--state", "paid")
            yield desk.button("admin.button.jobs", "jobs")
            yield desk.button("admin.button.verify", "verify")
        case CaseKind.STATEMENT:
            yield desk.button("admin.button.reconcile_day", "reconcile", "day", subject)
        case CaseKind.THREAD:
            reply = ("thread", "reply", subject)
            yield desk.button("admin.button.thread_reply", *reply, weight=Weight.PRIMARY)
            yield desk.button("admin.button.thread", "thread", "show", subject)
        case CaseKind.UNHEARD:
            again = ("reseller", "tell", subject)
            yield desk.button("admin.button.reseller_tell", *again, weight=Weight.PRIMARY)
        case _:
            pass
