"""What we say: catalogues of texts by key, money and time as the reader writes them."""

from __future__ import annotations

import gettext
import io
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_datetime
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.numbers import format_currency

from handlers.own_texts import key_of, read_texts
from shop_core.kernel.money import Money, minor_digits
from shop_core.kernel.numbers import display_number

CUSTOMER_WORDS: Final = Path(__file__).parent / "locale"
_LOCALES: Final[Mapping[str, str]] = {"zh": "zh_CN", "en": "en_US"}


class MissingWords(KeyError):
    """A text was asked for by a key that the catalogue does not have: a bug, found by the catalogue test."""


class Phrases:
    """The texts of one language. ``phrases("order.paid", number=…)`` finds and fills one."""

    def __init__(self, language: str, catalogues: Iterable[Catalog], timezone: str) -> None:
        self.language = language
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
        return self._texts.gettext(key).format_map(values)

    def count(self, key: str, number: int, /, **values: str | int) -> str:
        """The text under a key for so many of something.

        Raises:
            MissingWords: No such key in this language.
        """
        if key not in self._known:
            raise MissingWords(f"{self.language}: {key}")
        return self._texts.ngettext(key, key, number).format_map({"n": number, **values})

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
        """A moment of today or tomorrow, in the shop's time zone: ``14:32``."""
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
        self, languages: Iterable[str], timezone: str, folders: Iterable[Path], own: Path | None = None
    ) -> None:
        """Read ``<folder>/<language>.po`` of each folder; later folders add to earlier ones.

        Args:
            own: The folder of an owner's own texts, checked before; it need not have every language.
        """
        listed = (*folders, *(() if own is None else (own,)))
        self._phrases = {language: _phrases(language, listed, timezone) for language in languages}
        self._default = next(iter(self._phrases))

    def to(self, language: str) -> Phrases:
        """The texts of a language, or of the shop's first one."""
        return self._phrases.get(language, self._phrases[self._default])


@cache
def _phrases(language: str, folders: tuple[Path, ...], timezone: str) -> Phrases:
    """Kept for the process: reading takes longer than anything else that a shop does when it opens."""
    files = [folder / f"{language}.po" for folder in folders]
    return Phrases(language, [read_texts(file, language) for file in files if file.exists()], timezone)


def _ids(catalogue: Catalog) -> set[str]:
    return {key_of(message) for message in catalogue if message.id and message.string}
