"""Headers of every answer: a page of ours loads nothing from elsewhere and shows inside no page that is not named."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'self'; "
    "base-uri 'none'; form-action 'self'"
)
"""No inline script or style; QR codes and icons are ``data:`` pictures; the demo frames our own pages."""


def framed_by(sites: Iterable[str]) -> str:
    """The policy of a page that these sites, by their origins, may show inside theirs."""
    return CONTENT_SECURITY_POLICY.replace(
        "frame-ancestors 'self'", " ".join(["frame-ancestors 'self'", *sites])
    )


SECURITY_HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class SecurityHeaders:
    """ASGI middleware that adds the headers to each HTTP answer that does not set its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, add)
