"""微信支付 APIv3: a code to scan (Native), or the payment sheet of WeChat's own browser (JSAPI).

Whoever buys on a channel whose account the merchant number is bound to is asked by JSAPI, since his openid there is the
very one that WeChat Pay knows him by; everybody else is shown a code to scan. Both are found, told of and given back alike.
A payment counts when WeChat Pay has signed that it is in: by its notification, or in answer to our question.

Written over httpx and not taken from wechatpayv3 2.0.4: that fetches certificates whenever a stranger sends a notification
under an unknown serial number, has no time-out of its own and does not look at a notification's age.

Source: pay.weixin.qq.com, ``doc/v3/merchant``: 4012791877 (Native), 4012791857 (the browser's call), 4013070354 and
4013070356 (query), 4013071041 (refund query), its pages on notifications, and the documents of wechatpay-go on refunds; read
in 2026-11. Not confirmed: most names of error codes, and how long a code to scan is good for.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta, timezone
from typing import Final, NoReturn

import httpx

from shop_core.gateways.wechatpay import signing
from shop_core.gateways.wechatpay.account import CURRENCY, Account, WechatPaySettings
from shop_core.gateways.wechatpay.facts import (
    REF_LIMIT,
    RefundClosed,
    Unreadable,
    read_refund,
    read_told_refund,
    read_trade,
)
from shop_core.gateways.wechatpay.site import Refusal, WechatPaySite
from shop_core.kernel.clock import Clock
from shop_core.kernel.errors import Unknown
from shop_core.payments.gateway import (
    Begun,
    ForgedCallback,
    GatewayRefused,
    Notice,
    OnItsWay,
    PaymentRequest,
    Return,
)
from shop_core.wire.callback import RawCallback
from shop_core.wire.reading import Facts, NotReadable, read_facts, text_of

DESCRIPTION_LIMIT: Final = 127
OLDEST_S: Final = 300
"""A notification, repeated ones included, is signed anew when it is sent: an older one was kept by somebody."""

_PEKING: Final = timezone(timedelta(hours=8))
_KNOWN_ALREADY: Final = frozenset({"OUT_TRADE_NO_USED", "ORDERPAID", "ORDER_PAID"})
_NO_SUCH_ORDER: Final = frozenset({"ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS"})


class WechatPayGateway:
    """A ``Gateway`` that ``GivesBack`` and ``PaysOnPage``, for one merchant."""

    def __init__(self, settings: WechatPaySettings, client: httpx.AsyncClient, clock: Clock) -> None:
        """Take an account, and the client whose transport and time-outs the wiring has chosen.

        Raises:
            BadGatewaySettings: One cannot take money like this.
        """
        self._account = Account(settings)
        self._settings = settings
        self._site = WechatPaySite(self._account, client, clock)
        self._clock = clock

    @property
    def name(self) -> str:
        """The name in the config."""
        return self._settings.name

    @property
    def callback_answer(self) -> str:
        """HTTP 200 says it all."""
        return ""

    async def begin(self, request: PaymentRequest) -> Begun:
        """Ask for money. Under the same number it may be repeated.

        Raises:
            GatewayRefused: WeChat Pay says why not, or the amount is not in yuan.
            RetryLater: No connection, asked too often, or our keys are not taken.
            Unknown: No readable answer, or the number is known there already.
        """
        amount, settings = request.amount, self._settings
        if amount.currency != CURRENCY or amount.minor <= 0:
            raise GatewayRefused(gateway=self.name, said=f"{amount.decimal_text()} {amount.currency}")
        wanted = {
            "appid": settings.app_id,
            "mchid": settings.mchid,
            "description": " ".join(request.title.split())[:DESCRIPTION_LIMIT] or request.number,
            "out_trade_no": request.number,
            "time_expire": request.expires_at.astimezone(_PEKING).isoformat(timespec="seconds"),
            "notify_url": settings.notify_url,
            "amount": {"total": amount.minor, "currency": CURRENCY},
        }
        try:
            if request.buyer.channel not in settings.inside:
                return self._to_scan(await self._site.send("v3/pay/transactions/native", wanted))
            wanted["payer"] = {"openid": request.buyer.external_id}
            return self._inside(await self._site.send("v3/pay/transactions/jsapi", wanted))
        except Refusal as refusal:
            if refusal.error_code in _KNOWN_ALREADY:
                raise Unknown(f"{self.name} knows {request.number} already") from refusal
            raise GatewayRefused(gateway=self.name, said=refusal.said) from refusal

    async def query(self, number: str) -> Notice | None:
        """What WeChat Pay knows under our number; None if it says that it knows none such.

        Raises:
            RetryLater: No connection, asked too often, or our keys are not taken.
            Unknown: No readable answer, one about something else, or a refusal to answer.
        """
        page = f"v3/pay/transactions/out-trade-no/{number}?mchid={self._settings.mchid}"
        try:
            facts = await self._site.ask(page)
        except Refusal as refusal:
            if refusal.error_code in _NO_SUCH_ORDER:
                return None
            raise Unknown(f"{self.name} does not tell: {refusal.said}") from refusal
        if text_of(facts, "out_trade_no") != number:
            raise Unknown(f"{self.name} answered about another order")
        try:
            return read_trade(facts, self._settings.app_id)
        except Unreadable as error:
            raise Unknown(f"{self.name} answered without a readable {error}") from error

    async def give_back(self, wanted: Return) -> OnItsWay | None:
        """Give all of a payment back, under a number made of WeChat Pay's own: sent again, it is one refund.

        Raises:
            GatewayRefused: It never will: closed there, or refused and not known there.
            RetryLater, Unknown: No answer yet.
        """
        number = f"R{wanted.external_ref}"
        sum_ = {
            "refund": wanted.amount.minor,
            "total": wanted.amount.minor,
            "currency": wanted.amount.currency,
        }
        asked = {"transaction_id": wanted.external_ref, "out_refund_no": number, "amount": sum_}
        try:
            return self._said_of_refund(await self._site.send("v3/refund/domestic/refunds", asked))
        except Refusal as refusal:
            if refusal.error_code == "NOT_ENOUGH":
                return OnItsWay(refusal.said)
            return await self._refund_known(wanted, number, refusal)

    async def _refund_known(self, wanted: Return, number: str, refusal: Refusal) -> OnItsWay | None:
        """A no to what may be a repeat: the refund counts, if there is one."""
        try:
            return self._said_of_refund(await self._site.ask(f"v3/refund/domestic/refunds/{number}"))
        except Refusal as unknown:
            if unknown.error_code not in _NO_SUCH_ORDER:
                raise Unknown(f"{self.name} does not tell: {unknown.said}") from unknown
        if await self._is_given_back_by_hand(wanted):
            # To the wallet as well, it would be paid twice.
            return OnItsWay(f"REFUND {refusal.said}"[:200])
        raise GatewayRefused(gateway=self.name, said=refusal.said) from refusal

    async def _is_given_back_by_hand(self, wanted: Return) -> bool:
        """Whether some of a payment went back under another number than ours: by a person, in the merchant platform."""
        page = f"v3/pay/transactions/id/{wanted.external_ref}?mchid={self._settings.mchid}"
        try:
            return text_of(await self._site.ask(page), "trade_state") == "REFUND"
        except Refusal as refusal:
            if refusal.error_code in _NO_SUCH_ORDER:
                return False
            raise Unknown(f"{self.name} does not tell: {refusal.said}") from refusal

    def read_callback(self, callback: RawCallback) -> Notice:
        """Verify a notification and read it. Keys are never fetched for it: an unknown serial number is refused.

        Raises:
            ForgedCallback: Wrong or missing signature, too old, another merchant, unreadable facts.
        """
        headers, account = callback.headers, self._account
        if headers.get("wechatpay-serial") != self._settings.public_key_id:
            self._reject("serial")
        timestamp = headers.get("wechatpay-timestamp", "")
        if not timestamp.isdecimal() or abs(self._clock.now().timestamp() - int(timestamp[:15])) > OLDEST_S:
            self._reject("timestamp")
        signature, nonce = headers.get("wechatpay-signature", ""), headers.get("wechatpay-nonce", "")
        body = callback.body.decode(errors="replace")
        if not signing.is_genuine(account.public_key, signature, timestamp, nonce, body):
            self._reject("signature")
        try:
            told = read_facts(callback.body)
            facts = read_facts(
                signing.unseal(
                    account.seal_key,
                    ciphertext=text_of(told, "resource", "ciphertext"),
                    nonce=text_of(told, "resource", "nonce"),
                    associated_data=text_of(told, "resource", "associated_data"),
                )
            )
            if text_of(facts, "mchid") != self._settings.mchid:
                self._reject("mchid")
            is_refund = text_of(told, "event_type").startswith("REFUND.")
            return read_told_refund(facts) if is_refund else read_trade(facts, self._settings.app_id)
        except (NotReadable, signing.BadKey, Unreadable) as error:
            self._reject(str(error))

    def page_call(self, gateway_ref: str) -> Mapping[str, str]:
        """What WeChat's browser is called with: ``getBrandWCPayRequest``."""
        timestamp, nonce = str(int(self._clock.now().timestamp())), secrets.token_hex(16).upper()
        package = f"prepay_id={gateway_ref}"
        return {
            "appId": self._settings.app_id,
            "timeStamp": timestamp,
            "nonceStr": nonce,
            "package": package,
            "signType": "RSA",
            "paySign": signing.sign(self._account.key, self._settings.app_id, timestamp, nonce, package),
        }

    def _to_scan(self, facts: Facts) -> Begun:
        code = text_of(facts, "code_url")
        if not code:
            raise Unknown(f"{self.name} answered without a code to scan")
        return Begun(link=None, qr=code)

    def _inside(self, facts: Facts) -> Begun:
        prepay_id = text_of(facts, "prepay_id")
        if not 0 < len(prepay_id) <= REF_LIMIT:
            raise Unknown(f"{self.name} answered without a prepay_id")
        return Begun(link=None, qr=None, gateway_ref=prepay_id)

    def _said_of_refund(self, facts: Facts) -> OnItsWay | None:
        try:
            return read_refund(facts)
        except RefundClosed as error:
            raise GatewayRefused(gateway=self.name, said="CLOSED") from error
        except Unreadable as error:
            raise Unknown(f"{self.name} answered without a readable {error}") from error

    def _reject(self, problem: str) -> NoReturn:
        raise ForgedCallback(gateway=self.name, problem=problem)
