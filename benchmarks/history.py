"""A shop's past, made by the database itself: a million orders take a minute, not an hour.

The rows are what selling from the wallet would have left, so `verify` finds nothing. Ids start at eight digits, another
first two for each table, so that no id looks like any other number of a purchase (see ``recording``).
"""

from __future__ import annotations

import asyncio
import math
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import asyncpg
from sqlalchemy import make_url

from shop_core.kernel.numbers import ALPHABET, LENGTH

FIRST_ID: Final[Mapping[str, int]] = {
    "people": 11_000_001,
    "identities": 15_000_001,
    "orders": 21_000_001,
    "order_lines": 31_000_001,
    "deliveries": 35_000_001,
    "batches": 41_000_001,
    "cards": 45_000_001,
    "ledger_entries": 51_000_001,
    "ledger_postings": 61_000_001,
    "messages": 71_000_001,
}
PRICE_MINOR: Final = 1500
COST_MINOR: Final = 1200
ORDERS_PER_PERSON: Final = 10
LEFT_MINOR: Final = 1000
"""What a person of the past still has in the wallet."""
CHANNEL: Final = "web"
CURRENCY: Final = "CNY"
_YEAR_US: Final = 365 * 24 * 3600 * 1_000_000
_SEALED_BYTES: Final = 96
_FINGERPRINT_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Past:
    """How much there is.

    Attributes:
        codes: On the shelf: half of them of the first variant, which is the one sold, the rest spread over the others.
        orders: Delivered orders, spread over a year and over all variants.
        first_variant: The ids of the variants follow one another from here.
    """

    codes: int
    orders: int
    first_variant: int
    variants: int

    @property
    def people(self) -> int:
        return max(1, math.ceil(self.orders / ORDERS_PER_PERSON))


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of one table; ``n`` in an expression counts from 0 to ``count`` - 1."""

    table: str
    count: int
    columns: Mapping[str, str]


async def make_past(url: str, past: Past) -> None:
    """Fill an upgraded database that nobody else is connected to. Ids of the past end where new ones go on."""
    if make_url(url).get_backend_name() == "sqlite":
        await asyncio.to_thread(_fill_sqlite, make_url(url).database or "", past)
    else:
        plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        await _fill_postgresql(plain, past)


def _fill_sqlite(path: str, past: Past) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "foreign_keys=OFF", "cache_size=-1000000"):
            connection.execute(f"PRAGMA {pragma}").close()
        connection.execute("BEGIN")
        for rows in _all_rows(past, random_bytes="randomblob({})", series=_RECURSIVE):
            connection.execute(rows)
        connection.execute("COMMIT")
        # The shop's own mode; switching syncs the file, so that no later commit pays for this one.
        connection.execute("PRAGMA synchronous=FULL").close()
        connection.execute("PRAGMA journal_mode=WAL").close()


_RECURSIVE: Final = (
    "(WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n < {0} - 1) SELECT n FROM s)"
)
_SERIES: Final = "generate_series(0::bigint, {0} - 1) AS s(n)"
_MD5_BYTES: Final = "substr(decode(repeat(md5(random()::text), 6), 'hex'), 1, {})"


async def _fill_postgresql(url: str, past: Past) -> None:
    insertions = _all_rows(past, random_bytes=_MD5_BYTES, series=_SERIES)
    await asyncio.gather(*(_insert_postgresql(url, insertions) for _ in range(2)))
    connection = await asyncpg.connect(url)
    try:
        for table, first in FIRST_ID.items():
            last = f"greatest({first}, (SELECT max(id) FROM {table}))"  # noqa: S608
            await connection.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {last})")
        await connection.execute("VACUUM ANALYZE")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()


async def _insert_postgresql(url: str, insertions: Iterator[str]) -> None:
    """One of several that share the work, each taking the next table."""
    connection = await asyncpg.connect(url)
    try:
        # Foreign keys hold by construction; the server need not look each of them up.
        await connection.execute("SET session_replication_role = replica; SET synchronous_commit = off")
        for insertion in insertions:
            await connection.execute(insertion)
    finally:
        await connection.close()


def _all_rows(past: Past, *, random_bytes: str, series: str) -> Iterator[str]:
    for rows in (*_people(past), *_goods(past, random_bytes), *_orders(past), *_books(past), *_traces(past)):
        if rows.count:
            columns, values = (
                ", ".join(f'"{name}"' for name in rows.columns),
                ", ".join(rows.columns.values()),
            )
            source = series.format(rows.count)
            yield f"INSERT INTO {rows.table} ({columns}) SELECT {values} FROM {source}"  # noqa: S608


def _people(past: Past) -> Iterator[_Rows]:
    person = f"{FIRST_ID['people']} + n"
    yield _Rows(
        "people", past.people, {"id": person, "name": "'老顾客'", "language": "'zh'", "since": str(_began())}
    )
    yield _Rows(
        "identities",
        past.people,
        {
            "id": f"{FIRST_ID['identities']} + n",
            "person_id": person,
            "channel": f"'{CHANNEL}'",
            "external_id": "'past-' || n",
        },
    )
    yield _Rows(
        "ledger_balances",
        past.people,
        {
            "account": f"'wallet:' || ({person})",
            "currency": f"'{CURRENCY}'",
            "amount_minor": f"{LEFT_MINOR} + {ORDERS_PER_PERSON * PRICE_MINOR} - {PRICE_MINOR} * {_orders_of_person(past)}",
        },
    )


def _goods(past: Past, random_bytes: str) -> Iterator[_Rows]:
    cost, never = f"{COST_MINOR}", "'9999-12-31'"
    batches, variants = FIRST_ID["batches"], past.first_variant
    yield _Rows(
        "batches",
        past.variants,
        {
            "id": f"{batches} + n",
            "variant_id": f"{variants} + n",
            "origin": "'past.txt'",
            "cost_minor": cost,
            "expires_on": never,
            "imported_at": f"{_began()}",
            "imported_by": "'past'",
            "added": _codes_of_batch(past),
        },
    )
    common = {
        "expires_on": never,
        "cost_minor": cost,
        "sealed": random_bytes.format(_SEALED_BYTES),
        "fingerprint": random_bytes.format(_FINGERPRINT_BYTES),
    }
    of_sold = f"n % {past.variants}"
    sold = {"state": "'delivered'", "line_id": f"{FIRST_ID['order_lines']} + n"}
    yield _cards(0, past.orders, past, of_sold, common | sold)
    on_shelf = f"CASE WHEN n % 2 = 0 THEN 0 ELSE n / 2 % {past.variants} END"
    yield _cards(past.orders, past.codes, past, on_shelf, common | {"state": "'available'"})


def _codes_of_batch(past: Past) -> str:
    """How many cards ``_goods`` puts into batch ``n``: what was sold in turn, of the shelf half into the first."""

    def in_turn(count: int) -> str:
        return f"({count} - n + {past.variants - 1}) / {past.variants}"

    in_first = f"CASE WHEN n = 0 THEN {(past.codes + 1) // 2} ELSE 0 END"
    return f"{in_turn(past.orders)} + {in_turn(past.codes // 2)} + {in_first}"


def _cards(first: int, count: int, past: Past, which: str, more: Mapping[str, str]) -> _Rows:
    own = {
        "id": f"{FIRST_ID['cards'] + first} + n",
        "variant_id": f"{past.first_variant} + {which}",
        "batch_id": f"{FIRST_ID['batches']} + {which}",
        "place": f"{first} + n",
    }
    return _Rows("cards", count, {**own, **more})


def _orders(past: Past) -> Iterator[_Rows]:
    at = _moment(past)
    person = _person_of_order(past)
    order = f"{FIRST_ID['orders']} + n"
    line = f"{FIRST_ID['order_lines']} + n"
    yield _Rows(
        "orders",
        past.orders,
        {
            "id": order,
            "number": _number(past.orders),
            "person_id": person,
            "channel": f"'{CHANNEL}'",
            "external_id": f"'past-' || (n % {past.people})",
            "state": "'delivered'",
            "currency": f"'{CURRENCY}'",
            "total_minor": f"{PRICE_MINOR}",
            "paid_with": "'wallet'",
            "placed_at": at,
            "expires_at": f"{at} + 900000000",
            "paid_at": f"{at} + 3000000",
            "delivered_at": f"{at} + 3000000",
        },
    )
    yield _Rows(
        "order_lines",
        past.orders,
        {
            "id": line,
            "order_id": order,
            "person_id": person,
            "variant_id": f"{past.first_variant} + n % {past.variants}",
            "names": """'{"zh": "黄金会员 月卡", "en": "Gold member, a month"}'""",
            "quantity": "1",
            "list_minor": f"{PRICE_MINOR}",
            "discount_minor": "0",
            "paid_minor": f"{PRICE_MINOR}",
            "cost_minor": f"{COST_MINOR}",
        },
    )
    yield _Rows(
        "deliveries",
        past.orders,
        {
            "id": f"{FIRST_ID['deliveries']} + n",
            "line_id": line,
            "quantity": "1",
            "delivered_at": f"{at} + 3000000",
        },
    )


def _books(past: Past) -> Iterator[_Rows]:
    """Three kinds of entries: each person's money comes in, each order is paid, each order is delivered."""
    wallet_of_order = f"'wallet:' || ({_person_of_order(past)})"
    order = f"({FIRST_ID['orders']} + n)"
    given = f"{LEFT_MINOR + ORDERS_PER_PERSON * PRICE_MINOR}"
    own_wallet = f"'wallet:' || ({FIRST_ID['people']} + n)"
    key = f"'adj:past:' || ({FIRST_ID['people']} + n)"
    yield from _entries(
        0, past.people, (key, "adjustment", str(_began())), ("'adjustments'", own_wallet, given)
    )
    price = f"{PRICE_MINOR}"
    paid = f"'order:' || {order} || ':paid'"
    at = _moment(past)
    yield from _entries(
        past.people, past.orders, (paid, "order_paid", at), (wallet_of_order, "'orders'", price)
    )
    out = f"'order:' || {order} || ':delivered'"
    after = past.people + past.orders
    yield from _entries(after, past.orders, (out, "order_delivered", at), ("'orders'", "'sales'", price))


