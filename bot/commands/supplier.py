"""``kapu supplier``: files that connect an upstream without code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from suppliers.declarative.file import SHIPPED, BadProtocolFile, load, template
from suppliers.declarative.schema import Protocol

_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,19}")


@click.group()
def supplier() -> None:
    """Lay out and check files that connect an upstream."""


@supplier.command()
@click.argument("name")
def new(name: str) -> None:
    """Write NAME.toml here: a file to begin with, which says of each key what it is for.

    It passes `kapu supplier check` as it stands, and describes an upstream that does not exist: change it line by
    line until it is yours. docs/extending/supplier.md walks through it.
    """
    if not _NAME.fullmatch(name) or name in SHIPPED:
        raise click.ClickException(
            f"{name}: expected small letters, digits, - and _, at most 20, a letter first"
        )
    path = Path(f"{name}.toml")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(template().replace('title = "NAME"', f'title = "{name}"'))
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from None
    click.echo(f"{path}: written. Next: change it, and `kapu supplier check {path}`")


@supplier.command()
@click.argument("file", type=click.Path(path_type=Path))
def check(file: Path) -> None:
    """Name everything that is wrong with a file, or say what its upstream promises.

    Nothing is sent anywhere. The file's own vectors must come out right, as they must when the shop starts.
    """
    try:
        protocol = load(file)
    except BadProtocolFile as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{file}: complete; {_proven(protocol)} come out right")
    for line in _promised(protocol):
        click.echo(f"  {line}")


def _proven(protocol: Protocol) -> str:
    signatures, answers = len(protocol.vectors.signatures), len(protocol.vectors.answers)
    return f"{signatures} signature{'s' * (signatures > 1)} and {answers} answer{'s' * (answers > 1)}"


def _promised(protocol: Protocol) -> Iterator[str]:
    """What follows for the shop from what the file promises."""
    yield f"after a time-out: {_after_time_out(protocol)}"
    told = "it tells by itself, and is asked beside" if protocol.callback else "it is asked until it is done"
    yield f"news: {told}"
    guarded = (
        "it refuses what costs more than we would pay"
        if protocol.promises.guards_price
        else "looked up before buying"
    )
    yield f"price: {guarded}"
    absent = protocol.promises.absent_after_s
    proof = f"proves after {absent} s that nothing was bought" if absent else "never proves anything"
    yield f'"no such order": {proof}'


def _after_time_out(protocol: Protocol) -> str:
    promises = protocol.promises
    if promises.finds_our_number:
        return "it is asked by our number"
    if promises.repeats_safely:
        return "the same number is sent again"
    if promises.refuses_repeats:
        return "the same number is sent again; refused, a person fetches what was bought"
    return "a person decides, unless it tells by itself" if protocol.callback else "a person decides"
