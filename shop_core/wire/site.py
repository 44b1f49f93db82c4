"""Calls to one site: each ends in an answer, in ``RetryLater`` or in ``Unknown``, within a limited time and size."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import httpx
import stamina

from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.wire.quiet import log_no_queries
from shop_core.wire.reading import Facts, NotReadable, read_facts

ASKED_TOO_OFTEN_S: Final = 30

_BROKEN: Final = (httpx.NetworkError, httpx.RemoteProtocolError)
"""Not the time-outs: who has waited that long for an answer should not wait as long again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an answer may take.

    Attributes:
        answer_bytes: No honest answer is longer.
        whole_call_s: The client's time-outs are for each step; this ends the call of a site that sends a byte at a time.
    """

    answer_bytes: int = 65_536
    whole_call_s: float = 20


USUAL: Final = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request. ``page`` is appended to the site's address; empty, it goes to the address itself.

    Either ``form`` or ``content`` is the body; ``repr`` shows neither, nor the query: they may hold keys and codes.
    """

    method: str
    page: str
    query: Mapping[str, str] | None = None
    form: Mapping[str, str] | None = None
    content: bytes | None = None
    headers: Mapping[str, str] | None = None

    def __repr__(self) -> str:
        return f"Call({self.method} {self.page})"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a site said: HTTP 2xx or 4xx, whole, within the limits. ``repr`` does not show the body.

    Attributes:
        headers: Names in any case.
    """

    site: str
    status: int
    body: bytes
    headers: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Answer({self.site}, HTTP {self.status}, {len(self.body)} bytes)"

    def facts(self) -> Facts:
        """The JSON object that it is; numbers are texts.

        Raises:
            Unknown: It is none.
        """
        try:
            return read_facts(self.body)
        except NotReadable as error:
            raise Unknown(f"{self.site} answered {error}") from error


class Site:
    """One site, by its address. Follows no redirect: keys would go along."""

    def __init__(self, name: str, base_url: str, client: httpx.AsyncClient, limits: Limits = USUAL) -> None:
        """Take the name for messages, the address, and the client whose transport and time-outs the wiring has chosen."""
        self._name = name
        self._exact, self._base = base_url, base_url.rstrip("/")
        self._client = client
        self._limits = limits
        log_no_queries()

    def address_of(self, page: str) -> str:
        """The full address of one of the site's pages."""
        return f"{self._base}/{page}" if page else self._exact

    async def send(self, call: Call, limits: Limits | None = None) -> Answer:
        """Send what may have an effect, once.

        Raises:
            RetryLater: No connection, or asked too often: certainly no effect.
            Unknown: Sent, and no whole answer, or one that says only that the site is in trouble or elsewhere.
        """
        with self._in_our_terms():
            return await self._exchange(call, limits or self._limits)

    async def ask(self, call: Call, limits: Limits | None = None) -> Answer:
        """Send what changes nothing; if the connection breaks, once more.

        Raises:
            RetryLater: No connection, or asked too often.
            Unknown: No whole answer, or one that says only that the site is in trouble or elsewhere.
        """
        with self._in_our_terms():
            async for attempt in stamina.retry_context(on=_BROKEN, attempts=2, wait_initial=0.2, wait_max=1):
                with attempt:
                    return await self._exchange(call, limits or self._limits)
        raise AssertionError("the last attempt returns or raises")

    async def _exchange(self, call: Call, limits: Limits) -> Answer:
        request = self._client.build_request(
            call.method,
            self.address_of(call.page),
            params=call.query,
            data=call.form,
            content=call.content,
            headers=call.headers,
        )
        async with asyncio.timeout(limits.whole_call_s):
            answer = await self._client.send(request, stream=True, follow_redirects=False)
            try:
                body = await self._read(answer, limits.answer_bytes)
            finally:
                await answer.aclose()
        return self._judged(answer, body)

    async def _read(self, answer: httpx.Response, limit: int) -> bytes:
        body = bytearray()
        async for part in answer.aiter_bytes():
            body += part
            if len(body) > limit:
                raise Unknown(f"{self._name} answered without end")
        return bytes(body)

    def _judged(self, answer: httpx.Response, body: bytes) -> Answer:
        status = answer.status_code
        if status == httpx.codes.TOO_MANY_REQUESTS:
            raise RetryLater(f"{self._name} was asked too often", retry_after_s=ASKED_TOO_OFTEN_S)
        if not (httpx.codes.is_success(status) or httpx.codes.is_client_error(status)):
            raise Unknown(f"{self._name} answered HTTP {status}")
        return Answer(self._name, status, body, answer.headers)

    @contextmanager
    def _in_our_terms(self) -> Iterator[None]:
        """Tell what certainly did not reach the site from what may have."""
        try:
            yield
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise RetryLater(f"{self._name}: {type(error).__name__}") from error
        except (httpx.RequestError, TimeoutError) as error:
            raise Unknown(f"{self._name}: {type(error).__name__}") from error
