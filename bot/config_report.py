"""What is wrong with a config, told all at once: which key, what was found, what was expected."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic_core import ErrorDetails

Place = tuple[int | str, ...]

OUR_ERROR: Final = "kapu"
"""The type of errors that our own value types raise: their context says what was found and expected."""

_LONGEST_SHOWN: Final = 60
_KINDS: Final = {bool: "true or false", int: "a number", float: "a number", str: "a text", list: "a list"}


@dataclass(frozen=True, slots=True)
class Fault:
    """One wrong or missing key.

    Attributes:
        key: Dotted, as TOML has it: ``channels.telegram.token``.
        found: What stands there; never the value of a secret, nor of a key that nobody knows.
        expected: What should stand there.
    """

    key: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.key}: found {self.found}; expected {self.expected}"


class ConfigErrors(Exception):
    """The config cannot be used. Raised once for all faults, so that nobody mends them one by one."""

    def __init__(self, path: Path, faults: Sequence[Fault]) -> None:
        super().__init__(path, faults)
        self.path = path
        self.faults = tuple(faults)

    def __str__(self) -> str:
        count = "1 thing" if len(self.faults) == 1 else f"{len(self.faults)} things"
        return "\n".join([f"{self.path}: {count} to mend", *(f"  {fault}" for fault in self.faults)])


@dataclass(frozen=True, slots=True)
class Known:
    """What the models know about a place in the config: what belongs there, and what stands beside it."""

    expected: str | None
    siblings: tuple[str, ...] = ()


def read_faults(errors: Sequence[ErrorDetails], look_up: Callable[[Place], Known]) -> list[Fault]:
    """Put pydantic's errors into our words.

    Args:
        errors: As ``ValidationError.errors()`` lists them.
        look_up: From a place, as pydantic names it, to what the models know of it.
    """
    return [_fault(error, look_up(error["loc"])) for error in errors if not _only_follows(error, errors)]


def _only_follows(error: ErrorDetails, errors: Sequence[ErrorDetails]) -> bool:
    """Whether a list or table is too short only because what stands in it was refused."""
    place = error["loc"]
    deeper = (other["loc"] for other in errors if len(other["loc"]) > len(place))
    return error["type"] == "too_short" and any(other[: len(place)] == place for other in deeper)


def _fault(error: ErrorDetails, known: Known) -> Fault:
    place = _as_in_toml(error["loc"])
    context: Mapping[str, object] = error.get("ctx", {})
    match error["type"]:
        case "missing":
            found, expected = "nothing", known.expected
        case "extra_forbidden":
            found, expected = "a key nobody knows", _one_of(place[-1], known.siblings)
        case "union_tag_not_found" | "union_tag_invalid":
            place = [*place, "protocol" if place[0] == "suppliers" else "kind"]
            found = show(context["tag"]) if "tag" in context else "nothing"
            expected = known.expected
        case "string_pattern_mismatch" if error["loc"][-1] == "[key]":
            found = "a name that does not fit"
            expected = "small letters, digits, - and _, at most 20, a letter first"
        case kind if kind == OUR_ERROR:
            found, expected = str(context["found"]), str(context["expected"])
        case "model_type" | "model_attributes_type" | "dict_type" | "mapping_type":
            found, expected = _kind_of(error["input"]), f"a table [{'.'.join(place)}]"
        case kind:
            found = _kind_of(error["input"]) if kind.endswith("_type") else show(error["input"])
            expected = known.expected
    return Fault(".".join(place), found, expected or error["msg"])


def _as_in_toml(place: Place) -> list[str]:
    """A place without what pydantic adds: a channel's kind, a supplier's protocol, positions in lists, marks of keys."""
    match place:
        case (("channels" | "gateways" | "suppliers") as section, name, kind, *rest) if kind != "[key]":
            place = (section, name, *rest)
    return [part for part in place if isinstance(part, str) and part != "[key]"]


def show(value: object) -> str:
    """A value that is no secret, as TOML has it; long ones by their kind only."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str) and len(value) <= _LONGEST_SHOWN:
        return f'"{value}"'
    return str(value) if isinstance(value, int | float) else _kind_of(value)


def _kind_of(value: object) -> str:
    return _KINDS.get(type(value), "a table" if isinstance(value, Mapping) else "something else")


def _one_of(key: str, siblings: Sequence[str]) -> str:
    near = difflib.get_close_matches(key, siblings, n=1)
    return f"a known one, perhaps {near[0]}" if near else f"one of {', '.join(siblings)}"
