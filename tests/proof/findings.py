"""What must be true when a purchase is over, however often the shop died on the way."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from shop_core.db import inbox, outbox
from shop_core.db.shop import Shop
from shop_core.db.tx import View
from shop_core.invariants.verify import verify, verify_codes
from shop_core.messaging import queue
from shop_core.supply.models import IS_LIVE
from shop_core.vault.vault import Vault
from tests.proof.premises import CARDS, CODES, PRICE_MINOR

QUIET_WITHIN_S = 30.0
_LOOK_EVERY_S = 0.03


@dataclass(frozen=True, slots=True)
class Expected:
    """What the buyer brought, and what was there.

    Attributes:
        balance_minor: What was in his wallet.
        paid_minor: What he paid at the cashier.
        shelf: How many codes were on the shelf; none: his was bought for him.
        sees: What he sees once it is his, where that is not a code.
    """

    balance_minor: int
    paid_minor: int
    shelf: int = CARDS
    sees: frozenset[str] = frozenset()


async def wait_until_quiet(shop: Shop) -> list[str]:
    """Wait until nothing is under way any more. Returns what still is when patience ends."""
    deadline = time.monotonic() + QUIET_WITHIN_S
    while waiting := await shop.read(_waiting):
        if time.monotonic() > deadline:
            return [f"still waiting: {waiting}"]
        await asyncio.sleep(_LOOK_EVERY_S)
    return []


async def faults_in(shop: Shop, expected: Expected, codes: Sequence[str]) -> list[str]:
    """Everything that is wrong with the shop and with what the buyer got; empty if nothing is."""
    found = [*await shop.read(verify), *await shop.read(verify_codes, shop.get(Vault))]
    facts = await shop.read(_facts)
    return [
        *(f"verify: {finding}" for finding in found),
        *(f"still waiting: {name} {count}" for name, count in facts["waiting"].items()),
        *_faults_of_goods(facts, expected, codes),
        *_faults_of_money(facts, expected),
    ]


def _waiting(view: View) -> Mapping[str, int]:
    """How much is under way, by where; only what is not zero."""
    counts = {
        "inbox": inbox.count_pending(view),
        "outbox": outbox.count_waiting(view),
        "messages": queue.count_queued(view),
        "purchases": _count(view, f"SELECT count(*) FROM purchases WHERE {IS_LIVE}"),
        "orders": _count(view, "SELECT count(*) FROM orders WHERE state IN ('awaiting', 'paid')"),
    }
    return {name: count for name, count in counts.items() if count}


def _facts(view: View) -> dict[str, Any]:
    return {
        "waiting": _waiting(view),
        "orders": _rows(view, "SELECT state, total_minor FROM orders"),
        "cards": {
            row["state"]: row["n"]
            for row in _rows(view, "SELECT state, count(*) AS n FROM cards GROUP BY state")
        },
        "receipts": _rows(view, "SELECT state, amount_minor FROM receipts"),
        "wallet": _count(
            view, "SELECT coalesce(sum(amount_minor), 0) FROM ledger_balances WHERE account LIKE 'wallet:%'"
        ),
        "failed": _count(view, "SELECT count(*) FROM messages WHERE state = 'failed'"),
        "cases": _count(view, "SELECT count(*) FROM cases WHERE closed_at IS NULL"),
    }


def _faults_of_goods(facts: Mapping[str, Any], expected: Expected, codes: Sequence[str]) -> list[str]:
    faults = []
    left = {"available": expected.shelf - 1} if expected.shelf else {}
    given = {} if expected.sees else {"delivered": 1}
    if [order["state"] for order in facts["orders"]] != ["delivered"]:
        faults.append(f"not one delivered order: {facts['orders']}")
    if facts["cards"] != {**given, **left}:
        faults.append(f"cards were lost or sold twice: {facts['cards']}")
    is_right = set(codes) == expected.sees if expected.sees else len(set(codes)) == 1 and codes[0] in CODES
    if not is_right:
        faults.append(f"the buyer holds {len(set(codes))} codes")
    return faults


def _faults_of_money(facts: Mapping[str, Any], expected: Expected) -> list[str]:
    faults = []
    if sum(receipt["amount_minor"] for receipt in facts["receipts"]) != expected.paid_minor:
        faults.append(f"{expected.paid_minor} was paid, and there are {facts['receipts']}")
    if any(receipt["state"] == "suspense" for receipt in facts["receipts"]):
        faults.append(f"money without a home: {facts['receipts']}")
    if facts["wallet"] != expected.balance_minor + expected.paid_minor - PRICE_MINOR:
        faults.append(f"the wallet holds {facts['wallet']}")
    if facts["failed"] or facts["cases"]:
        faults.append(f"{facts['failed']} messages failed, {facts['cases']} cases are open")
    return faults


def _rows(view: View, statement: str) -> list[dict[str, Any]]:
    return [dict(row) for row in view.execute(text(statement)).mappings()]


def _count(view: View, statement: str) -> int:
    return int(view.execute(text(statement)).scalar_one())
