"""SHA1 over time, JSON and key. Requests are signed as sent; callbacks over JSON with escaped slashes, as PHP writes it."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def request_signature(timestamp: str, body: bytes, apikey: str) -> str:
    return hashlib.sha1(timestamp.encode() + body + apikey.encode(), usedforsecurity=False).hexdigest()


def callback_signature(fields: dict[str, Any], apikey: str, *, escapes_slashes: bool = True) -> str:
    left = {
        name: value for name, value in fields.items() if name not in {"sign", "card_list", "express_list"}
    }
    text = json.dumps(left, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    if escapes_slashes:
        text = text.replace("/", "\\/")
    signed = f"{fields['time']}{text}{apikey}"
    return hashlib.sha1(signed.encode(), usedforsecurity=False).hexdigest()
