"""JSON of somebody else, read so that nothing of it is lost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn

Facts = Mapping[str, Any]
"""A JSON object. Numbers in it are texts, as they were written."""


class NotReadable(Exception):
    """The bytes are not the JSON that was expected."""


def read_facts(body: bytes) -> Facts:
    """Read a JSON object. Numbers stay texts: an amount is never a float.

    Raises:
        NotReadable: Half of one, something else, or nothing.
    """
    found = read_json(body)
    if not isinstance(found, dict):
        raise NotReadable("no object")
    return found


def read_json(body: bytes) -> object:
    """Read JSON of whatever kind. Numbers stay texts.

    Raises:
        NotReadable: It is none.
    """
    try:
        # Some PHP sites put a byte order mark first.
        text = body.decode("utf-8-sig")
        return json.loads(text, parse_float=str, parse_int=str, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise NotReadable("no JSON") from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def text_of(facts: object, *names: str) -> str:
    """The text that stands under these names, one inside the other; empty where there is none."""
    for name in names:
        facts = facts.get(name) if isinstance(facts, Mapping) else None
    return facts if isinstance(facts, str) else ""


def facts_of(facts: object, *names: str) -> Facts:
    """The object that stands under these names, one inside the other; empty where there is none."""
    for name in names:
        facts = facts.get(name) if isinstance(facts, Mapping) else None
    return facts if isinstance(facts, Mapping) else {}


def list_of(facts: object, *names: str) -> list[Facts]:
    """The objects in the list that stands under these names; what is no object is left out."""
    for name in names:
        facts = facts.get(name) if isinstance(facts, Mapping) else None
    return [item for item in facts if isinstance(item, Mapping)] if isinstance(facts, list) else []
