"""``kapu run``: opens the shop."""

from __future__ import annotations

import click

from bot.commands.configured import with_config
from bot.config import Config
from bot.run import run as run_shop


@click.command()
@with_config
def run(config: Config) -> None:
    """Open the shop, until Ctrl+C or SIGTERM.

    An SQLite file is made or brought to the newest schema by itself; PostgreSQL wants ``kapu db upgrade`` first.
    """
    try:
        run_shop(config)
    except OSError as error:
        where = f"{config.http.host}:{config.http.port}"
        raise click.ClickException(
            f"cannot listen on {where}: {error.strerror}; change [http] port?"
        ) from error
