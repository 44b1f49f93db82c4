"""Where WeChat brings what people do, and takes the answer along: proven, stored, answered within five seconds."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.channels.tencent.answers import open_answer
from bot.channels.tencent.envelope import FRESH, NotWeChat
from bot.channels.tencent.numbers import Kind
from bot.channels.wechat.gate import Gate, text_reply
from bot.channels.wechat.parse import Heard, hear
from bot.channels.wechat.settings import WeChatSettings
from bot.web.form import BadForm, read_body, read_once
from handlers.words import Phrases, Words
from shop_core.customers.people import Address, find_customer
from shop_core.db.inbox import store
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.messaging.allowance import allow
from shop_core.messaging.nonces import use_nonce
from shop_core.messaging.passive import TOPIC, expect, find_answer, give_up
from shop_core.vault.vault import Vault

LARGEST: Final = 64 * 1024
"""Bytes. A text has 2,048 at most, three times as many in compatible mode; files do not come along."""
LOOK_EVERY_S: Final = 0.2
"""So often a request looks for an answer that another process may have given."""
_DONE: Final = "success"
"""WeChat's word for: heard, nothing to say, do not repeat it."""

_log = structlog.get_logger(__name__)


class Webhook:
    """The address where WeChat tells one account's messages.

    A message is in the inbox before anything else happens. Whichever worker answers it, in this process or in another, puts
    the answer into a row, where this request takes it from; so does each repetition of the request, wherever it arrives.
    """

    def __init__(self, settings: WeChatSettings, shop: Shop) -> None:
        self._channel = settings.name
        self._patience_s = settings.patience_s
        self._gate = Gate(settings)
        self._shop = shop
        self._log = _log.bind(channel=settings.name)

    def route(self) -> Route:
        """Where the web server hears WeChat."""
        return Route(f"/channels/{self._channel}/webhook", self.receive, methods=["GET", "POST"])

    async def receive(self, request: Request) -> Response:
        """Answer one request. Whoever cannot prove to be WeChat learns nothing, and nothing of his is read."""
        try:
            query = read_once(request.scope["query_string"])
            self._gate.check(query, self._shop.clock.now())
            if request.method == "GET":
                return PlainTextResponse(query.get("echostr", ""))
            heard = hear(self._gate.open(query, await read_body(request, at_most=LARGEST)))
        except BadForm as error:
            return self._refuse(error.status, error.reason)
        except NotWeChat as error:
            return self._refuse(HTTPStatus.FORBIDDEN, str(error))
        if heard is None:
            return PlainTextResponse(_DONE)
        nonce = f"{query['timestamp']}.{query['nonce']}"
        if not await self._shop.write(self._store, heard, nonce):
            return self._refuse(HTTPStatus.FORBIDDEN, "replayed")
        text = None if heard.kind is Kind.GONE else await self._answer(heard)
        return PlainTextResponse(_DONE) if text is None else self._reply(heard, text)

    def _store(self, tx: Tx, heard: Heard, nonce: str) -> bool:
        """Keep a message, and that a request waits for its answer. False: the signature belongs to another message."""
        if not use_nonce(tx, self._channel, nonce, heard.message, lasts=2 * FRESH):
            return False
        place = f"inbox:{self._channel}:{heard.message}"
        payload = self._shop.get(Vault).seal_bytes(heard.model_dump_json().encode(), place=place)
        lane = f"{self._channel}:{heard.person}"
        if store(tx, source=self._channel, external_id=heard.message, lane=lane, payload=payload):
            address = Address(self._channel, heard.person)
            if heard.acts is not None:
                allow(tx, address, heard.acts)
            if heard.kind is not Kind.GONE:
                expect(tx, address, heard.message)
        return True

    async def _answer(self, heard: Heard) -> str | None:
        """Wait for the answer, or say that it takes longer. None: it was answered long ago."""
        now = asyncio.get_running_loop().time
        deadline = now() + self._patience_s
        signals = self._shop.database.signals
        while True:
            mark = signals.mark(TOPIC)
            standing = await self._shop.read(find_answer, self._channel, heard.message)
            if standing is None:
                return None
            if standing.is_late:
                # Said once, it is said to each repetition: the person may have read it already.
                say = await self._words(heard)
                return say("wechat.working")
            if standing.sealed is not None:
                return open_answer(self._shop, self._channel, heard.message, standing.sealed)
            left_s = deadline - now()
            if left_s <= 0:
                await self._shop.write(give_up, self._channel, heard.message)
                continue
            await signals.wait(TOPIC, since=mark, at_most_s=min(left_s, LOOK_EVERY_S))

    async def _words(self, heard: Heard) -> Phrases:
        language = await self._shop.read(_language_of, Address(self._channel, heard.person))
        return self._shop.get(Words).to(language, self._channel)

    def _reply(self, heard: Heard, text: str) -> Response:
        now = self._shop.clock.now()
        reply = text_reply(text, to=heard.person, account=heard.account, now=now)
        return Response(self._gate.close(reply, now), media_type="application/xml")

    def _refuse(self, status: HTTPStatus, reason: str) -> Response:
        self._log.warning("wechat.refused", status=status.value, reason=reason)
        return Response(status_code=status)


def _language_of(view: View, address: Address) -> str:
    customer = find_customer(view, channel=address.channel, external_id=address.external_id)
    return "" if customer is None else customer.language
