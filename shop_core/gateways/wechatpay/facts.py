"""What WeChat Pay says of payments and refunds, in the shop's terms. Pure."""

from __future__ import annotations

import re
from typing import Final

from shop_core.gateways.wechatpay.account import CURRENCY
from shop_core.kernel.money import Money
from shop_core.payments.gateway import Notice, OnItsWay
from shop_core.wire.reading import Facts, text_of

REF_LIMIT: Final = 80
"""The longest number of theirs that a receipt holds."""

_PAID: Final = frozenset({"SUCCESS", "REFUND"})
"""``REFUND``: money was given back since, so it had come."""
_FEN: Final = re.compile(r"[0-9]{1,15}")


class Unreadable(Exception):
    """Something said of a payment is missing or makes no sense; the text is its name."""


class RefundClosed(Exception):
    """The refund will not be made."""


def read_trade(facts: Facts, app_id: str) -> Notice:
    """A payment, as the notification and the answer to our question have it alike.

    Raises:
        Unreadable: Of another account, or something is missing.
    """
    if text_of(facts, "appid") not in {"", app_id}:
        raise Unreadable("appid")
    number, state = text_of(facts, "out_trade_no"), text_of(facts, "trade_state")
    if not number or not state:
        raise Unreadable("out_trade_no or trade_state")
    paid, external_ref = state in _PAID, text_of(facts, "transaction_id")
    if paid and not 0 < len(external_ref) <= REF_LIMIT:
        raise Unreadable("transaction_id")
    # An order that nobody has paid yet has no number of theirs, and by some accounts no amount.
    amount = _amount(facts) if paid else Money(0, CURRENCY)
    payer = text_of(facts, "payer", "openid") or None
    return Notice(number, external_ref, amount, paid, payer if paid else None, from_anyone=True)


def read_told_refund(facts: Facts) -> Notice:
    """A notification of a refund. What became of it is asked for, not told: here it only must not look like money that came.

    Raises:
        Unreadable: Something is missing.
    """
    number, ref = text_of(facts, "out_trade_no"), text_of(facts, "refund_id")
    if not number or not ref:
        raise Unreadable("out_trade_no or refund_id")
    return Notice(number, f"refund {ref}"[:REF_LIMIT], Money(0, CURRENCY), paid=False)


def read_refund(facts: Facts) -> OnItsWay | None:
    """Where the money of a refund is; None: with its payer.

    Raises:
        RefundClosed: It will not be made.
        Unreadable: A state that nobody knows.
    """
    match text_of(facts, "status"):
        case "SUCCESS":
            return None
        case "PROCESSING":
            return OnItsWay()
        case "ABNORMAL":
            return OnItsWay(f"ABNORMAL {text_of(facts, 'refund_id')}".strip())
        case "CLOSED":
            raise RefundClosed
        case other:
            raise Unreadable(f"state: {other[:40]}")


def _amount(facts: Facts) -> Money:
    """What the order costs; what its payer paid of it may be less, by a coupon of WeChat's."""
    minor, currency = text_of(facts, "amount", "total"), text_of(facts, "amount", "currency")
    if not _FEN.fullmatch(minor):
        raise Unreadable("amount")
    return Money(int(minor), currency or CURRENCY)
