"""Says that there is something to pull, lets it be pulled, takes messages and counts them, and has agents."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final
from urllib.parse import quote

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.standins.listening import listening
from tests.standins.wecom.crypto import Cipher, signature

MOST, LASTS_S = 5, 48 * 3600.0
LONGEST_TEXT: Final = 2048
HINT_LASTS_S: Final = 600.0
EVENT_LASTS_S: Final = 20.0
NEW, OURS, POOL, AGENT, OVER = range(5)
_MAY_GO: Final = {
    NEW: {OURS, POOL, AGENT, OVER},
    OURS: {POOL, AGENT, OVER},
    POOL: {AGENT, OVER},
    AGENT: {AGENT, OVER},
}
_MSGID: Final = re.compile(r"[0-9a-zA-Z_-]{1,32}")
_TAKEN_ID: Final = 40099
"""What a ``msgid`` that comes again is refused with: WeCom's documents do not say."""


@dataclass(frozen=True, slots=True)
class Account:
    """What WeCom's console knows of a company and its account."""

    corp_id: str = "ww0123456789abcdef"
    secret: str = "0123456789abcdef0123456789abcdef-corp"
    token: str = "kfCallbackToken"
    aes_key: str = "ZYXWVUTSRQPONMLKJIHGFEDCBA9876543210zyxwvut"
    open_kfid: str = "wkAJ2GCAAAZSfhHCt7IFSvLKtMPxyJTw"
    agents: tuple[str, ...] = ("zhangsan", "lisi")

    @property
    def cipher(self) -> Cipher:
        return Cipher(self.aes_key, self.corp_id)


@dataclass(frozen=True, slots=True)
class Shown:
    """What reached a customer from the shop.

    Attributes:
        items: What may be touched; in the text each stands in ‹…›.
        media: Or a picture or file: its type, name and content.
        on_event: It answered an event, and did not count.
    """

    person: str
    msgid: str
    text: str = ""
    items: tuple[str, ...] = ()
    media: tuple[str, str, bytes] | None = None
    on_event: bool = False


@dataclass
class _Session:
    state: int = NEW
    agent: str = ""
    left: int = 0
    until: float = 0.0


