"""``kapu db``: the database's schema, brought forward, looked at, checked."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

import click
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from bot.commands.configured import with_config
from bot.config import Config
from shop_core.db.connect import backend_of
from shop_core.migrations import upgrade as migrations

T = TypeVar("T")


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
        applied = _reach(migrations.upgrade(config.database.url.reveal()))
    for revision in applied:
        click.echo(f"applied {revision}")
    click.echo("The database has the newest schema.")


@db.command()
@with_config
def status(config: Config) -> None:
    """Say whether the database has the newest schema (exit code 0) or not (1)."""
    url = config.database.url.reveal()
    if _reach(migrations.is_current(url)):
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


def _reach(work: Coroutine[Any, Any, T]) -> T:
    """Run work on the database; trouble with the server or the file is the operator's to mend, not a bug.

    Raises:
        click.ClickException: With the reason in one line. It names neither password nor parameters.
    """
    try:
        return asyncio.run(work)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or type(error).__name__)
    except OSError as error:
        reason = error.strerror or str(error)
    first_line = reason.strip().splitlines()[0] if reason.strip() else "no reason given"
    raise click.ClickException(
        f"the database cannot be used: {first_line}; is [database] url right, is it running?"
    )
