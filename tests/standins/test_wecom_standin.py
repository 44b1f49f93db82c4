"""The WeCom stand-in, and the shop, prove themselves by the example that WeCom published."""

from __future__ import annotations

from typing import Final

from bot.channels.tencent.envelope import Envelope
from tests.standins.wecom import Cipher, signature

TOKEN: Final = "QDG6eK"
KEY: Final = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
CORP: Final = "wx5823bf96d3bd56c7"
ECHO: Final = "P9nAzCzyDtyTWESHep1vC5X9xho/qYX3Zpb4yKa9SKld1DsH3Iyt3tP3zNdtp+4RPcs8TgAE7OaBO+FZXvnaqQ=="
QUERY: Final = {
    "msg_signature": "5c45ff5e21c57e6ad56bac8758b79b1d9ac89fd3",
    "timestamp": "1409659589",
    "nonce": "263014780",
}
"""From WeCom's own samples of its message encryption, 验证回调URL."""


def test_the_signature_and_the_echo_are_those_of_wecoms_sample() -> None:
    assert signature(TOKEN, QUERY["timestamp"], QUERY["nonce"], ECHO) == QUERY["msg_signature"]
    envelope = Envelope(TOKEN, KEY, CORP)
    assert envelope.open(QUERY, ECHO) == "1616140317555161061"
    sealed = Cipher(KEY, CORP).encrypt("收到 ]]> 😀")
    signed = {
        **QUERY,
        "msg_signature": signature(TOKEN, QUERY["timestamp"], QUERY["nonce"], sealed),
    }
    assert envelope.open(signed, sealed) == "收到 ]]> 😀"
