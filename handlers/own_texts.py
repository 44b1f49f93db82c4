"""An owner's own texts: a folder with ``zh.po`` or ``en.po``, which have only what he says otherwise.

Everything is checked before the shop opens: a text that asks for a number that is not there would fail in a customer's face.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from string import Formatter
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import PoFileError, read_po

_PO: Final = ".po"


def find_mistakes(own: Path, folders: Sequence[Path]) -> list[str]:
    """What is wrong with an owner's texts, a line for each mistake: file, key, and what is wrong.

    Args:
        own: His folder.
        folders: The folders that have the shop's own texts, all keys of them.
    """
    spoken = {path.stem for folder in folders for path in folder.glob(f"*{_PO}")}
    files = sorted(own.glob(f"*{_PO}"))
    if not files:
        return [f"there is none of {', '.join(f'{language}{_PO}' for language in sorted(spoken))}"]
    return [f"{path.name}: {mistake}" for path in files for mistake in _mistakes_in(path, spoken, folders)]


def read_texts(path: Path, language: str) -> Catalog:
    """A catalogue.

    Raises:
        PoFileError: It is none; says in which line.
        UnicodeDecodeError: Not UTF-8.
    """
    with path.open("rb") as file:
        return read_po(file, locale=language, charset="utf-8", abort_invalid=True)


def key_of(message: Message) -> str:
    """What the program asks for a text by."""
    return message.id if isinstance(message.id, str) else message.id[0]


def texts_of(message: Message) -> tuple[str, ...]:
    """What it says: one text, or one for each form of the plural."""
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def _mistakes_in(path: Path, spoken: Iterable[str], folders: Sequence[Path]) -> Iterator[str]:
    language = path.stem
    if language not in spoken:
        yield f"a language that the shop does not speak; it speaks {', '.join(sorted(spoken))}"
        return
    try:
        own = read_texts(path, language)
    except (PoFileError, UnicodeDecodeError) as error:
        yield f"cannot be read ({error})"
        return
    known = {
        key_of(message): message
        for folder in folders
        for message in read_texts(folder / path.name, language)
        if message.id
    }
    for message in own:
        if message.id and any(texts_of(message)):
            yield from (f"{key_of(message)}: {mistake}" for mistake in _mistakes_of(message, known))


def _mistakes_of(message: Message, known: dict[str, Message]) -> Iterator[str]:
    key = key_of(message)
    theirs = known.get(key)
    if theirs is None:
        near = get_close_matches(key, known, n=1)
        yield f"there is no such text{f'; do you mean {near[0]}?' if near else ''}"
        return
    if len(texts_of(message)) != len(texts_of(theirs)) or not all(texts_of(message)):
        yield f"has {len(texts_of(theirs))} form(s): write msgid and msgstr as `kapu texts {key}` shows them"
        return
    allowed = {name for text in texts_of(theirs) for name in _places(text)} | (
        {"n"} if theirs.pluralizable else set()
    )
    for text in texts_of(message):
        try:
            unknown = sorted(set(_places(text)) - allowed)
        except ValueError as error:
            yield f"a brace that does not close ({error}); write {{{{ for one that is meant"
            return
        if unknown:
            may = ", ".join(f"{{{name}}}" for name in sorted(allowed)) or "none"
            yield f"nothing fills {{{unknown[0]}}}; what may stand in braces here: {may}"
            return


def _places(text: str) -> Iterator[str]:
    """The names in braces.

    Raises:
        ValueError: Not a text to be filled.
    """
    for _, name, form, conversion in Formatter().parse(text):
        if name is not None:
            # ``{x.y}``, ``{x!r}``, ``{x:9}`` reach into what fills a text: no text of ours does.
            yield f"{name}{'!' if conversion else ''}{':' if form else ''}"
