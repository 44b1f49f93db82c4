"""``kapu db``: the database's schema, brought forward, looked at, checked."""

from __future__ import annotations

import sys

import click
from rich.console import Console

from bot.commands.configured import with_config
from bot.commands.reach import reach
from bot.config import Config
from shop_core.db.connect import backend_of
from shop_core.migrations import upgrade as migrations


@click.group()
def db() -> None:
    """Bring the database to the newest schema, and check it."""


@db.command()
@with_config
def upgrade(config: Config) -> None:
    """Bring the database to the newest schema.

    An SQLite file is made if there is none. Running it twice does no harm, while the shop runs neither.
    """
    with Console(stderr=True).status("Upgrading the database …"):
        applied = reach(migrations.upgrade(config.database.url.reveal()))
    for revision in applied:
        click.echo(f"applied {revision}")
    click.echo("The database has the newest schema.")


@db.command()
@with_config
def status(config: Config) -> None:
    """Say whether the database has the newest schema (exit code 0) or not (1)."""
    url = config.database.url.reveal()
    if reach(migrations.is_current(url)):
        click.echo(f"{backend_of(url)}: the newest schema")
        return
    click.echo(f"{backend_of(url)}: not the newest schema; `kapu db upgrade` brings it forward")
    sys.exit(1)


@db.command()
def check() -> None:
    """Compare the migrations with the models: for developers, needs no config."""
    drift = migrations.find_drift()
    if drift:
        lines = "\n".join(f"  {line}" for line in drift)
        raise click.ClickException(f"migrations and models disagree, a new migration is due:\n{lines}")
    click.echo("The migrations make exactly what the models say.")
