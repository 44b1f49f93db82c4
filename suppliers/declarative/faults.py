"""What is wrong with a protocol file, in our words: which key, what was found, what was expected."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from suppliers.declarative.schema import Parts, Protocol, SortedFields, Wrong

Place = tuple[int | str, ...]

_KINDS: Final[Mapping[type, str]] = {
    bool: "true or false",
    int: "a number",
    str: "a text",
    list: "a list",
    dict: "a table",
}
_RECIPES: Final[Mapping[str, type[BaseModel]]] = {"sorted_fields": SortedFields, "parts": Parts}
_EITHER: Final = frozenset({"kind", "fewest", "most"})
"""Keys that may be one thing or another: pydantic goes on with a step for each, which the file does not have."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to mend: the dotted key, what stands there, what should."""

    key: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.key}: found {self.found}; expected {self.expected}"


def faults_of(error: ValidationError) -> list[Fault]:
    """All that pydantic found, one fault for a key."""
    faults = [_fault(each) for each in error.errors(include_url=False)]
    return list({fault.key: fault for fault in reversed(faults)}.values())[::-1]


def _fault(error: ErrorDetails) -> Fault:
    context = error.get("ctx", {})
    if isinstance(wrong := context.get("error"), Wrong):
        return Fault(wrong.key, wrong.found, wrong.expected)
    place = _as_in_file(error["loc"])
    key, model = ".".join(_counted(place)), _table(error["loc"], place)
    match error["type"]:
        case "missing":
            return Fault(key, "nothing", _expected(model, place) or "a value")
        case "extra_forbidden":
            return Fault(key, "a key nobody knows", _one_of(str(place[-1]), list(model.model_fields)))
        case "union_tag_not_found" | "union_tag_invalid":
            found = _shown(context["tag"]) if "tag" in context else "nothing"
            return Fault(f"{key}.recipe", found, '"sorted_fields" or "parts"')
        case kind:
            found = _kind_of(error["input"]) if kind.endswith("_type") else _shown(error["input"])
            told = str(context["expected"]).replace("'", '"') if kind == "literal_error" else error["msg"]
            return Fault(key, found, _expected(model, place) or told)


def _as_in_file(place: Place) -> Place:
    """A place without the steps that pydantic adds: the recipe, marks of keys, ways to read what may be either."""
    if place[0] == "signing" and len(place) > 1:
        place = (place[0], *place[2:])
    if place[0] in {"offers", "offer"}:
        end = next((i for i, step in enumerate(place) if step in _EITHER), len(place))
        place = place[: end + 1]
    return tuple(step for step in place if step != "[key]")


def _counted(place: Place) -> Iterator[str]:
    """The steps as text; positions count from 1."""
    for step in place:
        yield str(step + 1) if isinstance(step, int) else step


def _table(loc: Place, place: Place) -> type[BaseModel]:
    """The model of the table that the last step of a place stands in."""
    if place[0] == "signing" and len(loc) > 1:
        return _RECIPES.get(str(loc[1]), Protocol)
    model: type[BaseModel] = Protocol
    for step in place[:-1]:
        field = model.model_fields.get(step) if isinstance(step, str) else None
        model = next(_models(field.annotation), model) if field else model
    return model


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in getattr(annotation, "__args__", ()):
        yield from _models(part)


def _expected(model: type[BaseModel], place: Place) -> str | None:
    field = model.model_fields.get(str(place[-1]))
    return field.description if field else None


def _one_of(key: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    return f"a known one, perhaps {near[0]}" if near else f"one of {', '.join(known)}"


def _kind_of(value: object) -> str:
    return _KINDS.get(type(value), "something else")


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)[:80]
