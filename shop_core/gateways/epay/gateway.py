"""易支付 (epay) V1: the protocol of many small Chinese payment sites, each a fork of its own.

The answers to our requests are not signed. Money counts when a signed notification says so, or the site's own
answer to our question, over HTTPS.

No refunds: V1 has no refund number and no way to ask about a refund, so one that timed out could neither be
repeated nor found again. Money goes back to the buyer's wallet; what must leave the shop a person sends in
the site's back office. V1 has no expiry and no closing of an order either: who pays late is found by asking.

Source: ``doc/api/legacy/epay_v1.md`` of mpay_v2 (sections on ``submit.php``, ``mapi.php``, ``api.php`` and
notifications), and what community clients do; read in 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NoReturn
from urllib.parse import urlencode, urlsplit

import httpx

from shop_core.gateways.epay import signing
from shop_core.gateways.epay.account import EpaySettings
from shop_core.gateways.epay.site import EpaySite
from shop_core.kernel.errors import Unknown
from shop_core.kernel.money import BadAmount, parse_money
from shop_core.payments.gateway import Begun, ForgedCallback, GatewayRefused, Notice, PaymentRequest
from shop_core.wire.address import is_web_address
from shop_core.wire.callback import RawCallback

NAME_LIMIT_BYTES: Final = 127
"""Sites cut a longer name of goods, some in the middle of a character."""
REF_LIMIT: Final = 80
"""The longest number of theirs that a receipt holds."""
_KNOWN_ALREADY: Final = re.compile(
    r"已[经被]?(?:存在|使用|提交|支付|付款)|重复|already|duplicate", re.IGNORECASE
)
_NOT_FOUND: Final = re.compile(
    r"订单.*(?:不存在|未找到|找不到)|order.*not (?:found|exist)|no such order", re.IGNORECASE
)
_OPENS_NO_APP: Final = frozenset({"", "about", "blob", "data", "file", "javascript", "vbscript"})


class EpayGateway:
    """Implements ``shop_core.payments.gateway.Gateway`` for one account."""

    def __init__(self, settings: EpaySettings, client: httpx.AsyncClient) -> None:
        """Take an account, and the client whose transport and time-outs the wiring has chosen."""
        self._settings = settings
        self._site = EpaySite(settings.name, settings.base_url, client)
        self._names = signing.Names(settings.theirs("sign"), settings.theirs("sign_type"))

    @property
    def name(self) -> str:
        """The name in the config."""
        return self._settings.name

    @property
    def callback_answer(self) -> str:
        """What the site wants to hear; told anything else, it tells us again."""
        return self._settings.success_word

    async def begin(self, request: PaymentRequest) -> Begun:
        """Ask for money. Under the same number it may be repeated.

        Some sites answer a repeat with the same order, others refuse it. Such a refusal says that an earlier
        request had its effect: its link is lost, but money paid there is found by ``query``.

        Raises:
            GatewayRefused: The site says why not, or it could not take such an amount.
            RetryLater: No connection, or asked too often.
            Unknown: No readable answer, or the number is known there already.
        """
        params = self._signed(request)
        if self._settings.mode == "submit":
            return Begun(link=f"{self._site.address_of('submit.php')}?{urlencode(params)}", qr=None)
        answer = await self._site.post("mapi.php", params)
        if answer.get("code") == "1":
            return self._read_way_to_pay(answer)
        said = self._said(answer)
        if not said:
            raise Unknown(f"{self.name} answered neither yes nor no")
        if _KNOWN_ALREADY.search(said):
            raise Unknown(f"{self.name} knows {request.number} already")
        raise GatewayRefused(gateway=self.name, said=said)

    async def query(self, number: str) -> Notice | None:
        """What the site knows under our number; None if it says that it knows none such.

        Raises:
            RetryLater: No connection, or asked too often.
            Unknown: No readable answer, one about something else, or a refusal to answer.
        """
        settings = self._settings
        asked = {"act": "order", "pid": settings.pid, "key": settings.key.reveal(), "out_trade_no": number}
        answer = await self._site.get("api.php", self._renamed(asked))
        if answer.get("code") != "1":
            said = self._said(answer)
            if _NOT_FOUND.search(said):
                return None
            raise Unknown(f"{self.name} does not tell: {said}")
        if self._of(answer, "out_trade_no") != number or self._of(answer, "pid") not in {"", settings.pid}:
            raise Unknown(f"{self.name} answered about another order")
        try:
            return self._read_facts(answer, paid=self._of(answer, "status") == "1")
        except _UnreadableError as error:
            raise Unknown(f"{self.name} answered without a readable {error}") from error

    def read_callback(self, callback: RawCallback) -> Notice:
        """Verify a notification in constant time and read it.

        The values are verified as received: what a site has cut or reformatted before signing does no harm.

        Raises:
            ForgedCallback: Wrong or missing signature, another merchant, unreadable facts.
        """
        params = callback.params
        if not signing.is_genuine(params, self._settings.key, self._names):
            self._reject("sign")
        if self._of(params, "pid") != self._settings.pid:
            self._reject("pid")
        trade_status = self._of(params, "trade_status")
        if not trade_status:
            self._reject("trade_status")
        try:
            return self._read_facts(params, paid=trade_status in self._settings.paid_statuses)
        except _UnreadableError as error:
            self._reject(str(error))

    def _reject(self, problem: str) -> NoReturn:
        raise ForgedCallback(gateway=self.name, problem=problem)

    def _signed(self, request: PaymentRequest) -> dict[str, str]:
        settings, amount = self._settings, request.amount
        if amount.currency != settings.currency or amount.minor <= 0:
            raise GatewayRefused(gateway=self.name, said=f"{amount.decimal_text()} {amount.currency}")
        params = {
            "pid": settings.pid,
            "type": settings.method,
            "out_trade_no": request.number,
            "notify_url": settings.notify_url,
            "return_url": settings.return_url,
            "name": _name_of_goods(request),
            "money": amount.decimal_text(),
        }
        if settings.mode == "mapi":
            params["clientip"] = settings.client_ip
        # What is empty is not signed; what is not signed is not sent.
        given = {name: value for name, value in params.items() if value}
        return signing.with_signature(self._renamed(given), settings.key, self._names)

    def _renamed(self, params: Mapping[str, str]) -> dict[str, str]:
        return {self._settings.theirs(name): value for name, value in params.items()}

    def _of(self, facts: Mapping[str, str], name: str) -> str:
        return facts.get(self._settings.theirs(name), "")

    def _read_facts(self, facts: Mapping[str, str], *, paid: bool) -> Notice:
        number, external_ref = self._of(facts, "out_trade_no"), self._of(facts, "trade_no")
        if not number:
            raise _UnreadableError("out_trade_no")
        if not 0 < len(external_ref) <= REF_LIMIT:
            raise _UnreadableError("trade_no")
        try:
            amount = parse_money(self._of(facts, "money"), self._settings.currency)
        except BadAmount as error:
            raise _UnreadableError("money") from error
        return Notice(number, external_ref, amount, paid)

    def _read_way_to_pay(self, answer: Mapping[str, str]) -> Begun:
        page, app, qr = (answer.get(name, "") for name in ("payurl", "urlscheme", "qrcode"))
        link = page if is_web_address(page) else app if _opens_an_app(app) else None
        if link is None and not qr:
            raise Unknown(f"{self.name} answered without a way to pay")
        return Begun(link=link, qr=qr or None, gateway_ref=self._of(answer, "trade_no")[:REF_LIMIT] or None)

    def _said(self, answer: Mapping[str, str]) -> str:
        """The site's own words, short enough for a case; should it repeat our key, without that."""
        return answer.get("msg", "").replace(self._settings.key.reveal(), "…").strip()[:200]


class _UnreadableError(Exception):
    """Something said of a payment is missing or makes no sense; the text is its usual name."""


def _name_of_goods(request: PaymentRequest) -> str:
    """The title, cut by us; without outer spaces and never ``0``, as these are signed differently by some."""
    title = " ".join(request.title.split())
    cut = title.encode()[:NAME_LIMIT_BYTES].decode(errors="ignore").strip()
    return cut if cut not in {"", "0"} else request.number


def _opens_an_app(text: str) -> bool:
    try:
        return urlsplit(text).scheme not in _OPENS_NO_APP
    except ValueError:
        return False
