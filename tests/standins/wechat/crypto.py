"""WeChat's signature and message encryption, written from its documents and not from any library of theirs.

Source: WeChat, message push, "消息加解密说明": SHA-1 over the sorted parts; AES-256-CBC, the first half of the key as its
vector, PKCS#7 to blocks of 32, around 16 random bytes, the length in 4 bytes, the text, the AppID.
"""

from __future__ import annotations

import base64
import hashlib
import os

from cryptography.hazmat.primitives.ciphers import Cipher as Aes
from cryptography.hazmat.primitives.ciphers import algorithms, modes

_BLOCK = 32


def signature(*parts: str) -> str:
    """What both sides compute over the token, the time, the nonce and, of a cipher, its text."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


class Cipher:
    """Encrypts for one account."""

    def __init__(self, encoding_aes_key: str, app_id: str) -> None:
        self._key = base64.b64decode(encoding_aes_key + "=")
        self._app_id = app_id.encode()

    def encrypt(self, text: str) -> str:
        raw = text.encode()
        whole = os.urandom(16) + len(raw).to_bytes(4, "big") + raw + self._app_id
        fill = _BLOCK - len(whole) % _BLOCK
        encryptor = self._aes().encryptor()
        return base64.b64encode(
            encryptor.update(whole + bytes([fill]) * fill) + encryptor.finalize()
        ).decode()

    def decrypt(self, text: str) -> str:
        decryptor = self._aes().decryptor()
        whole = decryptor.update(base64.b64decode(text)) + decryptor.finalize()
        fill = whole[-1]
        assert 1 <= fill <= _BLOCK
        assert whole[-fill:] == bytes([fill]) * fill
        whole = whole[:-fill]
        length = int.from_bytes(whole[16:20], "big")
        assert whole[20 + length :] == self._app_id, "for another account"
        return whole[20 : 20 + length].decode()

    def _aes(self) -> Aes[modes.CBC]:
        return Aes(algorithms.AES(self._key), modes.CBC(self._key[:16]))
