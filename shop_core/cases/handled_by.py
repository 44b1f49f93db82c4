"""Which kind of case is whose work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shop_core.cases.cases import CaseKind
from shop_core.staff.roles import RIGHTS, Right, Role

HANDLED_BY: Final[Mapping[CaseKind, Right]] = {
    CaseKind.SUSPENSE: Right.MONEY,
    # Whoever sees it first: support tells the buyer, finance gives the money back, an admin puts stock in.
    CaseKind.UNDELIVERED: Right.LOOK,
    CaseKind.GATEWAY: Right.MONEY,
    CaseKind.CALLBACK: Right.MONEY,
    CaseKind.REFUND: Right.MONEY,
    CaseKind.SILENT: Right.MONEY,
    CaseKind.MESSAGE: Right.SERVE,
    CaseKind.STOCK: Right.GOODS,
    CaseKind.PURCHASE: Right.GOODS,
    CaseKind.SUPPLIER: Right.GOODS,
    CaseKind.FLOAT: Right.MONEY,
    CaseKind.PRICE: Right.GOODS,
    CaseKind.JOB: Right.BOOKS,
    CaseKind.THREAD: Right.SERVE,
    CaseKind.DIFFERENCE: Right.MONEY,
    CaseKind.STATEMENT: Right.MONEY,
    # Whoever gives other shops their keys.
    CaseKind.UNHEARD: Right.MONEY,
    CaseKind.TASK: Right.SERVE,
    # Whoever can say whether so many are real, and raise the limit.
    CaseKind.CODES: Right.STAFF,
}
"""The right that handling a case takes: who has it is told, and sees it in the list."""


def kinds_for(role: Role) -> frozenset[CaseKind]:
    """The kinds of cases that a role sees."""
    return frozenset(kind for kind, right in HANDLED_BY.items() if right in RIGHTS[role])
