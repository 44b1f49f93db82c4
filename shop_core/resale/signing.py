"""HMAC-SHA256 over method, path, time and body: how shops prove themselves to each other.

Source: dujiao-next, ``docs/api/integration-open-api.md`` (2026-04), chapter on signing; ``internal/upstream/signer.go``.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from shop_core.kernel.secret import Secret

KEY, TIMESTAMP, SIGNATURE = "Dujiao-Next-Api-Key", "Dujiao-Next-Timestamp", "Dujiao-Next-Signature"
CALLBACK_PATH: Final = "/api/v1/upstream/callback"
"""What callbacks are signed over, whatever path they are really sent to."""
WINDOW_S: Final = 60
"""So far clocks may differ."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The pair that calls and callbacks are signed with."""

    key: str
    secret: Secret


def sign(secret: Secret, method: str, path: str, timestamp: str, body: bytes) -> str:
    """The signature of a request, in lower hex. ``path`` is without host and query."""
    # Chosen by the protocol; the HMAC around it is what proves.
    body_md5 = hashlib.md5(body, usedforsecurity=False).hexdigest()
    text = f"{method}\n{path}\n{timestamp}\n{body_md5}"
    return hmac.new(secret.reveal().encode(), text.encode(errors="replace"), hashlib.sha256).hexdigest()


def headers(keys: Keys, method: str, path: str, timestamp: str, body: bytes) -> dict[str, str]:
    """The three headers that a request carries."""
    return {
        KEY: keys.key,
        TIMESTAMP: timestamp,
        SIGNATURE: sign(keys.secret, method, path, timestamp, body),
    }


def is_same(one: str, other: str) -> bool:
    """Compare in constant time what a stranger sent with what is right."""
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))