@dataclass
class WeComStandIn:
    """One company's WeCom, with one customer service account.

    Attributes:
        webhooks: Where the shop's processes are; each callback goes to the next of them.
        calls_back: Whether it tells at all.
        per_page: At most so many at a time, whatever is asked for.
        faults: What becomes of the next calls but those for tokens: an error code, ``half`` (done, but no JSON), ``down``.
        has_pool: Whether anybody can be waited for.
    """

    account: Account
    webhooks: list[str] = field(default_factory=list)
    calls_back: bool = True
    per_page: int = 1000
    faults: dict[str, list[int | str]] = field(default_factory=dict)
    has_pool: bool = True
    has_menus: bool = True
    base_url: str = ""
    entries: list[dict[str, Any]] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    sessions: dict[str, _Session] = field(default_factory=dict)
    tokens: list[str] = field(default_factory=list)
    hints: dict[str, float] = field(default_factory=dict)
    codes: dict[str, tuple[str, float]] = field(default_factory=dict)
    msgids: set[str] = field(default_factory=set)
    media: dict[str, tuple[str, str, bytes]] = field(default_factory=dict)
    pulled: list[tuple[str, bool]] = field(default_factory=list)
    uploads: int = 0
    asked: list[str] = field(default_factory=list)
    before_page: asyncio.Event | None = None
    _next: Any = field(default_factory=count)

    def customer(self, person: str = "") -> Customer:
        return Customer(self, person or f"wm{secrets.token_hex(14)}")

    def session(self, person: str) -> _Session:
        return self.sessions.setdefault(person, _Session())

    # ------------------------------------------------------------------------------------------ what it tells

    async def put(self, entry: Mapping[str, Any]) -> str:
        """Something happened: it may be pulled from now on, and the shop is told so."""
        msgid = secrets.token_urlsafe(24)
        base = {"msgid": msgid, "open_kfid": self.account.open_kfid, "send_time": int(time.time())}
        self.entries.append({**base, **entry})
        if self.calls_back:
            await self.call_back()
        return msgid

    async def call_back(self, *, hint: str | None = None) -> int:
        """Tell the shop; what it answered."""
        token = hint or secrets.token_urlsafe(30)
        self.hints.setdefault(token, time.time() + HINT_LASTS_S)
        account = self.account
        xml = (
            f"<xml><ToUserName><![CDATA[{account.corp_id}]]></ToUserName><CreateTime>{int(time.time())}</CreateTime>"
            "<MsgType><![CDATA[event]]></MsgType><Event><![CDATA[kf_msg_or_event]]></Event>"
            f"<Token><![CDATA[{token}]]></Token><OpenKfId><![CDATA[{account.open_kfid}]]></OpenKfId></xml>"
        )
        query, body = self.envelope(xml)
        address = self.webhooks[next(self._next) % len(self.webhooks)]
        async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
            return (await http.post(address, params=query, content=body)).status_code

    def envelope(self, xml: str, **changed: str) -> tuple[dict[str, str], bytes]:
        """Address and body of a callback."""
        cipher = self.account.cipher.encrypt(xml)
        query = self.signed(cipher, **changed)
        to = f"<ToUserName><![CDATA[{self.account.corp_id}]]></ToUserName><AgentID><![CDATA[]]></AgentID>"
        return query, f"<xml>{to}<Encrypt><![CDATA[{cipher}]]></Encrypt></xml>".encode()

    def signed(self, cipher: str, **changed: str) -> dict[str, str]:
        stamp = changed.get("timestamp", str(int(time.time())))
        nonce = changed.get("nonce", str(secrets.randbelow(10**9)))
        sign = signature(self.account.token, stamp, nonce, cipher)
        return {"msg_signature": sign, "timestamp": stamp, "nonce": nonce}

    async def verify_address(self, address: str) -> bool:
        """As the console does before it takes an address: by an echo that only the shop can read."""
        echo = str(secrets.randbelow(10**18))
        cipher = self.account.cipher.encrypt(echo)
        query = {**self.signed(cipher), "echostr": cipher}
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.get(address, params=query)
        return answer.status_code == 200 and answer.text == echo

    # ------------------------------------------------------------------------------------------ agents

    async def agent_takes(self, person: str, agent: str = "zhangsan") -> None:
        session = self.session(person)
        session.state, session.agent = AGENT, agent
        await self.put(self._session_event(person, {"change_type": 1, "new_servicer_userid": agent}))

    async def agent_says(self, person: str, text: str) -> str:
        session = self.session(person)
        assert session.state == AGENT
        said = {"origin": 5, "servicer_userid": session.agent, "external_userid": person}
        return await self.put({**said, "msgtype": "text", "text": {"content": text}})

    async def agent_ends(self, person: str, *, tells: bool = True) -> None:
        session = self.session(person)
        old, session.state, session.agent = session.agent, OVER, ""
        if tells:
            ended = {"change_type": 3, "old_servicer_userid": old, "msg_code": self._code(person)}
            await self.put(self._session_event(person, ended))

    def _session_event(self, person: str, about: Mapping[str, Any]) -> dict[str, Any]:
        event = {"event_type": "session_status_change", "external_userid": person, **about}
        return self.event(event)

    def event(self, event: Mapping[str, Any]) -> dict[str, Any]:
        return {"origin": 4, "msgtype": "event", "event": {"open_kfid": self.account.open_kfid, **event}}

    def _code(self, person: str) -> str:
        code = secrets.token_urlsafe(12)
        self.codes[code] = (person, time.time() + EVENT_LASTS_S)
        return code

    async def lose(self, shown: Shown, fail_type: int) -> None:
        """A message that was taken does not arrive."""
        self.shown.remove(shown)
        lost = {"event_type": "msg_send_fail", "external_userid": shown.person}
        await self.put(self.event({**lost, "fail_msgid": shown.msgid, "fail_type": fail_type}))

    # ------------------------------------------------------------------------------------------ what it is asked

    async def gettoken(self, request: Request) -> Response:
        query = request.query_params
        if (query.get("corpid"), query.get("corpsecret")) != (self.account.corp_id, self.account.secret):
            return _refusal(40001)
        if not self.tokens:
            self.tokens.append(secrets.token_urlsafe(120))
        return JSONResponse(
            {"errcode": 0, "errmsg": "ok", "access_token": self.tokens[-1], "expires_in": 7200}
        )

    def forget_tokens(self) -> None:
        """All tokens end before their time, as WeCom may let them."""
        self.tokens.clear()

    async def answer(self, request: Request) -> Response:
        what = request.url.path.removeprefix("/cgi-bin/")
        self.asked.append(what)
        token = request.query_params.get("access_token")
        if token is None or token not in self.tokens:
            return _refusal(40014 if len(self.asked) % 2 else 42001)
        faults = self.faults.get(what, [])
        fault = faults.pop(0) if faults else 0
        if isinstance(fault, int) and fault:
            return _refusal(fault)
        if fault == "down":
            return Response(status_code=502)
        done = await {
            "kf/sync_msg": self._sync,
            "kf/send_msg": self._send,
            "kf/send_msg_on_event": self._send_on_event,
            "kf/service_state/get": self._state,
            "kf/service_state/trans": self._trans,
            "media/upload": self._upload,
            "media/get": self._media,
        }[what](request)
        return Response(b'{"errcode"', media_type="application/json") if fault == "half" else done

    async def _sync(self, request: Request) -> Response:
        asked = await request.json()
        assert asked["open_kfid"] == self.account.open_kfid
        assert 1 <= asked["limit"] <= 1000
        hint = asked.get("token")
        if hint is not None and self.hints.get(hint, 0) < time.time():
            return _refusal(95007)
        cursor = asked.get("cursor", "")
        self.pulled.append((cursor, hint is not None))
        begin = int(cursor.removeprefix("c")) if cursor else 0
        end = min(begin + min(asked["limit"], self.per_page), len(self.entries))
        page = self.entries[begin:end]
        if self.before_page is not None:
            await self.before_page.wait()
        more = int(end < len(self.entries))
        return JSONResponse(
            {"errcode": 0, "errmsg": "ok", "next_cursor": f"c{end}", "has_more": more, "msg_list": page}
        )

    async def _send(self, request: Request) -> Response:
        asked = json.loads(await request.body())
        assert asked["open_kfid"] == self.account.open_kfid
        session = self.sessions.get(asked["touser"])
        if session is None:
            return _refusal(40096)
        return self._say(asked["touser"], asked, session)

    def _say(self, person: str, asked: Mapping[str, Any], session: _Session | None) -> Response:
        msgid = asked.get("msgid") or secrets.token_hex(16)
        assert _MSGID.fullmatch(msgid), msgid
        if msgid in self.msgids:
            return _refusal(_TAKEN_ID)
        shown = self._read(person, msgid, asked, on_event=session is None)
        if isinstance(shown, int):
            return _refusal(shown)
        if session is not None:
            if session.state not in {NEW, OURS}:
                return _refusal(95018)
            if session.until < time.time():
                return _refusal(95002)
            if not session.left:
                return _refusal(95001)
            session.left -= 1
        self.msgids.add(msgid)
        self.shown.append(shown)
        return JSONResponse({"errcode": 0, "errmsg": "ok", "msgid": msgid})

    def _read(self, person: str, msgid: str, asked: Mapping[str, Any], *, on_event: bool) -> Shown | int:
        kind = asked["msgtype"]
        if kind == "text":
            text = asked["text"]["content"]
            if not text or len(text.encode()) > LONGEST_TEXT:
                return 40058
            return Shown(person, msgid, text, on_event=on_event)
        if kind == "msgmenu":
            menu = asked["msgmenu"]
            items = tuple(one["click"]["content"] for one in menu["list"] if one["type"] == "click")
            parts = (menu["head_content"], menu["tail_content"])
            too_long = any(len(part.encode()) > 1024 for part in parts) or any(
                len(one.encode()) > 128 for one in items
            )
            if not self.has_menus or too_long or not 1 <= len(items) <= 10:
                return 95008
            text = "\n".join((menu["head_content"], *(f"‹{item}›" for item in items), menu["tail_content"]))
            return Shown(person, msgid, text, items, on_event=on_event)
        if kind not in {"image", "file"} or on_event:
            return 40008
        media = self.media.get(asked[kind]["media_id"])
        return 40007 if media is None or media[0] != kind else Shown(person, msgid, media=media)

    async def _send_on_event(self, request: Request) -> Response:
        asked = json.loads(await request.body())
        person, until = self.codes.pop(asked["code"], ("", 0.0))
        if until < time.time():
            return _refusal(40058)
        return self._say(person, asked, None)

    async def _state(self, request: Request) -> Response:
        session = self.session((await self._whose(request))["external_userid"])
        return JSONResponse(
            {"errcode": 0, "errmsg": "ok", "service_state": session.state, "servicer_userid": session.agent}
        )

    async def _trans(self, request: Request) -> Response:
        asked = await self._whose(request)
        session, state = self.session(asked["external_userid"]), asked["service_state"]
        agent = asked.get("servicer_userid", "")
        if state not in _MAY_GO.get(session.state, set()):
            return _refusal(95016)
        if state == POOL and not self.has_pool:
            return _refusal(95014)
        if state == AGENT and agent not in self.account.agents:
            return _refusal(95014)
        session.state, session.agent = state, agent
        return JSONResponse({"errcode": 0, "errmsg": "ok", "msg_code": self._code(asked["external_userid"])})

    async def _whose(self, request: Request) -> Mapping[str, Any]:
        asked: Mapping[str, Any] = await request.json()
        assert asked["open_kfid"] == self.account.open_kfid
        return asked

    async def _upload(self, request: Request) -> Response:
        async with request.form() as form:
            media = form["media"]
            assert not isinstance(media, str)
            content, name = await media.read(), media.filename or ""
        kind = request.query_params["type"]
        is_picture = content.startswith((b"\x89PNG", b"\xff\xd8\xff"))
        if len(content) < 5 or (kind == "image") != is_picture:
            return _refusal(40004)
        self.uploads += 1
        return JSONResponse(
            {"errcode": 0, "errmsg": "", "type": kind, "media_id": self.keep(kind, name, content)}
        )

    def keep(self, kind: str, name: str, content: bytes) -> str:
        media_id = f"3{secrets.token_urlsafe(40)}"
        self.media[media_id] = (kind, name, content)
        return media_id

    async def _media(self, request: Request) -> Response:
        media = self.media.get(request.query_params["media_id"])
        if media is None:
            return _refusal(40007)
        disposition = f"attachment; filename=\"{quote(media[1])}\"; filename*=UTF-8''{quote(media[1])}"
        return Response(media[2], headers={"content-disposition": disposition})

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[WeComStandIn]:
        """The API on a free port of loopback."""
        paths = ("sync_msg", "send_msg", "send_msg_on_event", "service_state/get", "service_state/trans")
        app = Starlette(
            routes=[
                Route("/cgi-bin/gettoken", self.gettoken),
                *(Route(f"/cgi-bin/kf/{path}", self.answer, methods=["POST"]) for path in paths),
                Route("/cgi-bin/media/upload", self.answer, methods=["POST"]),
                Route("/cgi-bin/media/get", self.answer),
            ]
        )
        async with listening(app) as self.base_url:
            yield self


