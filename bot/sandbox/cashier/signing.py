"""Signatures of epay V1, written from the protocol and sharing no line with the shop's own adapter.

Source: the community transcription of the V1 documents (``epay_v1.md`` of mpay_v2), signature rules.
"""

import hashlib
import hmac
from collections.abc import Mapping

SIGN_TYPE = "MD5"
_UNSIGNED = frozenset({"sign", "sign_type"})


def sign_text(params: Mapping[str, str]) -> str:
    """Join what is signed: decoded values, names in ASCII order, nothing empty, nothing trimmed.

    A value ``"0"`` stays (some PHP forks drop it); spaces stay (some SDKs trim them).
    """
    signed = sorted((name, value) for name, value in params.items() if value and name not in _UNSIGNED)
    return "&".join(f"{name}={value}" for name, value in signed)


def sign(params: Mapping[str, str], key: str) -> str:
    """Sign as V1 does: MD5 of the text with the key appended directly, lower-case hex."""
    text = sign_text(params) + key
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def with_signature(params: Mapping[str, str], key: str) -> dict[str, str]:
    """Return the parameters as they go over the wire, ``sign`` and ``sign_type`` added."""
    return {**params, "sign": sign(params, key), "sign_type": SIGN_TYPE}


def is_genuine(params: Mapping[str, str], key: str) -> bool:
    """Say whether the parameters carry the right signature for this key."""
    return hmac.compare_digest(params.get("sign", "").encode(), sign(params, key).encode())
