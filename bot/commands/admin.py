"""``kapu admin``: the commands that staff type in the chat, from the shell of the machine the shop runs on."""

from __future__ import annotations

import getpass
import os
import shlex
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from unicodedata import category

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from admin_cmds.command import Command, Desk, Misused, Question
from admin_cmds.links import words_of
from admin_cmds.manual import SHELL_SIGN, about_text, manual_screen, usage_text
from admin_cmds.refusals import refusal_text
from admin_cmds.registry import carry_out, find, listed_for, parse
from admin_cmds.words import STAFF_WORDS
from bot.commands.configured import with_config
from bot.commands.reach import reach
from bot.config import Config
from bot.outside import Outside
from bot.wiring import build_suppliers, open_shop
from bot.wiring_gateways import build_gateways
from handlers.incoming import Upload
from handlers.screen import File, Line, LinkButton, Screen, Style
from handlers.words import CUSTOMER_WORDS, Phrases, Words
from shop_core.db.shop import Shop
from shop_core.kernel.errors import ShopError
from shop_core.migrations.upgrade import is_current
from shop_core.staff.roles import SHELL, Role
from shop_core.stock.sheet import SIGNATURE

STDIN: Final = "-"
_LANGUAGE_VARIABLES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")
_LANGUAGES: Final = ("zh", "en")


class _Miswritten(click.ClickException):
    """Says how the command is written."""

    exit_code = 2


class _Admin(click.Command):
    """Lists the shop's commands under its help. Their words are read by the same parser as in the chat."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """The list, in the language of the shell."""
        say = Words(_LANGUAGES, "UTC", (CUSTOMER_WORDS, STAFF_WORDS)).to(shell_language(os.environ))
        formatter.write_paragraph()
        with formatter.section("Commands"):
            for command in listed_for(Role.OWNER):
                file = say("admin.usage.file") if command.takes_file else ""
                formatter.write_text(f"{say(f'admin.usage.{command.word}')}{file}")
                with formatter.indentation():
                    formatter.write_text(about_text(say, command))


@click.command("admin", cls=_Admin, context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="COMMAND...")
@with_config
def admin(config: Config, words: tuple[str, ...]) -> None:
    """Run the shop by the commands that staff use in the chat.

    They are written without the slash here. Codes are never arguments: import reads them from a file or from
    standard input.
    """
    reach(_run(config, words))


def shell_language(environ: Mapping[str, str]) -> str:
    """The language that the shell is set to: Chinese, or else English."""
    locale = next((environ[name] for name in _LANGUAGE_VARIABLES if environ.get(name)), "")
    return "zh" if locale.lower().startswith("zh") else "en"


async def _run(config: Config, words: Sequence[str]) -> None:
    if not await is_current(config.database.url.reveal()):
        raise click.ClickException(
            "the database has not the newest schema: `kapu db upgrade` brings it forward"
        )
    async with _opened(config) as shop:
        await Terminal(shop, shell_language(os.environ)).run(words)


@asynccontextmanager
async def _opened(config: Config) -> AsyncIterator[Shop]:
    outside = Outside()
    gateways, clients = build_gateways(config, outside)
    suppliers, more_clients = build_suppliers(config, outside)
    shop = open_shop(config, outside, gateways, suppliers)
    try:
        yield shop
    finally:
        for client in (*clients, *more_clients):
            await client.aclose()
        await shop.database.close()


@dataclass(frozen=True, slots=True)
class Terminal:
    """A person at the shell. Whoever may start the program with the shop's config is its owner."""

    shop: Shop
    language: str

    @property
    def say(self) -> Phrases:
        """The words he reads; the shop's own first language if it does not speak the shell's."""
        return self.shop.get(Words).to(self.language)

    async def run(self, words: Sequence[str]) -> None:
        """Run one command, and what it asks about.

        Raises:
            click.ClickException: Refused (exit code 1), or not written as it should be (2).
        """
        say = self.say
        desk = Desk(self.shop, say, say.language, f"{SHELL}{getpass.getuser()}", Role.OWNER, is_shell=True)
        try:
            screen = await self._carry_out(desk, words)
            if isinstance(screen, Question):
                print_screen(replace(screen, rows=()))
                screen = await self._answer(desk, screen)
        except Misused as misused:
            command, _ = find(words, Role.OWNER)
            raise _Miswritten(usage_text(say, command, sign=SHELL_SIGN)) from misused
        except ShopError as refusal:
            raise click.ClickException(refusal_text(say, refusal)) from refusal
        print_screen(screen)
        if screen.file is not None:
            click.echo(_keep_file(screen.file))
        if _is_bad(screen):
            raise click.exceptions.Exit(1)

    async def _carry_out(self, desk: Desk, words: Sequence[str]) -> Screen:
        if tuple(words) == ("help",):
            return manual_screen(desk, listed_for(Role.OWNER))
        command, rest = find(words, Role.OWNER)
        if command.takes_file:
            return await self._with_file(desk, command, rest)
        if "--codes" not in rest:
            return await carry_out(desk, words)
        with _progress(None) as advance:
            return await carry_out(replace(desk, on_progress=advance), words)

    async def _with_file(self, desk: Desk, command: Command, rest: Sequence[str]) -> Screen:
        in_shell = replace(command, params=(*command.params, click.Argument(["file"])))
        values = dict(parse(in_shell, rest, desk.shop.policy))
        upload = _read_file(str(values.pop("file")))
        lines = None if upload.content.startswith(SIGNATURE) else upload.content.count(b"\n") + 1
        with _progress(lines) as advance:
            return await command.run(replace(desk, upload=upload, on_progress=advance), **values)

    async def _answer(self, desk: Desk, question: Question) -> Screen:
        try:
            click.confirm(desk.say("admin.shell.sure"), abort=True, err=True)
        except click.Abort:
            raise click.ClickException(desk.say("admin.shell.nothing_done")) from None
        return await carry_out(desk, question.held)


