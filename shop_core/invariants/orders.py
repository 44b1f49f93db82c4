"""Orders: their states, their lines, and what the books say of them."""

from __future__ import annotations

from typing import Final

from shop_core.invariants.check import Check

_ORDER_KEYS: Final = (
    "('order:' || o.id || ':paid', 'order:' || o.id || ':delivered', 'order:' || o.id || ':refunded')"
)

ORDERS: Final = (
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
