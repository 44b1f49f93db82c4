"""HMAC-SHA256 over method, path, time and body.

Source: integration-open-api.md, chapter on signing; ``internal/upstream/signer.go``.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shop_core.kernel.secret import Secret

CALLBACK_PATH: Final = "/api/v1/upstream/callback"
"""What callbacks are signed over, whatever path they are really sent to."""


def sign(secret: Secret, method: str, path: str, timestamp: str, body: bytes) -> str:
    """The signature of a request, in lower hex. ``path`` is without host and query."""
    # Chosen by the protocol; the HMAC around it is what proves.
    body_md5 = hashlib.md5(body, usedforsecurity=False).hexdigest()
    text = f"{method}\n{path}\n{timestamp}\n{body_md5}"
    return hmac.new(secret.reveal().encode(), text.encode(errors="replace"), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Keys:
    """The pair that calls and callbacks are signed with."""

    key: str
    secret: Secret


def headers(keys: Keys, method: str, path: str, timestamp: str, body: bytes) -> dict[str, str]:
    """The three headers that a request carries."""
    return {
        "Dujiao-Next-Api-Key": keys.key,
        "Dujiao-Next-Timestamp": timestamp,
        "Dujiao-Next-Signature": sign(keys.secret, method, path, timestamp, body),
    }


def is_genuine(keys: Keys, given: Mapping[str, str], body: bytes) -> bool:
    """Verify a callback, in constant time. Each repeat may be signed anew or not: its age proves nothing.

    Args:
        keys: Ours; callbacks are signed with the pair that we call with.
        given: The request's headers, names in lower case.
        body: As received.
    """
    timestamp, signature = given.get("dujiao-next-timestamp", ""), given.get("dujiao-next-signature", "")
    expected = sign(keys.secret, "POST", CALLBACK_PATH, timestamp, body)
    is_ours = _is_same(given.get("dujiao-next-api-key", ""), keys.key)
    return _is_same(expected, signature.lower()) and is_ours


def _is_same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))
