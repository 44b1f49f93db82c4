"""People: who was merged into another owns nothing any more, and it is written down; who was erased is nobody."""

from __future__ import annotations

from typing import Final

from shop_core.invariants.check import Check

_OWNED: Final = (
    ("orders", "person_id"),
    ("order_lines", "person_id"),
    ("payments", "person_id"),
    ("receipts", "person_id"),
    ("resellers", "person_id"),
    ("identities", "person_id"),
    ("used_keys", "person_id"),
    ("restock_wishes", "person_id"),
    ("passwords", "person_id"),
    ("threads", "person_id"),
    ("pairings", "person_id"),
    ("pairings", "typed_person_id"),
    ("verified_contacts", "person_id"),
    ("contact_codes", "person_id"),
)
"""A test compares this with the tables that name persons."""

_NAMED: Final = " UNION ALL ".join(
    f"SELECT p.id, p.merged_into, '{table}' AS what, count(*) AS number"  # noqa: S608 - the names above
    f" FROM people p JOIN {table} t ON t.{column} = p.id"
    " WHERE p.merged_into IS NOT NULL GROUP BY p.id, p.merged_into"
    for table, column in _OWNED
)

_LEFT: Final = " UNION ALL ".join(
    f"SELECT p.id, '{what}' AS what, count(*) AS number FROM people p JOIN {rows}"  # noqa: S608 - the rows below
    f" WHERE p.erased_at IS NOT NULL AND {says} GROUP BY p.id"
    for what, rows, says in (
        ("identities", "identities t ON t.person_id = p.id", "true"),
        ("passwords", "passwords t ON t.person_id = p.id", "true"),
        ("wishes", "restock_wishes t ON t.person_id = p.id", "true"),
        ("keys of buttons", "used_keys t ON t.person_id = p.id", "true"),
        ("pairing codes", "pairings t ON p.id IN (t.person_id, t.typed_person_id)", "true"),
        ("verified contacts", "verified_contacts t ON t.person_id = p.id", "true"),
        ("names", "people t ON p.id IN (t.id, t.merged_into)", "(t.name <> '' OR t.timezone IS NOT NULL)"),
        ("orders", "orders t ON t.person_id = p.id", "t.external_id NOT LIKE 'erased-%'"),
        ("payments", "payments t ON t.person_id = p.id", "t.external_id NOT LIKE 'erased-%'"),
        (
            "answers",
            "order_lines l ON l.person_id = p.id JOIN line_inputs t ON t.line_id = l.id",
            "t.sealed IS NOT NULL",
        ),
        ("threads", "threads t ON t.person_id = p.id", "t.external_id NOT LIKE 'erased-%'"),
        (
            "messages",
            "threads t ON t.person_id = p.id JOIN thread_messages m ON m.thread_id = t.id",
            "length(m.sealed) > 0",
        ),
        ("keys of a shop", "resellers t ON t.person_id = p.id", "length(t.sealed_secret) > 0"),
    )
)

PEOPLE: Final = (
    Check(
        "nothing_says_who_an_erased_person_was",
        "person {id}",
        "he was erased, and {number} rows of {what} still say who he was",
        f"SELECT id, what, number FROM ({_LEFT}) x",  # noqa: S608 - a part of this module
    ),
    Check(
        "nothing_is_owed_to_an_erased_person",
        "person {id}",
        "he was erased, and {what}",
        """
        SELECT p.id, 'his wallet holds money' AS what FROM people p
            JOIN ledger_balances b ON b.account = 'wallet:' || p.id
            WHERE p.erased_at IS NOT NULL AND b.amount_minor <> 0
        UNION ALL SELECT p.id, 'order ' || o.number || ' is ' || o.state FROM people p
            JOIN orders o ON o.person_id = p.id
            WHERE p.erased_at IS NOT NULL AND o.state IN ('awaiting', 'paid')
        """,
    ),
    Check(
        "nothing_belongs_to_a_merged_person",
        "person {id}",
        "he was merged into {merged_into}, and {number} rows of {what} still name him",
        f"SELECT id, merged_into, what, number FROM ({_NAMED}) x",  # noqa: S608 - a part of this module
    ),
    Check(
        "merged_wallet_is_empty",
        "person {id}",
        "he was merged into {merged_into}, and his wallet holds {amount_minor} {currency}",
        """
        SELECT p.id, p.merged_into, b.amount_minor, b.currency
        FROM people p JOIN ledger_balances b ON b.account = 'wallet:' || p.id
        WHERE p.merged_into IS NOT NULL AND b.amount_minor <> 0
        """,
    ),
    Check(
        "merged_person_leads_to_one_who_is_not",
        "person {id}",
        "merged into {merged_into}, who is not there or merged himself",
        """
        SELECT p.id, p.merged_into FROM people p LEFT JOIN people k ON k.id = p.merged_into
        WHERE p.merged_into IS NOT NULL AND (k.id IS NULL OR k.merged_into IS NOT NULL)
        """,
    ),
    Check(
        "merge_is_in_the_journal",
        "person {id}",
        "{entries} entries of the journal say that he was merged, and he {is_merged}",
        """
        SELECT p.id, CASE WHEN p.merged_into IS NULL THEN 'was not' ELSE 'was' END AS is_merged,
               count(c.id) AS entries
        FROM people p LEFT JOIN person_changes c ON c.other_id = p.id AND c.kind = 'merged'
        WHERE p.merged_into IS NOT NULL OR c.id IS NOT NULL
        GROUP BY p.id, p.merged_into
        HAVING count(c.id) <> CASE WHEN p.merged_into IS NULL THEN 0 ELSE 1 END
        """,
    ),
    Check(
        "message_is_sealed_for_its_person",
        "thread message {id}",
        "sealed for person {sealed_for}, who is not person {person_id} of its thread, nor merged into him",
        """
        SELECT m.id, m.sealed_for, t.person_id FROM thread_messages m JOIN threads t ON t.id = m.thread_id
        LEFT JOIN people p ON p.id = m.sealed_for
        WHERE m.sealed_for <> t.person_id AND coalesce(p.merged_into, -1) <> t.person_id
        """,
    ),
)