def _entries(
    first: int, count: int, entry: tuple[str, str, str], move: tuple[str, str, str]
) -> Iterator[_Rows]:
    entry_id = f"{FIRST_ID['ledger_entries'] + first} + n"
    key, kind, at = entry
    yield _Rows("ledger_entries", count, {"id": entry_id, "key": key, "kind": f"'{kind}'", "at": at})
    debited, credited, amount = move
    for side, (account, signed) in enumerate(((debited, amount), (credited, f"-{amount}"))):
        yield _Rows(
            "ledger_postings",
            count,
            {
                "id": f"{FIRST_ID['ledger_postings'] + 2 * first + side} + 2 * n",
                "entry_id": entry_id,
                "account": account,
                "currency": f"'{CURRENCY}'",
                "amount_minor": signed,
            },
        )


def _traces(past: Past) -> Iterator[_Rows]:
    """What else an order leaves: the news that was sent, the key of the button."""
    at = _moment(past)
    order = f"({FIRST_ID['orders']} + n)"
    yield _Rows(
        "messages",
        past.orders,
        {
            "id": f"{FIRST_ID['messages']} + n",
            "channel": f"'{CHANNEL}'",
            "external_id": f"'past-' || (n % {past.people})",
            "cause": f"'order:' || {order} || ':delivered'",
            "news": "'order_delivered'",
            "args": """'{"order_id": 21000001}'""",
            "state": "'sent'",
            "queued_at": at,
            "sent_at": f"{at} + 5000000",
            "attempts": "1",
        },
    )
    yield _Rows(
        "used_keys",
        past.orders,
        {
            "person_id": _person_of_order(past),
            "key": "'h' || (100000000 + n)",
            "result": order,
            "used_at": at,
        },
    )


def _began() -> int:
    return int(datetime.now(UTC).timestamp() * 1_000_000) - _YEAR_US


def _moment(past: Past) -> str:
    return f"{_began()} + n * {_YEAR_US // (past.orders + 1)}"


def _person_of_order(past: Past) -> str:
    return f"{FIRST_ID['people']} + n % {past.people}"


def _orders_of_person(past: Past) -> str:
    return f"({past.orders} / {past.people} + CASE WHEN n < {past.orders} % {past.people} THEN 1 ELSE 0 END)"


def _number(orders: int) -> str:
    """An expression for valid order numbers, spread over all there are, each above the one before."""
    base = len(ALPHABET)
    step = base ** (LENGTH - 1) // (orders + 1)
    digits = [f"(n * {step} / {base**power} % {base})" for power in reversed(range(LENGTH - 1))]
    weighted = " + ".join(f"{weight} * {digit}" for weight, digit in enumerate(digits, start=2))
    return " || ".join(_character(digit) for digit in (*digits, f"(({weighted}) % {base})"))


def _character(value: str) -> str:
    return f"substr('{ALPHABET}', CAST({value} + 1 AS INTEGER), 1)"
