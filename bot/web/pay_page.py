"""``/pay/NUMBER/PROOF``: an order's payment screen as a page, where a chat cannot show it.

Everything but the countdown and the live status works without a script: buttons are forms.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from string import Template
from typing import Final
from urllib.parse import urlsplit

import segno
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.web.form import BadForm, read_params
from handlers import pay_page
from handlers.pay_page import PayPage
from handlers.screen import Qr
from handlers.words import Phrases, Words
from shop_core.db.shop import Shop
from shop_core.kernel.errors import ShopError
from shop_core.orders.errors import NoSuchOrder

Door = Callable[[str], str | None]
"""A channel instance's name → the address that opens its chat; None: none is known."""

_FILES: Final = Path(__file__).parent / "page"
_LANGUAGES: Final = {"zh": "zh-CN", "en": "en"}
_NOT_KEPT: Final = {"Cache-Control": "no-store"}
_QR_BORDER: Final = 4
_WECHAT: Final = "MicroMessenger"
"""What WeChat's own browser has in its name."""


class PayPages:
    """The pay pages of a shop."""

    def __init__(self, shop: Shop, door: Door) -> None:
        self._shop = shop
        self._door = door
        self._page = Template((_FILES / "pay.html").read_text("utf-8"))

    def routes(self) -> list[Route]:
        place = "/pay/{number}/{proof}"
        return [
            Route("/pay/pay.css", self._file("pay.css")),
            Route("/pay/pay.js", self._file("pay.js")),
            Route(place, self.show, methods=["GET"]),
            Route(place, self.press, methods=["POST"]),
            Route(f"{place}/status", self.status, methods=["GET"]),
        ]

    async def show(self, request: Request) -> Response:
        """The page, or one that says that the address leads nowhere."""
        return await self._show(request, said="")

    async def status(self, request: Request) -> Response:
        """A text that changes whenever the page would: what the page's script asks for."""
        try:
            page = await pay_page.show(self._shop, **_place(request))
        except NoSuchOrder:
            return JSONResponse({"error": "not_found"}, 404, _NOT_KEPT)
        return JSONResponse({"mark": page.mark}, headers=_NOT_KEPT)

    async def press(self, request: Request) -> Response:
        """A way to pay, or "I have paid". The answer is the page again, by its own address."""
        try:
            form = await read_params(request)
        except BadForm as error:
            return JSONResponse({"error": error.reason}, error.status)
        try:
            if "way" in form:
                await pay_page.choose(self._shop, **_place(request), gateway=form["way"])
            else:
                await pay_page.ask(self._shop, **_place(request))
        except NoSuchOrder:
            return await self._show(request, said="")
        except ShopError as error:
            return await self._show(
                request, said=await pay_page.say_why(self._shop, **_place(request), error=error)
            )
        return RedirectResponse(request.url.path.rpartition("/")[2], 303, _NOT_KEPT)

    async def _show(self, request: Request, *, said: str) -> Response:
        try:
            page = await pay_page.show(self._shop, **_place(request))
        except NoSuchOrder:
            return self._nowhere()
        say = self._shop.get(Words).to(page.language)
        here = request.url.path.rpartition("/")[2]
        is_in_wechat = _WECHAT in request.headers.get("user-agent", "")
        inside = "\n".join(self._draw(page, say, said, here, is_in_wechat=is_in_wechat))
        return self._filled(page.language, page.shop, page.mark, inside, 200)

    def _nowhere(self) -> Response:
        language = self._shop.policy.languages[0]
        say = self._shop.get(Words).to(language)
        text = f"<h1>{escape(say('error.orders.unknown'))}</h1>"
        return self._filled(language, self._shop.policy.name, "", text, 404)

    def _filled(self, language: str, title: str, mark: str, inside: str, status: int) -> Response:
        html = self._page.substitute(
            language=_LANGUAGES.get(language, language), title=escape(title), mark=escape(mark), inside=inside
        )
        return HTMLResponse(html, status, _NOT_KEPT)

    def _draw(
        self, page: PayPage, say: Phrases, said: str, here: str, *, is_in_wechat: bool
    ) -> Iterator[str]:
        if said:
            yield f'<p class="said" role="status">{escape(said)}</p>'
        yield from (f'<p class="goods">{escape(line)}</p>' for line in page.goods)
        yield f'<p class="amount">{escape(page.amount)}</p>'
        yield f'<h1 class="{page.state}" role="status">{escape(page.text)}</h1>'
        if page.deadline is not None:
            until = say("order.until", until=say.clock(page.deadline))
            moment = page.deadline.isoformat()
            yield f'<p class="until"><time datetime="{moment}">{escape(until)}</time></p>'
        if page.qr is not None:
            yield _draw_qr(page.qr)
        if page.link is not None and urlsplit(page.link).scheme in {"http", "https"}:
            yield f'<a class="key primary" href="{escape(page.link)}">{escape(say("order.go_pay"))}</a>'
        if page.call is not None:
            yield from _draw_call(page, say, is_in_wechat=is_in_wechat)
        if page.qr is not None or page.link is not None or page.call is not None:
            yield _form(here, f'<button class="key" id="paid">{escape(say("order.i_paid"))}</button>')
        weight = "" if page.qr or page.call else " primary"
        for way in page.ways:
            if not way.is_chosen:
                name = f'name="way" value="{escape(way.gateway)}"'
                yield _form(here, f'<button class="key{weight}" {name}>{escape(way.text)}</button>')
        door = self._door(page.channel)
        if door is None:
            yield f'<p class="muted">{escape(say("pay_page.chat"))}</p>'
        else:
            yield f'<a class="key" href="{escape(door)}">{escape(say("pay_page.back"))}</a>'

    def _file(self, name: str) -> Callable[[Request], Response]:
        def file(_: Request) -> Response:
            return FileResponse(_FILES / name, headers={"Cache-Control": "no-cache"})

        return file


def _place(request: Request) -> dict[str, str]:
    return {name: request.path_params[name] for name in ("number", "proof")}


def _form(here: str, button: str) -> str:
    return f'<form method="post" action="{escape(here)}">{button}</form>'


def _draw_call(page: PayPage, say: Phrases, *, is_in_wechat: bool) -> Iterator[str]:
    """The button that has WeChat's browser ask for the money; any other browser only shows the way into that one."""
    if is_in_wechat:
        call = escape(json.dumps(dict(page.call or {})))
        yield f'<button class="key primary" data-call="{call}">{escape(page.call_text)}</button>'
        yield f'<p class="said" role="status" id="unpaid" hidden>{escape(say("pay_page.unpaid"))}</p>'
    elif page.address is not None:
        yield _draw_qr(Qr(page.address, say("pay_page.open_in_wechat")))
        yield f'<p class="muted">{escape(say("pay_page.open_in_wechat"))}</p>'


def _draw_qr(qr: Qr) -> str:
    try:
        drawn = segno.make_qr(qr.text)
    except segno.DataOverflowError:
        # More than a QR code holds: the button beside it leads there too.
        return ""
    svg = drawn.svg_inline(omitsize=True, border=_QR_BORDER)
    return f'<div class="qr" role="img" aria-label="{escape(qr.alt)}">{svg}</div>'
