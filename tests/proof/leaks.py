"""Looking for secrets in what a shop leaves behind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be")


def find_leaks(files: Iterable[Path], secrets: Iterable[str]) -> Iterator[str]:
    """Name every file that has one of the secrets in it, as text of any of the usual encodings."""
    needles = [(secret, encoding, secret.encode(encoding)) for secret in secrets for encoding in ENCODINGS]
    for file in files:
        content = file.read_bytes()
        for secret, encoding, needle in needles:
            if needle in content:
                yield f"{file.name} has {secret[:6]}… in {encoding}"
