"""Arguments and options that several commands have."""

from __future__ import annotations

from click import Argument, Option

from admin_cmds.arguments import ID


def words(name: str) -> Argument:
    """One or more words."""
    return Argument([name], nargs=-1, required=True)


def number(name: str) -> Argument:
    """An id."""
    return Argument([name], type=ID)


def en() -> Option:
    """The English name."""
    return Option(["--en"], metavar="NAME")


def yes() -> Option:
    """Do it without asking first."""
    return Option(["--yes"], is_flag=True)
