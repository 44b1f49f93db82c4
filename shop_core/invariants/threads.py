"""Conversations with the shop."""

from __future__ import annotations

from typing import Final

from shop_core.invariants.check import Check

THREADS: Final = (
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
