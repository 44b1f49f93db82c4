"""Calls to WeChat Pay: each signed by us, each answer by WeChat Pay."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Final

import httpx

from shop_core.gateways.wechatpay import signing
from shop_core.gateways.wechatpay.account import Account
from shop_core.kernel.clock import Clock
from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.wire.reading import Facts, text_of
from shop_core.wire.site import Answer, Call, Site

_NOT_LET_IN: Final = frozenset({httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN})
_NOT_LET_IN_PAUSE_S: Final = 60
_IN_TROUBLE: Final = frozenset(
    {"SYSTEM_ERROR", "SYSTEMERROR", "BANK_ERROR", "BANKERROR", "FREQUENCY_LIMITED"}
)


class Refusal(Exception):
    """WeChat Pay said no, readably.

    Attributes:
        status: Of HTTP.
        error_code: Its word for it, such as ``ORDER_NOT_EXIST``.
        said: That and its sentence, short enough for a case.
    """

    def __init__(self, status: int, error_code: str, message: str) -> None:
        super().__init__(error_code)
        self.status = status
        self.error_code = error_code
        self.said = f"{error_code} {message}".strip()[:200]


class WechatPaySite:
    """WeChat Pay, as one merchant calls it."""

    def __init__(self, account: Account, client: httpx.AsyncClient, clock: Clock) -> None:
        self._account = account
        self._name = account.settings.name
        self._site = Site(self._name, account.settings.base_url, client)
        self._clock = clock

    async def send(self, page: str, body: Mapping[str, object]) -> Facts:
        """Send what may have an effect, once.

        Raises:
            Refusal: A readable no.
            RetryLater: No connection, asked too often, or WeChat Pay does not take our keys: certainly no effect.
            Unknown: Sent, and no answer that WeChat Pay has signed.
        """
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        return self._read(await self._site.send(self._signed("POST", page, text)))

    async def ask(self, page: str) -> Facts:
        """Ask what changes nothing; if the connection breaks, once more.

        Raises:
            As ``send``.
        """
        return self._read(await self._site.ask(self._signed("GET", page, "")))

    def _signed(self, method: str, page: str, text: str) -> Call:
        settings = self._account.settings
        nonce, timestamp = secrets.token_hex(16).upper(), str(int(self._clock.now().timestamp()))
        signature = signing.sign(self._account.key, method, f"/{page}", timestamp, nonce, text)
        headers = {
            "Accept": "application/json",
            "Authorization": signing.authorization(
                settings.mchid, settings.serial, nonce=nonce, timestamp=timestamp, signature=signature
            ),
            # Which of its keys WeChat Pay is to sign the answer with.
            "Wechatpay-Serial": settings.public_key_id,
        }
        if not text:
            return Call(method=method, page=page, headers=headers)
        headers["Content-Type"] = "application/json"
        return Call(method=method, page=page, content=text.encode(), headers=headers)

    def _read(self, answer: Answer) -> Facts:
        if httpx.codes.is_success(answer.status):
            if not self._is_theirs(answer):
                raise Unknown(f"{self._name}: an answer that WeChat Pay has not signed")
            return answer.facts() if answer.body else {}
        facts = answer.facts()
        refusal = Refusal(answer.status, text_of(facts, "code"), text_of(facts, "message"))
        if not refusal.error_code or refusal.error_code in _IN_TROUBLE:
            raise Unknown(f"{self._name} answered HTTP {answer.status} {refusal.said}")
        if answer.status in _NOT_LET_IN and refusal.error_code != "NOT_ENOUGH":
            raise RetryLater(f"{self._name}: {refusal.said}", retry_after_s=_NOT_LET_IN_PAUSE_S)
        raise refusal

    def _is_theirs(self, answer: Answer) -> bool:
        headers, account = answer.headers, self._account
        return headers.get("Wechatpay-Serial") == account.settings.public_key_id and signing.is_genuine(
            account.public_key,
            headers.get("Wechatpay-Signature", ""),
            headers.get("Wechatpay-Timestamp", ""),
            headers.get("Wechatpay-Nonce", ""),
            answer.body.decode(errors="replace"),
        )
