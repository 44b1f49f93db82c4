"""Who may come in, and what is said behind the door: signatures and encryption, by wechatpy's cryptography."""

from __future__ import annotations

import hmac
import re
import secrets
import struct
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final
from xml.parsers.expat import ExpatError

import xmltodict
from wechatpy.crypto import PrpCrypto, WeChatCrypto
from wechatpy.exceptions import WeChatException
from wechatpy.replies import TextReply
from wechatpy.utils import WeChatSigner

from bot.channels.wechat.settings import Mode, WeChatSettings

FRESH: Final = timedelta(minutes=5)
"""How far WeChat's clock may be from ours. Repetitions come within 15 seconds, whether or not they are signed anew."""

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
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class NotWeChat(Exception):
    """Whoever sent this has not proven to be WeChat, or it is not for this account. Says why, and nothing of it."""


class _Prp(PrpCrypto):  # type: ignore[misc]  # wechatpy has no types
    """wechatpy's, with randomness that cannot be foretold: the vector is fixed, so the first 16 bytes are the salt."""

    def get_random_string(self) -> bytes:
        return secrets.token_bytes(16)


class Gate:
    """Checks what comes, seals what goes."""

    def __init__(self, settings: WeChatSettings) -> None:
        self._mode = settings.mode
        self._token = settings.token.reveal()
        self._crypto = (
            None
            if settings.mode is Mode.PLAIN
            else WeChatCrypto(self._token, settings.aes_key.reveal(), settings.app_id)
        )

    def check(self, query: Mapping[str, str], now: datetime) -> None:
        """See that an address was signed by WeChat, just now.

        Raises:
            NotWeChat: It was not.
        """
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        self._compare(query.get("signature", ""), timestamp, nonce)
        if not timestamp.isdecimal() or len(timestamp) > 12 or not 1 <= len(nonce) <= 64:  # noqa: PLR2004 - seconds
            raise NotWeChat("no time")
        if abs(datetime.fromtimestamp(int(timestamp), UTC) - now) > FRESH:
            raise NotWeChat("too old")

    def open(self, query: Mapping[str, str], body: bytes) -> str:
        """The XML in a body whose address has been checked.

        Where messages are to come encrypted, the plain copy beside the cipher is not looked at, and a message without
        cipher is none: the address's signature says nothing about the body.

        Raises:
            NotWeChat: Not encrypted as it should be, by another key, for another account, or no XML.
        """
        try:
            if self._crypto is None:
                return body.decode()
            if query.get("encrypt_type") != "aes":
                raise NotWeChat("not encrypted")
            cipher = xmltodict.parse(body)["xml"]["Encrypt"]
            timestamp, nonce, signature = query["timestamp"], query["nonce"], query["msg_signature"]
            self._compare(signature, timestamp, nonce, cipher)
            return str(self._crypto.decrypt_message({"Encrypt": cipher}, signature, timestamp, nonce))
        except UNREADABLE:
            raise NotWeChat("unreadable") from None

    def close(self, reply: str, now: datetime) -> str:
        """A reply as the body of an answer."""
        if self._crypto is None:
            return reply
        nonce = secrets.token_hex(8)
        sealed: str = self._crypto._encrypt_message(reply, nonce, str(int(now.timestamp())), _Prp)  # noqa: SLF001
        return sealed

    def _compare(self, signature: str, *signed: str) -> None:
        signer = WeChatSigner()
        signer.add_data(self._token, *signed)
        if not hmac.compare_digest(signer.signature.encode(), signature.encode()):
            raise NotWeChat("signature")


def text_reply(text: str, *, to: str, account: str, now: datetime) -> str:
    """A text as the XML of a reply. What XML cannot hold is left out; ``]]>`` would end it early."""
    safe = _NO_XML.sub("", text).replace("]]>", "]]]]><![CDATA[>")
    reply = TextReply(source=account, target=to, content=safe, time=int(now.timestamp()))
    return str(reply.render())
