"""Running the checks. Those that need Python, for a check character or a key, read every row as a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import islice
from typing import Any, Final

from sqlalchemy import Select, func, literal, or_, select

from shop_core.db.tx import View
from shop_core.invariants.books import BOOKS
from shop_core.invariants.check import Check, Finding
from shop_core.invariants.goods import GOODS, IMPORTS
from shop_core.invariants.money import MONEY_IN, RETURNS
from shop_core.invariants.orders import ORDERS
from shop_core.invariants.people import PEOPLE
from shop_core.invariants.reconciled import RECONCILED
from shop_core.invariants.supply import SUPPLY
from shop_core.invariants.threads import THREADS
from shop_core.invariants.top_ups import TOP_UPS
from shop_core.invariants.verification import VERIFICATION
from shop_core.kernel.numbers import ALPHABET, LENGTH, parse_number
from shop_core.orders.models import Order
from shop_core.stock.models import Card
from shop_core.stock.sealing import card_place
from shop_core.vault.vault import CannotOpen, Vault

MOST_PER_CHECK: Final = 50
"""Findings listed of one kind: the first tell what happened, a million more tell no more."""

_STREAM: Final = 2000
"""Rows fetched at a time by the checks that look at every row."""

CHECKS: Final[tuple[Check, ...]] = (
    *BOOKS,
    *RETURNS,
    *ORDERS,
    *GOODS,
    *IMPORTS,
    *SUPPLY,
    *RECONCILED,
    *TOP_UPS,
    *THREADS,
    *PEOPLE,
    *VERIFICATION,
    *MONEY_IN,
)
"""Every check that is one statement."""

NUMBER_CHECK: Final = "order_number_is_well_formed"
CODE_CHECK: Final = "card_opens"


def verify(view: View) -> list[Finding]:
    """Run every check that needs no key. An empty list means that the shop is whole.

    Reads one consistent state, so it may run while the shop sells.
    """
    found: list[Finding] = []
    for check in CHECKS:
        found.extend(_at_most(check.name, _run(view, check)))
    found.extend(_at_most(NUMBER_CHECK, find_bad_numbers(view)))
    return found


def verify_codes(
    view: View, vault: Vault, *, every: int = 1, on_progress: Callable[[int], None] | None = None
) -> list[Finding]:
    """Open sealed codes and compare each with its fingerprint.

    Args:
        every: 1 opens all; 100 a sample of one in a hundred, by id.
        on_progress: Called with the number of cards opened so far, now and then.
    """
    return list(_at_most(CODE_CHECK, _closed_codes(view, vault, every, on_progress)))


def _at_most(name: str, findings: Iterator[Finding]) -> Iterator[Finding]:
    yield from islice(findings, MOST_PER_CHECK)
    if next(findings, None) is not None:
        yield Finding(name, "more", f"only the first {MOST_PER_CHECK} are listed")


def _run(view: View, check: Check) -> Iterator[Finding]:
    # Past SQLAlchemy's own reading of colons: an entry's key has them.
    limited = f"{check.query} LIMIT {MOST_PER_CHECK + 1}"
    for row in view.conn.exec_driver_sql(limited).mappings():
        yield Finding(check.name, check.subject.format_map(row), check.says.format_map(_readable(row)))


def _readable(row: Mapping[Any, Any]) -> dict[str, object]:
    # SQLite answers truths with 1 and 0, PostgreSQL sums with a Decimal: let both read alike.
    return {name: value if isinstance(value, str) else int(value or 0) for name, value in row.items()}


def find_bad_numbers(view: View) -> Iterator[Finding]:
    """Orders whose number does not pass its check character."""
    for row in view.execute(_suspicious_numbers(is_postgresql=view.is_postgresql)):
        if parse_number(row.number) != row.number:
            yield Finding(NUMBER_CHECK, f"order {row.id}", f"{row.number} does not pass its check character")


@cache
def _suspicious_numbers(*, is_postgresql: bool) -> Select[int, str]:
    # The weighted sum of ``kernel.numbers`` in SQL: in Python, a million numbers take a quarter of a minute.
    find = func.strpos if is_postgresql else func.instr
    values = [find(ALPHABET, func.substr(Order.number, place + 1, 1)) - 1 for place in range(LENGTH)]
    weighed = sum(((place + 2) * value for place, value in enumerate(values[:-1])), start=literal(0))
    suspicious = or_(
        func.length(Order.number) != LENGTH,
        *(value < 0 for value in values),
        weighed % len(ALPHABET) != values[-1],
    )
    return select(Order.id, Order.number).where(suspicious).limit(MOST_PER_CHECK + 1)


def _closed_codes(
    view: View, vault: Vault, every: int, on_progress: Callable[[int], None] | None
) -> Iterator[Finding]:
    cards = select(Card.id, Card.sealed, Card.fingerprint).where(Card.id % every == 0)
    rows = view.execute(cards.execution_options(yield_per=_STREAM))
    for done, row in enumerate(rows, start=1):
        try:
            code = vault.open(row.sealed, place=card_place(row.fingerprint))
        except CannotOpen:
            yield Finding(CODE_CHECK, f"card {row.id}", "its code does not open")
        else:
            if vault.fingerprint(code.reveal()) != row.fingerprint:
                yield Finding(CODE_CHECK, f"card {row.id}", "its code is not the one of its fingerprint")
        if on_progress is not None and done % _STREAM == 0:
            on_progress(done)
