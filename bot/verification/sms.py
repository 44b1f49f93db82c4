"""Codes by SMS: handed to an address of the owner's, who has whatever provider he likes behind it.

docs/running/verification.md shows what is sent, and a receiver of a few lines.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Final

import httpx

from shop_core.kernel.clock import Clock
from shop_core.kernel.errors import RetryLater
from shop_core.kernel.secret import Secret
from shop_core.verification.codes import LASTS
from shop_core.verification.sender import CodeMessage, CodeRefused
from shop_core.wire.site import Call, Limits, Site

LIMITS: Final = Limits(whole_call_s=10)
"""Somebody waits for the answer in a chat."""

_NOT_THIS_NUMBER: Final = frozenset({400, 422})


class SmsWebhook:
    """A ``CodeSender``. 2xx is taken; 400 and 422 say that nothing goes to this number; another 4xx is not about it."""

    def __init__(self, url: str, secret: Secret, client: httpx.AsyncClient, clock: Clock) -> None:
        """Connect nothing yet."""
        self._site = Site("the SMS webhook", url, client, LIMITS)
        self._secret = secret
        self._clock = clock

    async def send(self, message: CodeMessage) -> None:
        """Hand a code over, once.

        Raises:
            CodeRefused, RetryLater, Unknown: See ``CodeSender``.
        """
        told = {
            "id": message.key,
            "to": message.to.reveal(),
            "code": message.code.reveal(),
            "text": message.text.reveal(),
            "language": message.language,
            "expires_in": int(LASTS.total_seconds()),
        }
        body = json.dumps(told, ensure_ascii=False).encode()
        timestamp = str(int(self._clock.now().timestamp()))
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Kapu-Id": message.key,
            "Kapu-Timestamp": timestamp,
            "Kapu-Signature": sign(self._secret, timestamp, body),
        }
        answer = await self._site.send(Call(method="POST", page="", content=body, headers=headers))
        if answer.status in _NOT_THIS_NUMBER:
            raise CodeRefused(f"the SMS webhook answered HTTP {answer.status}")
        if not httpx.codes.is_success(answer.status):
            raise RetryLater(f"the SMS webhook answered HTTP {answer.status}")


def sign(secret: Secret, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 in hex over the timestamp, a point and the body as it is sent."""
    return hmac.new(secret.reveal().encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
