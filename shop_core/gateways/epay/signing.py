"""Signatures of 易支付 (epay) V1: MD5 over the sorted parameters with the merchant's key behind them.

Pure: takes and gives values, reads no clock and no network.

Source: ``doc/api/legacy/epay_v1.md`` of mpay_v2 (a transcription of the vendor's own page), section on
signatures, and the PHP SDK beside it; read in 2026-11. SDKs differ about values with outer spaces and about
``"0"``: requests must not contain such; the gateway sees to that.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final, NamedTuple

from shop_core.kernel.secret import Secret

MD5: Final = "MD5"


class Names(NamedTuple):
    """What a site calls the two parameters that the signature does not cover: itself, and its kind."""

    sign: str = "sign"
    sign_type: str = "sign_type"


USUAL: Final = Names()


def signed_text(params: Mapping[str, str], names: Names = USUAL) -> str:
    """What is signed, without the key: decoded values as they are, in ASCII order of names, nothing empty."""
    kept = sorted((name, value) for name, value in params.items() if value and name not in names)
    return "&".join(f"{name}={value}" for name, value in kept)


def sign(params: Mapping[str, str], key: Secret, names: Names = USUAL) -> str:
    """The signature, in lower-case hex. The key follows the text directly, without ``&key=``."""
    text = signed_text(params, names) + key.reveal()
    # Half a surrogate pair cannot come from a form; whoever makes one up shall get a mismatch, not a crash.
    return hashlib.md5(text.encode(errors="replace"), usedforsecurity=False).hexdigest()


def with_signature(params: Mapping[str, str], key: Secret, names: Names = USUAL) -> dict[str, str]:
    """The parameters as they are sent."""
    return {**params, names.sign: sign(params, key, names), names.sign_type: MD5}


def is_genuine(params: Mapping[str, str], key: Secret, names: Names = USUAL) -> bool:
    """Whether the parameters carry the signature of exactly these values.

    A nearly right one takes as long as a wrong one. Some forks write hex in capitals.
    """
    given = params.get(names.sign, "").lower().encode(errors="replace")
    return hmac.compare_digest(given, sign(params, key, names).encode())
