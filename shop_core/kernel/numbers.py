"""Numbers people read aloud: eight characters without look-alikes, the last one a check.

One number serves the buyer, the supplier and the gateway: ``K7M2-9QXD`` on a screen, ``K7M29QXD`` on the wire.
"""

from __future__ import annotations

from random import Random
from typing import Final

ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""31 characters, no 0/O, 1/I/L. 31 is prime, so the check finds every single slip and every swap of two characters."""

LENGTH: Final = 8
_VALUE: Final = {char: value for value, char in enumerate(ALPHABET)}


def new_number(random: Random) -> str:
    """A fresh number of 31^7 (2.7 × 10^10) possible ones. The caller's unique column decides whether it is new."""
    body = "".join(random.choices(ALPHABET, k=LENGTH - 1))
    return body + _check(body)


def parse_number(text: str) -> str | None:
    """The number a person meant, or None if the check says it is none.

    Spaces, dashes and case do not matter; a few trailing digits (the attempt in a gateway's number) are cut off.
    """
    plain = "".join(char for char in text.upper() if char.isalnum())
    if len(plain) not in (LENGTH, LENGTH + 2):
        return None
    body, check = plain[: LENGTH - 1], plain[LENGTH - 1]
    if any(char not in _VALUE for char in body + check) or _check(body) != check:
        return None
    return plain[:LENGTH]


def display_number(number: str) -> str:
    """As shown to people: two groups of four."""
    return f"{number[:4]}-{number[4:LENGTH]}"


def _check(body: str) -> str:
    # Weights 2..8 differ and none is 0 mod 31: single errors and transpositions both change the sum.
    return ALPHABET[sum((weight + 2) * _VALUE[char] for weight, char in enumerate(body)) % len(ALPHABET)]
