"""Facts of an answer by their paths. Numbers in answers are texts already; nothing is computed."""

from __future__ import annotations

from collections.abc import Mapping

from shop_core.kernel.money import Money
from suppliers.reading import cost_of, count_of, returned_of


def found_at(facts: object, path: str) -> object:
    """What stands at a path, None if nothing does. ``*`` gathers it from every element of a list; no path is the facts."""
    for i, name in enumerate(names := path.split(".") if path else []):
        if name == "*":
            rest = ".".join(names[i + 1 :])
            return _gathered([found_at(each, rest) for each in facts]) if isinstance(facts, list) else None
        facts = _step(facts, name)
    return facts


def _step(facts: object, name: str) -> object:
    if isinstance(facts, list):
        return facts[int(name)] if name.isdecimal() and int(name) < len(facts) else None
    return facts.get(name) if isinstance(facts, Mapping) else None


def _gathered(found: list[object]) -> list[object]:
    """One list of what the elements had: lists are put together, nothing is left out."""
    parts = [each if isinstance(each, list) else [each] for each in found if each is not None]
    return [each for part in parts for each in part]


def text_at(facts: object, path: str) -> str:
    """The text at a path; empty where there is none, or no path."""
    found = found_at(facts, path) if path else None
    return found if isinstance(found, str) else ""


def items_at(facts: object, path: str) -> list[object]:
    """The list at a path; one table counts as a list of itself, nothing and empty ones as an empty list."""
    found = found_at(facts, path)
    if isinstance(found, list):
        return list(found)
    return [found] if isinstance(found, Mapping) and found else []


def cost_at(facts: object, path: str, currency: str) -> Money | None:
    """An amount that we pay; None: there is none, or it cannot be read."""
    return cost_of(text_at(facts, path), currency)


def gain_at(facts: object, path: str, currency: str) -> Money | None:
    """An amount that we have or get; None: there is none, or it cannot be read."""
    return returned_of(text_at(facts, path), currency)


def count_at(facts: object, path: str) -> int | None:
    """A whole number, such as how many are left; None: there is none, or it is another text."""
    return count_of(text_at(facts, path))
