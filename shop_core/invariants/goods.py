"""Cards and imports: a code is held, sold and delivered once."""

from __future__ import annotations

from typing import Final

from shop_core.invariants.check import Check

_DELIVERED_CARDS: Final = "(SELECT count(*) FROM cards c WHERE c.line_id = l.id AND c.state = 'delivered')"

_HELD_CARDS: Final = "(SELECT count(*) FROM cards c WHERE c.line_id = l.id AND c.state = 'held')"

GOODS: Final = (
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

IMPORTS: Final = (
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
