"""Refusals of the shelf."""

from __future__ import annotations

from shop_core.kernel.errors import ShopError


class OutOfStock(ShopError):
    """Fewer codes on the shelf than asked for. Nothing was held."""

    code = "stock.out"


class BadFile(ShopError):
    """The file is no text that codes could be read from. Nothing was imported."""

    code = "stock.bad_file"
