"""A transcript as it is written: what a person did, and what he then saw."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from random import Random
from typing import Final

from shop_core.kernel.numbers import ALPHABET, display_number, new_number, parse_number

_NUMBER: Final = re.compile(rf"\b[{ALPHABET}]{{4}}-?[{ALPHABET}]{{4}}\b")
_ADDRESS: Final = re.compile(r"http://127\.0\.0\.1:\d+(/staff/enter/)?[\w-]*")

_REFERENCE: Final = re.compile(r"\b20\d{17}\b")
"""The cashier's number of a payment, which begins with the time."""
_A_REFERENCE: Final = "2026112012000000001"
_GUEST: Final = re.compile(r"\b[0-9a-f]{8}\b(?= #\d)")
"""What staff see of a guest in the place of a name."""
_PAIRING: Final = re.compile(rf"\b[{ALPHABET}]{{3}}-[{ALPHABET}]{{3}}\b")
"""A code that links two channels."""
_A_PAIRING: Final = "K7M-2QX"
_DEVICE: Final = re.compile(r"\bweb \w\w…\w\w\b")

NEW: Final = "●"
CHANGED: Final = "↻"
GONE: Final = "✕"
NOTICE: Final = "💬"


@dataclass
class Names:
    """Other names for what is different in every run: order numbers by their order of appearance, addresses."""

    known: dict[str, str] = field(default_factory=dict)
    fresh: Random = field(default_factory=lambda: Random(20261120))

    def rename(self, text: str) -> str:
        text = _ADDRESS.sub(
            lambda found: "https://shop.example.com" + (f"{found[1]}…" if found[1] else ""), text
        )
        text = _PAIRING.sub(_A_PAIRING, _GUEST.sub("0a1b2c3d", text))
        text = _DEVICE.sub("web 0a…9f", _REFERENCE.sub(_A_REFERENCE, text))
        return _NUMBER.sub(self._number, text)

    def _number(self, found: re.Match[str]) -> str:
        number = parse_number(found[0])
        if number is None:
            return found[0]
        if number not in self.known:
            self.known[number] = new_number(self.fresh)
        other = self.known[number]
        return display_number(other) if "-" in found[0] else other


@dataclass
class Script:
    """Lines of a conversation, in the order of what happened."""

    names: Names = field(default_factory=Names)
    blocks: list[str] = field(default_factory=list)

    def did(self, who: str, what: str) -> None:
        """Somebody pressed or said something."""
        self.blocks.append(self.names.rename(f"{who} › {what}"))

    def saw(self, mark: str, text: str) -> None:
        """Something appeared, changed or went away."""
        first, *rest = self.names.rename(text).splitlines()
        self.blocks.append("\n".join([f"  {mark} {first}", *(f"    {line}".rstrip() for line in rest)]))

    def lost(self, text: str) -> None:
        """Something went away: its first line tells what it was."""
        self.saw(GONE, text.partition("\n")[0] or "…")

    def happened(self, what: str) -> None:
        """Something outside of the conversation."""
        self.blocks.append(self.names.rename(f"— {what} —"))

    def text(self) -> str:
        return "\n\n".join(self.blocks) + "\n"
