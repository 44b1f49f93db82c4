"""HMAC-SHA256 over method, path, time and the MD5 of the body."""

from __future__ import annotations

import hashlib
import hmac


def signature(secret: str, method: str, path: str, timestamp: str, body: bytes) -> str:
    digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
    text = f"{method}\n{path}\n{timestamp}\n{digest}"
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()
