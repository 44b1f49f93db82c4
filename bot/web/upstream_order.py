"""What another shop sends to order something, read as a stranger's word."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, TypeGuard

from shop_core.kernel.secret import Secret
from shop_core.resale.models import NUMBER_LIMIT, URL_LIMIT
from shop_core.resale.trade import Asked
from shop_core.wire.address import keeps_secrets

MOST: Final = 2**31
WRONG_FORM: Final = "invalid_request"
"""What a wrong or missing ``manual_form_data`` is called: a code that dujiao-next's own client takes as final."""
_ESCAPED: Final = ("&amp;", "&lt;", "&gt;", "&#34;", "&#39;")


class Refused(Exception):
    """An answer that is a no."""

    def __init__(self, status: HTTPStatus, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


def bad() -> Refused:
    """What is said of a request that makes no sense."""
    return Refused(HTTPStatus.BAD_REQUEST, "bad_request")


def read_order(body: bytes) -> Asked:
    """Read an order. What it says beyond what we understand and could not honour is refused, not passed over.

    Raises:
        Refused: It makes no sense.
    """
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        raise bad() from None
    if not isinstance(asked, dict):
        raise bad()
    number, sku_id, quantity = (asked.get(name) for name in ("downstream_order_no", "sku_id", "quantity"))
    url = asked.get("callback_url") or None
    if not isinstance(number, str) or not 0 < len(number) <= NUMBER_LIMIT or not number.isprintable():
        raise bad()
    if not (_is_whole(sku_id) and _is_whole(quantity)):
        raise bad()
    if url is not None and not (isinstance(url, str) and len(url) <= URL_LIMIT and keeps_secrets(url)):
        # Goods travel in callbacks.
        raise Refused(HTTPStatus.BAD_REQUEST, "invalid_callback_url")
    return Asked(number, sku_id, quantity, url, _form(asked.get("manual_form_data")))


def _form(told: object) -> Mapping[str, Secret]:
    """What the buyer of the other shop has said. ``Asked`` is checked against the fields later."""
    if not told:
        return {}
    if not isinstance(told, dict) or not all(isinstance(answer, str) for answer in told.values()):
        raise Refused(HTTPStatus.BAD_REQUEST, WRONG_FORM)
    if any(mark in answer for answer in told.values() for mark in _ESCAPED):
        # dujiao-next escapes what its buyers say as for a page. Another shop does not: which account is meant is not sure.
        raise Refused(HTTPStatus.BAD_REQUEST, WRONG_FORM)
    return {name: Secret(answer) for name, answer in told.items()}


def _is_whole(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 < value < MOST
