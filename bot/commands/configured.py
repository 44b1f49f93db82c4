"""What commands that need the config share: the option that names it, and the error when it is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from bot.config import Config, load_config
from bot.config_report import ConfigErrors
from bot.log import set_up_logging

CONFIG_VARIABLE: Final = "KAPU_CONFIG"
DEFAULT_CONFIG: Final = Path("config.toml")


def read_config(path: Path) -> Config:
    """Load a config for a shell command.

    Raises:
        click.ClickException: Naming every wrong or missing key; the command ends with exit code 1.
    """
    try:
        return load_config(path)
    except ConfigErrors as errors:
        raise click.ClickException(str(errors)) from None


def _read(_ctx: click.Context, _param: click.Parameter, path: Path) -> Config:
    config = read_config(path)
    set_up_logging(config.log, secrets=config.secrets())
    return config


with_config = click.option(
    "--config",
    "-c",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar=CONFIG_VARIABLE,
    show_envvar=True,
    default=DEFAULT_CONFIG,
    show_default=True,
    callback=_read,
    help="The config file.",
)
"""Gives a command the option ``--config`` and, as its argument ``config``, what that file says.

Logging is set up as the config wants it before the command begins.
"""
