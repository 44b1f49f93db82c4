"""Where a gateway sends the payer's browser afterwards: the chat tells the outcome, not this page."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

_PAGE: Final = Path(__file__).parent / "page"
_LINK: Final = '  <p><a href="../chat">回到聊天 <span lang="en">Back to the chat</span></a></p>\n'


class ReturnPage:
    """``/pay/return``. It reads none of the gateway's parameters: anybody can write those into an address."""

    def __init__(self, *, has_web_chat: bool) -> None:
        """Read the page once; without a web chat it has no link, the payer's chat is another program."""
        page = (_PAGE / "return.html").read_text("utf-8")
        self._html = page if has_web_chat else page.replace(_LINK, "")

    def routes(self) -> list[Route]:
        return [Route("/pay/return", self.show), Route("/pay/return.css", self.style)]

    async def show(self, _: Request) -> Response:
        return HTMLResponse(self._html, headers={"Cache-Control": "no-store"})

    async def style(self, _: Request) -> Response:
        return FileResponse(_PAGE / "return.css", headers={"Cache-Control": "no-cache"})
