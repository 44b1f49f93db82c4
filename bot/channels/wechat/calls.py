"""One call to WeChat's API, and what went wrong with it in the shop's words."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import httpx

from shop_core.kernel.errors import RetryLater, Unknown

_NEVER_LEFT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""What went wrong before a byte of the request was sent."""


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked. Not printed: it may hold the account's secret, or somebody's news.

    Attributes:
        said: JSON to post; None: nothing is posted.
        query: Beside the token.
        file: A picture to upload, by its name and type.
    """

    path: str
    said: Mapping[str, Any] | None = field(default=None, repr=False)
    query: Mapping[str, str] = field(default_factory=dict)
    file: tuple[str, bytes, str] | None = field(default=None, repr=False)

    def sent(self) -> Mapping[str, Any]:
        """For httpx. Letters stay letters: WeChat shows an escape as it stands."""
        if self.file is not None:
            return {"files": {"media": self.file}}
        if self.said is None:
            return {}
        return {
            "content": json.dumps(self.said, ensure_ascii=False).encode(),
            "headers": {"content-type": "application/json; charset=utf-8"},
        }


async def call(
    http: httpx.AsyncClient, asked: Call, *, within_s: float, token: str = ""
) -> Mapping[str, Any]:
    """Ask, and read the JSON that comes back. The address holds the token: it is never logged.

    Args:
        within_s: Seconds for all of it: a server that sends a byte now and then would otherwise hold us for ever.

    Raises:
        RetryLater: It certainly did not arrive.
        Unknown: Nobody knows.
    """
    query = {**asked.query, **({"access_token": token} if token else {})}
    method = "GET" if asked.said is None and asked.file is None else "POST"
    try:
        async with asyncio.timeout(within_s):
            answer = await http.request(method, asked.path, params=query, **asked.sent())
    except _NEVER_LEFT as error:
        raise RetryLater(f"wechat: {type(error).__name__}") from None
    except httpx.TransportError as error:
        raise Unknown(f"wechat: {type(error).__name__}") from None
    except TimeoutError:
        raise Unknown("wechat: too slow") from None
    if answer.status_code != HTTPStatus.OK:
        raise Unknown(f"wechat: HTTP {answer.status_code}")
    try:
        read = answer.json()
    except ValueError:
        raise Unknown("wechat: no JSON") from None
    if not isinstance(read, dict):
        raise Unknown("wechat: no object")
    return read
