"""What a check is, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must not be.

    Attributes:
        check: The name of the check.
        subject: The row it is about: ``order 17``.
        explanation: What is wrong, with ids and amounts in the minor unit. Never a code.
    """

    check: str
    subject: str
    explanation: str


@dataclass(frozen=True, slots=True)
class Check:
    """One truth about the shop.

    Attributes:
        name: What is true, in short.
        subject: What a row of the query is about; filled with the row's columns.
        says: What is wrong with it; filled with the row's columns.
        query: Finds the rows that break it. The same text runs on SQLite and PostgreSQL.
    """

    name: str
    subject: str
    says: str
    query: str
