"""What proves a request, and what is in it: the signature and the encryption of both vendors, by wechatpy's cryptography.

Source: WeChat, message push, 消息加解密说明; WeCom, 加解密方案说明, November 2026: the same but for the receiver, which
is the account's AppID there and the company's CorpID here.
"""

from __future__ import annotations

import base64
import hmac
import struct
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from xml.parsers.expat import ExpatError

import xmltodict
from wechatpy.crypto import PrpCrypto
from wechatpy.exceptions import WeChatException
from wechatpy.utils import WeChatSigner

FRESH: Final = timedelta(minutes=5)
"""How far their clock may be from ours. Repetitions come within 15 seconds, whether or not they are signed anew."""

UNREADABLE: Final = (
    WeChatException,
    ExpatError,
    AttributeError,
    IndexError,
    KeyError,
    TypeError,
    ValueError,
    struct.error,
)
"""What wechatpy and its parser raise over a body that is none: five unrelated families, and what they forgot."""


class NotWeChat(Exception):
    """Whoever sent this has not proven to be who he says, or it is not for this account. Says why, and nothing of it."""


class Envelope:
    """Opens what comes for one receiver."""

    def __init__(self, token: str, aes_key: str, receiver: str) -> None:
        """Take what both sides know.

        Args:
            aes_key: 43 characters, base64 without its last sign.
            receiver: What is encrypted for another one is refused.
        """
        self._token = token
        self._key = base64.b64decode(aes_key + "=")
        self._receiver = receiver

    def open_body(self, query: Mapping[str, str], body: bytes) -> str:
        """The XML in an encrypted body.

        Raises:
            NotWeChat: Not signed, by another key, for another receiver, or no XML.
        """
        try:
            return self.open(query, xmltodict.parse(body)["xml"]["Encrypt"])
        except UNREADABLE:
            raise NotWeChat("unreadable") from None

    def open(self, query: Mapping[str, str], cipher: str) -> str:
        """What a cipher says whose signature is in the address. Raises as above."""
        try:
            compare(query["msg_signature"], self._token, query["timestamp"], query["nonce"], cipher)
            return str(PrpCrypto(self._key).decrypt(cipher, self._receiver))
        except UNREADABLE:
            raise NotWeChat("unreadable") from None


def compare(signature: str, *signed: str) -> None:
    """See that parts were signed by who knows the token among them. In constant time.

    Raises:
        NotWeChat: They were not.
    """
    signer = WeChatSigner()
    signer.add_data(*signed)
    if not hmac.compare_digest(signer.signature.encode(), signature.encode()):
        raise NotWeChat("signature")


def require_fresh(query: Mapping[str, str], now: datetime) -> None:
    """See that an address was signed just now.

    Raises:
        NotWeChat: It was not.
    """
    timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
    if not timestamp.isdecimal() or len(timestamp) > 12 or not 1 <= len(nonce) <= 64:  # noqa: PLR2004 - seconds
        raise NotWeChat("no time")
    if abs(datetime.fromtimestamp(int(timestamp), UTC) - now) > FRESH:
        raise NotWeChat("too old")
