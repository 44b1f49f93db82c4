"""Direct top-ups: what was asked is sealed, what was done is proved once."""

from __future__ import annotations

from typing import Final

from shop_core.invariants.check import Check

TOP_UPS: Final = (
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
