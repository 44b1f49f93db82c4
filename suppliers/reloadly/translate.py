"""Reloadly's words and ours: references, offers, and what a transaction says. Pure functions.

Amounts are decimal texts of the account's or the card's currency, with any number of digits; they are computed as
decimals and never as floats.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_CEILING, Decimal
from typing import Final

from shop_core.kernel.money import Money
from shop_core.kernel.secret import Secret
from shop_core.supply.supplier import GoodsKind, InputField, Offer
from shop_core.wire.reading import Facts, facts_of, list_of, text_of
from suppliers.reading import card_text, cost_of

GIFT_CARD, AIRTIME = "g", "t"
PHONE: Final = "phone"
SUCCESSFUL: Final = "SUCCESSFUL"
NAME_LIMIT: Final = 200

_FINE: Final = Decimal("0.000001")
_TIME: Final = "%Y-%m-%d %H:%M:%S"

_GIFT_REF: Final = re.compile(r"g/([0-9]{1,12})/([0-9]{1,9}(?:\.[0-9]{1,5})?)")
_AIRTIME_REF: Final = re.compile(r"t/([0-9]{1,12})/([0-9]{1,9}(?:\.[0-9]{1,5})?)/([A-Z]{2})")
_AMOUNT: Final = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,12})?")
_PHONE: Final = re.compile(r"\+?[0-9][0-9 -]{4,20}")


# --------------------------------------------------------------------------------------------------- references


@dataclass(frozen=True, slots=True)
class GiftRef:
    """A gift card of one amount, in the card's own currency."""

    product_id: str
    unit_price: str


@dataclass(frozen=True, slots=True)
class AirtimeRef:
    """Airtime of one amount, in the account's currency, at an operator of one country."""

    operator_id: str
    amount: str
    country: str


def gift_ref(ref: str) -> GiftRef | None:
    """The gift card that a reference names."""
    match = _GIFT_REF.fullmatch(ref)
    return GiftRef(match[1], match[2]) if match else None


def airtime_ref(ref: str) -> AirtimeRef | None:
    """The airtime that a reference names."""
    match = _AIRTIME_REF.fullmatch(ref)
    return AirtimeRef(match[1], match[2], match[3]) if match else None


def amount_of(text: str) -> Decimal | None:
    """An amount; None for what is none."""
    return Decimal(text) if _AMOUNT.fullmatch(text) else None


def _cost(amount: Decimal, currency: str) -> Money | None:
    """What we pay, of a computed amount: never believed to be cheaper than it is."""
    return cost_of(f"{amount.quantize(_FINE, ROUND_CEILING):f}", currency)


def _plain(amount: Decimal) -> str:
    """An amount as references have it, however it was written: ``25.00`` and ``25`` are the same goods."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


# ------------------------------------------------------------------------------------------------------- offers


def gift_offers(product: Facts, currency: str, amounts: Iterable[str]) -> Iterator[Offer]:
    """What a gift card product comes to: an offer for each amount. Priced in another currency, it is none."""
    product_id, name = text_of(product, "productId"), text_of(product, "productName").strip()
    if not product_id or not name or text_of(product, "senderCurrencyCode") != currency:
        return
    for face, price in _gift_prices(product, amounts):
        cost = _gift_cost(product, price, currency)
        if cost is None:
            continue
        card_currency = text_of(product, "recipientCurrencyCode")
        yield Offer(
            ref=f"{GIFT_CARD}/{product_id}/{_plain(face)}",
            name=f"{name} {_plain(face)} {card_currency}"[:NAME_LIMIT],
            kind=GoodsKind.CARD,
            cost=cost,
            face=cost_of(_plain(face), card_currency),
        )


def _gift_prices(product: Facts, amounts: Iterable[str]) -> Iterator[tuple[Decimal, Decimal]]:
    """Face values with what they cost in the account's currency, before discount and fee."""
    if text_of(product, "denominationType") == "FIXED":
        for face, price in _fixed_prices(product).items():
            told, costs = amount_of(face), amount_of(price)
            if told and costs:
                yield told, costs
        return
    low, high = (amount_of(text_of(product, f"{end}RecipientDenomination")) for end in ("min", "max"))
    rate = _rate(product, low, high)
    for told in map(amount_of, amounts):
        if told and rate and low and high and low <= told <= high:
            yield told, told * rate


