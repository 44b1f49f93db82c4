"""The kinds of goods, and what a buyer of direct top-ups is asked: fields, the check of what he says, its mask."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from shop_core.catalog.errors import BadField, BadInput
from shop_core.kernel.secret import Secret

Names = Mapping[str, str]

MOST_FIELDS: Final = 6
MOST_CHOICES: Final = 12
LONGEST_KEY: Final = 40
LONGEST_LABEL: Final = 40
LONGEST_INPUT: Final = 100
"""Characters of one answer: any account name, and far less than a channel's message."""


class GoodsKind(StrEnum):
    """What is sold."""

    CARD = "card"
    """Codes, one for each piece."""
    TOP_UP = "top_up"
    """Credit on an account that the buyer names (直充); there may be a receipt, never a code."""
    LINK = "link"
    """An address to redeem: kept and handed over as codes are, and opened by a button where a channel has one."""


class FieldKind(StrEnum):
    """What an answer looks like. There is no password: the chat would keep it, on his side and on ours."""

    TEXT = "text"
    PHONE = "phone"
    NUMBER = "number"
    EMAIL = "email"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a buyer is asked.

    Attributes:
        key: What it is called in orders and towards suppliers.
        labels: Language → what people call it.
        choices: Of a choice, what may be said.
        shortest, longest: Characters of an answer.
    """

    key: str
    labels: Names
    kind: FieldKind = FieldKind.TEXT
    is_required: bool = True
    choices: tuple[str, ...] = ()
    shortest: int = 1
    longest: int = LONGEST_INPUT

    def require_good(self) -> None:
        """Insist that it can be asked.

        Raises:
            BadField: Naming what is wrong.
        """
        if not 0 < len(self.key) <= LONGEST_KEY:
            raise BadField(key=self.key[:LONGEST_KEY], problem="key")
        if not self.labels or not all(0 < len(label) <= LONGEST_LABEL for label in self.labels.values()):
            raise BadField(key=self.key, problem="label")
        if (self.kind is FieldKind.CHOICE) != bool(self.choices) or len(self.choices) > MOST_CHOICES:
            raise BadField(key=self.key, problem="choices")
        if len(set(self.choices)) != len(self.choices) or not all(
            0 < len(one) <= LONGEST_LABEL for one in self.choices
        ):
            raise BadField(key=self.key, problem="choices")
        if not 1 <= self.shortest <= self.longest <= LONGEST_INPUT:
            raise BadField(key=self.key, problem="length")

    def as_row(self) -> dict[str, Any]:
        """As a column keeps it."""
        return {
            "key": self.key,
            "labels": dict(self.labels),
            "kind": self.kind.value,
            "required": self.is_required,
            "choices": list(self.choices),
            "shortest": self.shortest,
            "longest": self.longest,
        }


def fields_of(rows: Sequence[Mapping[str, Any]]) -> tuple[Field, ...]:
    """Fields as a column keeps them."""
    return tuple(
        Field(
            row["key"],
            row["labels"],
            FieldKind(row["kind"]),
            row["required"],
            tuple(row["choices"]),
            row["shortest"],
            row["longest"],
        )
        for row in rows
    )


# ------------------------------------------------------------------------------------------------- what is said

_PHONE: Final = re.compile(r"\+?[0-9]{6,15}")
_MOBILE: Final = re.compile(r"1[3-9][0-9]{9}")
_MOBILE_DIGITS: Final = 11
_EMAIL: Final = re.compile(r"[^\s@]+@[^\s@.]+(\.[^\s@.]+)+")


def read_input(field: Field, text: str) -> Secret:
    """An answer as it is kept: full-width characters made plain, blanks around it gone, a phone number without dashes.

    Raises:
        BadInput: Not what the field asks for. Names the field and the problem, never the answer.
    """
    said = unicodedata.normalize("NFKC", text).strip()
    if field.kind is FieldKind.PHONE:
        said = re.sub(r"[\s()-]", "", said)
    problem = _problem(field, said)
    if problem is not None:
        raise BadInput(key=field.key, problem=problem, shortest=field.shortest, longest=field.longest)
    return Secret(said)


def _problem(field: Field, said: str) -> str | None:
    if any(unicodedata.category(char).startswith("C") for char in said):
        return "text"
    if field.kind is FieldKind.CHOICE:
        return None if said in field.choices else "choice"
    if not field.shortest <= len(said) <= field.longest:
        return "length"
    return None if _LOOKS[field.kind](said) else field.kind.value


def _is_phone(said: str) -> bool:
    """A number that can be dialled; one that looks like a mobile of the mainland has to be one."""
    if len(said) == _MOBILE_DIGITS and said.startswith("1"):
        return _MOBILE.fullmatch(said) is not None
    return _PHONE.fullmatch(said) is not None


def _is_number(said: str) -> bool:
    return said.isascii() and said.isdigit()


def _is_email(said: str) -> bool:
    return _EMAIL.fullmatch(said) is not None


_LOOKS: Final[Mapping[FieldKind, Callable[[str], bool]]] = {
    FieldKind.TEXT: bool,
    FieldKind.PHONE: _is_phone,
    FieldKind.NUMBER: _is_number,
    FieldKind.EMAIL: _is_email,
}


def read_inputs(fields: Sequence[Field], said: Mapping[str, str]) -> dict[str, Secret]:
    """All answers, checked. One to a field that need not be answered may be missing or blank.

    Raises:
        BadInput: One is missing, wrong, or to nothing that was asked.
    """
    if not said.keys() <= {field.key for field in fields}:
        raise BadInput(key="", problem="unasked", shortest=0, longest=0)
    answers: dict[str, Secret] = {}
    for field in fields:
        text = said.get(field.key, "")
        if text.strip() or field.is_required:
            answers[field.key] = read_input(field, text)
    return answers


def mask(field: Field, answer: Secret) -> str:
    """An answer that its owner knows again and nobody else can use: ``138****5678``."""
    said = answer.reveal()
    if field.kind is FieldKind.CHOICE:
        return said
    name, at, host = said.partition("@") if field.kind is FieldKind.EMAIL else (said, "", "")
    first, last = min(len(name) // 4, 3), min(len(name) // 3, 4)
    if field.kind is FieldKind.PHONE and len(name) >= _MOBILE_DIGITS:
        first, last = len(name) - 8, 4
    if field.kind is FieldKind.EMAIL:
        first, last = min(len(name) // 2, 2), 0
    return f"{name[:first]}****{name[len(name) - last :]}{at}{host}"


# ---------------------------------------------------------------------------------------------- what is asked for


@dataclass(frozen=True, slots=True)
class Asked:
    """What a supplier asks of a buyer, in its own words. ``kind`` is a ``FieldKind``, or one that is never asked for."""

    key: str
    label: str
    kind: str
    is_required: bool
    choices: tuple[str, ...] = ()


def match_fields(fields: Sequence[Field], asked: Sequence[Asked]) -> Mapping[str, str] | None:
    """The supplier's key → ours, for all that it asks; None: it wants something that the buyer is not asked.

    By the key, else by the kind where there is just one of it on either side.
    """
    matched: dict[str, str] = {}
    for one in asked:
        field = _field_for(fields, asked, one)
        is_certain = field is not None and (field.is_required or not one.is_required)
        if field is not None and is_certain and set(field.choices) <= set(one.choices or field.choices):
            matched[one.key] = field.key
        elif one.is_required:
            return None
    return matched


def _field_for(fields: Sequence[Field], asked: Sequence[Asked], one: Asked) -> Field | None:
    named = [field for field in fields if field.key == one.key]
    alike = [field for field in fields if field.kind.value == one.kind]
    is_only = len(alike) == 1 and sum(other.kind == one.kind for other in asked) == 1
    found = named or (alike if is_only else [])
    if not found or (one.choices and found[0].kind is not FieldKind.CHOICE):
        return None
    return found[0]


def fields_for(asked: Sequence[Asked], language: str) -> tuple[Field, ...] | None:
    """The fields that a buyer is asked where the owner has named none; None: it wants what is never asked in a chat."""
    fields = []
    for one in asked:
        if one.kind not in set(FieldKind):
            if one.is_required:
                return None
            continue
        kind = FieldKind.CHOICE if one.choices else FieldKind(one.kind)
        labels = {language: (one.label or one.key)[:LONGEST_LABEL]}
        fields.append(Field(one.key, labels, kind, one.is_required, one.choices))
    return tuple(fields)
