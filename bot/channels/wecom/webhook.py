"""Where WeCom says that there is something to pull: proven, written down, answered; nothing more.

Source: WeCom, 接收消息与事件 and 微信客服 callbacks, November 2026: the address is proven once by an encrypted ``echostr``;
a callback holds ``Event=kf_msg_or_event``, ``Token`` (good for ten minutes) and ``OpenKfId``, and no message.
"""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Final

import structlog
import xmltodict
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.channels.tencent.envelope import UNREADABLE, Envelope, NotWeChat, require_fresh
from bot.channels.wecom.settings import WeComSettings
from bot.web.form import BadForm, read_body, read_once
from shop_core.db.shop import Shop
from shop_core.messaging.pulls import hint_at

LARGEST: Final = 16 * 1024
HINT_LASTS: Final = timedelta(minutes=9)
"""WeCom takes it for ten minutes; whoever begins at the end of them is still pulling a while later."""
_DONE: Final = "success"

_log = structlog.get_logger(__name__)


class Webhook:
    """The address where WeCom calls one account, and those beside it: an app has one address for all its accounts.

    A callback that comes twice, late or never changes nothing but when we look.
    """

    def __init__(self, settings: WeComSettings, shop: Shop) -> None:
        self._channel = settings.name
        self._accounts = {**settings.beside, settings.open_kfid: settings.name}
        self._envelope = Envelope(settings.token.reveal(), settings.aes_key.reveal(), settings.corp_id)
        self._shop = shop
        self._log = _log.bind(channel=settings.name)

    def route(self) -> Route:
        """Where the web server hears WeCom."""
        return Route(f"/channels/{self._channel}/webhook", self.receive, methods=["GET", "POST"])

    async def receive(self, request: Request) -> Response:
        """Answer one request. Whoever cannot prove to be WeCom learns nothing, and nothing of his is read."""
        try:
            query = read_once(request.scope["query_string"])
            require_fresh(query, self._shop.clock.now())
            if request.method == "GET":
                # A plus sign that was not escaped reads as a space, which no cipher has.
                return PlainTextResponse(
                    self._envelope.open(query, query.get("echostr", "").replace(" ", "+"))
                )
            hinted = self._hint(self._envelope.open_body(query, await read_body(request, at_most=LARGEST)))
        except BadForm as error:
            return self._refuse(error.status, error.reason)
        except NotWeChat as error:
            return self._refuse(HTTPStatus.FORBIDDEN, str(error))
        if hinted is not None:
            channel, hint = hinted
            await self._shop.write(hint_at, channel, hint, lasts=HINT_LASTS)
        return PlainTextResponse(_DONE)

    def _hint(self, xml: str) -> tuple[str, str] | None:
        """Which channel has something to pull, and by what; None: it is about something else, or another shop's account."""
        try:
            said = xmltodict.parse(xml)["xml"]
            event, account, hint = said.get("Event"), said.get("OpenKfId"), said.get("Token")
        except UNREADABLE:
            raise NotWeChat("unreadable") from None
        channel = self._accounts.get(account) if isinstance(account, str) else None
        if event != "kf_msg_or_event" or channel is None:
            return None
        return channel, hint if isinstance(hint, str) else ""

    def _refuse(self, status: HTTPStatus, reason: str) -> Response:
        self._log.warning("wecom.refused", status=status.value, reason=reason)
        return Response(status_code=status)
