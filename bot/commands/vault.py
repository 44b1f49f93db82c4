"""``kapu vault``: keys that codes are sealed with."""

from __future__ import annotations

import click

from shop_core.vault.vault import new_key as make_key


@click.group()
def vault() -> None:
    """Make keys for the vault."""


@vault.command("new-key")
def new_key() -> None:
    """Print a new key: 32 random bytes in base64.

    Put it into an environment variable or a file that only the shop may read, name that in [vault.keys], and
    keep a copy apart from the database. Another one makes a good session_secret.
    """
    click.echo(make_key())
