"""Codes as they lie on the shelf: sealed, each bound to its row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from shop_core.stock.codes import Line
from shop_core.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class SealedCard:
    """A code, and how often it stands in its part of the file."""

    place: int
    sealed: bytes
    fingerprint: bytes
    times: int = 1


@dataclass(frozen=True, slots=True)
class Part:
    """Some lines of a file, ready for their transaction."""

    last_line: int
    cards: Sequence[SealedCard]
    bad: Sequence[tuple[int, str]]


def card_place(fingerprint: bytes) -> str:
    """What a card's ciphertext is bound to: the fingerprint is unique to the row and known before it has an id."""
    return f"card:{fingerprint.hex()}"


def seal_part(vault: Vault, lines: Sequence[Line]) -> Part:
    """Seal some lines; a code that stands in them more than once is sealed once."""
    cards: dict[bytes, SealedCard] = {}
    bad: list[tuple[int, str]] = []
    for line in lines:
        if line.code is None:
            bad.append((line.number, line.problem or ""))
            continue
        code = line.code.reveal()
        fingerprint = vault.fingerprint(code)
        again = cards.get(fingerprint)
        if again is not None:
            cards[fingerprint] = replace(again, times=again.times + 1)
            continue
        sealed = vault.seal(code, place=card_place(fingerprint))
        cards[fingerprint] = SealedCard(line.number, sealed, fingerprint)
    return Part(lines[-1].number, list(cards.values()), bad)
