"""Signatures and sealing of WeChat Pay: vectors of another implementation, for us and for the stand-in."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from shop_core.gateways.wechatpay import signing
from tests.standins.wechatpay import a_merchant

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "wechatpay_vectors.json").read_text("utf-8"))
REQUEST, NOTIFY = VECTORS["authorization"], VECTORS["notify"]
KEY = signing.read_public_key(VECTORS["public_key"])
SEAL_KEY = NOTIFY["apiv3_key"].encode()


def test_the_header_of_another_implementation_is_what_we_would_send() -> None:
    lines = (REQUEST["method"], REQUEST["path"], REQUEST["timestamp"], REQUEST["nonce"], REQUEST["body"])
    assert "".join(f"{line}\n" for line in lines) == REQUEST["sign_string"]
    signature = re.findall(r'signature="([^"]+)"', REQUEST["expected_header"])[0]
    assert signing.is_genuine(KEY, signature, *lines)
    header = signing.authorization(
        REQUEST["mchid"],
        REQUEST["serial_no"],
        nonce=REQUEST["nonce"],
        timestamp=REQUEST["timestamp"],
        signature=signature,
    )
    assert header == REQUEST["expected_header"]


def test_the_notification_of_another_implementation_opens() -> None:
    lines = (NOTIFY["timestamp"], NOTIFY["nonce"], NOTIFY["body"])
    assert signing.is_genuine(KEY, NOTIFY["expected_signature"], *lines)
    opened = signing.unseal(
        SEAL_KEY,
        ciphertext=NOTIFY["ciphertext"],
        nonce=NOTIFY["resource_nonce"],
        associated_data=NOTIFY["associated_data"],
    )
    assert opened.decode() == NOTIFY["plaintext"]


def test_one_changed_byte_is_another_text() -> None:
    signature = NOTIFY["expected_signature"]
    stamp, nonce, body = NOTIFY["timestamp"], NOTIFY["nonce"], NOTIFY["body"]
    assert not signing.is_genuine(KEY, signature, stamp, nonce, body + " ")
    assert not signing.is_genuine(KEY, signature, nonce, stamp, body)
    for probe in ("", "WECHATPAY/SIGNTEST/" + signature, "é", "====", "\udc00"):
        assert not signing.is_genuine(KEY, probe, stamp, nonce, body)
    sealed = base64.b64decode(NOTIFY["ciphertext"])
    for bent in (sealed[:-1] + bytes([sealed[-1] ^ 1]), sealed[:8], b""):
        with pytest.raises(signing.BadKey):
            signing.unseal(
                SEAL_KEY,
                ciphertext=base64.b64encode(bent).decode(),
                nonce=NOTIFY["resource_nonce"],
                associated_data=NOTIFY["associated_data"],
            )


def test_what_we_sign_the_stand_in_takes_and_the_other_way_round() -> None:
    merchant = a_merchant()
    signature = signing.sign(signing.read_private_key(merchant.key_pem), "wx1", "1", "n", "prepay_id=中🎁")
    assert merchant.is_signed_by_merchant(signature, "wx1\n1\nn\nprepay_id=中🎁\n")
    assert not merchant.is_signed_by_merchant(signature, "wx1\n1\nn\nprepay_id=中\n")
    headers = merchant.signed('{"a":"中"}')
    key = signing.read_public_key(merchant.platform_pem)
    stamp, nonce = headers["Wechatpay-Timestamp"], headers["Wechatpay-Nonce"]
    assert signing.is_genuine(key, headers["Wechatpay-Signature"], stamp, nonce, '{"a":"中"}')


@pytest.mark.parametrize(
    "pem", ["", "secret", "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n"]
)
def test_what_is_no_key_is_refused_without_showing_it(pem: str) -> None:
    for read in (signing.read_private_key, signing.read_public_key):
        with pytest.raises(signing.BadKey) as refused:
            read(pem)
        assert not pem or pem not in str(refused.value)


def test_keys_are_not_taken_for_each_other() -> None:
    merchant = a_merchant()
    with pytest.raises(signing.BadKey):
        signing.read_private_key(merchant.platform_pem)
    with pytest.raises(signing.BadKey):
        signing.read_public_key(merchant.key_pem)
    public = signing.read_public_key(merchant.platform_pem)
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    assert pem == merchant.platform_pem
