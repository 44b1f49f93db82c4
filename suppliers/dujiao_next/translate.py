"""Products, orders and callbacks of dujiao-next in our terms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from shop_core.kernel.money import Money
from shop_core.kernel.secret import Secret
from shop_core.supply.supplier import (
    ENOUGH,
    Accepted,
    Done,
    Failed,
    GoodsKind,
    InputField,
    Offer,
    Outcome,
    Partial,
)
from shop_core.wire.reading import Facts, facts_of, list_of, text_of
from suppliers.reading import cost_of, count_of, lines_of, pieces_of, returned_of

_AT_LEAST: Final = {"unlimited": ENOUGH, "in_stock": 21, "low_stock": 1, "out_of_stock": 0}
"""What a SKU's ``stock_status`` promises where no number is told."""
_KINDS: Final = {
    "phone": "phone",
    "tel": "phone",
    "number": "number",
    "email": "email",
    "password": "password",
}
_DIGITS: Final = "^[0-9]{"
"""How a Kapu shop says that a text is a number: as one, it would lose the zeros that it begins with."""
_THERE: Final = frozenset({"delivered", "completed"})


def offers_of(product: Facts, currency: str) -> Iterator[Offer]:
    """One offer a SKU: that is what is ordered. A SKU without a price that can be read is none."""
    inputs = _inputs_of(product)
    for sku in list_of(product, "skus"):
        cost = cost_of(text_of(sku, "price_amount"), currency)
        ref = f"{text_of(product, 'id')}:{text_of(sku, 'id')}"
        if cost is None:
            continue
        yield Offer(
            ref=ref,
            name=_name_of(product, sku),
            kind=GoodsKind.TOP_UP if inputs or inputs is None else GoodsKind.CARD,
            cost=cost,
            # A form that we cannot read nobody can fill in.
            is_on_sale=_is_active(product) and _is_active(sku) and inputs is not None,
            stock=_stock_of(sku),
            inputs=inputs or (),
        )


def ids_of(ref: str) -> tuple[str, str]:
    """The product and the SKU of an offer; empty for what is no reference of this protocol."""
    product, _, sku = ref.partition(":")
    return (product, sku) if product.isdecimal() and sku.isdecimal() else ("", "")


def outcome_of(order: Facts, quantity: int | None, currency: str) -> Outcome | None:
    """What an order's status says; None for a status that nobody has described.

    ``ok`` says nothing of it: a repeat of an order that was cancelled is answered with ``ok: true``.
    """
    ref = text_of(order, "order_id") or None
    status = text_of(order, "status")
    goods = _goods_of(order, quantity)
    cost = _amount_of(order, currency)
    returned = returned_of(text_of(order, "refunded_amount"), currency)
    if status in _THERE:
        return Done(goods, ref, cost)
    if status == "canceled":
        return Failed(ref, returned, "canceled")
    if status == "refunded":
        return Failed(ref, returned if returned is not None else cost, "refunded")
    if status == "partially_refunded":
        return Partial(goods, len(goods), None, ref, cost, returned)
    if status in {"pending_payment", "paid", "fulfilling", "partially_delivered"}:
        return Accepted(ref, cost)
    return None


def quantity_of(order: Facts) -> int | None:
    """How many pieces an order was for, where it says so."""
    counts = [count_of(text_of(item, "quantity")) for item in list_of(order, "items")]
    return sum(count for count in counts if count) or None


def has_payload(order: Facts) -> bool:
    """Tell whether the goods are in the answer: placing answers without them."""
    return bool(_goods_of(order, None))


def _goods_of(order: Facts, quantity: int | None) -> tuple[Secret, ...]:
    """The goods, of the order or of a child of it. A Kapu shop tells each by itself; others tell lines."""
    carriers = [order, *list_of(order, "children")]
    fulfilled = next((it for it in carriers if text_of(it, "fulfillment", "payload")), {})
    told = facts_of(fulfilled, "fulfillment", "delivery_data").get("codes")
    if isinstance(told, list) and told and all(isinstance(code, str) for code in told):
        return tuple(Secret(code) for code in told)
    payload = text_of(fulfilled, "fulfillment", "payload")
    return pieces_of(payload, quantity) if quantity else lines_of(payload)


def _amount_of(order: Facts, currency: str) -> Money | None:
    told = text_of(order, "currency")
    return cost_of(text_of(order, "amount"), currency) if told in {"", currency} else None


def _is_active(thing: Facts) -> bool:
    return thing.get("is_active", True) is True


def _stock_of(sku: Facts) -> int | None:
    told = count_of(text_of(sku, "stock_quantity"))
    status = text_of(sku, "stock_status")
    if status in {"unlimited", "out_of_stock"} or told is None:
        return _AT_LEAST.get(status)
    return told


def _name_of(product: Facts, sku: Facts) -> str:
    kinds = [value for value in facts_of(sku, "spec_values").values() if isinstance(value, str)]
    return " ".join([_in_a_language(product.get("title")), *kinds]).strip()


def _in_a_language(text: object) -> str:
    """A text that is one, or has one for each language."""
    if isinstance(text, str):
        return text
    told = [text_of(text, language) for language in ("zh-CN", "zh", "zh-TW", "en-US", "en")]
    return next((words for words in told if words), "")


def _inputs_of(product: Facts) -> tuple[InputField, ...] | None:
    """What the buyer has to say; None: something, but not in a form that we can read.

    The schema's own form is not documented: a list of fields, or an object with one, both as seen.
    """
    schema = product.get("manual_form_schema")
    if not schema:
        return ()
    fields = list_of(schema) or list_of(schema, "fields")
    read = tuple(_input_of(field) for field in fields)
    if not read and isinstance(schema, dict) and schema.get("fields") == []:
        return ()
    return read if read and all(field.key for field in read) else None


def _input_of(field: Facts) -> InputField:
    key = text_of(field, "key") or text_of(field, "name")
    options = field.get("options")
    choices = (
        tuple(option for option in options if isinstance(option, str)) if isinstance(options, list) else ()
    )
    return InputField(
        key=key,
        label=_in_a_language(field.get("label")) or key,
        kind=_kind_of(field, choices),
        is_required=field.get("required") is not False,
        choices=choices,
    )


def _kind_of(field: Facts, choices: tuple[str, ...]) -> str:
    told = text_of(field, "type")
    if told == "checkbox":
        # Several of the choices at once: nothing that a chat asks.
        return told
    if text_of(field, "regex").startswith(_DIGITS):
        return "number"
    return "choice" if choices else _KINDS.get(told, "text")
