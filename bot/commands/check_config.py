"""``kapu check-config``: everything that is wrong with a config, or what it says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from bot.commands.configured import CONFIG_VARIABLE, DEFAULT_CONFIG, read_config
from bot.config import Config
from bot.config_gateways import EpayConfig
from bot.platform_rules import platform_warnings


@click.command("check-config")
@click.argument(
    "path", type=click.Path(path_type=Path, dir_okay=False), envvar=CONFIG_VARIABLE, default=DEFAULT_CONFIG
)
def check_config(path: Path) -> None:
    """Name every wrong or missing key of the config.

    PATH is config.toml unless given, here or in KAPU_CONFIG. Nothing is started and nothing is changed.
    """
    config = read_config(path)
    click.echo(f"{path}: complete")
    for line in (*_summary(config), *_remarks(config)):
        click.echo(f"  {line}")


def _summary(config: Config) -> Iterator[str]:
    shop = config.shop
    yield f'shop "{shop.name}": {shop.currency}, {shop.timezone}, {" and ".join(shop.languages)}'
    yield f"channels: {_named((name, channel.kind) for name, channel in config.channels.items())}"
    yield f"gateways: {_named((name, gateway.kind) for name, gateway in config.gateways.items())}"
    if config.suppliers:
        named = _named((name, supplier.protocol) for name, supplier in config.suppliers.items())
        yield f"suppliers: {named}"


def _remarks(config: Config) -> Iterator[str]:
    """What is allowed, and perhaps not meant."""
    if not config.shop.owners:
        yield "note: shop.owners is empty: the shop is run from the shell only, by `kapu admin`"
    has_epay = any(isinstance(gateway, EpayConfig) for gateway in config.gateways.values())
    if has_epay and config.http.public_url is None:
        yield "note: without http.public_url no callback arrives: payments are found by asking, a bit later"
    if has_epay and config.shop.currency != "CNY":
        yield f"note: epay sites count in yuan as a rule; make sure yours counts in {config.shop.currency}"
    for name, channel in config.channels.items():
        if not channel.gateways:
            yield f"note: channels.{name}.gateways is empty: customers there can pay from their wallet only"
    yield from (f"warning: {warning}" for warning in platform_warnings(config))


def _named(parts: Iterable[tuple[str, str]]) -> str:
    return ", ".join(name if name == kind else f"{name} ({kind})" for name, kind in parts) or "none"
