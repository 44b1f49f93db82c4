"""Verifying callbacks; requests are signed as ``shop_core.resale.signing`` has it, for buyers and sellers alike."""

from __future__ import annotations

from collections.abc import Mapping

from shop_core.resale.signing import CALLBACK_PATH, KEY, SIGNATURE, TIMESTAMP, Keys, headers, is_same, sign

__all__ = ["Keys", "headers", "is_genuine", "sign"]


def is_genuine(keys: Keys, given: Mapping[str, str], body: bytes) -> bool:
    """Verify a callback, in constant time. Each repeat may be signed anew or not: its age proves nothing.

    Args:
        keys: Ours; callbacks are signed with the pair that we call with.
        given: The request's headers, names in lower case.
        body: As received.
    """
    key, timestamp, signature = (given.get(name.lower(), "") for name in (KEY, TIMESTAMP, SIGNATURE))
    expected = sign(keys.secret, "POST", CALLBACK_PATH, timestamp, body)
    is_ours = is_same(key, keys.key)
    return is_same(expected, signature.lower()) and is_ours
