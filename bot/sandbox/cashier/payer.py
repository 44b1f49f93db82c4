"""The payer's side: one page per order, and what its buttons do."""

import dataclasses
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.sandbox.cashier.desk import Desk, Telling
from bot.sandbox.cashier.orders import Order, fen_of, yuan_of
from bot.sandbox.cashier.pages import (
    CHOICES,
    DEFAULT_LATE_S,
    MOST_LATE_S,
    SHORT_BY_FEN,
    checkout_page,
    html_response,
    paid_page,
    refusal_page,
)
from bot.sandbox.cashier.vendor import form_values
from bot.sandbox.cashier.words import words_for

# Each button of the page: how often the payer pays, and how the merchant hears of it.
_BUTTONS: dict[str, tuple[int, Telling]] = {
    "pay": (1, Telling()),
    "twice": (2, Telling()),
    "short": (1, Telling()),
    "late": (1, Telling()),
    "lost": (1, Telling(notify=False)),
    "forged": (1, Telling(wrong_sign=True)),
}


class PayerPages:
    """Shows orders to payers and takes their button presses."""

    def __init__(self, desk: Desk) -> None:
        """Serve this desk; the style sheet is read once."""
        self._desk = desk
        self._style = files("bot.sandbox.cashier").joinpath("cashier.css").read_text("utf-8")

    def routes(self) -> list[Route]:
        """List the paths."""
        return [
            Route("/pay/{trade_no}", self.show, methods=["GET"], name="pay"),
            Route("/pay/{trade_no}", self.press, methods=["POST"]),
            Route("/cashier.css", self.style, methods=["GET"]),
        ]

    async def style(self, _: Request) -> Response:
        """Serve the style sheet."""
        return Response(self._style, media_type="text/css")

    async def show(self, request: Request) -> Response:
        """Show what is to be paid, or that it is paid."""
        words = words_for(request.headers.get("accept-language", ""))
        order = self._asked_for(request)
        if order is None:
            return html_response(refusal_page(words.not_found, words), status_code=404)
        draw = paid_page if order.payment else checkout_page
        did = request.query_params.get("did", "")
        return html_response(draw(order, self._desk.settings, words, did))

    async def press(self, request: Request) -> Response:
        """Do what a button says, then show the order again. Pressing on a paid order does nothing more."""
        form = form_values(await request.body())
        order = self._asked_for(request)
        button = form.get("do", "")
        if order is None or order.payment or button not in _BUTTONS:
            return RedirectResponse(request.url.path, status_code=303)
        times, telling = _BUTTONS[button]
        money = None
        if button == "late":
            telling = dataclasses.replace(telling, delay_s=_delay_s(form.get("delay_s", "")))
        if button == "short":
            money = yuan_of(max(fen_of(order.money) - SHORT_BY_FEN, 1))
        method = form["type"] if form.get("type") in CHOICES and not order.method else ""
        for _ in range(times):
            self._desk.pay(order, telling, money=money, method=method)
        note = "" if button == "pay" else f"?did={button}"
        return RedirectResponse(f"{request.url.path}{note}", status_code=303)

    def _asked_for(self, request: Request) -> Order | None:
        return self._desk.orders.find(trade_no=request.path_params["trade_no"])


def _delay_s(text: str) -> float:
    if not (text.isascii() and text.isdigit()):
        return DEFAULT_LATE_S
    return min(int(text), MOST_LATE_S)
