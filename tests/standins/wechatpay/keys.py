"""What a merchant and WeChat Pay know of each other, and what each does with it."""

from __future__ import annotations

import base64
import json
import os
import time
from dataclasses import dataclass
from functools import cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)


@dataclass(frozen=True)
class Merchant:
    """Both sides of one merchant's account. Keys are made anew for each run."""

    key: rsa.RSAPrivateKey
    platform_key: rsa.RSAPrivateKey
    mchid: str = "1900000001"
    serial: str = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
    app_id: str = "wx0123456789abcdef"
    seal_key: str = "0123456789abcdef0123456789ABCDEF"
    public_key_id: str = "PUB_KEY_ID_0119000000012026"

    @property
    def key_pem(self) -> str:
        """The merchant's private key, as he keeps it in a file."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    @property
    def platform_pem(self) -> str:
        """WeChat Pay's public key, as merchants download it."""
        public = self.platform_key.public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def signed(self, body: str) -> dict[str, str]:
        """The headers by which WeChat Pay proves that a body is its own."""
        stamp, nonce = str(int(time.time())), os.urandom(16).hex()
        text = f"{stamp}\n{nonce}\n{body}\n".encode()
        signature = self.platform_key.sign(text, padding.PKCS1v15(), hashes.SHA256())
        return {
            "Wechatpay-Serial": self.public_key_id,
            "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
            "Wechatpay-Timestamp": stamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Signature": base64.b64encode(signature).decode(),
        }

    def is_signed_by_merchant(self, signature: str, text: str) -> bool:
        """Whether the merchant's key signed a text."""
        try:
            self.key.public_key().verify(
                base64.b64decode(signature), text.encode(), padding.PKCS1v15(), hashes.SHA256()
            )
        except InvalidSignature:
            return False
        return True

    def sealed(self, event: str, facts: dict[str, object]) -> str:
        """The body of a notification."""
        nonce = os.urandom(6).hex()
        text = json.dumps(facts, ensure_ascii=False).encode()
        sealed = AESGCM(self.seal_key.encode()).encrypt(nonce.encode(), text, b"transaction")
        return json.dumps(
            {
                "id": os.urandom(8).hex(),
                "event_type": event,
                "resource_type": "encrypt-resource",
                "resource": {
                    "algorithm": "AEAD_AES_256_GCM",
                    "original_type": "transaction",
                    "ciphertext": base64.b64encode(sealed).decode(),
                    "associated_data": "transaction",
                    "nonce": nonce,
                },
            }
        )


@cache
def a_merchant() -> Merchant:
    """The one that all tests of a process share: keys take a while to make."""
    return Merchant(
        rsa.generate_private_key(public_exponent=65537, key_size=2048),
        rsa.generate_private_key(public_exponent=65537, key_size=2048),
    )
