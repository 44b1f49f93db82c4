"""SHA1 over time, JSON and key.

Requests are signed as they are sent. Callbacks are signed over JSON made anew, with escaped slashes, as PHP writes it.
Source: kasushou API v2, chapters on signing and on callbacks.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any, Final

from shop_core.kernel.secret import Secret
from suppliers.as_written import read_as_written, written

_UNSIGNED: Final = frozenset({"sign", "card_list", "express_list"})


def body_of(told: Mapping[str, Any]) -> bytes:
    """A request's body: compact, the outer names sorted, slashes and Chinese as they are. Exactly this is signed."""
    in_order = {name: told[name] for name in sorted(told)}
    return json.dumps(in_order, ensure_ascii=False, separators=(",", ":")).encode()


def sign(timestamp: str, body: bytes, secret: Secret) -> str:
    """The signature of a request, in lower hex."""
    # Chosen by the protocol.
    signed = timestamp.encode(errors="replace") + body + secret.reveal().encode()
    return hashlib.sha1(signed, usedforsecurity=False).hexdigest()


def is_genuine(body: bytes, secret: Secret) -> bool:
    """Verify a callback in constant time.

    Its cards are not signed. Whether slashes are escaped is written down, but was not seen in practice: both are taken,
    as either needs the key.

    Args:
        body: JSON as received: numbers keep the form in which they came.
        secret: The key of the account.
    """
    told = read_as_written(body)
    if told is None or not isinstance(told.get("sign"), str) or "time" not in told:
        return False
    plain = written({name: told[name] for name in sorted(told) if name not in _UNSIGNED})
    time, given = str(told["time"]), told["sign"].lower().encode(errors="replace")
    as_php, as_sent = (
        hmac.compare_digest(sign(time, text.encode(errors="replace"), secret).encode(), given)
        for text in (plain.replace("/", "\\/"), plain)
    )
    return as_php or as_sent
