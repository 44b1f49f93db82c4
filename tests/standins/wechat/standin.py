"""Brings messages to the shop and waits five seconds; gives tokens, takes pushes and counts them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.standins.listening import listening
from tests.standins.wechat.crypto import Cipher, signature

SAID: Final = (5, 48 * 3600.0)
TOUCHED: Final = (3, 60.0)
LARGEST_REPLY: Final = 2048
"""Bytes of a text."""
TEMPLATE: Final = "ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY"
"""The one template that the account has."""
_ids = count(6054768590064713728)


@dataclass(frozen=True, slots=True)
class Account:
    """What WeChat's console knows of an account.

    Attributes:
        mode: 明文 ``plain``, 兼容 ``compatible``, 安全 ``safe``.
    """

    mode: str = "safe"
    app_id: str = "wx0123456789abcdef"
    secret: str = "0123456789abcdef0123456789abcdef"
    token: str = "spamtest"
    aes_key: str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
    original_id: str = "gh_10f6c3c3ac5a"

    @property
    def cipher(self) -> Cipher:
        return Cipher(self.aes_key, self.app_id)


@dataclass(frozen=True, slots=True)
class Push:
    """A message that reached a person.

    Attributes:
        items: What may be touched in it; in the text each stands in ‹…›.
        picture: Or it is one.
    """

    openid: str
    text: str
    items: tuple[str, ...] = ()
    picture: bytes | None = None


@dataclass
class _Quota:
    left: int = 0
    until: float = 0.0


@dataclass
class WeChatStandIn:
    """One account's WeChat.

    Attributes:
        webhooks: Where the shop's processes are; each request goes to the next of them, as behind a balancer.
        patience_s: After so long WeChat hangs up and asks again.
        repeats: How often it asks again.
        faults: What becomes of the next calls: an error code, ``half`` (done, but no JSON), ``slow``,
            ``hang``, ``drip``, ``down``.
        ahead_s: How far WeChat's clock is ahead.
    """

    account: Account
    webhooks: list[str] = field(default_factory=list)
    patience_s: float = 5.0
    repeats: int = 3
    faults: list[int | str] = field(default_factory=list)
    ahead_s: float = 0.0
    hangs_s: float = 30.0
    base_url: str = ""
    pushes: list[Push] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    token_calls: list[bool] = field(default_factory=list)
    send_calls: int = 0
    menu: list[dict[str, Any]] | None = None
    scenes: list[str] = field(default_factory=list)
    has_menus: bool = True
    media: dict[str, bytes] = field(default_factory=dict)
    uploads: int = 0
    told: dict[str, tuple[str, Mapping[str, str]]] = field(default_factory=dict)
    menu_calls: list[str] = field(default_factory=list)
    requests: int = 0
    said: dict[str, _Quota] = field(default_factory=dict)
    touched: dict[str, _Quota] = field(default_factory=dict)
    _next: Any = field(default_factory=count)

    def now(self) -> float:
        return time.time() + self.ahead_s

    def follower(self, openid: str = "") -> Follower:
        return Follower(self, openid or f"o{secrets.token_hex(13)}A")

    def forget_tokens(self) -> None:
        """All tokens end at once, as when somebody fetches another one elsewhere."""
        self.tokens.clear()

    # ------------------------------------------------------------------------------------------ what it brings

    async def bring(self, fields: Mapping[str, str | int]) -> Response | None:
        """Tell the shop, again and again if it does not answer in time. None: it never did, or with no success."""
        xml = _xml(fields)
        async with httpx.AsyncClient(trust_env=False, timeout=self.patience_s) as http:
            for _ in range(1 + self.repeats):
                address = self.webhooks[next(self._next) % len(self.webhooks)]
                self.requests += 1
                query, body = self.query(xml)
                with contextlib.suppress(httpx.TransportError):
                    answer = await http.post(address, params=query, content=body)
                    if answer.status_code == 200:
                        return Response(answer.content)
        return None

    def query(self, xml: str, **changed: str) -> tuple[dict[str, str], bytes]:
        """Address and body for a message, signed as the mode wants it."""
        account = self.account
        stamp = changed.get("timestamp", str(int(self.now())))
        nonce = changed.get("nonce", str(secrets.randbelow(10**9)))
        query = {"signature": signature(account.token, stamp, nonce), "timestamp": stamp, "nonce": nonce}
        if account.mode == "plain":
            return query, xml.encode()
        sealed = account.cipher.encrypt(xml)
        query |= {"encrypt_type": "aes", "msg_signature": signature(account.token, stamp, nonce, sealed)}
        cipher = f"<Encrypt><![CDATA[{sealed}]]></Encrypt>"
        if account.mode == "compatible":
            return query, xml.replace("</xml>", f"{cipher}</xml>").encode()
        return query, f"<xml><ToUserName><![CDATA[x]]></ToUserName>{cipher}</xml>".encode()

    def read(self, body: bytes, openid: str) -> str | None:
        """What the person sees of an answer: None for ``success`` or nothing.

        Raises:
            AssertionError: WeChat would show that the account is out of order.
        """
        if body in {b"", b"success"}:
            return None
        root = ET.fromstring(body)  # noqa: S314 - the shop under test is no stranger
        sealed = root.findtext("Encrypt")
        if sealed is not None:
            parts = (root.findtext("TimeStamp") or "", root.findtext("Nonce") or "", sealed)
            assert root.findtext("MsgSignature") == signature(self.account.token, *parts)
            root = ET.fromstring(self.account.cipher.decrypt(sealed))  # noqa: S314 - as above
        elif self.account.mode == "safe":
            raise AssertionError("a plain answer in safe mode")
        assert root.findtext("MsgType") == "text"
        assert root.findtext("ToUserName") == openid
        assert root.findtext("FromUserName") == self.account.original_id
        text = root.findtext("Content") or ""
        assert len(text.encode()) <= LARGEST_REPLY, "too long"
        return text

    # ------------------------------------------------------------------------------------------ what it is asked

    async def stable_token(self, request: Request) -> Response:
        asked = await request.json()
        if (asked.get("appid"), asked.get("secret")) != (self.account.app_id, self.account.secret):
            return JSONResponse({"errcode": 40125, "errmsg": "invalid appsecret"})
        self.token_calls.append(bool(asked.get("force_refresh")))
        if not self.tokens or asked.get("force_refresh"):
            self.tokens.append(secrets.token_urlsafe(60))
        return JSONResponse({"access_token": self.tokens[-1], "expires_in": 7200})

    async def answer(self, request: Request) -> Response:
        """Anything but tokens: with a good token, and as it is told to fail."""
        what = request.url.path.removeprefix("/cgi-bin/")
        self.send_calls += what == "message/custom/send"
        if request.query_params.get("access_token") not in self.tokens[-1:]:
            return JSONResponse({"errcode": 40001, "errmsg": "invalid credential, access_token is invalid"})
        fault = self.faults.pop(0) if self.faults else 0
        if isinstance(fault, int):
            said = {"errcode": fault, "errmsg": "on demand"}
            return JSONResponse(said) if fault else await self._do(what, request)
        if fault in {"hang", "slow"}:
            await asyncio.sleep(self.hangs_s if fault == "hang" else 0.5)
        if fault == "drip":
            return StreamingResponse(self._drip())
        if fault == "down":
            return Response(status_code=502)
        done = await self._do(what, request)
        return Response(b'{"errcode"', media_type="application/json") if fault == "half" else done

    async def _do(self, what: str, request: Request) -> Response:
        if what.startswith("menu/"):
            return await self._menu(what.removeprefix("menu/"), request)
        others = {
            "qrcode/create": self._qrcode,
            "media/upload": self._upload,
            "message/template/send": self._template,
        }
        return await others.get(what, self._send)(request)

    async def _drip(self) -> AsyncIterator[bytes]:
        """A byte now and then, and never all of them."""
        for _ in range(int(self.hangs_s * 5)):
            yield b" "
            await asyncio.sleep(0.2)

    async def _menu(self, what: str, request: Request) -> Response:
        self.menu_calls.append(what)
        if what == "get":
            if self.menu is None:
                return JSONResponse({"errcode": 46003, "errmsg": "menu no exist"})
            return JSONResponse({"menu": {"button": _with_lists(self.menu), "menuid": 1}})
        if what == "delete":
            self.menu = None
            return JSONResponse({"errcode": 0, "errmsg": "ok"})
        buttons = (await request.json())["button"]
        if not 1 <= len(buttons) <= 3 or any(len(one.get("sub_button", [])) > 5 for one in buttons):
            return JSONResponse({"errcode": 40016, "errmsg": "invalid button size"})
        if any(len(one["name"].encode()) > 16 for one in buttons):
            return JSONResponse({"errcode": 40018, "errmsg": "invalid button name size"})
        self.menu = buttons
        return JSONResponse({"errcode": 0, "errmsg": "ok"})

    async def _qrcode(self, request: Request) -> Response:
        asked = await request.json()
        scene = asked["action_info"]["scene"]["scene_str"]
        if asked["action_name"] != "QR_LIMIT_STR_SCENE" or not 1 <= len(scene) <= 64:
            return JSONResponse({"errcode": 40053, "errmsg": "invalid action info"})
        self.scenes.append(scene)
        return JSONResponse({"ticket": f"gQ{scene}", "url": f"http://weixin.qq.com/q/{scene}"})

    async def _send(self, request: Request) -> Response:
        asked = json.loads(await request.body())
        push = self._read_push(asked)
        if isinstance(push, int):
            return JSONResponse({"errcode": push, "errmsg": "refused"})
        if not self._spend(asked["touser"]):
            return JSONResponse({"errcode": 45047, "errmsg": "out of response count limit"})
        self.pushes.append(push)
        return JSONResponse({"errcode": 0, "errmsg": "ok"})

    def _read_push(self, asked: Mapping[str, Any]) -> Push | int:
        openid = asked["touser"]
        match asked["msgtype"]:
            case "text":
                return self._text(Push(openid, asked["text"]["content"]))
            case "msgmenu" if not self.has_menus:
                return 40200
            case "msgmenu":
                menu = asked["msgmenu"]
                items = tuple(one["content"] for one in menu["list"])
                touchable = "\n".join(f"‹{item}›" for item in items)
                text = "\n".join((menu["head_content"], touchable, menu["tail_content"]))
                return self._text(Push(openid, text, items))
            case _:
                media = self.media.get(asked["image"]["media_id"])
                return 40007 if media is None else Push(openid, "", picture=media)

    def _text(self, push: Push) -> Push | int:
        return 45002 if len(push.text.encode()) > LARGEST_REPLY else push

    async def _upload(self, request: Request) -> Response:
        async with request.form() as form:
            media = form["media"]
            assert not isinstance(media, str)
            content = await media.read()
        if request.query_params.get("type") != "image" or not content.startswith(b"\x89PNG"):
            return JSONResponse({"errcode": 40004, "errmsg": "invalid media type"})
        self.uploads += 1
        self.media[f"media{self.uploads}"] = content
        return JSONResponse({"type": "image", "media_id": f"media{self.uploads}", "created_at": 1})

    async def _template(self, request: Request) -> Response:
        asked = await request.json()
        if asked["template_id"] != TEMPLATE:
            return JSONResponse({"errcode": 40037, "errmsg": "invalid template_id"})
        values = {field: value["value"] for field, value in asked["data"].items()}
        if any(not value or len(value) > 20 for value in values.values()):
            return JSONResponse({"errcode": 47003, "errmsg": "argument invalid"})
        if asked["client_msg_id"] not in self.told:
            self.told[asked["client_msg_id"]] = (asked["touser"], values)
        return JSONResponse({"errcode": 0, "errmsg": "ok", "msgid": 200228332})

    def allow(self, openid: str, *, touched: bool) -> None:
        most, lasts = TOUCHED if touched else SAID
        (self.touched if touched else self.said)[openid] = _Quota(most, self.now() + lasts)

    def use_up(self, openid: str) -> None:
        """Let nothing more be pushed to somebody before he writes again."""
        for quotas in (self.said, self.touched):
            quotas.pop(openid, None)

    def _spend(self, openid: str) -> bool:
        open_ones = [
            quota
            for quotas in (self.said, self.touched)
            if (quota := quotas.get(openid)) is not None and quota.until > self.now()
        ]
        if not any(quota.left for quota in open_ones):
            return False
        for quota in open_ones:
            quota.left = max(0, quota.left - 1)
        return True

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[WeChatStandIn]:
        """The API on a free port of loopback."""
        app = Starlette(
            routes=[
                Route("/cgi-bin/stable_token", self.stable_token, methods=["POST"]),
                Route("/cgi-bin/message/custom/send", self.answer, methods=["POST"]),
                Route("/cgi-bin/menu/create", self.answer, methods=["POST"]),
                Route("/cgi-bin/qrcode/create", self.answer, methods=["POST"]),
                Route("/cgi-bin/media/upload", self.answer, methods=["POST"]),
                Route("/cgi-bin/message/template/send", self.answer, methods=["POST"]),
                Route("/cgi-bin/menu/get", self.answer),
                Route("/cgi-bin/menu/delete", self.answer),
            ]
        )
        async with listening(app) as self.base_url:
            yield self


@dataclass
class Follower:
    """A person with WeChat on his phone."""

    wechat: WeChatStandIn
    openid: str
    shown: list[str | None] = field(default_factory=list)

    @property
    def pushes(self) -> Sequence[str]:
        return [push.text for push in self.wechat.pushes if push.openid == self.openid and push.text]

    @property
    def pictures(self) -> Sequence[bytes]:
        return [push.picture for push in self.wechat.pushes if push.openid == self.openid and push.picture]

    async def touch(self, item: str) -> str | None:
        """Touch what was pushed."""
        assert any(item in push.items for push in self.wechat.pushes if push.openid == self.openid)
        self.wechat.allow(self.openid, touched=True)
        fields = {**self._from("text"), "Content": item, "MsgId": next(_ids), "bizmsgmenuid": "1"}
        return await self._bring(fields)

    async def say(self, text: str, *, message_id: int | None = None) -> str | None:
        """Write something: what the account answers within five seconds, or None."""
        self.wechat.allow(self.openid, touched=False)
        fields = {**self._from("text"), "Content": text, "MsgId": message_id or next(_ids)}
        return await self._bring(fields)

    async def send_picture(self) -> str | None:
        self.wechat.allow(self.openid, touched=False)
        media: dict[str, str | int] = {
            "PicUrl": "http://mmbiz.example/0",
            "MediaId": "media",
            "MsgId": next(_ids),
        }
        return await self._bring({**self._from("image"), **media})

    async def do(self, event: str, key: str = "") -> str | None:
        """Follow, scan, touch a menu, leave."""
        if event in {"subscribe", "SCAN", "CLICK"}:
            self.wechat.allow(self.openid, touched=True)
        return await self._bring({**self._from("event"), "Event": event, "EventKey": key})

    async def _bring(self, fields: Mapping[str, str | int]) -> str | None:
        answer = await self.wechat.bring(fields)
        assert answer is not None, "该公众号提供的服务出现故障，请稍后再试"
        text = self.wechat.read(bytes(answer.body), self.openid)
        self.shown.append(text)
        return text

    def _from(self, kind: str) -> dict[str, str | int]:
        return {
            "ToUserName": self.wechat.account.original_id,
            "FromUserName": self.openid,
            "CreateTime": int(self.wechat.now()),
            "MsgType": kind,
        }


def _with_lists(buttons: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Buttons as menu/get shows them: with a list below each, empty or not."""
    return [{**one, "sub_button": _with_lists(one.get("sub_button", []))} for one in buttons]


def _xml(fields: Mapping[str, str | int]) -> str:
    """As WeChat writes it: numbers bare, texts as CDATA."""
    parts = [f"<{name}>{_value(value)}</{name}>" for name, value in fields.items()]
    return f"<xml>{''.join(parts)}</xml>"


def _value(value: str | int) -> str:
    if isinstance(value, int):
        return str(value)
    return escape(value) if "]]>" in value else f"<![CDATA[{value}]]>"
