"""The recipes that a file may choose its signature from. Pure: given values, a text; nothing else.

``sorted_fields``: what is sent, as ``name=value`` in the order of names, joined by ``&``, the key behind it (or, for an
HMAC, as its key). Nothing empty is signed, as nothing empty is sent. Dayuanren and kakayun are this one, as are most
Chinese sites.

``parts``: some texts one after the other, such as time, body and key; sent in a header as a rule.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

from shop_core.kernel.secret import Secret

Digest = Literal["md5", "sha1", "sha256", "hmac_md5", "hmac_sha1", "hmac_sha256"]
Letters = Literal["lower", "upper"]

_HMAC: Final = "hmac_"


def digest_of(text: str, key: Secret, digest: Digest) -> str:
    """A digest in lower-case hex; ``key`` matters to the HMACs only."""
    # Half a surrogate pair cannot come from a form; whoever makes one up shall get a mismatch, not a crash.
    told = text.encode(errors="replace")
    if digest.startswith(_HMAC):
        return hmac.new(key.reveal().encode(), told, digest.removeprefix(_HMAC)).hexdigest()
    return hashlib.new(digest, told, usedforsecurity=False).hexdigest()


def sorted_fields(fields: Mapping[str, str]) -> str:
    """``a=1&b=2``: decoded values as they are, in the order of names, nothing empty."""
    return _joined((name, value) for name, value in fields.items() if value)


def sorted_with_empty(fields: Mapping[str, str]) -> str:
    """The same, with what is empty: some sites sign their callbacks so."""
    return _joined(iter(fields.items()))


def _joined(pairs: Iterator[tuple[str, str]]) -> str:
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def sign_text(text: str, key: Secret, *, digest: Digest, before_key: str, letters: Letters) -> str:
    """Sign a text: the key goes behind it, after ``before_key``, unless the digest is an HMAC."""
    whole = text if digest.startswith(_HMAC) else text + before_key + key.reveal()
    found = digest_of(whole, key, digest)
    return found.upper() if letters == "upper" else found


def is_same(given: str, expected: Sequence[str]) -> bool:
    """Whether a signature is one of these, in either case of letters; a nearly right one takes as long as a wrong one."""
    told = given.lower().encode(errors="replace")
    matches = [hmac.compare_digest(told, each.lower().encode()) for each in expected]
    return any(matches)
