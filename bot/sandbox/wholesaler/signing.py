"""The protocol's signature: HMAC-SHA256 over method, path, time and the MD5 of the body."""

from __future__ import annotations

import hashlib
import hmac


def sign(secret: str, method: str, path: str, timestamp: str, body: bytes) -> str:
    """The signature of a request, in lower-case hex."""
    digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
    text = f"{method}\n{path}\n{timestamp}\n{digest}"
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def is_same(signature: str, other: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(signature.encode(), other.lower().encode())
