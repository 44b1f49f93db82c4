"""JSON that is signed over itself: read and written again with its numbers as they stood, compact, nothing escaped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


class Number(str):
    """A number as it was written."""

    __slots__ = ()


def read_as_written(body: bytes) -> Mapping[str, Any] | None:
    """A JSON object whose numbers keep their form; None for anything else."""
    try:
        told = json.loads(body, parse_int=Number, parse_float=Number)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def written(value: object) -> str:
    """A value that was so read, as compact JSON."""
    match value:
        case Number():
            return str(value)
        case Mapping():
            return "{" + ",".join(f"{_text(name)}:{written(inner)}" for name, inner in value.items()) + "}"
        case list():
            return "[" + ",".join(written(inner) for inner in value) + "]"
        case _:
            return _text(value)


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
