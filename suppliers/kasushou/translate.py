"""Goods, orders and callbacks of kasushou in our terms."""

from __future__ import annotations

from typing import Final

from shop_core.kernel.money import Money
from shop_core.kernel.secret import Secret
from shop_core.supply.supplier import Accepted, Done, Failed, GoodsKind, InputField, Offer, Outcome, Partial
from shop_core.wire.reading import Facts, list_of, text_of
from suppliers.kasushou.settings import KasushouSettings
from suppliers.reading import card_text, cost_of, count_of, returned_of, said
from suppliers.words import Standing

CARDS, ON_SALE = "1", "1"
_KINDS: Final = {
    "password": "password",
    "number": "number",
    "phone": "phone",
    "mobile": "phone",
    "email": "email",
}


def offer_of(goods: Facts, currency: str) -> Offer | None:
    """An offer; None for goods without a number or a price that can be read.

    What the buyer has to say is told of single goods only, not in the list.
    """
    ref, cost = text_of(goods, "id"), cost_of(text_of(goods, "goods_price"), currency)
    if not ref.isdecimal() or cost is None:
        return None
    face = cost_of(text_of(goods, "face_value"), currency)
    return Offer(
        ref=ref,
        name=text_of(goods, "goods_name").strip(),
        kind=GoodsKind.CARD if text_of(goods, "goods_type") == CARDS else GoodsKind.TOP_UP,
        cost=cost,
        face=face if face and face.minor else None,
        is_on_sale=text_of(goods, "status") == ON_SALE,
        stock=count_of(text_of(goods, "stock_num")),
        fewest=count_of(text_of(goods, "start_count")) or 1,
        most=count_of(text_of(goods, "end_count")) or None,
        inputs=tuple(_input_of(field) for field in list_of(goods, "attach")),
    )


def goods_in(data: object) -> list[Facts] | None:
    """The goods of a list: bare, or in an object with a page's figures; None: neither."""
    for candidate in (data, *(data.get(name) for name in ("list", "data", "rows") if isinstance(data, dict))):
        if isinstance(candidate, list):
            return list_of(candidate)
    return None


def outcome_of(order: Facts, settings: KasushouSettings) -> Outcome | None:
    """How an order stands; None for a status that the settings do not know.

    Money that came back is looked at whatever the status: a success can be one of a part.
    """
    currency = settings.currency
    ref, note = text_of(order, "ordersn") or None, said(text_of(order, "recharge_hints"))
    cost = cost_of(text_of(order, "total_price"), currency)
    back = returned_of(text_of(order, "has_back_money"), currency)
    returned = back if back and back.minor else None
    goods = _goods_of(order)
    standing = settings.states.get(text_of(order, "status"))
    if standing is Standing.UNDER_WAY:
        return Accepted(ref, cost, note)
    if standing is Standing.DONE and returned is None:
        return Done(goods, ref, cost, note=note)
    if standing is None:
        return None
    if goods or _is_a_part(returned, cost):
        there = len(goods) or _share(order, returned, cost)
        return Partial(goods, there, None, ref, cost, returned, note)
    return Failed(ref, returned, note)


def _is_a_part(returned: Money | None, cost: Money | None) -> bool:
    return returned is not None and cost is not None and returned < cost


def _share(order: Facts, returned: Money | None, cost: Money | None) -> int:
    """How many pieces were kept, told from the money that was not given back."""
    quantity = count_of(text_of(order, "quantity")) or 1
    if returned is None or cost is None or not cost.minor:
        return 0
    return quantity * (cost.minor - returned.minor) // cost.minor


def _goods_of(order: Facts) -> tuple[Secret, ...]:
    cards = (
        card_text(text_of(card, "card_no"), text_of(card, "card_password"))
        for card in list_of(order, "card_list")
    )
    return tuple(card for card in cards if card is not None)


def _input_of(field: Facts) -> InputField:
    options = field.get("options")
    named = options if isinstance(options, list) else text_of(field, "options").split(",")
    choices = tuple(option.strip() for option in named if isinstance(option, str) and option.strip())
    key = text_of(field, "key")
    return InputField(
        key=key,
        label=text_of(field, "name") or key,
        kind="choice" if choices else _KINDS.get(text_of(field, "type"), "text"),
        choices=choices,
    )
