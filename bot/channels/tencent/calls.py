"""Calls to one of the two APIs, and what went wrong with them in the shop's words."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import unquote

import httpx

from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.wire.certificates import certificates

_NEVER_LEFT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""What went wrong before a byte of the request was sent."""


_SPELLED: Final = re.compile(r"filename\*=UTF-8''([^;\s]+)", re.IGNORECASE)
"""A name with letters that a header does not take as they are (RFC 6266)."""


class TooLarge(Exception):
    """A file has more bytes than were wanted of it."""


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked. Not printed: it may hold the account's secret, or somebody's news.

    Attributes:
        said: JSON to post; None: nothing is posted.
        query: Beside the token.
        file: A picture or file to upload, by its name and type.
    """

    path: str
    said: Mapping[str, Any] | None = field(default=None, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    file: tuple[str, bytes, str] | None = field(default=None, repr=False)

    @property
    def method(self) -> str:
        """Posting, or only asking."""
        return "GET" if self.said is None and self.file is None else "POST"

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


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that came as an answer, and what it is called there; the name may be empty."""

    name: str = field(repr=False)
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Line:
    """The way to one account's API.

    Attributes:
        vendor: Whose it is, for the log and for reasons: ``wechat``, ``wecom``.
        within_s: Seconds for a whole call: a server that sends a byte now and then would otherwise hold us for ever.
    """

    vendor: str
    http: httpx.AsyncClient
    within_s: float

    @classmethod
    def to(cls, vendor: str, base_url: str, within_s: float, httpx_kwargs: Mapping[str, Any]) -> Line:
        """The way to an API at an address; connects nothing yet."""
        options = {"timeout": within_s, "verify": certificates(), **httpx_kwargs}
        return cls(vendor, httpx.AsyncClient(base_url=base_url, **options), within_s)

    async def call(self, asked: Call, *, token: str = "") -> Mapping[str, Any]:
        """Ask, and read the JSON that comes back. The address holds the token: it is never logged.

        Raises:
            RetryLater: It certainly did not arrive.
            Unknown: Nobody knows.
        """
        try:
            async with asyncio.timeout(self.within_s):
                query = _query(asked, token)
                answer = await self.http.request(asked.method, asked.path, params=query, **asked.sent())
        except (httpx.TransportError, TimeoutError) as error:
            raise self._trouble(error) from None
        return self._json(answer)

    async def fetch(self, asked: Call, *, token: str, at_most: int) -> Mapping[str, Any] | Fetched:
        """Ask for a file: it, or the JSON that says why not.

        Raises:
            TooLarge: It has more than ``at_most`` bytes.
            RetryLater, Unknown: As above.
        """
        query = _query(asked, token)
        try:
            async with (
                asyncio.timeout(self.within_s),
                self.http.stream(asked.method, asked.path, params=query, **asked.sent()) as answer,
            ):
                disposition = answer.headers.get("content-disposition", "")
                if not disposition:
                    await answer.aread()
                    return self._json(answer)
                content = bytearray()
                async for part in answer.aiter_bytes():
                    content += part
                    if len(content) > at_most:
                        raise TooLarge
        except (httpx.TransportError, TimeoutError) as error:
            raise self._trouble(error) from None
        return Fetched(_filename(disposition), bytes(content))

    def _json(self, answer: httpx.Response) -> Mapping[str, Any]:
        if answer.status_code != HTTPStatus.OK:
            raise Unknown(f"{self.vendor}: HTTP {answer.status_code}")
        try:
            read = answer.json()
        except ValueError:
            raise Unknown(f"{self.vendor}: no JSON") from None
        if not isinstance(read, dict):
            raise Unknown(f"{self.vendor}: no object")
        return read

    def _trouble(self, error: Exception) -> RetryLater | Unknown:
        if isinstance(error, _NEVER_LEFT):
            return RetryLater(f"{self.vendor}: {type(error).__name__}")
        if isinstance(error, TimeoutError):
            return Unknown(f"{self.vendor}: too slow")
        return Unknown(f"{self.vendor}: {type(error).__name__}")


def _query(asked: Call, token: str) -> Mapping[str, str]:
    return {**asked.query, **({"access_token": token} if token else {})}


def _filename(disposition: str) -> str:
    spelled = _SPELLED.search(disposition)
    if spelled is not None:
        return unquote(spelled[1])
    message = Message()
    message["content-disposition"] = disposition
    return unquote(message.get_filename(""))
