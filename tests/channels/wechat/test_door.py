"""Who is not WeChat learns nothing, and leaves nothing behind."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx
import pytest

from bot.channels.tencent.envelope import NotWeChat
from bot.channels.wechat.gate import Gate
from bot.channels.wechat.settings import Mode, WeChatSettings
from shop_core.kernel.secret import Secret
from tests.channels.wechat.stage import Stage, a_wechat_shop
from tests.standins.cashier import CashierControl
from tests.standins.wechat import Account, WeChatStandIn, signature

LETTERS: Final = "SELECT count(*) FROM inbox"
XML: Final = (
    "<xml><ToUserName>gh_1</ToUserName><FromUserName>oThief</FromUserName><CreateTime>1</CreateTime>"
    "<MsgType>text</MsgType><Content>hi</Content><MsgId>{}</MsgId></xml>"
)


async def _post(stage: Stage, query: dict[str, str], body: bytes) -> int:
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.post(stage.wechat.webhooks[0], params=query, content=body)
    assert answer.status_code == 200 or not answer.content, "no word to a stranger"
    return answer.status_code


def _sealed(account: Account, xml: str) -> tuple[dict[str, str], bytes]:
    return WeChatStandIn(account).query(xml)


async def test_only_wechat_is_heard(sqlite_url: str, tmp_path: Path, cashier: CashierControl) -> None:
    async with a_wechat_shop(tmp_path, sqlite_url, cashier) as stage:
        account = stage.wechat.account
        query, body = _sealed(account, XML.format(1))
        other_key = "G" + account.aes_key[1:]
        tries = {
            "another token": _sealed(replace(account, token="other"), XML.format(1)),
            "another account": _sealed(replace(account, app_id="wxffffffffffffffff"), XML.format(1)),
            "another key": _sealed(replace(account, aes_key=other_key), XML.format(1)),
            "a bent cipher": (query, body.replace(b"A", b"B", 1)),
            "plain in safe mode": (query, XML.format(1).encode()),
            "plain, and says so": (
                {name: value for name, value in query.items() if name != "encrypt_type"},
                XML.format(1).encode(),
            ),
            "no signature": ({}, body),
            "no cipher's signature": (query | {"msg_signature": ""}, body),
            "no letters of a signature": (query | {"signature": "签名"}, body),
            "no XML": (query, b"{}"),
            "nothing": (query, b""),
            "entities": (query, b'<!DOCTYPE x [<!ENTITY a "b">]><xml><Encrypt>&a;</Encrypt></xml>'),
            "no message": _sealed(account, "<xml><Content>hi</Content></xml>"),
            "nobody": _sealed(account, XML.format(1).replace("oThief", "o:Thief")),
        }
        for ahead_s in (-600, 600):
            stamp = str(int(time.time()) + ahead_s)
            tries[f"{ahead_s} s off"] = stage.wechat.query(XML.format(1), timestamp=stamp)
        assert {name: await _post(stage, *one) for name, one in tries.items()} == dict.fromkeys(tries, 403)
        assert await _post(stage, query, b"x" * 70_000) == 413
        assert await stage.count(LETTERS) == 0
        assert await _post(stage, query, body) == 200
        assert await stage.count(LETTERS) == 1


async def test_a_signature_serves_one_message(
    sqlite_url: str, tmp_path: Path, cashier: CashierControl
) -> None:
    async with a_wechat_shop(tmp_path, sqlite_url, cashier, Account("plain")) as stage:
        query, body = stage.wechat.query(XML.format(1))
        assert await _post(stage, query, body) == 200
        assert await _post(stage, query, body) == 200, "WeChat repeats itself"
        assert await _post(stage, query, XML.format(2).encode()) == 403
        assert await stage.count(LETTERS) == 1
        async with httpx.AsyncClient(trust_env=False) as http:
            echoed = await http.get(stage.wechat.webhooks[0], params=query | {"echostr": "7261"})
            forged = await http.get(
                stage.wechat.webhooks[0], params=query | {"signature": "0" * 40, "echostr": "7261"}
            )
        assert (echoed.status_code, echoed.text) == (200, "7261")
        assert (forged.status_code, forged.text) == (403, "")
        # What concerns nobody is heard and forgotten.
        report = (
            XML.format(3).replace("text", "event").replace("<Content>hi</Content>", "<Event>VIEW</Event>")
        )
        assert await _post(stage, *stage.wechat.query(report)) == 200
        assert await stage.count(LETTERS) == 1
        person = stage.wechat.follower("oThief")
        assert await person.do("unsubscribe") is None
        await stage.until("SELECT count(*) FROM identities WHERE unreachable_since IS NOT NULL", 1)
        assert await person.do("subscribe", "qrscene_help") is not None
        assert "帮助" in (person.shown[-1] or "")
        assert "看不到" in (await person.send_picture() or "")
        await stage.until("SELECT count(*) FROM identities WHERE unreachable_since IS NOT NULL", 0)


@pytest.mark.parametrize("wrong", ["x", "签", signature("AAAAA", "1714037059", "486452657")])
def test_the_documents_signature_is_ours(wrong: str) -> None:
    nothing = Secret("")
    gate = Gate(WeChatSettings("wx", "wx0", nothing, Secret("AAAAA"), nothing, mode=Mode.PLAIN))
    query = {"timestamp": "1714037059", "nonce": "486452656"}
    now = datetime.fromtimestamp(1714037059, UTC)
    gate.check(query | {"signature": "899cf89e464efb63f54ddac96b0a0a235f53aa78"}, now)
    with pytest.raises(NotWeChat):
        gate.check(query | {"signature": wrong}, now)
