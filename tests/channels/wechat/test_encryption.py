"""Our encryption against two others', recorded once: each opens what the other sealed.

``tests/data/wechat_vectors.mjs`` says how they were made, and makes them again.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import pytest

from bot.channels.tencent.envelope import NotWeChat
from bot.channels.wechat.gate import Gate
from bot.channels.wechat.settings import Mode, WeChatSettings
from shop_core.kernel.secret import Secret

RECORDED: Final[Mapping[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "data" / "wechat_vectors.json").read_text("utf-8")
)
VECTORS: Final[list[Mapping[str, str]]] = RECORDED["vectors"]


def _gate(app_id: str = RECORDED["app_id"]) -> Gate:
    token, key = Secret(RECORDED["token"]), Secret(RECORDED["key"])
    return Gate(WeChatSettings("wx", app_id, Secret(""), token, key, mode=Mode.SAFE))


def _open(gate: Gate, vector: Mapping[str, str]) -> str:
    query = {
        "timestamp": RECORDED["timestamp"],
        "nonce": RECORDED["nonce"],
        "encrypt_type": "aes",
        "msg_signature": vector["signature"],
    }
    return gate.open(query, f"<xml><Encrypt><![CDATA[{vector['cipher']}]]></Encrypt></xml>".encode())


@pytest.mark.parametrize("vector", VECTORS)
def test_what_others_sealed_opens(vector: Mapping[str, str]) -> None:
    assert _open(_gate(), vector) == vector["text"]
    with pytest.raises(NotWeChat):
        _open(_gate("wx2c2769f8efd9abc3"), vector)


@pytest.mark.parametrize("vector", VECTORS)
def test_what_we_seal_is_what_others_opened(
    vector: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "token_bytes", lambda _: bytes.fromhex(vector["salt"]))
    monkeypatch.setattr(secrets, "token_hex", lambda _: RECORDED["nonce"])
    now = datetime.fromtimestamp(int(RECORDED["timestamp"]), UTC)
    sealed = ET.fromstring(_gate().close(vector["text"], now))  # noqa: S314 - our own
    assert {part.tag: part.text for part in sealed} == {
        "Encrypt": vector["cipher"],
        "MsgSignature": vector["signature"],
        "TimeStamp": RECORDED["timestamp"],
        "Nonce": RECORDED["nonce"],
    }


def test_two_implementations_were_asked() -> None:
    assert {vector["tool"] for vector in VECTORS} == {"wechat-crypto 0.0.2", "@wecom/crypto 1.0.1"}
