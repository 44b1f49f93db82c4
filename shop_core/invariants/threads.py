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
        SELECT m.id FROM thread_messages m WHERE m.by_shop AND m.handover_id IS NULL AND NOT EXISTS
            (SELECT 1 FROM messages n WHERE n.cause = 'thread:' || m.id || ':answer')
        """,
    ),
    Check(
        "overheard_is_of_a_handover_of_its_channel",
        "thread message {id}",
        "said past us in hand-over {handover_id}, which is not there or on another channel than {key}",
        """
        SELECT m.id, m.handover_id, m.key FROM thread_messages m
        LEFT JOIN handovers h ON h.id = m.handover_id AND (m.key LIKE h.channel || ':%' OR m.key LIKE 'erased:%')
        WHERE m.handover_id IS NOT NULL AND h.id IS NULL
        """,
    ),
    Check(
        "overheard_waits_for_nobody",
        "thread message {id}",
        "said past us, where the other one read along, and it waits to be read or answered",
        """
        SELECT id FROM thread_messages
        WHERE handover_id IS NOT NULL AND (CASE WHEN by_shop THEN seen_at ELSE settled_at END) IS NULL
        """,
    ),
    Check(
        "handover_goes_forward",
        "hand-over {id}",
        "asked for at {asked_at}, taken at {taken_at}, ended at {ended_at}",
        """
        SELECT id, asked_at, taken_at, ended_at FROM handovers
        WHERE taken_at < asked_at OR ended_at < coalesce(taken_at, asked_at)
        """,
    ),
    Check(
        "every_pull_is_due_some_time",
        "channel {channel}",
        "nobody will look for its messages any more",
        "SELECT channel FROM pulls WHERE due_at IS NULL",
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
