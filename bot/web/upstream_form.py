"""What the buyer of a direct top-up is asked, in the words of the dujiao-next protocol: a form of the whole product.

Source: ``manual_form_schema`` as dujiao-next checks it: fields with key, type, required, label, max_len, regex, options.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from shop_core.catalog.goods import Field, FieldKind, GoodsKind
from shop_core.catalog.read import VariantView

_TYPES: Final[Mapping[FieldKind, str]] = {
    FieldKind.TEXT: "text",
    FieldKind.PHONE: "phone",
    # What it calls a number is one: it would lose the zeros that an account begins with.
    FieldKind.NUMBER: "text",
    FieldKind.EMAIL: "email",
    FieldKind.CHOICE: "select",
}
_LANGUAGES: Final = {"zh": "zh-CN", "en": "en-US"}


def form_of(variants: Sequence[VariantView]) -> Sequence[Field]:
    """The form of a product: its first variant's. Empty: nothing is asked."""
    return _asked(variants[0]) if variants else ()


def is_asked_by(variant: VariantView, form: Sequence[Field]) -> bool:
    """Whether the product's form asks just what this variant needs to know. Else it cannot be sold that way."""
    asked = _asked(variant)
    if variant.kind is GoodsKind.TOP_UP and not asked:
        return False
    return [_core(field) for field in asked] == [_core(field) for field in form]


def as_told(form: Sequence[Field]) -> dict[str, Any]:
    """The form as another shop reads it."""
    return {"fields": [_told(field) for field in form]} if form else {}


def texts(names: Mapping[str, str]) -> dict[str, str]:
    """A text by the protocol's names of languages."""
    return {_LANGUAGES.get(language, language): text for language, text in names.items()}


def _asked(variant: VariantView) -> Sequence[Field]:
    return variant.fields if variant.kind is GoodsKind.TOP_UP else ()


def _core(field: Field) -> tuple[object, ...]:
    """What makes two questions the same, whatever they are called."""
    return field.key, field.kind, field.is_required, field.choices


def _told(field: Field) -> dict[str, Any]:
    told: dict[str, Any] = {
        "key": field.key,
        "type": _TYPES[field.kind],
        "required": field.is_required,
        "label": texts(field.labels),
    }
    if field.choices:
        return told | {"options": list(field.choices)}
    if field.kind is FieldKind.NUMBER:
        told["regex"] = f"^[0-9]{{{field.shortest},{field.longest}}}$"
    return told | {"max_len": field.longest}
