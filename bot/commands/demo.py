"""``kapu demo``: a believable shop to try, without any config."""

from __future__ import annotations

import sys

import click

from bot.demo.demo import PORT
from bot.demo.demo import demo as run_demo


@click.command()
@click.option("--once", is_flag=True, help="Play two customers and what the staff see of it, then end.")
def demo(*, once: bool) -> None:
    """Open a demo shop: no config, no account, no real money."""
    try:
        code = run_demo(once=once)
    except OSError as error:
        raise click.ClickException(
            f"cannot listen on port {PORT}: {error.strerror}; is a demo running?"
        ) from error
    sys.exit(code)
