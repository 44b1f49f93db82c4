"""Calls to an 易支付 (epay) V1 site: what came back, and what may have happened where nothing came back."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import httpx
import stamina

from shop_core.kernel.errors import RetryLater, Unknown

ANSWER_LIMIT_BYTES: Final = 65_536
"""No honest answer is longer."""
WHOLE_CALL_S: Final = 20
"""The client's time-outs are for each step; this ends the call of a site that sends a byte at a time."""
ASKED_TOO_OFTEN_S: Final = 30

_BROKEN: Final = (httpx.NetworkError, httpx.RemoteProtocolError)
"""Not the time-outs: who has waited that long for an answer should not wait as long again."""


class EpaySite:
    """One site, by its address. Answers are plain texts by name; they are not signed."""

    def __init__(self, name: str, base_url: str, client: httpx.AsyncClient) -> None:
        self._name = name
        self._base = base_url.rstrip("/") + "/"
        self._client = client
        # httpx logs every address at INFO, and `api.php` has the key in its query: the documents know no
        # other way, and forks read it from nowhere else.
        logging.getLogger("httpx").addFilter(_without_query)

    def address_of(self, page: str) -> str:
        """The full address of one of the site's pages."""
        return self._base + page

    async def post(self, page: str, form: Mapping[str, str]) -> Mapping[str, str]:
        """Send what may have an effect, once.

        Raises:
            RetryLater: No connection, or asked too often: certainly no effect.
            Unknown: Sent, and no readable answer.
        """
        with self._in_our_terms():
            answer = await self._exchange(
                self._client.build_request("POST", self.address_of(page), data=form)
            )
        return self._read(*answer)

    async def get(self, page: str, query: Mapping[str, str]) -> Mapping[str, str]:
        """Ask what changes nothing; if the connection breaks, once more.

        Raises:
            RetryLater: No connection, or asked too often.
            Unknown: No readable answer.
        """
        with self._in_our_terms():
            answer = await self._exchange_again(page, query)
        return self._read(*answer)

    async def _exchange_again(self, page: str, query: Mapping[str, str]) -> tuple[int, bytes]:
        async for attempt in stamina.retry_context(on=_BROKEN, attempts=2, wait_initial=0.2, wait_max=1):
            with attempt:
                request = self._client.build_request("GET", self.address_of(page), params=query)
                return await self._exchange(request)
        raise AssertionError("the last attempt returns or raises")

    async def _exchange(self, request: httpx.Request) -> tuple[int, bytes]:
        """Send a request, and return the status and the body of the answer."""
        async with asyncio.timeout(WHOLE_CALL_S):
            # Never to be followed elsewhere: the key would go along.
            answer = await self._client.send(request, stream=True, follow_redirects=False)
            try:
                body = b""
                async for part in answer.aiter_bytes():
                    body += part
                    if len(body) > ANSWER_LIMIT_BYTES:
                        raise Unknown(f"{self._name} answered without end")
            finally:
                await answer.aclose()
        return answer.status_code, body

    def _read(self, status: int, body: bytes) -> Mapping[str, str]:
        if status == httpx.codes.TOO_MANY_REQUESTS:
            raise RetryLater(f"{self._name} was asked too often", retry_after_s=ASKED_TOO_OFTEN_S)
        if status != httpx.codes.OK:
            raise Unknown(f"{self._name} answered HTTP {status}")
        try:
            # Some PHP sites put a byte order mark first. Amounts stay as they are written: never a float.
            answer = json.loads(body.decode("utf-8-sig"), parse_float=str, parse_int=str)
        except (ValueError, RecursionError) as error:
            raise Unknown(f"{self._name} answered no JSON") from error
        if not isinstance(answer, dict):
            raise Unknown(f"{self._name} answered no object")
        return {name: value for name, value in answer.items() if isinstance(value, str)}

    @contextmanager
    def _in_our_terms(self) -> Iterator[None]:
        """Tell what certainly did not reach the site from what may have."""
        try:
            yield
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise RetryLater(f"{self._name}: {type(error).__name__}") from error
        except (httpx.RequestError, TimeoutError) as error:
            raise Unknown(f"{self._name}: {type(error).__name__}") from error


_QUERY: Final = re.compile(r"(https?://[^\s\"?]*)\?[^\s\"]*")


class _WithoutQuery(logging.Filter):
    """Cuts the query off the addresses that httpx logs."""

    def filter(self, record: logging.LogRecord) -> bool:
        # The text, not the arguments: another filter of this logger may have put them together already.
        record.msg, record.args = _QUERY.sub(r"\1", record.getMessage()), ()
        return True


_without_query: Final = _WithoutQuery()
"""One object: adding the same filter again changes nothing."""
