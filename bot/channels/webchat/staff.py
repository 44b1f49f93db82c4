"""The staff's page: signing in by a one-time link or by password and code, then the same chat as anybody's."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from http import HTTPStatus
from string import Template
from typing import Final

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.channels.webchat.face import FILES, Face
from bot.channels.webchat.origin import is_from_our_page
from bot.channels.webchat.page import STAFF_PATH
from bot.channels.webchat.session import Sessions
from bot.web.form import BadForm, read_params
from shop_core.conversations.at_the_desk import find_at_desk
from shop_core.conversations.sign_in import STAFF_BROWSER, BadSignIn, SignIn, enter, sign_in
from shop_core.customers.passwords import TooManyTries
from shop_core.customers.people import Address
from shop_core.db.shop import Shop
from shop_core.kernel.secret import Secret
from shop_core.staff.roles import Roster

_BROWSER_BYTES: Final = 15
_NOT_KEPT: Final = {"Cache-Control": "no-store"}
# Under the site's own no-referrer a browser says "null" for where a form comes from, as it does for a foreign page.
_FORM_HEADERS: Final = {**_NOT_KEPT, "Referrer-Policy": "same-origin"}
_SEE_OTHER: Final = HTTPStatus.SEE_OTHER

_FORM: Final = """\
    <form method="post" action="$base/staff">
      <label>账号 <input name="name" autocomplete="username" autocapitalize="off" spellcheck="false" required></label>
      <label>密码 <input name="password" type="password" autocomplete="current-password" required></label>
      <label>验证码
        <input name="code" inputmode="numeric" pattern="[0-9]{6}" maxlength="6" autocomplete="one-time-code" required>
      </label>
      <button>登录 Sign in</button>
    </form>
    <p>没有密码？在机器人里发 /web，点开链接。
      <span lang="en">No password? Send /web to the bot and open its link.</span></p>"""
_ENTER: Final = """\
    <form method="post">
      <button autofocus>在这个浏览器里登录 Sign in here</button>
    </form>
    <p>链接只能用一次，登录 12 小时有效。
      <span lang="en">The link works once; you stay signed in for 12 hours.</span></p>"""
_BAD: Final = """\
    <p class="bad" role="alert">$zh<span lang="en">$en</span></p>
"""
_WRONG: Final = {"zh": "账号、密码和验证码对不上。", "en": "Name, password and code do not belong together."}
_LOCKED: Final = {"zh": "试得太多了，请一小时后再试。", "en": "Too many tries. Please come back in an hour."}
_DEAD: Final = {"zh": "这个链接用过了，或者过期了。", "en": "This link was used before, or is too old."}

_log = structlog.get_logger(__name__)


class StaffPages:
    """``/staff`` and what is below it. Whoever is not signed in sees nothing but the way in."""

    def __init__(
        self, channel: str, shop: Shop, sessions: Sessions, origins: Collection[str], face: Face
    ) -> None:
        """Read the documents.

        Args:
            channel: The web chat's name: browsers are known under it.
            sessions: What makes and knows this page's cookie.
            origins: Addresses of our pages besides the host that is asked.
            face: What the chat looks like.
        """
        self._channel = channel
        self._shop = shop
        self._sessions = sessions
        self._origins = origins
        self._face = face
        self._page = Template((FILES / "staff.html").read_text("utf-8"))

    def routes(self) -> list[Route]:
        return [
            Route(STAFF_PATH, self.show, methods=["GET"]),
            Route(STAFF_PATH, self.sign_in, methods=["POST"]),
            Route(f"{STAFF_PATH}/enter/{{token}}", self.ask, methods=["GET"]),
            Route(f"{STAFF_PATH}/enter/{{token}}", self.enter, methods=["POST"]),
        ]

    async def show(self, request: Request) -> Response:
        """The chat for who is signed in, the form for anybody else."""
        browser = self._sessions.device_of(request.cookies)
        if browser is not None and await self._is_staff(browser):
            chat = self._face.document(request.headers.get("accept-language", ""))
            return HTMLResponse(chat, headers=_NOT_KEPT)
        return self._draw(request, _FORM)

    async def _is_staff(self, browser: str) -> bool:
        address = Address(self._channel, browser)
        return await self._shop.read(find_at_desk, self._shop.get(Roster), address) is not None

    async def sign_in(self, request: Request) -> Response:
        """Name, password and code. Nothing of them is ever shown again."""
        self._require_our_page(request)
        try:
            form = await read_params(request)
            typed = SignIn(form["name"].strip(), Secret(form["password"]), form["code"].strip())
        except (BadForm, KeyError):
            raise HTTPException(HTTPStatus.BAD_REQUEST) from None
        browser = self._new_browser()
        try:
            await sign_in(self._shop, Address(self._channel, browser), typed)
        except BadSignIn:
            _log.warning("webchat.staff_refused", reason="wrong")
            return self._draw(request, _FORM, _WRONG, HTTPStatus.FORBIDDEN)
        except TooManyTries:
            _log.warning("webchat.staff_refused", reason="locked")
            return self._draw(request, _FORM, _LOCKED, HTTPStatus.TOO_MANY_REQUESTS)
        return self._let_in(request, browser)

    async def ask(self, request: Request) -> Response:
        """A look at the link uses nothing up: chat apps look at links before people do."""
        return self._draw(request, _ENTER)

    async def enter(self, request: Request) -> Response:
        """The link is used up."""
        self._require_our_page(request)
        browser = self._new_browser()
        try:
            await self._shop.write(enter, Address(self._channel, browser), request.path_params["token"])
        except BadSignIn:
            return self._draw(request, _FORM, _DEAD, HTTPStatus.FORBIDDEN)
        return self._let_in(request, browser)

    def _draw(
        self,
        request: Request,
        content: str,
        said: dict[str, str] | None = None,
        status: HTTPStatus = HTTPStatus.OK,
    ) -> Response:
        # Relative to the page, so that any prefix of a proxy will do.
        base = "../.." if "token" in request.path_params else "."
        told = "" if said is None else Template(_BAD).substitute(said)
        inside = told + Template(content).safe_substitute(base=base)
        html = self._page.substitute(base=base, content=inside)
        return HTMLResponse(html, status, headers=_FORM_HEADERS)

    def _let_in(self, request: Request, browser: str) -> Response:
        away = "../../staff" if "token" in request.path_params else "staff"
        response = RedirectResponse(away, _SEE_OTHER, headers=_NOT_KEPT)
        self._sessions.remember(response, browser)
        return response

    def _new_browser(self) -> str:
        return STAFF_BROWSER + secrets.token_hex(_BROWSER_BYTES)

    def _require_our_page(self, request: Request) -> None:
        if not is_from_our_page(request, self._origins):
            raise HTTPException(HTTPStatus.FORBIDDEN)
