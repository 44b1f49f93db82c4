"""``kapu run``: opens the shop."""

from __future__ import annotations

import click

from bot.commands.configured import with_config
from bot.commands.reach import reach
from bot.config import Config
from bot.run import OldSchema, prepare_schema
from bot.run import run as run_shop


@click.command()
@with_config
def run(config: Config) -> None:
    """Open the shop, until Ctrl+C or SIGTERM.

    An SQLite file is made or brought to the newest schema by itself; PostgreSQL wants ``kapu db upgrade`` first.
    """
    try:
        # Before anything else, so that a database out of reach is told from a port that is taken.
        reach(prepare_schema(config.database.url.reveal()))
        run_shop(config)
    except OldSchema as error:
        raise click.ClickException(
            "the database does not have the newest schema; run `kapu db upgrade` first"
        ) from error
    except OSError as error:
        where = f"{config.http.host}:{config.http.port}"
        raise click.ClickException(
            f"cannot listen on {where}: {error.strerror}; change [http] port?"
        ) from error
