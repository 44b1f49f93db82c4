"""MD5 over the sorted characters of a compact JSON text, with the secret behind; cards under AES-256-ECB."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


def of_text(text: str, secret: str) -> str:
    return hashlib.md5(("".join(sorted(text)) + secret).encode(), usedforsecurity=False).hexdigest()


def of_fields(fields: dict[str, Any], secret: str) -> str:
    left = {name: value for name, value in fields.items() if name != "sign"}
    return of_text(json.dumps(left, ensure_ascii=False, separators=(",", ":")), secret)


def encrypted(text: str, secret: str) -> str:
    padder = padding.PKCS7(128).padder()
    padded = padder.update(text.encode()) + padder.finalize()
    # The vendor's choice.
    encryptor = Cipher(algorithms.AES(secret.encode()), modes.ECB()).encryptor()  # noqa: S305
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()
