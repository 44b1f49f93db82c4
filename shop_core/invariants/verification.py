"""Verified contacts: each is one person's, of a kind and by a way that we know."""

from __future__ import annotations

from typing import Final

from shop_core.invariants.check import Check

VERIFICATION: Final = (
    Check(
        "contact_is_one_persons",
        "contact {id}",
        "verified for {number} persons",
        """
        SELECT min(id) AS id, count(*) AS number FROM verified_contacts GROUP BY fingerprint HAVING count(*) > 1
        """,
    ),
    Check(
        "person_has_one_contact_of_a_kind",
        "person {person_id}",
        "has {number} verified contacts of the kind {kind}",
        """
        SELECT person_id, kind, count(*) AS number FROM verified_contacts
        GROUP BY person_id, kind HAVING count(*) > 1
        """,
    ),
    Check(
        "contact_is_of_a_known_kind",
        "contact {id}",
        "a {kind}, verified by {how}",
        """
        SELECT id, kind, how FROM verified_contacts
        WHERE kind NOT IN ('phone', 'email') OR how NOT IN ('shared', 'code') OR (kind = 'email' AND how = 'shared')
        """,
    ),
    Check(
        "code_is_tried_so_often",
        "code of person {person_id}",
        "tried {tries} times",
        "SELECT person_id, tries FROM contact_codes WHERE tries NOT BETWEEN 0 AND 5",
    ),
)
