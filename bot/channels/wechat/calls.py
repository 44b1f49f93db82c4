"""One call to WeChat's API, and what went wrong with it in the shop's words."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import httpx

from shop_core.kernel.errors import RetryLater, Unknown

_NEVER_LEFT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""What went wrong before a byte of the request was sent."""


async def call(
    http: httpx.AsyncClient, path: str, body: bytes, query: Mapping[str, str]
) -> Mapping[str, Any]:
    """Post JSON, and read the JSON that comes back. The query may hold the token: never log it.

    Raises:
        RetryLater: It certainly did not arrive.
        Unknown: Nobody knows.
    """
    headers = {"content-type": "application/json; charset=utf-8"}
    try:
        answer = await http.post(path, params=query, content=body, headers=headers)
    except _NEVER_LEFT as error:
        raise RetryLater(f"wechat: {type(error).__name__}") from None
    except httpx.TransportError as error:
        raise Unknown(f"wechat: {type(error).__name__}") from None
    if answer.status_code != HTTPStatus.OK:
        raise Unknown(f"wechat: HTTP {answer.status_code}")
    try:
        read = answer.json()
    except ValueError:
        raise Unknown("wechat: no JSON") from None
    if not isinstance(read, dict):
        raise Unknown("wechat: no object")
    return read
