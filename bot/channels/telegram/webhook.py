"""Taking updates that Telegram brings to our own web server: proven, stored, only then answered."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, Final

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.channels.telegram.api import ALLOWED_UPDATES, Line
from bot.channels.telegram.checkout import Checkouts
from bot.channels.telegram.insist import Insistence
from bot.channels.telegram.mailbox import Mailbox
from bot.channels.telegram.settings import Hook
from bot.web.form import BadForm, read_body

LARGEST_UPDATE: Final = 512 * 1024
"""Bytes. Files do not come along, only their names: real updates stay far below."""
CONNECTIONS: Final = 40
"""So many updates Telegram brings at a time, its own default. Storing one takes milliseconds."""
PROOF: Final = "X-Telegram-Bot-Api-Secret-Token"

_JSON: Final = "application/json"

_log = structlog.get_logger(__name__)


class Webhook:
    """The address where Telegram tells one bot's updates.

    One that is not stored is answered with 5xx, or not at all, and told again: at once, then ever more slowly,
    for 24 hours. One that is told twice is stored once and answered as before.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what a receiver is made of
        self,
        channel: str,
        hook: Hook,
        line: Line,
        mailbox: Mailbox,
        checkouts: Checkouts,
        insist: Insistence,
    ) -> None:
        self._channel = channel
        self._checkouts = checkouts
        self._hook = hook
        self._line = line
        self._mailbox = mailbox
        self._insist = insist
        self._log = _log.bind(channel=channel)

    def route(self) -> Route:
        """Where the web server hears Telegram."""
        return Route(f"/channels/{self._channel}/webhook", self.receive, methods=["POST"])

    async def run(self) -> None:
        """Ask Telegram to come, then leave the rest to the web server, until cancelled.

        Every process of a shop asks, at each start: the same twice is like once, and the proof may have changed,
        which Telegram does not tell.

        Raises:
            BadToken: Telegram does not know this bot.
        """
        await self._insist.on(
            partial(
                self._line.bot.set_webhook,
                self._hook.url,
                max_connections=CONNECTIONS,
                allowed_updates=ALLOWED_UPDATES,
                secret_token=self._hook.proof.reveal(),
            )
        )
        self._log.info("telegram.webhook_set")
        await asyncio.get_running_loop().create_future()

    async def receive(self, request: Request) -> Response:
        """Store one update. Whoever cannot prove to be Telegram learns nothing, and nothing of his is read."""
        shown = request.headers.get(PROOF, "").encode()
        if not hmac.compare_digest(shown, self._hook.proof.reveal().encode()):
            return self._refuse(HTTPStatus.FORBIDDEN)
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _JSON:
            return self._refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        try:
            update = _read(await read_body(request, at_most=LARGEST_UPDATE))
        except BadForm as error:
            return self._refuse(error.status)
        answering = self._checkouts.start(update)
        if answering is not None:
            # Confirmed when it is answered: should this process die, Telegram asks another.
            await answering
        await self._mailbox.store([update])
        return Response(status_code=HTTPStatus.OK)

    def _refuse(self, status: HTTPStatus) -> Response:
        self._log.warning("telegram.webhook_refused", status=status.value)
        return Response(status_code=status)


def _read(body: bytes) -> Mapping[str, Any]:
    """The update in a body.

    Raises:
        BadForm: It is none.
    """
    try:
        update = json.loads(body)
    except (ValueError, RecursionError):
        raise BadForm(HTTPStatus.BAD_REQUEST, "unreadable") from None
    if not isinstance(update, dict) or type(update.get("update_id")) is not int:
        raise BadForm(HTTPStatus.BAD_REQUEST, "no_update")
    return update
