"""Every command in one table, and running the one that words spell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import click

from admin_cmds.command import Command, Desk, Misused, NoSuchCommand, Unfinished
from admin_cmds.tables import goods, money, queue, shop, supply, talk
from handlers.screen import Screen
from shop_core.kernel.policy import Policy
from shop_core.staff.roles import Role

COMMANDS: Final[tuple[Command, ...]] = (
    *shop.COMMANDS,
    *goods.COMMANDS,
    *money.COMMANDS,
    *supply.COMMANDS,
    *talk.COMMANDS,
    *queue.COMMANDS,
)

_BY_NAME: Final[Mapping[str, Command]] = {command.name: command for command in COMMANDS}
_MOST_WORDS: Final = 2


def listed_for(role: Role) -> tuple[Command, ...]:
    """What a role may type."""
    return tuple(command for command in COMMANDS if command.is_for(role) and not command.is_step)


def find(words: Sequence[str], role: Role) -> tuple[Command, tuple[str, ...]]:
    """The command that words begin with, and the words after it. No words at all mean the first screen.

    Raises:
        NoSuchCommand: None, or none for this role.
    """
    wanted = tuple(words) or ("home",)
    for length in range(_MOST_WORDS, 0, -1):
        command = _BY_NAME.get(" ".join(wanted[:length]).lower())
        if command is not None and command.is_for(role):
            return command, wanted[length:]
        if command is not None:
            break
    raise NoSuchCommand(word=wanted[0][:40])


def parse(command: Command, words: Sequence[str], policy: Policy) -> Mapping[str, Any]:
    """Read a command's arguments.

    Raises:
        Unfinished: Something is missing at the end.
        Misused: Not as the command is written.
        ShopError: An argument that the shop itself refuses: no amount, no order's number.
    """
    try:
        with command.parser.make_context(command.name, list(words), obj=policy) as context:
            return dict(context.params)
    except click.MissingParameter:
        raise Unfinished(command=command.word) from None
    except click.UsageError:
        raise Misused(command=command.word) from None


async def carry_out(desk: Desk, words: Sequence[str]) -> Screen:
    """Run the command that words spell.

    Raises:
        NoSuchCommand, Misused: Nothing was run.
        ShopError: The command refused.
    """
    command, rest = find(words, desk.role)
    return await command.run(desk, **parse(command, rest, desk.shop.policy))