def _fixed_prices(product: Facts) -> Mapping[str, str]:
    """Face value → price, from a table, or from a list of tables with one line each."""
    told = product.get("fixedRecipientToSenderDenominationsMap")
    tables = told if isinstance(told, list) else [told]
    pairs = (pair for table in tables if isinstance(table, Mapping) for pair in table.items())
    return {face: price for face, price in pairs if isinstance(price, str)}


def _rate(product: Facts, low: Decimal | None, high: Decimal | None) -> Decimal | None:
    """The account's currency for one of the card's: at either end of the range it may be rounded, the dearer one counts."""
    ends = [
        price / face
        for face, end in ((low, "min"), (high, "max"))
        if face and (price := amount_of(text_of(product, f"{end}SenderDenomination")))
    ]
    if not ends and text_of(product, "recipientCurrencyCode") == text_of(product, "senderCurrencyCode"):
        return Decimal(1)
    return max(ends) if ends else None


def _gift_cost(product: Facts, price: Decimal, currency: str) -> Money | None:
    fee, percent = (
        amount_of(text_of(product, name)) or Decimal(0) for name in ("senderFee", "discountPercentage")
    )
    return _cost(price * (100 - percent) / 100 + fee, currency)


def airtime_offers(operator: Facts, currency: str, amounts: Iterable[str]) -> Iterator[Offer]:
    """What an operator's airtime comes to: an offer for each amount. Priced in another currency, it is none."""
    operator_id = text_of(operator, "operatorId") or text_of(operator, "id")
    name, country = text_of(operator, "name").strip(), text_of(operator, "country", "isoName")
    if not operator_id or not name or text_of(operator, "senderCurrencyCode") != currency:
        return
    for amount in _airtime_amounts(operator, amounts):
        ref = f"{AIRTIME}/{operator_id}/{_plain(amount)}/{country}"
        cost = _airtime_cost(operator, amount, currency)
        if cost is None or airtime_ref(ref) is None:
            continue
        yield Offer(
            ref=ref,
            name=f"{name} {_plain(amount)} {currency}"[:NAME_LIMIT],
            kind=GoodsKind.CARD if operator.get("pin") is True else GoodsKind.TOP_UP,
            cost=cost,
            most=1,
            inputs=(InputField(PHONE, "Phone", "phone"),),
        )


def _airtime_amounts(operator: Facts, amounts: Iterable[str]) -> Iterator[Decimal]:
    if text_of(operator, "denominationType") == "FIXED":
        fixed = operator.get("fixedAmounts")
        told = [text for text in fixed if isinstance(text, str)] if isinstance(fixed, list) else []
        yield from (amount for amount in map(amount_of, told) if amount)
        return
    low, high = (amount_of(text_of(operator, name)) for name in ("minAmount", "maxAmount"))
    yield from (it for it in map(amount_of, amounts) if it and low and high and low <= it <= high)


def _airtime_cost(operator: Facts, amount: Decimal, currency: str) -> Money | None:
    """The price. Which discount counts is told only afterwards: the smaller one does here."""
    told = [amount_of(text_of(operator, name)) for name in ("internationalDiscount", "localDiscount")]
    percent = min(each or Decimal(0) for each in told)
    return _cost(amount * (100 - percent) / 100, currency)


# ------------------------------------------------------------------------------------------------- what is sent


def gift_order(ref: GiftRef, number: str, quantity: int, sender_name: str, email: str) -> bytes:
    """The body of an order for gift cards."""
    told = {
        "productId": ref.product_id,
        "quantity": str(quantity),
        "unitPrice": ref.unit_price,
        "senderName": json.dumps(sender_name),
        "customIdentifier": json.dumps(number),
    }
    return _object(told | ({"recipientEmail": json.dumps(email)} if email else {}))


