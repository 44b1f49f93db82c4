"""Suppliers, what they sell, and which variant is bought from whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from admin_cmds.command import Desk
from admin_cmds.floats import book_rows, float_lines, is_low
from admin_cmds.links import link_to
from handlers.screen import Button, Line, LinkButton, Screen, Style, Weight
from shop_core.catalog.goods import GoodsKind
from shop_core.catalog.read import get_variant
from shop_core.db.tx import Tx, View
from shop_core.kernel.errors import RetryLater, ShopError, Unknown
from shop_core.kernel.money import Money
from shop_core.pricing.follow import is_following
from shop_core.staff import audit
from shop_core.staff.roles import Right
from shop_core.supply.floats import FloatView, book_difference, read_float, view_float
from shop_core.supply.health import is_left_alone
from shop_core.supply.offers import (
    NewRoute,
    OfferView,
    RouteView,
    connect_offer,
    count_offers,
    disconnect_offer,
    find_offers,
    get_offer,
    list_offer_routes,
    list_routes,
)
from shop_core.supply.supplier import ENOUGH, NoSuchSupplier
from shop_core.supply.sync import read_list

LISTED: Final = 10
LONGEST_NAME: Final = 40


class SupplierSilent(ShopError):
    """The supplier could not be asked now. Nothing was changed."""

    code = "admin.supplier_silent"


@dataclass(frozen=True, slots=True)
class _Seen:
    """A supplier as it stands."""

    name: str
    float_: FloatView | None
    offers: int
    is_left_alone: bool


def _see(view: View, name: str) -> _Seen:
    if name not in view.policy.suppliers:
        raise NoSuchSupplier(supplier=name[:40])
    return _Seen(name, view_float(view, name), count_offers(view, name), is_left_alone(view, name))


def _see_all(view: View) -> list[_Seen]:
    return [_see(view, name) for name in view.policy.suppliers]


async def suppliers(desk: Desk) -> Screen:
    """Every supplier of the config."""
    seen = await desk.shop.read(_see_all)
    if not seen:
        lines = (Line(desk.say("admin.suppliers.none"), Style.TITLE),)
        return Screen(lines, ((desk.home_button(),),))
    rows = [(LinkButton(_short(desk, one), link_to("supplier", "show", one.name)),) for one in seen]
    title = Line(desk.say("admin.suppliers.title"), Style.TITLE)
    last = (desk.button("admin.button.reconcile", "reconcile"), desk.home_button())
    return Screen((title,), (*rows, last))


def _short(desk: Desk, seen: _Seen) -> str:
    balance = "" if seen.float_ is None else f"  {desk.money(seen.float_.balance)}"
    return f"{seen.name}{balance}  {_state_text(desk, seen)}"


def _state_text(desk: Desk, seen: _Seen) -> str:
    if seen.is_left_alone:
        return desk.say("admin.supplier.left_alone")
    low = seen.float_ is not None and is_low(desk, seen.float_)
    return desk.say("admin.supplier.low" if low else "admin.supplier.answers")


async def supplier_show(desk: Desk, name: str) -> Screen:
    """One supplier: whether it answers, what we have there, what it sells."""
    return _draw(desk, await desk.shop.read(_see, name))


async def supplier_read(desk: Desk, name: str) -> Screen:
    """Read its list and our balance now."""
    await desk.shop.read(_see, name)
    try:
        found = await read_list(desk.shop, name)
        await read_float(desk.shop, name)
    except (RetryLater, Unknown) as error:
        raise SupplierSilent(said=error.reason) from None
    toast = desk.say.count("admin.supplier.read", found)
    return (await supplier_show(desk, name)).with_toast(toast)


async def supplier_book(desk: Desk, name: str) -> Screen:
    """Book what the supplier has more or less than the books."""
    difference = await desk.shop.write(_book, name, desk.actor)
    toast = desk.say("admin.supplier.booked", amount=desk.money(difference))
    return (await supplier_show(desk, name)).with_toast(toast)


def _book(tx: Tx, name: str, actor: str) -> Money:
    difference = book_difference(tx, name, by=actor)
    details = {"supplier": name, "amount": difference.decimal_text()}
    audit.record(tx, actor=actor, command="supplier book", details=details)
    return difference


def _draw(desk: Desk, seen: _Seen) -> Screen:
    say = desk.say
    lines = [Line(f"{seen.name}  {_state_text(desk, seen)}", Style.TITLE), *float_lines(desk, seen.float_)]
    lines.append(Line(say.count("admin.supplier.offers", seen.offers)))
    first: list[Button] = [
        desk.button("admin.button.offers", "offers", seen.name, weight=Weight.PRIMARY),
        desk.button("admin.button.read_now", "supplier", "read", seen.name),
    ]
    rows: list[tuple[Button, ...]] = [tuple(first), *book_rows(desk, seen.float_)]
    if desk.may(Right.GOODS):
        rows.append((desk.button("admin.button.markup", "markup", "supplier", seen.name),))
    rows.append((desk.button("admin.button.suppliers", "suppliers"), desk.home_button()))
    return Screen(tuple(lines), tuple(rows))


# -------------------------------------------------------------------------------------------------------- offers


async def offers(desk: Desk, name: str, words: tuple[str, ...]) -> Screen:
    """What a supplier sells: all, or what has these words in its name."""
    wanted = " ".join(words)
    found = await desk.shop.read(find_offers, name, wanted, limit=LISTED)
    total = await desk.shop.read(count_offers, name, wanted)
    title = Line(desk.say.count("admin.offers.title", total, supplier=name), Style.TITLE)
    hint = Line(desk.say("admin.offers.hint", supplier=name), Style.MUTED)
    rows = [
        (LinkButton(_offer_text(desk, offer), link_to("offer", "show", str(offer.id))),) for offer in found
    ]
    last = (desk.button("admin.button.supplier", "supplier", "show", name), desk.home_button())
    return Screen((title, hint), (*rows, last))


def _offer_text(desk: Desk, offer: OfferView) -> str:
    name = offer.name if len(offer.name) <= LONGEST_NAME else f"{offer.name[:LONGEST_NAME]}…"
    return f"{name}  {desk.money(offer.cost)}  {_stock_text(desk, offer)}"


def _stock_text(desk: Desk, offer: OfferView) -> str:
    if not offer.on_sale:
        return desk.say("admin.offer.off_sale")
    if offer.stock is None or offer.stock >= ENOUGH:
        return desk.say("admin.offer.enough")
    return desk.say("admin.offer.stock", n=offer.stock)


async def offer_show(desk: Desk, offer_id: int) -> Screen:
    """One offer, and what it is sold as."""
    offer, routes = await desk.shop.read(_see_offer, offer_id)
    say = desk.say
    lines = [
        Line(offer.name, Style.TITLE),
        Line(f"{desk.money(offer.cost)}  {_stock_text(desk, offer)}"),
        Line(
            say("admin.offer.about", supplier=offer.supplier, ref=offer.ref, at=say.day(offer.seen_at)),
            Style.MUTED,
        ),
    ]
    if offer.landed != offer.cost:
        lines.insert(2, Line(say("admin.offer.landed", amount=desk.money(offer.landed))))
    if offer.kind is GoodsKind.TOP_UP:
        lines.insert(2, Line(say("admin.offer.top_up")))
    number = str(offer.id)
    rows: list[tuple[Button, ...]] = [
        (desk.button("admin.button.routes", "routes", str(variant_id), goods=goods),)
        for variant_id, goods in routes
    ]
    connect = desk.button("admin.button.connect", "offer", "connect", number, weight=Weight.PRIMARY)
    back = desk.button("admin.button.offers", "offers", offer.supplier)
    return Screen(tuple(lines), (*rows, (connect,), (back, desk.home_button())))


def _see_offer(view: View, offer_id: int) -> tuple[OfferView, list[tuple[int, str]]]:
    offer = get_offer(view, offer_id)
    language = view.policy.languages[0]
    sold_as = list_offer_routes(view, offer_id)
    return offer, [(one, get_variant(view, one).full_name(language)) for one in sold_as]


async def offer_connect(
    desk: Desk, offer_id: int, variant_id: int, priority: int, max_cost: Money | None
) -> Screen:
    """Sell a variant through an offer. Once more changes priority and limit."""
    route = NewRoute(variant_id, offer_id, priority, max_cost)
    await desk.shop.write(_connect, desk.actor, route)
    return (await routes(desk, variant_id)).with_toast(desk.say("admin.offer.connected"))


def _connect(tx: Tx, actor: str, route: NewRoute) -> None:
    connect_offer(tx, route)
    details: dict[str, int | str] = {
        "offer": route.offer_id,
        "variant": route.variant_id,
        "priority": route.priority,
    }
    if route.max_cost is not None:
        details["max_cost"] = route.max_cost.decimal_text()
    audit.record(tx, actor=actor, command="offer connect", details=details)


async def offer_disconnect(desk: Desk, offer_id: int, variant_id: int) -> Screen:
    """Stop buying a variant through an offer. What is under way goes on."""
    gone = await desk.shop.write(_disconnect, desk.actor, variant_id, offer_id)
    key = "admin.offer.disconnected" if gone else "admin.offer.was_not"
    return (await routes(desk, variant_id)).with_toast(desk.say(key))


def _disconnect(tx: Tx, actor: str, variant_id: int, offer_id: int) -> bool:
    gone = disconnect_offer(tx, variant_id, offer_id)
    if gone:
        details = {"offer": offer_id, "variant": variant_id}
        audit.record(tx, actor=actor, command="offer disconnect", details=details)
    return gone


async def routes(desk: Desk, variant_id: int) -> Screen:
    """From whom a variant is bought, first asked first."""
    variant = await desk.shop.read(get_variant, variant_id)
    found = await desk.shop.read(list_routes, variant_id)
    title = Line(variant.full_name(desk.language), Style.TITLE)
    hint = "admin.routes.hint" if found else "admin.routes.none"
    lines = [title, *(Line(_route_text(desk, route)) for route in found), Line(desk.say(hint), Style.MUTED)]
    rows = [
        (
            desk.button(
                "admin.button.disconnect",
                "offer",
                "disconnect",
                str(route.offer.id),
                str(variant_id),
                supplier=route.offer.supplier,
                goods=route.offer.name[:LONGEST_NAME],
            ),
        )
        for route in found
    ]
    number = str(variant_id)
    follows = await desk.shop.read(is_following, variant_id)
    if follows:
        lines.append(Line(desk.say("admin.follow.follows", price=desk.money(variant.price))))
        rows.append((desk.button("admin.button.unfollow", "unfollow", number),))
    elif found:
        rows.append((desk.button("admin.button.follow", "follow", number),))
    last = (desk.button("admin.button.suppliers", "suppliers"), desk.home_button())
    return Screen(tuple(lines), (*rows, last))


def _route_text(desk: Desk, route: RouteView) -> str:
    most = "" if route.max_cost is None else desk.say("admin.route.most", amount=desk.money(route.max_cost))
    offer = route.offer
    return f"{route.priority}. {offer.supplier}  {_offer_text(desk, offer)}{most}"