def _read_file(name: str) -> Upload:
    """Read a file, or standard input.

    Raises:
        click.ClickException: It cannot be read.
    """
    if name == STDIN:
        return Upload("stdin.txt", sys.stdin.buffer.read())
    path = Path(name)
    try:
        return Upload(path.name, path.read_bytes())
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from error


def _keep_file(file: File) -> str:
    """Write a file that came with a screen into this folder; one that is there already is left alone.

    Raises:
        click.ClickException: It cannot be written.
    """
    path = Path(file.name).absolute()
    try:
        with path.open("xb") as out:
            out.write(file.bytes)
    except OSError as error:
        raise click.ClickException(f"{path}: {error.strerror}") from error
    return str(path)


@contextmanager
def _progress(total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar on standard error for as long as the work takes."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda done: bar.update(task, completed=done)


def print_screen(screen: Screen) -> None:
    """Print a screen: its text, then its buttons as the commands they stand for."""
    if screen.toast is not None:
        click.echo(screen.toast)
    for line in screen.lines:
        if isinstance(line, Line):
            click.echo(click.style(_harmless(line.text), bold=line.style is Style.TITLE))
    for button in (button for row in screen.rows for button in row):
        words = words_of(button.link) if isinstance(button, LinkButton) else None
        if words:
            click.echo(f"  {button.text}  →  {SHELL_SIGN}{shlex.join(words)}")


def _harmless(text: str) -> str:
    """A text without what makes a terminal do things: somebody else may have written it."""
    return "".join(char if char in "\n\t" or category(char) != "Cc" else "\ufffd" for char in text)


def _is_bad(screen: Screen) -> bool:
    """Whether a script should stop here: the screen's first line is a warning."""
    first = screen.lines[0] if screen.lines else None
    return isinstance(first, Line) and first.style is Style.WARNING
