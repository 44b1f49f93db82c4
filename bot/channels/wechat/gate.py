"""Who may come in, and what is said behind the door."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from wechatpy.crypto import PrpCrypto, WeChatCrypto
from wechatpy.replies import TextReply

from bot.channels.tencent.envelope import Envelope, NotWeChat, compare, require_fresh
from bot.channels.wechat.settings import Mode, WeChatSettings

_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Prp(PrpCrypto):  # type: ignore[misc]  # wechatpy has no types
    """wechatpy's, with randomness that cannot be foretold: the vector is fixed, so the first 16 bytes are the salt."""

    def get_random_string(self) -> bytes:
        return secrets.token_bytes(16)


class Gate:
    """Checks what comes, seals what goes."""

    def __init__(self, settings: WeChatSettings) -> None:
        self._token = settings.token.reveal()
        key = settings.aes_key.reveal()
        is_plain = settings.mode is Mode.PLAIN
        self._envelope = None if is_plain else Envelope(self._token, key, settings.app_id)
        self._crypto = None if is_plain else WeChatCrypto(self._token, key, settings.app_id)

    def check(self, query: Mapping[str, str], now: datetime) -> None:
        """See that an address was signed by WeChat, just now.

        Raises:
            NotWeChat: It was not.
        """
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        compare(query.get("signature", ""), self._token, timestamp, nonce)
        require_fresh(query, now)

    def open(self, query: Mapping[str, str], body: bytes) -> str:
        """The XML in a body whose address has been checked.

        Where messages are to come encrypted, the plain copy beside the cipher is not looked at, and a message without
        cipher is none: the address's signature says nothing about the body.

        Raises:
            NotWeChat: Not encrypted as it should be, by another key, for another account, or no XML.
        """
        if self._envelope is None:
            try:
                return body.decode()
            except UnicodeDecodeError:
                raise NotWeChat("unreadable") from None
        if query.get("encrypt_type") != "aes":
            raise NotWeChat("not encrypted")
        return self._envelope.open_body(query, body)

    def close(self, reply: str, now: datetime) -> str:
        """A reply as the body of an answer."""
        if self._crypto is None:
            return reply
        nonce = secrets.token_hex(8)
        sealed: str = self._crypto._encrypt_message(reply, nonce, str(int(now.timestamp())), _Prp)  # noqa: SLF001
        return sealed


def text_reply(text: str, *, to: str, account: str, now: datetime) -> str:
    """A text as the XML of a reply. What XML cannot hold is left out; ``]]>`` would end it early."""
    safe = _NO_XML.sub("", text).replace("]]>", "]]]]><![CDATA[>")
    reply = TextReply(source=account, target=to, content=safe, time=int(now.timestamp()))
    return str(reply.render())
