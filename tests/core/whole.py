"""Whether a shop is whole, for those who ask after every test and every step of a machine."""

from __future__ import annotations

from typing import Final

from shop_core.db.tx import View
from shop_core.invariants.check import Finding
from shop_core.invariants.verify import CHECKS, find_bad_numbers, verify

_FINDS_ANY: Final = "SELECT " + " OR ".join(f"EXISTS ({check.query})" for check in CHECKS)


def find_all(view: View) -> list[Finding]:
    """What ``verify`` finds.

    All checks are one statement first, which is a quarter of the work: nearly always there is nothing to tell apart. Large
    shops are better served by one after the other: for ``EXISTS`` a database expects to find a row soon, and plans for that.
    """
    finds_any = view.conn.exec_driver_sql(_FINDS_ANY).scalar_one() or any(find_bad_numbers(view))
    return verify(view) if finds_any else []
