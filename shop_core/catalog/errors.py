"""Refusals of the catalogue."""

from __future__ import annotations

from shop_core.kernel.errors import ShopError


class NoSuchProduct(ShopError):
    """Not there, or not for this person's eyes: a draft and a hidden product are answered alike."""

    code = "catalog.no_product"


class NoSuchVariant(ShopError):
    """Not there, hidden, or its product is."""

    code = "catalog.no_variant"


class PriceChecked(ShopError):
    """Its price is being checked: nobody may order it before somebody has decided. Nothing was placed."""

    code = "catalog.price_checked"


class NoSuchCategory(ShopError):
    """Not there or hidden."""

    code = "catalog.no_category"


class BadProduct(ShopError):
    """A product, variant or category as it must not be: no name, a price of zero, a limit below one."""

    code = "catalog.bad_product"


class BadField(ShopError):
    """A field that cannot be asked: no label, a choice with nothing to choose, lengths the wrong way round."""

    code = "catalog.bad_field"


class BadInput(ShopError):
    """What the buyer says is not what a field asks for. Names the field and the problem, never the answer."""

    code = "catalog.bad_input"
