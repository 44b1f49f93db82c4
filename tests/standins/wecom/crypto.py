"""WeCom's signature and message encryption, written from its documents and not from any library of theirs.

Source: WeCom, 加解密方案说明: SHA-1 over the sorted token, time, nonce and cipher; AES-256-CBC, half of the key as its
vector, PKCS#7 to blocks of 32, around 16 random bytes, the length in 4 bytes, the text, the receiver: the CorpID.
"""

from __future__ import annotations

import base64
import hashlib
import os
import struct

from cryptography.hazmat.primitives.ciphers import Cipher as Aes
from cryptography.hazmat.primitives.ciphers import algorithms, modes

_BLOCK = 32


def signature(token: str, stamp: str, nonce: str, cipher: str) -> str:
    parts = sorted([token, stamp, nonce, cipher])
    return hashlib.sha1("".join(parts).encode(), usedforsecurity=False).hexdigest()


class Cipher:
    """Encrypts for one company."""

    def __init__(self, encoding_aes_key: str, corp_id: str) -> None:
        key = base64.b64decode(encoding_aes_key + "=")
        self._aes = Aes(algorithms.AES(key), modes.CBC(key[:16]))
        self._corp_id = corp_id.encode()

    def encrypt(self, text: str) -> str:
        said = text.encode()
        whole = os.urandom(16) + struct.pack(">I", len(said)) + said + self._corp_id
        fill = _BLOCK - len(whole) % _BLOCK
        encryptor = self._aes.encryptor()
        sealed = encryptor.update(whole + bytes([fill] * fill)) + encryptor.finalize()
        return base64.b64encode(sealed).decode()
