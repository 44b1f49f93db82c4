"""One of Reloadly's services: its address, its token, its pages of lists."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Final

import httpx

from shop_core.kernel.clock import Clock
from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.supply.supplier import Refused, SupplierRefused
from shop_core.wire.reading import Facts, NotReadable, read_json, text_of
from shop_core.wire.site import Answer, Call, Limits, Site
from suppliers.reading import count_of, said, why_not
from suppliers.reloadly.settings import ReloadlySettings
from suppliers.reloadly.signing import Token, headers, read_token, token_request
from suppliers.words import Words

ANSWER_BYTES: Final = 32 * 2**20
"""A page of two hundred products, each with its terms."""
PAGE_SIZE: Final = 200
PAGES_LIMIT: Final = 200
"""A service that does not know pages gives the same one for ever."""
_NOT_US: Final = frozenset({httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN})
_WORDS: Final = Words()

Send = Callable[[Call], Awaitable[Answer]]


class Service:
    """Gift cards or airtime, for one account. Its token is shared by all calls, and fetched by one of them."""

    def __init__(
        self, settings: ReloadlySettings, address: str, accept: str, client: httpx.AsyncClient, clock: Clock
    ) -> None:
        """Take the account, the service's address and what it calls its answers, the client, and the time."""
        limits = Limits(answer_bytes=ANSWER_BYTES, whole_call_s=settings.patience_s)
        self._settings = settings
        self._address = address
        self._accept = accept
        self._site = Site(settings.name, address, client, limits)
        self._auth = Site(settings.name, settings.hosts.auth, client, limits)
        self._clock = clock
        self._token: Token | None = None
        self._fetching = asyncio.Lock()

    async def send(self, page: str, body: bytes) -> Answer:
        """Send what buys, once; again only where the first was turned away at the door.

        Raises:
            RetryLater: Certainly no effect: no connection, asked too often, no token.
            Unknown: Sent, and no whole answer.
            SupplierRefused: It does not deal with us.
        """
        call = Call(method="POST", page=page, content=body, headers={"Content-Type": "application/json"})
        return await self._with_token(call, self._site.send)

    async def ask(self, page: str, query: Mapping[str, str] | None = None) -> Answer:
        """Ask what changes nothing.

        Raises:
            RetryLater, Unknown, SupplierRefused: Not told.
        """
        return await self._with_token(Call(method="GET", page=page, query=query), self._site.ask)

    async def everything(self, page: str, query: Mapping[str, str]) -> list[Facts]:
        """A list, whole.

        Raises:
            RetryLater, Unknown, SupplierRefused: Not told, or not to its end.
        """
        whole: list[Facts] = []
        number: int | None = 1
        while number is not None:
            items, number = await self.page(page, query, number)
            whole += items
        return whole

    async def page(self, page: str, query: Mapping[str, str], number: int) -> tuple[list[Facts], int | None]:
        """One page of a list, and the number of the next; None: that was the last.

        Which form lists have is not confirmed: a table that says whether it is the last, or how many there are, is believed;
        else the next page is looked at: there is none if it is empty, or the same again.

        Raises:
            RetryLater, Unknown, SupplierRefused: Not told.
        """
        if number > PAGES_LIMIT:
            raise Unknown(f"{self._settings.name} has a list without end")
        found = await self._page(page, query, number)
        items, is_last = self._items(found), _is_last(found, number)
        if is_last is None:
            following = self._items(await self._page(page, query, number + 1)) if items else []
            is_last = not following or following == items
        return items, None if is_last else number + 1

    async def _page(self, page: str, query: Mapping[str, str], number: int) -> object:
        return self.read(await self.ask(page, {**query, "page": str(number), "size": str(PAGE_SIZE)}))

    def _items(self, found: object) -> list[Facts]:
        told = found.get("content") if isinstance(found, Mapping) else found
        if not isinstance(told, list):
            raise Unknown(f"{self._settings.name} answered without a list")
        return [item for item in told if isinstance(item, Mapping)]

    def read(self, answer: Answer) -> object:
        """What an answer that says yes holds.

        Raises:
            Unknown: It does not say yes, or holds no JSON.
        """
        if not httpx.codes.is_success(answer.status):
            raise Unknown(f"{self._settings.name} answered HTTP {answer.status} {self.said(answer)}")
        try:
            return read_json(answer.body)
        except NotReadable as error:
            raise Unknown(f"{self._settings.name} answered {error}") from error

    def one(self, answer: Answer) -> Facts:
        """The table that an answer holds; some calls answer with a list of one.

        Raises:
            Unknown: It does not say yes, or holds something else.
        """
        found = self.read(answer)
        told = found[0] if isinstance(found, list) and len(found) == 1 else found
        if not isinstance(told, Mapping):
            raise Unknown(f"{self._settings.name} answered with something else")
        return told

    def refusal(self, answer: Answer) -> Refused:
        """The definite no of an answer to placing.

        Raises:
            Unknown: It is none: not HTTP 400 with words, the words say that it does not know either, or that it knows the
                number. That a number is refused as known is not promised for gift cards: the report tells.
        """
        words = _words(answer)
        is_known = _WORDS.is_known(words) or "customidentifier" in words.lower().replace(" ", "")
        if answer.status != httpx.codes.BAD_REQUEST or not words or is_known or _WORDS.is_unsure(words):
            raise Unknown(f"{self._settings.name} answered HTTP {answer.status} {self.said(answer)}")
        return Refused(why_not(words), self.said(answer))

    def is_gone(self, answer: Answer) -> bool:
        """Tell whether an answer says plainly that there is no such thing."""
        words = _words(answer)
        return answer.status == httpx.codes.NOT_FOUND and bool(words) and not _WORDS.is_unsure(words)

    def said(self, answer: Answer) -> str:
        """The words of an error, fit to be shown."""
        return said(_words(answer), self._settings.secret)

    # -------------------------------------------------------------------------------------------------- the token

    async def _with_token(self, call: Call, send: Send) -> Answer:
        token = await self._fresh_token()
        answer = await send(self._signed(call, token))
        if answer.status == httpx.codes.UNAUTHORIZED:
            # Turned away before anything was done; a token may end before its time.
            answer = await send(self._signed(call, await self._fresh_token(after=token)))
        if answer.status in _NOT_US:
            raise SupplierRefused(supplier=self._settings.name, said=self.said(answer))
        return answer

    def _signed(self, call: Call, token: Token) -> Call:
        return replace(call, headers={**(call.headers or {}), **headers(token, self._accept)})

    async def _fresh_token(self, after: Token | None = None) -> Token:
        """The shared token; a new one if there is none, it has run out, or it is the one that was turned away."""
        async with self._fetching:
            known = self._token
            if known is None or known is after or known.good_until <= self._clock.now():
                known = self._token = await self._fetch()
            return known

    async def _fetch(self) -> Token:
        settings = self._settings
        body = token_request(settings.key, settings.secret, self._address)
        call = Call(
            method="POST", page="oauth/token", content=body, headers={"Content-Type": "application/json"}
        )
        try:
            answer = await self._auth.send(call)
            if answer.status in _NOT_US:
                raise SupplierRefused(supplier=settings.name, said=self.said(answer))
            token = read_token(answer.facts(), self._clock.now())
        except Unknown as error:
            # Without a token nothing can have been bought.
            raise RetryLater(f"{settings.name} gave no token: {error.reason}") from error
        if token is None:
            raise RetryLater(f"{settings.name} gave no token")
        return token


def _is_last(found: object, number: int) -> bool | None:
    """Whether a page says that it is the last; None: it does not say."""
    if isinstance(found, Mapping) and isinstance(found.get("last"), bool):
        return bool(found["last"])
    pages = count_of(text_of(found, "totalPages"))
    return None if pages is None else number >= pages


def _words(answer: Answer) -> str:
    """The words of an error: its code and its message; empty where it has none."""
    try:
        found = read_json(answer.body)
    except NotReadable:
        return ""
    return f"{text_of(found, 'errorCode')} {text_of(found, 'message')}".strip()
