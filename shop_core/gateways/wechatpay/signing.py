"""Signatures and sealing of WeChat Pay APIv3: RSA over lines of text, AES-256-GCM around what it tells us.

Pure: takes and gives values, reads no clock and no network.

Source: pay.weixin.qq.com, its rules of APIv3 (signing of requests, verifying of answers and notifications, what they are
sealed with) and ``doc/v3/merchant/4012791857`` (the browser's call); read in 2026-11. The vectors of the tests were made by
another implementation, wechatpayv3 2.0.4, and cross-checked with openssl.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate

SCHEME: Final = "WECHATPAY2-SHA256-RSA2048"
SEAL_KEY_BYTES: Final = 32


class BadKey(Exception):
    """A text that is not the key it should be. Says what is wrong, never the key."""


def read_private_key(pem: str) -> RSAPrivateKey:
    """The merchant's key, as ``apiclient_key.pem`` has it.

    Raises:
        BadKey: Something else.
    """
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise BadKey("no private key") from error
    if not isinstance(key, RSAPrivateKey):
        raise BadKey("a private key, but not for RSA")
    return key


def read_public_key(pem: str) -> RSAPublicKey:
    """WeChat Pay's key: ``pub_key.pem``, or for older merchants the platform certificate.

    Raises:
        BadKey: Something else.
    """
    data = pem.encode()
    try:
        is_certificate = b"BEGIN CERTIFICATE" in data
        key = load_pem_x509_certificate(data).public_key() if is_certificate else load_pem_public_key(data)
    except ValueError as error:
        raise BadKey("neither a public key nor a certificate") from error
    if not isinstance(key, RSAPublicKey):
        raise BadKey("a public key, but not for RSA")
    return key


def sign(key: RSAPrivateKey, *lines: str) -> str:
    """The signature of some lines, each ended by a line feed, in base64."""
    return base64.b64encode(key.sign(_joined(lines), PKCS1v15(), hashes.SHA256())).decode()


def is_genuine(key: RSAPublicKey, signature: str, *lines: str) -> bool:
    """Whether WeChat Pay signed exactly these lines.

    Its probes carry a signature that begins with ``WECHATPAY/SIGNTEST/`` and is none: they fail like any other.
    """
    try:
        key.verify(base64.b64decode(signature, validate=True), _joined(lines), PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def authorization(mchid: str, serial: str, *, nonce: str, timestamp: str, signature: str) -> str:
    """The header of a request."""
    return (
        f'{SCHEME} mchid="{mchid}",nonce_str="{nonce}",signature="{signature}",'
        f'timestamp="{timestamp}",serial_no="{serial}"'
    )


def unseal(key: bytes, *, ciphertext: str, nonce: str, associated_data: str) -> bytes:
    """What a notification holds.

    Args:
        key: The 32 characters of the APIv3 key.
        ciphertext: Base64, the tag at its end.

    Raises:
        BadKey: It was not sealed with this key, or changed since.
    """
    try:
        sealed = base64.b64decode(ciphertext, validate=True)
        return AESGCM(key).decrypt(nonce.encode(), sealed, associated_data.encode())
    except (InvalidTag, binascii.Error, ValueError) as error:
        raise BadKey("not sealed with this key") from error


def _joined(lines: tuple[str, ...]) -> bytes:
    # Half a surrogate pair cannot come over the wire; whoever makes one up shall get a mismatch, not a crash.
    return "".join(f"{line}\n" for line in lines).encode(errors="replace")
