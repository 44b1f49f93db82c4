"""Calls to an 易支付 (epay) V1 site."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from shop_core.kernel.errors import Unknown
from shop_core.wire.site import Answer, Call, Site


class EpaySite:
    """One site, by its address. Answers are plain texts by name; they are not signed."""

    def __init__(self, name: str, base_url: str, client: httpx.AsyncClient) -> None:
        self._name = name
        self._site = Site(name, base_url, client)

    def address_of(self, page: str) -> str:
        """The full address of one of the site's pages."""
        return self._site.address_of(page)

    async def post(self, page: str, form: Mapping[str, str]) -> Mapping[str, str]:
        """Send what may have an effect, once.

        Raises:
            RetryLater: No connection, or asked too often: certainly no effect.
            Unknown: Sent, and no readable answer.
        """
        return self._read(await self._site.send(Call(method="POST", page=page, form=form)))

    async def get(self, page: str, query: Mapping[str, str]) -> Mapping[str, str]:
        """Ask what changes nothing; if the connection breaks, once more.

        Raises:
            RetryLater: No connection, or asked too often.
            Unknown: No readable answer.
        """
        # `api.php` has the key in its query: the documents know no other way, and forks read it from nowhere else.
        return self._read(await self._site.ask(Call(method="GET", page=page, query=query)))

    def _read(self, answer: Answer) -> Mapping[str, str]:
        if answer.status != httpx.codes.OK:
            raise Unknown(f"{self._name} answered HTTP {answer.status}")
        return {name: value for name, value in answer.facts().items() if isinstance(value, str)}
