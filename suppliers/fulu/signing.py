"""MD5 over the sorted characters of a compact JSON text, with the secret behind; cards under AES.

Source: the clients named in ``suppliers/fulu``; the platform's public demonstration of cards.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from shop_core.kernel.secret import Secret
from suppliers.as_written import read_as_written, written

_BLOCK_BITS = algorithms.AES.block_size


class NotDecrypted(Exception):
    """A card is not under our key."""


def compact(told: Mapping[str, Any]) -> str:
    """JSON without spaces, slashes and Chinese as they are: the spaces of another form would be signed too."""
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def sign(text: str, secret: Secret) -> str:
    """The signature of a text, in lower hex. The order of what is in it does not matter."""
    # Chosen by the protocol.
    signed = "".join(sorted(text)) + secret.reveal()
    return hashlib.md5(signed.encode(errors="replace"), usedforsecurity=False).hexdigest()


def signed(fields: Mapping[str, str], secret: Secret) -> dict[str, str]:
    """A request with its signature."""
    return {**fields, "sign": sign(compact(fields), secret)}


def is_genuine_result(result: str, signature: str, secret: Secret) -> bool:
    """Verify an answer, in constant time."""
    return _is_same(sign(result, secret), signature)


def is_genuine_callback(body: bytes, secret: Secret) -> bool:
    """Verify a callback as it is probably signed: like a request. In constant time."""
    told = read_as_written(body)
    if told is None or not isinstance(told.get("sign"), str):
        return False
    text = written({name: value for name, value in told.items() if name != "sign"})
    return _is_same(sign(text, secret), told["sign"])


def decrypt(text: str, secret: Secret) -> str:
    """A card's number or password: base64 of AES-256-ECB with PKCS#7, under the secret's own 32 characters.

    Raises:
        NotDecrypted: Another key, or no such text.
    """
    try:
        sealed = base64.b64decode(text, validate=True)
        # The vendor's choice of mode; what protects the card on its way is HTTPS.
        decryptor = Cipher(algorithms.AES(secret.reveal().encode()), modes.ECB()).decryptor()  # noqa: S305
        padded = decryptor.update(sealed) + decryptor.finalize()
        unpadder = padding.PKCS7(_BLOCK_BITS).unpadder()
        return (unpadder.update(padded) + unpadder.finalize()).decode()
    except ValueError as error:
        raise NotDecrypted("a card is not under our key") from error


def _is_same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.lower().encode(errors="replace"))
