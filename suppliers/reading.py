"""Reading what suppliers write, where their protocols do not differ: amounts, cards, words of refusal."""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation
from typing import Final

from shop_core.kernel.money import BadAmount, Money, minor_digits
from shop_core.kernel.secret import Secret
from shop_core.supply.supplier import No

SAID_LIMIT: Final = 200
REF_LIMIT: Final = 120

_AMOUNT: Final = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,12})?")


def cost_of(text: str, currency: str) -> Money | None:
    """What we pay. Fractions of the minor unit count as a whole one: never believe that it is cheaper than it is.

    Returns:
        None for what is no amount: words, a sign, nothing.
    """
    return _money(text, currency, ROUND_CEILING)


def returned_of(text: str, currency: str) -> Money | None:
    """What came back to us: fractions of the minor unit do not count."""
    return _money(text, currency, ROUND_FLOOR)


def _money(text: str, currency: str, rounding: str) -> Money | None:
    if not _AMOUNT.fullmatch(text):
        return None
    try:
        minor = Decimal(text).scaleb(minor_digits(currency)).to_integral_value(rounding)
        return Money(int(minor), currency)
    except (InvalidOperation, BadAmount):
        return None


def count_of(text: str) -> int | None:
    """A whole number as suppliers write it, ``20`` or ``20.00``; None for anything else."""
    match = re.fullmatch(r"([0-9]{1,12})(?:\.0+)?", text)
    return int(match[1]) if match else None


def lines_of(payload: str) -> tuple[Secret, ...]:
    """Cards that are written one on a line. What is on the line stays as it is; empty lines are none."""
    lines = (line.removesuffix("\r") for line in payload.split("\n"))
    return tuple(Secret(line) for line in lines if line.strip())


def pieces_of(payload: str, quantity: int) -> tuple[Secret, ...]:
    """Cards written one on a line, as many as were bought.

    One card may have several lines. Of more lines than pieces nothing is lost: all belong to the same buyer, so as many
    lines as divide evenly make a piece, or else the last piece takes the rest. Fewer lines than pieces stay fewer.
    """
    lines = lines_of(payload)
    if quantity < 1 or len(lines) <= quantity:
        return lines
    if quantity == 1:
        return (Secret(payload.strip("\r\n")),)
    each = len(lines) // quantity if len(lines) % quantity == 0 else 1
    starts = [each * place for place in range(quantity)]
    ends = [*starts[1:], len(lines)]
    texts = [line.reveal() for line in lines]
    return tuple(Secret("\n".join(texts[start:end])) for start, end in zip(starts, ends, strict=True))


def said(text: str, *secrets: Secret) -> str:
    """A supplier's words, fit for a case: without tags, without anything that we keep secret, short."""
    for secret in secrets:
        text = text.replace(secret.reveal(), "…") if secret.reveal() else text
    return " ".join(re.sub(r"<[^>]{0,200}>", " ", text).split())[:SAID_LIMIT]


_WHY: Final = (
    (No.BALANCE, r"余额|欠费|balance|insufficient.?fund"),
    (No.OUT_OF_STOCK, r"库存|缺货|断货|售罄|卖完|stock|sold.?out"),
    (No.PRICE, r"价格|涨价|限价|安全价|price"),
    (No.OFF_SALE, r"下架|未上架|停售|维护|商品不存在|禁售|暂停|off.?sale|not.?found|unavailable"),
    (No.INPUT, r"账号|帐号|手机号|号码|充值账户|参数|account|phone|recipient|invalid.?param"),
)


def why_not(text: str) -> No:
    """Why a supplier refuses, told from its words. Steers what we do next, never whether something was bought."""
    return next((why for why, words in _WHY if re.search(words, text, re.IGNORECASE)), No.OTHER)


def card_text(number: str, password: str, valid_until: str = "") -> Secret | None:
    """A card that comes in parts, as its owner needs it: what is alone stays exactly as it was given."""
    parts = [(label, text) for label, text in (("卡号", number), ("卡密", password)) if text]
    if not parts:
        return None
    if valid_until:
        parts.append(("有效期", valid_until))
    if len(parts) == 1:
        return Secret(parts[0][1])
    return Secret("\n".join(f"{label}：{text}" for label, text in parts))