@dataclass
class Customer:
    """A person who opened the account's chat in his WeChat."""

    wecom: WeComStandIn
    person: str
    _seen: int = 0

    @property
    def shown(self) -> Sequence[Shown]:
        return [one for one in self.wecom.shown if one.person == self.person]

    @property
    def texts(self) -> Sequence[str]:
        return [one.text for one in self.shown if one.text]

    @property
    def files(self) -> Sequence[tuple[str, str, bytes]]:
        return [one.media for one in self.shown if one.media is not None]

    async def enter(self, scene_param: str = "") -> None:
        """Open the chat."""
        event = {"event_type": "enter_session", "external_userid": self.person, "scene": "shop"}
        event |= {"scene_param": scene_param, "welcome_code": self.wecom._code(self.person)}
        self.wecom.session(self.person)
        await self.wecom.put(self.wecom.event(event))

    async def say(self, text: str) -> str:
        return await self._send({"msgtype": "text", "text": {"content": text}})

    async def touch(self, item: str) -> str:
        """Touch something that was shown."""
        assert any(item in one.items for one in self.shown), item
        return await self._send({"msgtype": "text", "text": {"content": item, "menu_id": "1"}})

    async def send(self, kind: str, content: bytes, name: str = "") -> str:
        media_id = self.wecom.keep(kind, name, content)
        return await self._send({"msgtype": kind, kind: {"media_id": media_id}})

    async def _send(self, said: Mapping[str, Any]) -> str:
        session = self.wecom.session(self.person)
        session.left, session.until = MOST, time.time() + LASTS_S
        if session.state == OVER:
            session.state = NEW
        return await self.wecom.put({"origin": 3, "external_userid": self.person, **said})

    async def hears(self, part: str, *, within_s: float = 15.0) -> str:
        """Wait for a message with these words among those that have not been looked at."""
        async with asyncio.timeout(within_s):
            while True:
                for place, one in enumerate(self.shown[self._seen :], start=self._seen + 1):
                    if part in one.text:
                        self._seen = place
                        return one.text
                await asyncio.sleep(0.02)


def _refusal(code: int) -> Response:
    return JSONResponse({"errcode": code, "errmsg": "on demand"})
