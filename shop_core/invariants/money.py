"""Payments, receipts and refunds: money that came is somewhere, once, and goes back once."""

from __future__ import annotations

from typing import Final

from shop_core.invariants.check import Check

RETURNS: Final = (
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

MONEY_IN: Final = (
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
        "no entry of it moves {amount_minor} {currency} to the wallet of person {person_id}, nor of who was merged into him",
        """
        SELECT r.id, r.person_id, r.amount_minor, r.currency FROM receipts r
        WHERE r.state IN ('credited', 'matched') AND NOT EXISTS
            (SELECT 1 FROM ledger_entries e JOIN ledger_postings p ON p.entry_id = e.id
             WHERE e.key IN ('receipt:' || r.id || ':credited', 'receipt:' || r.id || ':resolved')
               AND p.account IN (SELECT 'wallet:' || w.id FROM people w
                                 WHERE w.id = r.person_id OR w.merged_into = r.person_id)
               AND p.currency = r.currency
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
