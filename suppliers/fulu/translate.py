"""Products, orders and templates of Fulu in our terms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from shop_core.kernel.secret import Secret
from shop_core.supply.supplier import ENOUGH, Accepted, Done, Failed, GoodsKind, InputField, Offer, Outcome
from shop_core.wire.reading import Facts, list_of, text_of
from suppliers.fulu.settings import FuluSettings
from suppliers.fulu.signing import decrypt
from suppliers.reading import card_text, cost_of, said
from suppliers.words import Standing

_KINDS: Final = {"卡密": ("card", GoodsKind.CARD), "直充": ("direct", GoodsKind.TOP_UP)}
_STOCK: Final = {"充足": ENOUGH, "警报": 1, "断货": 0}
"""A warning still promises one."""
ACCOUNT: Final = InputField("charge_account", "充值账号")
_FIELDS: Final = {
    "ChargeAccount": ("charge_account", "text"),
    "ChargeGame": ("charge_game_name", "text"),
    "ChargeRegion": ("charge_game_region", "text"),
    "ChargeServer": ("charge_game_srv", "text"),
    "ChargeType": ("charge_type", "text"),
    "ChargeIp": ("charge_ip", "text"),
    "ChargePWD": ("charge_password", "password"),
    "ContactQQ": ("contact_qq", "text"),
    "ContactType": ("contact_tel", "phone"),
}
"""A template's element → the field of an order. ``ChargeNum`` is the quantity, which nobody is asked for."""
INPUTS: Final = frozenset(name for name, _ in _FIELDS.values()) | {"charge_game_role"}
QUANTITY: Final = "ChargeNum"

_TROUBLESOME: Final = frozenset("&<>")
_LAST_OF_ONE_UNIT: Final = "\uffff"
"""What is above sorts otherwise where texts are UTF-16."""


def offer_of(product: Facts, currency: str, inputs: tuple[InputField, ...] | None = ()) -> Offer | None:
    """An offer; None for products of another kind, or without a number or a price that can be read.

    Args:
        product: As it is listed, or alone.
        currency: What its price is in.
        inputs: What the buyer has to say; None: not known, so nobody can buy it.
    """
    named = _KINDS.get(text_of(product, "product_type"))
    product_id, cost = text_of(product, "product_id"), cost_of(text_of(product, "purchase_price"), currency)
    if named is None or not product_id.isdecimal() or cost is None:
        return None
    face = cost_of(text_of(product, "face_value"), currency)
    return Offer(
        ref=f"{named[0]}:{product_id}",
        name=text_of(product, "product_name").strip(),
        kind=named[1],
        cost=cost,
        face=face if face and face.minor else None,
        is_on_sale=text_of(product, "sales_status") == "上架" and inputs is not None,
        stock=_STOCK.get(text_of(product, "stock_status")),
        inputs=inputs or (),
    )


def parts_of(ref: str) -> tuple[str, str]:
    """The kind and the product of an offer; empty for what is no reference of this protocol."""
    kind, _, product_id = ref.partition(":")
    is_one = (
        kind in {named for named, _ in _KINDS.values()} and product_id.isdecimal() and product_id.isascii()
    )
    return (kind, product_id) if is_one else ("", "")


def inputs_of(template: object) -> tuple[InputField, ...] | None:
    """What a template asks for; None if it names nothing that we know.

    Where in the template its elements stand is not described: every object that names one counts.
    """
    named = [(element, facts) for facts in _objects_in(template) for element in _elements_of(facts)]
    fields = [_FIELDS[element] for element, _ in named if element != QUANTITY]
    labels = [_label_of(facts) for element, facts in named if element != QUANTITY]
    if not fields:
        return None
    return tuple(
        InputField(key=key, label=label or key, kind=kind)
        for (key, kind), label in zip(fields, labels, strict=True)
    )


def is_sendable(texts: Iterable[Secret]) -> bool:
    """Tell whether what a buyer says is signed alike by everybody: some characters JSON libraries write differently."""
    said_by_buyer = "".join(text.reveal() for text in texts)
    return not any(char in _TROUBLESOME or char > _LAST_OF_ONE_UNIT for char in said_by_buyer)


def outcome_of(order: Facts, settings: FuluSettings) -> Outcome | None:
    """How an order stands; None for a state that the settings do not know.

    Raises:
        NotDecrypted: Its cards are not under our key.
    """
    ref, cost = text_of(order, "order_id") or None, cost_of(text_of(order, "order_price"), settings.currency)
    match settings.states.get(text_of(order, "order_state")):
        case Standing.UNDER_WAY:
            return Accepted(ref, cost)
        case Standing.DONE:
            receipt = said(text_of(order, "operator_serial_number"))
            return Done(_cards_of(order, settings.secret), ref, cost, receipt=receipt)
        case Standing.FAILED:
            return Failed(ref)
        case None:
            return None


def products_in(result: object) -> list[Facts] | None:
    """The products of a list: bare, or under some name; None: there is none."""
    if isinstance(result, list):
        return list_of(result)
    lists = (
        [value for value in result.values() if isinstance(value, list)] if isinstance(result, Mapping) else []
    )
    return list_of(lists[0]) if len(lists) == 1 else None


def _cards_of(order: Facts, secret: Secret) -> tuple[Secret, ...]:
    return tuple(text for card in list_of(order, "cards") if (text := _card_of(card, secret)) is not None)


def _card_of(card: Facts, secret: Secret) -> Secret | None:
    number, password = (
        decrypt(sealed, secret) if sealed else ""
        for sealed in (text_of(card, "card_number"), text_of(card, "card_pwd"))
    )
    return card_text(number, password, text_of(card, "card_deadline"))


def _objects_in(thing: object) -> Iterator[Facts]:
    if isinstance(thing, Mapping):
        yield thing
    inner = thing.values() if isinstance(thing, Mapping) else thing if isinstance(thing, list) else ()
    for value in inner:
        yield from _objects_in(value)


def _elements_of(facts: Facts) -> list[str]:
    return [
        value
        for value in facts.values()
        if isinstance(value, str) and (value in _FIELDS or value == QUANTITY)
    ]


def _label_of(facts: Facts) -> str:
    names = ("name", "label", "title", "element_name", "ElementName", "Name")
    return next((text_of(facts, name) for name in names if text_of(facts, name) not in {"", *_FIELDS}), "")
