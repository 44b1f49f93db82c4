"""``kapu texts``: find a text of the shop, in the form that changes it."""

from __future__ import annotations

import io

import click
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from admin_cmds.words import STAFF_WORDS
from handlers.own_texts import key_of, read_texts, texts_of
from handlers.words import CUSTOMER_WORDS


@click.command("texts")
@click.argument("words", nargs=-1)
@click.option(
    "--language",
    type=click.Choice(["zh", "en"]),
    default="zh",
    show_default=True,
    help="Of the texts to show.",
)
def texts(words: tuple[str, ...], language: str) -> None:
    """Show what the shop says, to say it otherwise.

    WORDS are looked for in texts and keys; all of them have to be there. What is printed goes into zh.po or en.po of
    the folder that shop.texts names; docs/texts.md tells more.
    """
    found = Catalog(locale=language)
    for folder in (CUSTOMER_WORDS, STAFF_WORDS):
        for message in read_texts(folder / f"{language}.po", language):
            said = "\n".join((key_of(message), *texts_of(message))) if message.id else ""
            if said and all(word.casefold() in said.casefold() for word in words):
                found[message.id] = message
    if not len(found):
        raise click.ClickException("no text has these words; try fewer, or the other language")
    printed = io.BytesIO()
    write_po(printed, found, width=0, omit_header=True)
    click.echo(printed.getvalue().decode().strip())
