"""What must be true of every shop at every moment, recomputed from the tables: ``kapu admin verify``.

Each check is one statement that finds rows which must not exist. It is plain SQL, the same on both databases and
apart from the models and steps that it checks: a mistake in those is not repeated here. Only what is wrong is
loaded, at most ``MOST_PER_CHECK`` rows a check. The checks that need Python (a check character, a key) stream.

This module is long because it is one table; add a check as a row, and its corruption to the test beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from sqlalchemy import func, literal, or_, select

from shop_core.db.tx import View
from shop_core.kernel.numbers import ALPHABET, LENGTH, parse_number
from shop_core.orders.models import Order
from shop_core.stock.import_codes import card_place
from shop_core.stock.models import Card
from shop_core.vault.vault import CannotOpen, Vault

MOST_PER_CHECK: Final = 50
"""Findings listed of one kind: the first tell what happened, a million more tell no more."""

_STREAM: Final = 2000
"""Rows fetched at a time by the checks that look at every row."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must not be.

    Attributes:
        check: The name of the check.
        subject: The row it is about: ``order 17``.
        explanation: What is wrong, with ids and amounts in the minor unit. Never a code.
    """

    check: str
    subject: str
    explanation: str


@dataclass(frozen=True, slots=True)
class Check:
    """One truth about the shop.

    Attributes:
        name: What is true, in short.
        subject: What a row of the query is about; filled with the row's columns.
        says: What is wrong with it; filled with the row's columns.
        query: Finds the rows that break it. The same text runs on SQLite and PostgreSQL.
    """

    name: str
    subject: str
    says: str
    query: str


_ORDER_KEYS: Final = (
    "('order:' || o.id || ':paid', 'order:' || o.id || ':delivered', 'order:' || o.id || ':refunded')"
)
_DELIVERED_CARDS: Final = "(SELECT count(*) FROM cards c WHERE c.line_id = l.id AND c.state = 'delivered')"
_HELD_CARDS: Final = "(SELECT count(*) FROM cards c WHERE c.line_id = l.id AND c.state = 'held')"

_BOOKS: Final = (
    Check(
        "entry_balances",
        "entry {id}",
        "{key}: its postings in {currency} sum to {total}, not to 0",
        """
        SELECT e.id, e.key, p.currency, sum(p.amount_minor) AS total
        FROM ledger_entries e JOIN ledger_postings p ON p.entry_id = e.id
        WHERE e.id IN (SELECT entry_id FROM ledger_postings GROUP BY entry_id
                       HAVING sum(amount_minor) <> 0 OR min(currency) <> max(currency))
        GROUP BY e.id, e.key, p.currency HAVING sum(p.amount_minor) <> 0
        """,
    ),
    Check(
        "entry_has_postings",
        "entry {id}",
        "{key}: it moves nothing",
        "SELECT e.id, e.key FROM ledger_entries e"
        " WHERE NOT EXISTS (SELECT 1 FROM ledger_postings p WHERE p.entry_id = e.id)",
    ),
    Check(
        "account_is_in_chart",
        "account {account}",
        "{postings} postings, and no such account",
        """
        SELECT account, count(*) AS postings FROM ledger_postings
        GROUP BY account HAVING account NOT IN
            ('orders', 'sales', 'suspense', 'returning', 'refunds', 'adjustments', 'goods', 'owner')
        AND substr(account, 1, 7) <> 'wallet:' AND substr(account, 1, 8) <> 'gateway:'
        AND substr(account, 1, 6) <> 'float:'
        """,
    ),
    Check(
        "balance_is_sum_of_postings",
        "account {account}",
        "its balance says {amount_minor} {currency}, its postings {total}",
        """
        SELECT b.account, b.currency, b.amount_minor, coalesce(p.total, 0) AS total
        FROM ledger_balances b LEFT JOIN
            (SELECT account, currency, -sum(amount_minor) AS total FROM ledger_postings
             WHERE substr(account, 1, 7) = 'wallet:' GROUP BY account, currency) p
            ON p.account = b.account AND p.currency = b.currency
        WHERE b.amount_minor <> coalesce(p.total, 0)
        """,
    ),
    Check(
        "wallet_has_balance",
        "account {account}",
        "postings of {total} {currency}, and no balance in that currency",
        """
        SELECT p.account, p.currency, p.total FROM
            (SELECT account, currency, -sum(amount_minor) AS total FROM ledger_postings
             WHERE substr(account, 1, 7) = 'wallet:' GROUP BY account, currency) p
            LEFT JOIN ledger_balances b ON b.account = p.account AND b.currency = p.currency
        WHERE b.account IS NULL
        """,
    ),
    Check(
        "balance_is_not_negative",
        "account {account}",
        "its balance is {amount_minor} {currency}",
        "SELECT account, currency, amount_minor FROM ledger_balances WHERE amount_minor < 0",
    ),
    Check(
        "orders_account_is_paid_orders",
        "account orders",
        "it holds {booked} {currency}, undelivered paid orders are worth {owed}",
        """
        SELECT currency, sum(booked) AS booked, sum(owed) AS owed FROM
            (SELECT currency, -sum(amount_minor) AS booked, 0 AS owed FROM ledger_postings
             WHERE account = 'orders' GROUP BY currency
             UNION ALL
             SELECT currency, 0, sum(total_minor) FROM orders WHERE state = 'paid' GROUP BY currency) x
        GROUP BY currency HAVING sum(booked) <> sum(owed)
        """,
    ),
    Check(
        "suspense_account_is_open_receipts",
        "account suspense",
        "it holds {booked} {currency}, receipts in suspense are worth {owed}",
        """
        SELECT currency, sum(booked) AS booked, sum(owed) AS owed FROM
            (SELECT currency, -sum(amount_minor) AS booked, 0 AS owed FROM ledger_postings
             WHERE account = 'suspense' GROUP BY currency
             UNION ALL
             SELECT currency, 0, sum(amount_minor) FROM receipts WHERE state = 'suspense' GROUP BY currency) x
        GROUP BY currency HAVING sum(booked) <> sum(owed)
        """,
    ),
    Check(
        "gateway_account_is_receipts",
        "account {account}",
        "it holds {booked} {currency}, receipts not returned are worth {received}",
        """
        SELECT account, currency, sum(booked) AS booked, sum(received) AS received FROM
            (SELECT account, currency, sum(amount_minor) AS booked, 0 AS received FROM ledger_postings
             WHERE substr(account, 1, 8) = 'gateway:' GROUP BY account, currency
             UNION ALL
             SELECT 'gateway:' || gateway, currency, 0, sum(amount_minor) FROM receipts
             WHERE state <> 'returned' GROUP BY gateway, currency) x
        GROUP BY account, currency HAVING sum(booked) <> sum(received)
        """,
    ),
)

_RETURNS: Final = (
    Check(
        "returning_account_is_refunds_under_way",
        "account returning",
        "it holds {booked} {currency}, refunds under way are worth {owed}",
        """
        SELECT currency, sum(booked) AS booked, sum(owed) AS owed FROM
            (SELECT currency, -sum(amount_minor) AS booked, 0 AS owed FROM ledger_postings
             WHERE account = 'returning' GROUP BY currency
             UNION ALL
             SELECT r.currency, 0, sum(r.amount_minor) FROM refunds f JOIN receipts r ON r.id = f.receipt_id
             WHERE f.state = 'intended' GROUP BY r.currency) x
        GROUP BY currency HAVING sum(booked) <> sum(owed)
        """,
    ),
    Check(
        "refund_and_receipt_agree",
        "refund {id}",
        "{state}, and its receipt {receipt_id} is {receipt}",
        """
        SELECT f.id, f.receipt_id, f.state, coalesce(r.state, 'not there') AS receipt
        FROM refunds f LEFT JOIN receipts r ON r.id = f.receipt_id
        WHERE r.id IS NULL OR f.state NOT IN ('intended', 'done', 'refused')
           OR (f.state = 'intended' AND r.state <> 'returning')
           OR (f.state = 'done' AND r.state <> 'returned')
        """,
    ),
    Check(
        "returning_receipt_has_refund",
        "receipt {id}",
        "{amount_minor} {currency} promised back to its payer, and no refund is under way",
        """
        SELECT r.id, r.amount_minor, r.currency FROM receipts r WHERE r.state = 'returning' AND NOT EXISTS
            (SELECT 1 FROM refunds f WHERE f.receipt_id = r.id AND f.state = 'intended')
        """,
    ),
    Check(
        "refund_under_way_is_due",
        "refund {id}",
        "state {state}, and its gateway will never be asked, or be asked for nothing",
        "SELECT id, state FROM refunds WHERE (state = 'intended') <> (due_at IS NOT NULL)",
    ),
    Check(
        "refund_is_of_refunded_order",
        "refund {id}",
        "of order {order_id}, which is {state} and was paid with {paid_with}",
        """
        SELECT f.id, f.order_id, coalesce(o.state, 'not there') AS state,
               coalesce(o.paid_with, 'nothing') AS paid_with
        FROM refunds f JOIN receipts r ON r.id = f.receipt_id LEFT JOIN orders o ON o.id = f.order_id
        WHERE f.order_id IS NOT NULL
          AND (o.id IS NULL OR o.state <> 'refunded' OR coalesce(o.paid_with, '') <> r.gateway)
        """,
    ),
    Check(
        "tender_is_whole",
        "payment {number}",
        "it asks for {tender_minor} {tender_currency}, and does not say by which rate",
        """
        SELECT number, coalesce(tender_minor, 0) AS tender_minor, coalesce(tender_currency, '?') AS tender_currency
        FROM payments
        WHERE (tender_currency IS NULL) <> (tender_minor IS NULL)
           OR (tender_currency IS NULL) <> (tender_source IS NULL)
           OR (tender_rate IS NULL) <> (tender_at IS NULL)
           OR (tender_rate IS NOT NULL AND tender_currency IS NULL) OR tender_minor < 1
        """,
    ),
    Check(
        "receipt_is_worth_what_was_asked",
        "receipt {id}",
        "{came} {currency} came, worth {amount_minor}; payment {number} asked for {asked}, worth {worth}",
        """
        SELECT r.id, coalesce(r.tender_minor, 0) AS came, coalesce(r.tender_currency, '?') AS currency,
               r.amount_minor, p.number, coalesce(p.tender_minor, 0) AS asked, p.amount_minor AS worth
        FROM receipts r JOIN payments p ON p.id = r.payment_id
        WHERE r.gateway = p.gateway AND r.currency = p.currency AND p.tender_minor IS NOT NULL
          AND (coalesce(r.tender_currency, '') <> p.tender_currency
               OR (r.tender_minor = p.tender_minor AND r.amount_minor <> p.amount_minor))
        """,
    ),
)

_ORDERS: Final = (
    Check(
        "order_paid_entry",
        "order {number}",
        "state {state}, entry order:{id}:paid: {entry}",
        """
        SELECT o.id, o.number, o.state, coalesce(e.kind, 'none') AS entry
        FROM orders o LEFT JOIN ledger_entries e ON e.key = 'order:' || o.id || ':paid'
        WHERE (o.state IN ('paid', 'delivered', 'refunded')) <> (e.id IS NOT NULL)
        """,
    ),
    Check(
        "order_delivered_entry",
        "order {number}",
        "state {state}, entry order:{id}:delivered: {entry}",
        """
        SELECT o.id, o.number, o.state, coalesce(e.kind, 'none') AS entry
        FROM orders o LEFT JOIN ledger_entries e ON e.key = 'order:' || o.id || ':delivered'
        WHERE (e.id IS NOT NULL) <>
              (o.state = 'delivered' OR (o.state = 'refunded' AND o.delivered_at IS NOT NULL))
        """,
    ),
    Check(
        "order_refunded_entry",
        "order {number}",
        "state {state}, entry order:{id}:refunded: {entry}",
        """
        SELECT o.id, o.number, o.state, coalesce(e.kind, 'none') AS entry
        FROM orders o LEFT JOIN ledger_entries e ON e.key = 'order:' || o.id || ':refunded'
        WHERE (o.state = 'refunded') <> (e.id IS NOT NULL)
        """,
    ),
    Check(
        "order_entry_amount",
        "order {number}",
        "its total is {total_minor} {currency}, but {key} moves {moved}",
        f"""
        SELECT o.number, o.currency, o.total_minor, e.key,
               (SELECT coalesce(sum(p.amount_minor), 0) FROM ledger_postings p
                WHERE p.entry_id = e.id AND p.amount_minor > 0 AND p.currency = o.currency) AS moved
        FROM orders o JOIN ledger_entries e ON e.key IN {_ORDER_KEYS}
        WHERE o.total_minor <>
            (SELECT coalesce(sum(p.amount_minor), 0) FROM ledger_postings p
             WHERE p.entry_id = e.id AND p.amount_minor > 0 AND p.currency = o.currency)
        """,  # noqa: S608 - parts of this module
    ),
    Check(
        "order_entries_are_as_many_as_orders",
        "entries of kind {kind}",
        "{entries} entries for {wanted} orders: some name no order",
        """
        SELECT kind, sum(entries) AS entries, sum(wanted) AS wanted FROM
            (SELECT kind, count(*) AS entries, 0 AS wanted FROM ledger_entries
             WHERE kind IN ('order_paid', 'order_delivered', 'order_refunded') GROUP BY kind
             UNION ALL
             SELECT 'order_paid', 0, count(*) FROM orders WHERE state IN ('paid', 'delivered', 'refunded')
             UNION ALL
             SELECT 'order_delivered', 0, count(*) FROM orders
             WHERE state = 'delivered' OR (state = 'refunded' AND delivered_at IS NOT NULL)
             UNION ALL
             SELECT 'order_refunded', 0, count(*) FROM orders WHERE state = 'refunded') x
        GROUP BY kind HAVING sum(entries) <> sum(wanted)
        """,
    ),
    Check(
        "order_lines_sum_to_total",
        "order {number}",
        "its total is {total_minor} {currency}, its lines sum to {lines}",
        """
        SELECT o.number, o.currency, o.total_minor,
               (SELECT coalesce(sum(l.paid_minor), 0) FROM order_lines l WHERE l.order_id = o.id) AS lines
        FROM orders o WHERE o.total_minor <>
               (SELECT coalesce(sum(l.paid_minor), 0) FROM order_lines l WHERE l.order_id = o.id)
        """,
    ),
    Check(
        "line_adds_up",
        "line {id}",
        "list price {list_minor} less discount {discount_minor} is not {paid_minor}, for {quantity} codes",
        """
        SELECT id, list_minor, discount_minor, paid_minor, quantity FROM order_lines
        WHERE list_minor - discount_minor <> paid_minor OR quantity < 1
        """,
    ),
    Check(
        "line_cost_is_cost_of_cards",
        "line {id}",
        "its cost is {cost_minor}, its {number} cards cost {cards}",
        """
        SELECT l.id, l.cost_minor, c.number, c.cards FROM order_lines l JOIN
            (SELECT line_id, count(*) AS number, sum(cost_minor) AS cards FROM cards
             WHERE line_id IS NOT NULL GROUP BY line_id) c ON c.line_id = l.id
        WHERE l.cost_minor <> c.cards AND l.quantity = c.number
        """,
    ),
    Check(
        "order_belongs_to_person",
        "order {number}",
        "nobody has the id {person_id}, or a line is in another person's name",
        """
        SELECT o.number, o.person_id FROM orders o LEFT JOIN people p ON p.id = o.person_id
        WHERE p.id IS NULL
           OR EXISTS (SELECT 1 FROM order_lines l WHERE l.order_id = o.id AND l.person_id <> o.person_id)
        """,
    ),
    Check(
        "delivered_order_is_announced",
        "order {number}",
        "delivered, and no news of it was ever queued",
        """
        SELECT o.number FROM orders o WHERE o.delivered_at IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.cause = 'order:' || o.id || ':delivered')
        """,
    ),
    Check(
        "used_key_names_order",
        "key of person {person_id}",
        "it stands for order {result}, which is not there or not his",
        """
        SELECT k.person_id, k.result FROM used_keys k LEFT JOIN orders o ON o.id = k.result
        WHERE o.id IS NULL OR o.person_id <> k.person_id
        """,
    ),
)

_GOODS: Final = (
    Check(
        "awaiting_order_holds_its_cards",
        "order {number}",
        "line {id} waits for payment of {quantity} codes and holds {held}",
        f"""
        SELECT o.number, l.id, l.quantity, {_HELD_CARDS} AS held
        FROM orders o JOIN order_lines l ON l.order_id = o.id
        WHERE o.state = 'awaiting' AND CASE WHEN l.source <> 'stock' THEN 0 ELSE l.quantity END <> {_HELD_CARDS}
        """,  # noqa: S608 - parts of this module
    ),
    Check(
        "delivered_order_has_its_cards",
        "order {number}",
        "line {id} of {quantity} codes has {cards} delivered cards",
        f"""
        SELECT o.number, l.id, l.quantity, {_DELIVERED_CARDS} AS cards
        FROM orders o JOIN order_lines l ON l.order_id = o.id
        WHERE o.state = 'delivered' AND {_DELIVERED_CARDS} <> CASE WHEN l.kind = 'top_up' THEN 0 ELSE l.quantity END
        """,  # noqa: S608 - parts of this module
    ),
    Check(
        "delivered_order_has_its_delivery",
        "order {number}",
        "line {id} of {quantity} codes has no delivery of as many that stands",
        """
        SELECT o.number, l.id, l.quantity FROM orders o JOIN order_lines l ON l.order_id = o.id
        LEFT JOIN deliveries d ON d.line_id = l.id AND d.returned_at IS NULL AND d.quantity = l.quantity
        WHERE o.state = 'delivered' AND d.id IS NULL
        """,
    ),
    Check(
        "ended_order_holds_nothing",
        "order {number}",
        "state {state}, and line {id} still holds {held} cards",
        """
        SELECT o.number, o.state, l.id, c.held FROM orders o JOIN order_lines l ON l.order_id = o.id JOIN
            (SELECT line_id, count(*) AS held FROM cards WHERE line_id IS NOT NULL AND state = 'held'
             GROUP BY line_id) c ON c.line_id = l.id
        WHERE o.state <> 'awaiting' AND NOT (o.state = 'paid' AND l.source = 'supply')
        """,
    ),
    Check(
        "undelivered_order_has_no_delivery",
        "order {number}",
        "state {state}, and line {id} has a delivery",
        """
        SELECT o.number, o.state, l.id FROM deliveries d JOIN order_lines l ON l.id = d.line_id
        JOIN orders o ON o.id = l.order_id WHERE o.state NOT IN ('delivered', 'refunded')
        """,
    ),
    Check(
        "delivery_has_line",
        "delivery {id}",
        "its line {line_id} is not there",
        "SELECT d.id, d.line_id FROM deliveries d"
        " WHERE NOT EXISTS (SELECT 1 FROM order_lines l WHERE l.id = d.line_id)",
    ),
    Check(
        "refund_restocks_what_nobody_saw",
        "order {number}",
        "refunded; line {id} seen: {seen}, returned: {returned}, cards kept: {cards} of {quantity}",
        f"""
        SELECT o.number, l.id, l.quantity, {_DELIVERED_CARDS} AS cards,
               d.revealed_at IS NOT NULL AS seen, d.returned_at IS NOT NULL AS returned
        FROM orders o JOIN order_lines l ON l.order_id = o.id JOIN deliveries d ON d.line_id = l.id
        WHERE o.state = 'refunded' AND l.kind <> 'top_up' AND ((d.revealed_at IS NULL) <> (d.returned_at IS NOT NULL)
            OR {_DELIVERED_CARDS} <> CASE WHEN d.returned_at IS NULL THEN l.quantity ELSE 0 END)
        """,  # noqa: S608 - parts of this module
    ),
    Check(
        "seen_code_never_returns",
        "line {line_id}",
        "its codes were looked at, and only {cards} of {quantity} are still out",
        """
        SELECT d.line_id, d.quantity, coalesce(c.number, 0) AS cards FROM deliveries d LEFT JOIN
            (SELECT line_id, count(*) AS number FROM cards WHERE line_id IS NOT NULL AND state = 'delivered'
             GROUP BY line_id) c ON c.line_id = d.line_id
        WHERE NOT EXISTS (SELECT 1 FROM order_lines l WHERE l.id = d.line_id AND l.kind = 'top_up')
          AND (d.revealed_at IS NOT NULL OR EXISTS (SELECT 1 FROM reveals r WHERE r.line_id = d.line_id))
          AND (d.returned_at IS NOT NULL OR coalesce(c.number, 0) <> d.quantity)
        """,
    ),
    Check(
        "look_is_on_record",
        "line {line_id}",
        "the first look and the list of looks disagree",
        """
        SELECT d.line_id FROM deliveries d
        WHERE (d.revealed_at IS NOT NULL) <> (EXISTS (SELECT 1 FROM reveals r WHERE r.line_id = d.line_id))
          AND NOT EXISTS (SELECT 1 FROM order_lines l WHERE l.id = d.line_id AND l.kind = 'top_up')
        """,
    ),
    Check(
        "held_card_has_waiting_order",
        "card {id}",
        "held for line {line_id}, whose order is {state}",
        """
        SELECT c.id, c.line_id, coalesce(o.state, 'not there or for something else') AS state
        FROM cards c LEFT JOIN order_lines l ON l.id = c.line_id AND l.variant_id = c.variant_id
        LEFT JOIN orders o ON o.id = l.order_id
        WHERE c.state = 'held' AND (o.state IS NULL
            OR NOT (o.state = 'awaiting' OR (o.state = 'paid' AND l.source = 'supply')))
        """,
    ),
    Check(
        "delivered_card_has_delivered_order",
        "card {id}",
        "delivered for line {line_id}, whose order is {state}",
        """
        SELECT c.id, c.line_id, coalesce(o.state, 'not there or for something else') AS state
        FROM cards c LEFT JOIN order_lines l ON l.id = c.line_id AND l.variant_id = c.variant_id
        LEFT JOIN orders o ON o.id = l.order_id LEFT JOIN deliveries d ON d.line_id = l.id
        WHERE c.state = 'delivered' AND (o.state IS NULL OR o.state NOT IN ('delivered', 'refunded')
            OR d.id IS NULL OR d.returned_at IS NOT NULL)
        """,
    ),
    Check(
        "available_card_is_free",
        "card {id}",
        "on the shelf, and taken by line {line_id}",
        "SELECT id, line_id FROM cards WHERE line_id IS NOT NULL AND state = 'available'",
    ),
    Check(
        "card_has_known_state",
        "card {id}",
        "its state is {state}",
        "SELECT id, state FROM cards WHERE state NOT IN ('available', 'held', 'delivered')",
    ),
    Check(
        "card_is_of_its_batch",
        "card {id}",
        "variant, expiry or cost is not that of batch {batch_id}",
        """
        SELECT c.id, c.batch_id FROM cards c JOIN batches b ON b.id = c.batch_id
        WHERE c.variant_id <> b.variant_id OR c.expires_on <> b.expires_on
           OR (c.cost_minor <> b.cost_minor AND b.purchase_id IS NULL)
        """,
    ),
)

_IMPORTS: Final = (
    Check(
        "batch_counts_its_cards",
        "batch {id}",
        "{added} codes came in and {removed} were taken back, and {cards} are there",
        """
        SELECT b.id, b.added, b.removed, coalesce(c.number, 0) AS cards FROM batches b LEFT JOIN
            (SELECT batch_id, count(*) AS number FROM cards GROUP BY batch_id) c ON c.batch_id = b.id
        WHERE b.added - b.removed <> coalesce(c.number, 0)
        """,
    ),
    Check(
        "file_is_kept_while_importing",
        "batch {id}",
        "state {state}, and files kept of it: {files}",
        """
        SELECT b.id, b.state, CASE WHEN f.batch_id IS NULL THEN 0 ELSE 1 END AS files
        FROM batches b LEFT JOIN batch_files f ON f.batch_id = b.id
        WHERE (b.state = 'importing') <> (f.batch_id IS NOT NULL)
        """,
    ),
    Check(
        "batch_under_way_is_due",
        "batch {id}",
        "state {state}, and it will never be gone on with, or gone on with for nothing",
        """
        SELECT id, state FROM batches WHERE state NOT IN ('importing', 'undoing', 'done', 'undone')
        OR (state IN ('importing', 'undoing')) <> (due_at IS NOT NULL)
        """,
    ),
)

_THREADS: Final = (
    Check(
        "thread_waits_for_its_first_unsettled",
        "thread {id}",
        "it waits since {waiting_since}, its first message that is not settled is of {first}",
        """
        SELECT t.id, t.waiting_since, m.first FROM threads t LEFT JOIN
            (SELECT thread_id, min(at) AS first FROM thread_messages
             WHERE NOT by_shop AND settled_at IS NULL GROUP BY thread_id) m ON m.thread_id = t.id
        WHERE coalesce(t.waiting_since, -1) <> coalesce(m.first, -1)
        """,
    ),
    Check(
        "answer_is_the_shops_own",
        "thread message {id}",
        "settled by message {answer_id}, which is no answer of the shop in its thread",
        """
        SELECT m.id, m.answer_id FROM thread_messages m
        LEFT JOIN thread_messages a ON a.id = m.answer_id AND a.thread_id = m.thread_id AND a.by_shop
        WHERE m.answer_id IS NOT NULL AND (a.id IS NULL OR m.settled_at IS NULL OR m.by_shop)
        """,
    ),
    Check(
        "answer_is_announced",
        "thread message {id}",
        "the shop answered, and the customer was not told",
        """
        SELECT m.id FROM thread_messages m WHERE m.by_shop AND NOT EXISTS
            (SELECT 1 FROM messages n WHERE n.cause = 'thread:' || m.id || ':answer')
        """,
    ),
    Check(
        "case_of_a_customer_is_about_one_who_waits",
        "case {id}",
        "thread {subject_id} is not waiting",
        """
        SELECT c.id, c.subject_id FROM cases c LEFT JOIN threads t ON t.id = c.subject_id
        WHERE c.kind = 'thread' AND c.closed_at IS NULL AND t.waiting_since IS NULL
        """,
    ),
)

_MONEY_IN: Final = (
    Check(
        "settled_payment_has_receipt",
        "payment {number}",
        "settled, and no money came for it",
        """
        SELECT p.number FROM payments p WHERE p.state = 'settled' AND NOT EXISTS
            (SELECT 1 FROM receipts r WHERE r.payment_id = p.id AND (r.state IN ('applied', 'matched')
                 OR EXISTS (SELECT 1 FROM refunds f WHERE f.receipt_id = r.id AND f.order_id IS NOT NULL)))
        """,
    ),
    Check(
        "applied_receipt_settles_payment",
        "receipt {id}",
        "applied to payment {payment}, which is {state} at {gateway}",
        """
        SELECT r.id, coalesce(p.number, 'none') AS payment, coalesce(p.state, 'not there') AS state, r.gateway
        FROM receipts r LEFT JOIN payments p ON p.id = r.payment_id
        WHERE r.state = 'applied' AND (p.id IS NULL OR p.state <> 'settled' OR p.gateway <> r.gateway
            OR p.currency <> r.currency)
        """,
    ),
    Check(
        "paid_order_has_its_receipt",
        "order {number}",
        "paid with {paid_with}, and no settled payment of that gateway is for it",
        """
        SELECT o.number, coalesce(o.paid_with, 'nothing') AS paid_with FROM orders o
        WHERE o.state IN ('paid', 'delivered', 'refunded') AND coalesce(o.paid_with, '') <> 'wallet'
          AND NOT EXISTS (SELECT 1 FROM payments p WHERE p.purpose = 'order' AND p.subject_id = o.id
                          AND p.state = 'settled' AND p.gateway = o.paid_with)
        """,
    ),
    Check(
        "credited_receipt_reached_wallet",
        "receipt {id}",
        "no entry of it moves {amount_minor} {currency} to the wallet of person {person_id}",
        """
        SELECT r.id, r.person_id, r.amount_minor, r.currency FROM receipts r
        WHERE r.state IN ('credited', 'matched') AND NOT EXISTS
            (SELECT 1 FROM ledger_entries e JOIN ledger_postings p ON p.entry_id = e.id
             WHERE e.key IN ('receipt:' || r.id || ':credited', 'receipt:' || r.id || ':resolved')
               AND p.account = 'wallet:' || r.person_id AND p.currency = r.currency
               AND p.amount_minor = -r.amount_minor)
        """,
    ),
    Check(
        "suspense_has_open_case",
        "receipt {id}",
        "{amount_minor} {currency} in suspense, and nobody is asked about it",
        """
        SELECT r.id, r.amount_minor, r.currency FROM receipts r WHERE r.state = 'suspense' AND NOT EXISTS
            (SELECT 1 FROM cases c WHERE c.kind = 'suspense' AND c.subject_id = r.id AND c.closed_at IS NULL)
        """,
    ),
    Check(
        "suspense_case_has_receipt",
        "case {id}",
        "open about receipt {subject_id}, which is not in suspense",
        """
        SELECT c.id, c.subject_id FROM cases c
        LEFT JOIN receipts r ON r.id = c.subject_id AND r.state = 'suspense'
        WHERE c.kind = 'suspense' AND c.closed_at IS NULL AND r.id IS NULL
        """,
    ),
)

_IS_LIVE: Final = "IN ('planned', 'sent', 'accepted', 'unknown')"

_SUPPLY: Final = (
    Check(
        "purchase_has_known_state",
        "purchase {number}",
        "its state is {state}",
        "SELECT number, state FROM purchases"
        " WHERE state NOT IN ('planned', 'sent', 'accepted', 'unknown', 'done', 'refused')",
    ),
    Check(
        "line_has_one_purchase_at_a_time",
        "line {line_id}",
        "{purchases} purchases for it are under way",
        f"""
        SELECT line_id, count(*) AS purchases FROM purchases WHERE state {_IS_LIVE}
        GROUP BY line_id HAVING count(*) > 1
        """,  # noqa: S608 - parts of this module
    ),
    Check(
        "purchase_under_way_has_paid_order",
        "purchase {number}",
        "it is {purchase_state}, and its order {order_number} is {state}",
        f"""
        SELECT p.number, p.state AS purchase_state, coalesce(o.number, 'none') AS order_number,
               coalesce(o.state, 'not there or for something else') AS state
        FROM purchases p LEFT JOIN order_lines l ON l.id = p.line_id AND l.variant_id = p.variant_id
        LEFT JOIN orders o ON o.id = l.order_id
        WHERE o.id IS NULL OR (p.state {_IS_LIVE} AND o.state <> 'paid')
        """,  # noqa: S608 - parts of this module
    ),
    Check(
        "purchase_under_way_is_seen_to",
        "purchase {number}",
        "it is {state}, no worker is going to look at it, and nobody is asked about it",
        f"""
        SELECT p.number, p.state FROM purchases p WHERE p.state {_IS_LIVE} AND p.due_at IS NULL AND NOT EXISTS
            (SELECT 1 FROM cases c WHERE c.kind = 'purchase' AND c.subject_id = p.id AND c.closed_at IS NULL)
        """,  # noqa: S608 - parts of this module
    ),
    Check(
        "purchase_that_left_us_says_when",
        "purchase {number}",
        "it is {state}, and it was never sent",
        "SELECT number, state FROM purchases WHERE state IN ('sent', 'done') AND sent_at IS NULL",
    ),
    Check(
        "purchase_counts_its_codes",
        "purchase {number}",
        "it says that it brought {delivered} codes, and its batches have {added}",
        """
        SELECT p.number, p.delivered, coalesce(b.added, 0) AS added FROM purchases p LEFT JOIN
            (SELECT purchase_id, sum(added) AS added FROM batches WHERE purchase_id IS NOT NULL
             GROUP BY purchase_id) b ON b.purchase_id = p.id
        WHERE p.kind <> 'top_up' AND p.delivered <> coalesce(b.added, 0)
        """,
    ),
    Check(
        "line_has_no_more_cards_than_it_wants",
        "line {id}",
        "{cards} cards for {quantity}",
        """
        SELECT l.id, l.quantity, c.cards FROM order_lines l JOIN
            (SELECT line_id, count(*) AS cards FROM cards WHERE line_id IS NOT NULL GROUP BY line_id) c
            ON c.line_id = l.id
        WHERE c.cards > l.quantity
        """,
    ),
    Check(
        "purchase_with_goods_is_booked",
        "purchase {number}",
        "it is {state} with {delivered} pieces, and nothing is booked for it",
        """
        SELECT number, state, delivered FROM purchases
        WHERE booked_minor IS NULL AND (state = 'done' OR delivered > 0)
        """,
    ),
    Check(
        "purchase_is_booked_as_it_says",
        "purchase {number}",
        "it says {booked} {currency}, and its entry takes {moved} from the float",
        """
        SELECT number, currency, coalesce(booked_minor, 0) AS booked, coalesce(moved, 0) AS moved FROM
            (SELECT p.number, p.currency, p.booked_minor,
                (SELECT -sum(x.amount_minor) FROM ledger_entries e JOIN ledger_postings x ON x.entry_id = e.id
                 WHERE e.key = 'purchase:' || p.id || ':bought' AND x.account = 'float:' || p.supplier
                   AND x.currency = p.currency) AS moved
             FROM purchases p) y
        WHERE coalesce(booked_minor, 0) <> coalesce(moved, 0)
        """,
    ),
    Check(
        "purchase_is_given_back_as_it_says",
        "purchase {number}",
        "it says that {returned_minor} {currency} came back, and its entries bring {moved} to the float",
        """
        SELECT number, currency, returned_minor, coalesce(moved, 0) AS moved FROM
            (SELECT p.number, p.currency, p.returned_minor,
                (SELECT sum(x.amount_minor) FROM ledger_entries e JOIN ledger_postings x ON x.entry_id = e.id
                 WHERE e.kind = 'purchase_returned' AND x.account = 'float:' || p.supplier
                   AND substr(e.key, 1, length('purchase:' || p.id || ':returned:'))
                       = 'purchase:' || p.id || ':returned:') AS moved
             FROM purchases p WHERE p.returned_minor <> 0) y
        WHERE returned_minor <> coalesce(moved, 0)
        """,
    ),
    Check(
        "entries_of_purchases_are_as_many",
        "entries of kind purchase_bought",
        "{entries} entries for {wanted} purchases: some name no purchase",
        """
        SELECT sum(entries) AS entries, sum(wanted) AS wanted FROM
            (SELECT count(*) AS entries, 0 AS wanted FROM ledger_entries WHERE kind = 'purchase_bought'
             UNION ALL
             SELECT 0, count(*) FROM purchases WHERE booked_minor > 0) x
        HAVING sum(entries) <> sum(wanted)
        """,
    ),
)

_RECONCILED: Final = (
    Check(
        "signed_day_is_settled",
        "reconciled day {id}",
        "{counterpart} {day}: it is signed off, and {left} of its lines are open, or it was never read",
        """
        SELECT d.id, d.counterpart, CAST(d.day AS VARCHAR(20)) AS day, count(l.id) AS left FROM reconciled_days d
        LEFT JOIN reconciled_lines l ON l.day_id = d.id AND l.closed_at IS NULL AND l.kind IN
            ('ours_only', 'theirs_only', 'amount', 'state', 'late', 'under_way', 'waits')
        WHERE d.signed_at IS NOT NULL
        GROUP BY d.id, d.counterpart, d.day, d.read_at HAVING count(l.id) > 0 OR d.read_at IS NULL
        """,
    ),
    Check(
        "line_of_ours_stands_in_one_group",
        "line {our_subject} of {counterpart}",
        "it stands in {groups} groups",
        """
        SELECT d.counterpart, l.our_subject, count(*) AS groups
        FROM reconciled_lines l JOIN reconciled_days d ON d.id = l.day_id
        WHERE l.our_subject IS NOT NULL AND l.kind NOT IN ('gone', 'late') AND l.carried_to IS NULL
          AND (l.their_minor IS NOT NULL OR l.closed_at IS NOT NULL)
        GROUP BY d.counterpart, l.our_subject HAVING count(*) > 1
        """,
    ),
    Check(
        "line_written_off_is_booked",
        "reconciled line {id}",
        "it was written off, and nothing is booked for it",
        """
        SELECT l.id FROM reconciled_lines l WHERE l.way = 'write_off'
        AND NOT EXISTS (SELECT 1 FROM ledger_entries e WHERE e.key = 'reconciled:' || l.id)
        """,
    ),
    Check(
        "entry_of_reconciliation_has_settled_line",
        "entry {id}",
        "{key}: no line was settled by it",
        """
        SELECT e.id, e.key FROM ledger_entries e WHERE e.kind IN ('reconciled', 'purchase_corrected')
        AND NOT EXISTS (SELECT 1 FROM reconciled_lines l WHERE 'reconciled:' || l.id = e.key
                        AND l.way IN ('write_off', 'correct') AND l.closed_at IS NOT NULL)
        """,
    ),
    Check(
        "purchase_is_corrected_as_it_says",
        "purchase {number}",
        "it says that it was corrected by {corrected_minor} {currency}, and its entries by {moved}",
        """
        SELECT number, currency, corrected_minor, coalesce(moved, 0) AS moved FROM
            (SELECT p.number, p.currency, p.corrected_minor,
                (SELECT -sum(x.amount_minor) FROM reconciled_lines l
                 JOIN ledger_entries e ON e.key = 'reconciled:' || l.id AND e.kind = 'purchase_corrected'
                 JOIN ledger_postings x ON x.entry_id = e.id
                 WHERE l.our_subject = CAST(p.id AS VARCHAR(20)) AND x.account = 'float:' || p.supplier
                   AND x.currency = p.currency) AS moved
             FROM purchases p) y
        WHERE corrected_minor <> coalesce(moved, 0)
        """,
    ),
)

_TOP_UPS: Final = (
    Check(
        "delivered_top_up_has_its_proof",
        "order {number}",
        "line {id} is delivered, and neither a purchase that is done nor a task of staff topped it up",
        """
        SELECT o.number, l.id FROM orders o JOIN order_lines l ON l.order_id = o.id
        WHERE o.state = 'delivered' AND l.kind = 'top_up' AND 1 <>
            (SELECT count(*) FROM top_up_proofs t
             LEFT JOIN purchases p ON p.id = t.purchase_id AND p.line_id = t.line_id AND p.state = 'done'
                 AND p.kind = 'top_up'
             LEFT JOIN tasks k ON t.done_by IS NOT NULL AND k.line_id = t.line_id AND k.state = 'done'
             WHERE t.line_id = l.id AND (p.id IS NOT NULL OR k.id IS NOT NULL))
        """,
    ),
    Check(
        "proof_has_paid_top_up",
        "line {line_id}",
        "its account was topped up, and its order is {state}",
        """
        SELECT t.line_id, coalesce(o.state, 'not there or for something else') AS state FROM top_up_proofs t
        LEFT JOIN order_lines l ON l.id = t.line_id AND l.kind = 'top_up' LEFT JOIN orders o ON o.id = l.order_id
        WHERE o.id IS NULL OR o.state NOT IN ('paid', 'delivered', 'refunded')
            OR (o.state = 'refunded' AND o.delivered_at IS NULL)
        """,
    ),
    Check(
        "top_up_knows_what_its_buyer_said",
        "line {id}",
        "a direct top-up, and nothing was kept of what its buyer said",
        """
        SELECT l.id FROM order_lines l LEFT JOIN line_inputs i ON i.line_id = l.id
        WHERE (l.kind = 'top_up') <> (i.line_id IS NOT NULL)
        """,
    ),
    Check(
        "open_task_has_paid_order",
        "task {id}",
        "open for line {line_id}, whose order is {state}",
        """
        SELECT k.id, k.line_id, coalesce(o.state, 'not there or for something else') AS state FROM tasks k
        LEFT JOIN order_lines l ON l.id = k.line_id AND l.kind = 'top_up' LEFT JOIN orders o ON o.id = l.order_id
        WHERE o.id IS NULL OR (k.state = 'open' AND o.state <> 'paid')
        """,
    ),
    Check(
        "task_has_known_state",
        "task {id}",
        "its state is {state}",
        "SELECT id, state FROM tasks WHERE state NOT IN ('open', 'done', 'refused', 'withdrawn')",
    ),
    Check(
        "top_up_holds_no_card",
        "line {id}",
        "a direct top-up with {cards} cards",
        """
        SELECT l.id, count(*) AS cards FROM order_lines l JOIN cards c ON c.line_id = l.id
        WHERE l.kind = 'top_up' GROUP BY l.id
        """,
    ),
    Check(
        "case_of_a_task_is_about_one_that_waits",
        "case {id}",
        "task {subject_id} is not open",
        """
        SELECT c.id, c.subject_id FROM cases c LEFT JOIN tasks k ON k.id = c.subject_id AND k.state = 'open'
        WHERE c.kind = 'task' AND c.closed_at IS NULL AND k.id IS NULL
        """,
    ),
)

CHECKS: Final[tuple[Check, ...]] = (
    *_BOOKS,
    *_RETURNS,
    *_ORDERS,
    *_GOODS,
    *_IMPORTS,
    *_SUPPLY,
    *_RECONCILED,
    *_TOP_UPS,
    *_THREADS,
    *_MONEY_IN,
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
    found.extend(_at_most(NUMBER_CHECK, _bad_numbers(view)))
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


def _bad_numbers(view: View) -> Iterator[Finding]:
    # The weighted sum of ``kernel.numbers`` in SQL: in Python, a million numbers take a quarter of a minute.
    find = func.strpos if view.is_postgresql else func.instr
    values = [find(ALPHABET, func.substr(Order.number, place + 1, 1)) - 1 for place in range(LENGTH)]
    weighed = sum(((place + 2) * value for place, value in enumerate(values[:-1])), start=literal(0))
    suspicious = or_(
        func.length(Order.number) != LENGTH,
        *(value < 0 for value in values),
        weighed % len(ALPHABET) != values[-1],
    )
    for row in view.execute(select(Order.id, Order.number).where(suspicious).limit(MOST_PER_CHECK + 1)):
        if parse_number(row.number) != row.number:
            yield Finding(NUMBER_CHECK, f"order {row.id}", f"{row.number} does not pass its check character")


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
