"""The page itself: the document, which brings the cookie, its scripts and styles, and the way into other sites."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles

from bot.channels.webchat.face import FILES, Face
from bot.channels.webchat.origin import is_on_this_machine
from bot.channels.webchat.session import Sessions
from bot.web.headers import framed_by

CHAT_PATH: Final = "/chat"
STAFF_PATH: Final = "/staff"

_NOT_KEPT: Final = {"Cache-Control": "no-store"}
_SERVED: Final = frozenset({".css", ".js"})
# A third of the bytes. Nothing in these answers is a secret that its length could betray.
_PACKED: Final = (Middleware(GZipMiddleware),)
_KEPT_A_WHILE: Final = {"Cache-Control": "public, max-age=600"}


class Pages:
    """The customers' page, and the files. Links in it are relative, so any prefix of a proxy will do."""

    def __init__(self, sessions: Sessions, face: Face, sites: Sequence[str]) -> None:
        """Put it together.

        Args:
            sessions: What makes and knows this page's cookie.
            face: What it looks like.
            sites: Origins of the pages that may show it inside; to all others it does not appear.
        """
        self._sessions = sessions
        self._face = face
        self._sites = sites
        self._files = StaticFiles(directory=FILES)

    def routes(self) -> list[Route]:
        return [
            Route(CHAT_PATH, self.show, middleware=_PACKED),
            Route(f"{CHAT_PATH}/", self.tidy),
            Route(f"{CHAT_PATH}/logo", self.logo),
            Route(f"{CHAT_PATH}/theme.css", self.theme),
            Route(f"{CHAT_PATH}/embed.js", self.embed, middleware=_PACKED),
            Route(f"{CHAT_PATH}/{{name}}", self.file, middleware=_PACKED),
            Route("/", self.front),
        ]

    async def show(self, request: Request) -> Response:
        """The chat. Whoever has no good cookie is somebody new."""
        response = _document(self._face, request)
        device = self._sessions.device_of(request.cookies) or self._sessions.new_device()
        if "embed" in request.query_params:
            self._sessions.remember_inside(response, device)
        else:
            self._sessions.remember(response, device)
        response.headers["Content-Security-Policy"] = framed_by(self._sites)
        return response

    async def file(self, request: Request) -> Response:
        """A script or a style. Browsers ask each time and hear "unchanged": an update is whole at once."""
        name = request.path_params["name"]
        if Path(name).suffix not in _SERVED:
            raise HTTPException(404)
        response = await self._files.get_response(name, request.scope)
        response.headers["Cache-Control"] = "no-cache"
        return response

    async def theme(self, _: Request) -> Response:
        style = self._face.theme.stylesheet()
        if style is None:
            raise HTTPException(404)
        return Response(style, media_type="text/css", headers={"Cache-Control": "no-cache"})

    async def logo(self, _: Request) -> Response:
        """The owner's. Opened by itself, an SVG runs nothing and loads nothing."""
        logo = self._face.theme.logo
        if logo is None:
            raise HTTPException(404)
        policy = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
        return Response(
            logo.content,
            media_type=logo.media_type,
            headers={**_KEPT_A_WHILE, "Content-Security-Policy": policy},
        )

    async def embed(self, _: Request) -> Response:
        """The one line of other people's pages. Where no site is named it is not there."""
        if not self._sites:
            raise HTTPException(404)
        return Response(self._face.embed_script(), media_type="text/javascript", headers=_KEPT_A_WHILE)

    async def tidy(self, _: Request) -> Response:
        return RedirectResponse(f"..{CHAT_PATH}")

    async def front(self, _: Request) -> Response:
        return RedirectResponse(CHAT_PATH.removeprefix("/"))


class DemoPages:
    """The demo: customer and staff side by side, the staff without a password. For this machine only."""

    def __init__(self, staff: str, sessions: Sessions, face: Face) -> None:
        """Read the documents.

        Args:
            staff: The identity of whoever opens the staff pane.
            sessions: What knows the staff pane's cookie.
            face: What the chat looks like.
        """
        self._staff = staff
        self._sessions = sessions
        self._face = face
        self._both = (FILES / "demo.html").read_text("utf-8")

    def routes(self) -> list[Route]:
        return [Route(STAFF_PATH, self.show), Route("/", self.front)]

    async def show(self, request: Request) -> Response:
        _require_this_machine(request)
        response = _document(self._face, request)
        self._sessions.remember(response, self._staff)
        return response

    async def front(self, request: Request) -> Response:
        _require_this_machine(request)
        return HTMLResponse(self._both, headers=_NOT_KEPT)


def _document(face: Face, request: Request) -> Response:
    return HTMLResponse(face.document(request.headers.get("accept-language", "")), headers=_NOT_KEPT)


def _require_this_machine(request: Request) -> None:
    if not is_on_this_machine(request):
        raise HTTPException(404)
