"""Days laid beside a counterpart's, and what was settled of them."""

from __future__ import annotations

from typing import Final

from shop_core.invariants.check import Check

RECONCILED: Final = (
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
