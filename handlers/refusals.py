"""A refusal as a screen: what is wrong, what it means for the money, and a way on."""

from __future__ import annotations

from handlers.links import link
from handlers.order_screen import show_order
from handlers.screen import Line, LinkButton, Screen, Style
from handlers.visit import Visit
from shop_core.kernel.errors import ShopError
from shop_core.orders.errors import NoSuchOrder, NotCancellable, NotDelivered, NotPayable


async def refusal_screen(visit: Visit, error: ShopError, number: str | None) -> Screen:
    """Say no.

    Args:
        number: The order that the link named, if any: where it is his, its screen as it is now says more than words.
    """
    text = refusal_text(visit, error)
    if number is not None:
        try:
            return (await show_order(visit, number)).with_toast(text)
        except NoSuchOrder as unknown:
            text = refusal_text(visit, unknown)
    ways = [] if number is None or not visit.is_guest else [(_recover_button(visit, number),)]
    rows = (
        *ways,
        (
            LinkButton(visit.say("home.orders"), link("orders")),
            LinkButton(visit.say("button.home"), link("home")),
        ),
    )
    return Screen((Line(text, Style.PLAIN),), rows)


def _recover_button(visit: Visit, number: str) -> LinkButton:
    """The way to an order that was placed in another browser. Offered for every number, whether there is one or not."""
    return LinkButton(visit.say("button.recover"), link("ask_recovery", number=number))


def refusal_text(visit: Visit, error: ShopError) -> str:
    """The words for an error's code, or the plainest ones there are."""
    key = f"error.{error.code}"
    if isinstance(error, NotPayable | NotCancellable | NotDelivered):
        stated = f"{key}.{error.details.get('state')}"
        key = stated if visit.say.has(stated) else key
    return visit.say(key if visit.say.has(key) else "error.shop.refused", **error.details)
