"""The ledger: entries balance, and balances are what was posted."""

from __future__ import annotations

from typing import Final

from shop_core.invariants.check import Check

BOOKS: Final = (
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
