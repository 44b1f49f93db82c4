"""AES-256-GCM under a key id, bound to the place the text is stored in; a keyed fingerprint to find duplicates.

A sealed text is ``version (1 byte) | length of key id (1) | key id | nonce (12) | ciphertext and tag``. The place
(``card:17``) is associated data: a sealed code copied into another row does not open. Every key opens; the active one
seals. The fingerprint's key is derived from a key of its own, so that changing the active key does not lose duplicates.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Mapping
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shop_core.kernel.errors import ShopError
from shop_core.kernel.secret import Secret

KEY_BYTES: Final = 32
FINGERPRINT_KEY: Final = "fingerprint"
"""The key id in ``[vault.keys]`` reserved for fingerprints. It never changes: fingerprints cannot be made anew."""

_VERSION: Final = 1
_NONCE_BYTES: Final = 12


class BadVaultKeys(ShopError):
    """A key is missing, is not 32 bytes in base64, or two keys are equal. The shop does not start."""

    code = "vault.bad_keys"


class CannotOpen(Exception):
    """A sealed text was changed, moved to another row, or sealed under a key we do not have. Somebody must look."""


class Vault:
    """Seals and opens texts. Never prints them: what is opened is a ``Secret``."""

    def __init__(self, active_key: str, keys: Mapping[str, Secret]) -> None:
        """Check and load the keys.

        Args:
            active_key: The key id that seals from now on.
            keys: Key id → 32 bytes in base64. Ids are at most 40 ASCII characters; ``fingerprint`` must be there.

        Raises:
            BadVaultKeys: Naming the key at fault, never its value.
        """
        raw = {name: _decode(name, value) for name, value in keys.items()}
        for needed in (active_key, FINGERPRINT_KEY):
            if needed not in raw:
                raise BadVaultKeys(key=needed, problem="missing")
        if active_key == FINGERPRINT_KEY:
            raise BadVaultKeys(key=active_key, problem="reserved")
        if len(set(raw.values())) != len(raw):
            raise BadVaultKeys(key=", ".join(sorted(raw)), problem="equal")
        self._fingerprint_key = raw.pop(FINGERPRINT_KEY)
        self._ciphers = {name: AESGCM(key) for name, key in raw.items()}
        self._active = active_key
        name = active_key.encode()
        self._header = bytes([_VERSION, len(name)]) + name

    def seal(self, text: str, *, place: str) -> bytes:
        """Encrypt a text for one place."""
        return self.seal_bytes(text.encode(), place=place)

    def seal_bytes(self, data: bytes, *, place: str) -> bytes:
        """Encrypt bytes for one place."""
        nonce = os.urandom(_NONCE_BYTES)
        return self._header + nonce + self._ciphers[self._active].encrypt(nonce, data, place.encode())

    def open(self, sealed: bytes, *, place: str) -> Secret:
        """Decrypt a text.

        Raises:
            CannotOpen: Changed, moved, or sealed under an unknown key.
        """
        return Secret(self.open_bytes(sealed, place=place).decode())

    def open_bytes(self, sealed: bytes, *, place: str) -> bytes:
        """Decrypt bytes.

        Raises:
            CannotOpen: Changed, moved, or sealed under an unknown key.
        """
        name_end = 2 + sealed[1] if len(sealed) > 1 else 0
        cipher = self._ciphers.get(sealed[2:name_end].decode("ascii", "replace"))
        if not name_end or sealed[0] != _VERSION or cipher is None:
            raise CannotOpen(place)
        nonce, rest = sealed[name_end : name_end + _NONCE_BYTES], sealed[name_end + _NONCE_BYTES :]
        try:
            return cipher.decrypt(nonce, rest, place.encode())
        except (InvalidTag, ValueError):
            raise CannotOpen(place) from None

    def fingerprint(self, text: str) -> bytes:
        """16 bytes that are equal for equal codes and tell nothing without the key."""
        return hmac.digest(self._fingerprint_key, text.encode(), hashlib.sha256)[:16]


def new_key() -> str:
    """A fresh key as the config wants it."""
    return base64.b64encode(os.urandom(KEY_BYTES)).decode()


def _decode(name: str, value: Secret) -> bytes:
    try:
        raw = base64.b64decode(value.reveal(), validate=True)
    except (binascii.Error, ValueError):
        raise BadVaultKeys(key=name, problem="not_base64") from None
    if len(raw) != KEY_BYTES:
        raise BadVaultKeys(key=name, problem="not_32_bytes")
    if not name.isascii() or not 0 < len(name) <= 40:  # noqa: PLR2004 - the length fits one byte with room
        raise BadVaultKeys(key=name[:40], problem="bad_id")
    return raw
