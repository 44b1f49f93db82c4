"""The command line: ``kapu COMMAND``.

A command's module is imported when the command is called, so that ``kapu --help`` and ``kapu vault`` need not
wait for the libraries of the database and the channels.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import click

from shop_core.kernel.errors import ShopError


@dataclass(frozen=True, slots=True)
class Listed:
    """A command that has not been imported yet.

    Attributes:
        target: ``module:name`` of the click command.
        help: What ``kapu --help`` says of it: the first sentence of its own help (a test compares them).
    """

    target: str
    help: str


COMMANDS: Final[Mapping[str, Listed]] = {
    "run": Listed("bot.commands.run:run", "Open the shop, until Ctrl+C or SIGTERM."),
    "demo": Listed("bot.commands.demo:demo", "Open a demo shop: no config, no account, no real money."),
    "admin": Listed("bot.commands.admin:admin", "Run the shop by the commands that staff use in the chat."),
    "check-config": Listed(
        "bot.commands.check_config:check_config", "Name every wrong or missing key of the config."
    ),
    "texts": Listed("bot.commands.texts:texts", "Show what the shop says, to say it otherwise."),
    "db": Listed("bot.commands.db:db", "Bring the database to the newest schema, and check it."),
    "vault": Listed("bot.commands.vault:vault", "Make keys for the vault."),
    "supplier": Listed("bot.commands.supplier:supplier", "Lay out and check files that connect an upstream."),
}


class Shell(click.Group):
    """The top of the command line: finds commands in the table, and turns refusals into one clear line."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """All names, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command, or find that there is none of that name."""
        listed = COMMANDS.get(cmd_name)
        if listed is None:
            return None
        module, _, name = listed.target.partition(":")
        command = getattr(importlib.import_module(module), name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{listed.target} is no command")
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, listed.help) for name, listed in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        """Run a command.

        Raises:
            click.ClickException: The shop refused; click prints its one line and ends with exit code 1.
        """
        try:
            return super().invoke(ctx)
        except ShopError as refusal:
            raise click.ClickException(f"refused: {refusal}") from refusal


@click.group(cls=Shell, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="kapu", prog_name="kapu", message="%(prog)s %(version)s")
def main() -> None:
    """Kapu 卡铺, a shop for card codes that lives in chats.

    Each command tells its options: kapu COMMAND --help.
    """
