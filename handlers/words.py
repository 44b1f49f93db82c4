"""What we say: catalogues of texts by key, money and time as the reader writes them."""

from __future__ import annotations

import gettext
import io
from collections.abc import Collection, Iterable, Mapping
from copy import copy
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_datetime, get_timezone_location
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.numbers import format_currency

from handlers.own_texts import key_of, read_texts
from shop_core.kernel.money import Money, minor_digits
from shop_core.kernel.numbers import display_number

CUSTOMER_WORDS: Final = Path(__file__).parent / "locale"
TYPED: Final = ".typed"
"""Ends the key of a text that takes another's place where people type, with nothing to touch."""
_LOCALES: Final[Mapping[str, str]] = {"zh": "zh_CN", "en": "en_US"}


class MissingWords(KeyError):
    """A text was asked for by a key that the catalogue does not have: a bug, found by the catalogue test."""


class Phrases:
    """The texts of one language. ``phrases("order.paid", number=…)`` finds and fills one."""

    def __init__(
        self, language: str, catalogues: Iterable[Catalog], timezone: str, *, is_typed: bool = False
    ) -> None:
        """Read them.

        Args:
            is_typed: For a channel where nothing can be touched: what ``<key>.typed`` says goes before ``<key>``.
        """
        self.language = language
        self._is_typed = is_typed
        # By its name Babel would look for it among all that there are, at every amount: 0.25 ms instead of 0.03.
        self._locale = Locale.parse(_LOCALES[language])
        self._timezone = ZoneInfo(timezone)
        self._known: set[str] = set()
        self._texts = gettext.NullTranslations()
        for catalogue in catalogues:
            self._known.update(_ids(catalogue))
            packed = io.BytesIO()
            write_mo(packed, catalogue)
            packed.seek(0)
            translations = gettext.GNUTranslations(packed)
            translations.add_fallback(self._texts)
            self._texts = translations

    def __call__(self, key: str, /, **values: str | int) -> str:
        """The text under a key, its placeholders filled.

        Raises:
            MissingWords: No such key in this language.
        """
        if key not in self._known:
            raise MissingWords(f"{self.language}: {key}")
        if self._is_typed and (typed := f"{key}{TYPED}") in self._known:
            key = typed
        return self._texts.gettext(key).format_map(values)

    def count(self, key: str, number: int, /, **values: str | int) -> str:
        """The text under a key for so many of something.

        Raises:
            MissingWords: No such key in this language.
        """
        if key not in self._known:
            raise MissingWords(f"{self.language}: {key}")
        return self._texts.ngettext(key, key, number).format_map({"n": number, **values})

    def in_zone(self, timezone: str | None) -> Phrases:
        """The same texts, with times by another clock; None: by the shop's."""
        if timezone is None:
            return self
        other = copy(self)
        other._timezone = ZoneInfo(timezone)  # noqa: SLF001 - one of its own class
        return other

    def city(self, timezone: str) -> str:
        """What a time zone is called by: ``上海``."""
        return str(get_timezone_location(timezone, locale=self._locale, return_city=True))

    def has(self, key: str) -> bool:
        """Whether the catalogue has this key."""
        return key in self._known

    def money(self, amount: Money) -> str:
        """An amount with its sign: ``¥15.00``. A yuan is ``¥`` in every language: the shop has one currency."""
        value = Decimal(amount.minor).scaleb(-minor_digits(amount.currency))
        if amount.currency == "XTR":
            return f"{amount.minor} ⭐"
        text: str = format_currency(value, amount.currency, locale=self._locale)
        return text.replace("CN¥", "¥")

    def clock(self, moment: datetime) -> str:
        """A moment of today or tomorrow, in the reader's time zone: ``14:32``."""
        return str(format_datetime(moment, "HH:mm", tzinfo=self._timezone, locale=self._locale))

    def day(self, moment: datetime) -> str:
        """A moment further off: ``11-22 14:32``."""
        return str(format_datetime(moment, "MM-dd HH:mm", tzinfo=self._timezone, locale=self._locale))

    def number(self, number: str) -> str:
        """An order's number as people read it."""
        return display_number(number)


class Words:
    """The catalogues of all languages the shop speaks."""

    def __init__(
        self,
        languages: Iterable[str],
        timezone: str,
        folders: Iterable[Path],
        own: Path | None = None,
        *,
        textual: Collection[str] = (),
    ) -> None:
        """Read ``<folder>/<language>.po`` of each folder; later folders add to earlier ones.

        Args:
            own: The folder of an owner's own texts, checked before; it need not have every language.
            textual: Channel instances where people only type.
        """
        listed = (*folders, *(() if own is None else (own,)))
        spoken = tuple(languages)
        self._touched = {language: _phrases(language, listed, timezone) for language in spoken}
        self._typed = {language: _phrases(language, listed, timezone, is_typed=True) for language in spoken}
        self._textual = frozenset(textual)
        self._default = spoken[0]

    def to(self, language: str, channel: str = "") -> Phrases:
        """The texts of a language, or of the shop's first one.

        Args:
            channel: The channel instance where they are said; none where a page or a file says them.
        """
        phrases = self._typed if channel in self._textual else self._touched
        return phrases.get(language, phrases[self._default])


@cache
def _phrases(language: str, folders: tuple[Path, ...], timezone: str, *, is_typed: bool = False) -> Phrases:
    """Kept for the process: reading takes longer than anything else that a shop does when it opens."""
    files = [folder / f"{language}.po" for folder in folders]
    catalogues = [read_texts(file, language) for file in files if file.exists()]
    return Phrases(language, catalogues, timezone, is_typed=is_typed)


def _ids(catalogue: Catalog) -> set[str]:
    return {key_of(message) for message in catalogue if message.id and message.string}
