"""Screens for a role: a button that it may not press is not there."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from admin_cmds.command import NoSuchCommand
from admin_cmds.links import GO, words_of
from admin_cmds.registry import find
from handlers.screen import Button, LinkButton, Screen
from shop_core.staff.roles import Role

HELP: Final = "help"


def only_allowed(screen: Screen, role: Role) -> Screen:
    """The screen without buttons that this role would only be refused by.

    This is tidiness, not the lock: every command is looked up for the role again when it comes.
    """
    rows = (tuple(button for button in row if _may_press(button, role)) for row in screen.rows)
    return replace(screen, rows=tuple(row for row in rows if row))


def _may_press(button: Button, role: Role) -> bool:
    words = words_of(button.link) if isinstance(button, LinkButton) else None
    if words is None or words[:1] in {(GO,), (HELP,)}:
        return True
    try:
        find(words, role)
    except NoSuchCommand:
        return False
    return True