def airtime_order(ref: AirtimeRef, number: str, phone: str) -> bytes:
    """The body of an order for airtime."""
    recipient = json.dumps({"countryCode": ref.country, "number": phone})
    told = {
        "operatorId": ref.operator_id,
        "amount": ref.amount,
        "useLocalAmount": "false",
        "customIdentifier": json.dumps(number),
        "recipientPhone": recipient,
    }
    return _object(told)


def _object(told: Mapping[str, str]) -> bytes:
    """A JSON object of values that are JSON already: amounts go as they are written, through no float."""
    return ("{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in told.items()) + "}").encode()


def phone_of(said: Secret | None) -> str | None:
    """The digits of the number that the buyer said; None: it is none."""
    text = said.reveal().strip() if said else ""
    return re.sub(r"[^0-9]", "", text) if _PHONE.fullmatch(text) else None


# ------------------------------------------------------------------------------------------------- transactions


@dataclass(frozen=True, slots=True)
class Transaction:
    """One purchase as Reloadly has it.

    Attributes:
        cost: What was charged: with the fee, less the discount; None: not said, or in another currency.
        pin: The code of airtime that is redeemed by one.
        at: When; the document names no time zone, it is taken for UTC.
    """

    ref: str
    number: str
    status: str
    cost: Money | None = None
    pin: Secret | None = None
    receipt: str = ""
    at: datetime | None = None


def gift_transaction(facts: Facts, currency: str) -> Transaction:
    """A transaction of gift cards."""
    is_ours = text_of(facts, "currencyCode") == currency
    return Transaction(
        ref=text_of(facts, "transactionId"),
        number=text_of(facts, "customIdentifier"),
        status=text_of(facts, "status"),
        cost=cost_of(text_of(facts, "amount"), currency) if is_ours else None,
        at=time_of(text_of(facts, "transactionCreatedTime")),
    )


def airtime_transaction(facts: Facts, currency: str) -> Transaction:
    """A transaction of airtime."""
    amount, discount = (amount_of(text_of(facts, name)) for name in ("requestedAmount", "discount"))
    is_ours = text_of(facts, "requestedAmountCurrencyCode") == currency and amount is not None
    charged = (amount or Decimal(0)) - (discount or Decimal(0))
    pin = text_of(facts_of(facts, "pinDetail"), "code")
    return Transaction(
        ref=text_of(facts, "transactionId"),
        number=text_of(facts, "customIdentifier"),
        status=text_of(facts, "status"),
        cost=_cost(charged, currency) if is_ours else None,
        pin=Secret(pin) if pin else None,
        receipt=text_of(facts, "operatorTransactionId")[:200],
        at=time_of(text_of(facts, "transactionDate")),
    )


def window(start: datetime, end: datetime) -> dict[str, str]:
    """A part of a report, by time."""
    return {"startDate": start.strftime(_TIME), "endDate": end.strftime(_TIME)}


def window_of(day: date) -> dict[str, str]:
    """A day of a report, by Reloadly's own calendar."""
    return {"startDate": f"{day.isoformat()} 00:00:00", "endDate": f"{day.isoformat()} 23:59:59"}


def time_of(text: str) -> datetime | None:
    """A time as Reloadly writes it."""
    try:
        return datetime.strptime(text.strip(), _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None


def cards_of(found: object) -> tuple[Secret, ...] | None:
    """The cards of an answer: one, or a list; None: something in it is none."""
    told = list_of({"cards": found if isinstance(found, list) else [found]}, "cards")
    cards = [card_text(text_of(card, "cardNumber"), text_of(card, "pinCode")) for card in told]
    whole = tuple(card for card in cards if card is not None)
    return whole if whole and len(whole) == (len(found) if isinstance(found, list) else 1) else None
