"""A QR code that leads to a product, made by a channel's vendor: for a poster, a parcel, a post elsewhere."""

from __future__ import annotations

from admin_cmds.command import Desk
from handlers.deep_links import payload_of
from handlers.links import link
from handlers.screen import Button, Line, LinkButton, Qr, Screen, Style
from shop_core.catalog.read import get_product, pick
from shop_core.messaging.scene_codes import NoSceneCodes, SceneCodes


async def product_qr(desk: Desk, product_id: int, channel: str | None) -> Screen:
    """The code of a product, on the channel that is named, else the first that makes them.

    Raises:
        NoSuchProduct: There is none.
        NoSceneCodes, SceneNotMade: There is no code.
    """
    product = await desk.shop.read(get_product, product_id)
    codes = desk.shop.get(SceneCodes)
    where = channel or next(iter(codes.channels), "")
    scene = payload_of(link("product", product_id=product.id))
    if scene is None:
        raise NoSceneCodes
    address = await codes.make(where, scene)
    say = desk.say
    lines = (
        Line(say("admin.qr.title", name=pick(product.names, desk.language)), Style.TITLE),
        Line(say("admin.qr.text", channel=where), Style.MUTED),
    )
    others = tuple(
        desk.button("admin.button.qr_on", "product", "qr", str(product.id), other, channel=other)
        for other in codes.channels
        if other != where
    )
    rows: tuple[tuple[Button, ...], ...] = (
        *((others,) if others else ()),
        (desk.button("button.back", "product", "show", str(product.id)), desk.home_button()),
    )
    return Screen(lines, rows, qr=Qr(address, say("admin.qr.title", name=pick(product.names, desk.language))))


def qr_row(desk: Desk, product_id: int) -> tuple[tuple[LinkButton, ...], ...]:
    """The way there, where a channel makes codes."""
    if not desk.shop.get(SceneCodes).channels:
        return ()
    return ((desk.button("admin.button.qr", "product", "qr", str(product_id)),),)
