"""Purchases from suppliers: at most one that lives, booked as charged."""

from __future__ import annotations

from typing import Final

from shop_core.invariants.check import Check

_IS_LIVE: Final = "IN ('planned', 'sent', 'accepted', 'unknown')"

SUPPLY: Final = (
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
