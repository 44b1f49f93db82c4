"""Refusals of the shelf."""

from __future__ import annotations

from shop_core.kernel.errors import ShopError


class OutOfStock(ShopError):
    """Fewer codes on the shelf than asked for. Nothing was held."""

    code = "stock.out"


class BadFile(ShopError):
    """The file is no text that codes could be read from. Nothing was imported."""

    code = "stock.bad_file"


class WhichColumn(ShopError):
    """A sheet with several columns, and none of them is called a code's. Nothing was imported."""

    code = "stock.which_column"


class NoSuchBatch(ShopError):
    """No import has this number."""

    code = "stock.no_batch"
