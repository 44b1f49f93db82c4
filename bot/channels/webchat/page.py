"""The page itself: the document, which brings the cookie, and its scripts and styles."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles

from bot.channels.webchat.origin import is_on_this_machine
from bot.channels.webchat.session import Sessions

CHAT_PATH: Final = "/chat"
STAFF_PATH: Final = "/staff"

_FILES: Final = Path(__file__).parent / "page"
_NOT_KEPT: Final = {"Cache-Control": "no-store"}
_SERVED: Final = frozenset({".css", ".js"})


class Pages:
    """The customers' page, and the files. Links in it are relative, so any prefix of a proxy will do."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._document = _read("index.html")
        self._files = StaticFiles(directory=_FILES)

    def routes(self) -> list[Route]:
        return [
            Route(CHAT_PATH, self.show),
            Route(f"{CHAT_PATH}/", self.tidy),
            Route(f"{CHAT_PATH}/{{name}}", self.file),
            Route("/", self.front),
        ]

    async def show(self, request: Request) -> Response:
        """The chat. Whoever has no good cookie is somebody new."""
        return _with_cookie(self._document, self._sessions, self._sessions.device_of(request.cookies))

    async def file(self, request: Request) -> Response:
        """A script or a style. Browsers ask each time and hear "unchanged": an update is whole at once."""
        name = request.path_params["name"]
        if Path(name).suffix not in _SERVED:
            raise HTTPException(404)
        response = await self._files.get_response(name, request.scope)
        response.headers["Cache-Control"] = "no-cache"
        return response

    async def tidy(self, _: Request) -> Response:
        return RedirectResponse(f"..{CHAT_PATH}")

    async def front(self, _: Request) -> Response:
        return RedirectResponse(CHAT_PATH.removeprefix("/"))


class DemoPages:
    """The demo: customer and staff side by side, the staff without a password. For this machine only."""

    def __init__(self, staff: str, sessions: Sessions) -> None:
        """Read the documents.

        Args:
            staff: The identity of whoever opens the staff pane.
            sessions: What knows the staff pane's cookie.
        """
        self._staff = staff
        self._sessions = sessions
        self._document = _read("index.html")
        self._both = _read("demo.html")

    def routes(self) -> list[Route]:
        return [Route(STAFF_PATH, self.show), Route("/", self.front)]

    async def show(self, request: Request) -> Response:
        _require_this_machine(request)
        return _with_cookie(self._document, self._sessions, self._staff)

    async def front(self, request: Request) -> Response:
        _require_this_machine(request)
        return HTMLResponse(self._both, headers=_NOT_KEPT)


def _require_this_machine(request: Request) -> None:
    if not is_on_this_machine(request):
        raise HTTPException(404)


def _with_cookie(document: str, sessions: Sessions, device: str | None) -> Response:
    response = HTMLResponse(document, headers=_NOT_KEPT)
    sessions.remember(response, device or sessions.new_device())
    return response


def _read(name: str) -> str:
    return (_FILES / name).read_text("utf-8")
