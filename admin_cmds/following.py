"""Prices that follow their supplier: letting one, stopping it, and deciding on one that jumps."""

from __future__ import annotations

from admin_cmds import suppliers
from admin_cmds.command import Desk
from admin_cmds.product_screen import product_show
from handlers.screen import Line, Screen, Style, Weight
from shop_core.catalog.read import VariantView, get_variant
from shop_core.db.tx import Tx, View
from shop_core.kernel.money import Money
from shop_core.pricing.decide import accept_price, keep_price, stop_selling
from shop_core.pricing.follow import NothingToFollow, is_following, stop_following
from shop_core.pricing.follow import follow as follow_supplier
from shop_core.pricing.proposals import Proposal, find_proposal
from shop_core.staff import audit


async def follow(desk: Desk, variant_id: int, *, yes: bool) -> Screen:
    """Let a price follow its supplier, after showing what it would be."""
    if yes:
        await desk.shop.write(_follow, variant_id, desk.actor)
        return (await suppliers.routes(desk, variant_id)).with_toast(desk.say("admin.follow.done"))
    variant, proposal = await desk.shop.read(_see, variant_id)
    if proposal is None:
        raise NothingToFollow
    say = desk.say
    lines = (
        Line(variant.full_name(desk.language), Style.TITLE),
        Line(say("admin.follow.cost", supplier=proposal.supplier, cost=desk.money(proposal.new_cost))),
        Line(
            say("admin.follow.price", old=desk.money(proposal.old_price), new=desk.money(proposal.new_price)),
            Style.STRONG,
        ),
    )
    go = desk.button(
        "admin.button.follow_at",
        *("follow", str(variant_id), "--yes"),
        weight=Weight.PRIMARY,
        price=desk.money(proposal.new_price),
    )
    return Screen(lines, ((go,), (desk.button("admin.button.leave", "routes", str(variant_id)),)))


def _see(view: View, variant_id: int) -> tuple[VariantView, Proposal | None]:
    return get_variant(view, variant_id), find_proposal(view, variant_id)


def _follow(tx: Tx, variant_id: int, by: str) -> None:
    if is_following(tx, variant_id):
        return
    made = follow_supplier(tx, variant_id)
    details: dict[str, str | int] = {"variant": variant_id, "price": made.new_price.decimal_text()}
    audit.record(tx, actor=by, command="follow", details=details)


async def unfollow(desk: Desk, variant_id: int) -> Screen:
    """Leave a variant the price that it has."""
    stopped = await desk.shop.write(_unfollow, variant_id, desk.actor)
    key = "admin.follow.stopped" if stopped else "admin.follow.was_not"
    return (await suppliers.routes(desk, variant_id)).with_toast(desk.say(key))


def _unfollow(tx: Tx, variant_id: int, by: str) -> bool:
    get_variant(tx, variant_id)
    stopped = stop_following(tx, variant_id, by=by)
    if stopped:
        audit.record(tx, actor=by, command="unfollow", details={"variant": variant_id})
    return stopped


# ------------------------------------------------------------------------------------------------ a price that jumps


async def price_case(desk: Desk, variant_id: int) -> Screen:
    """A price that jumped: what it cost and what it costs, and three ways out that say what they do."""
    say = desk.say
    variant, proposal = await desk.shop.read(_see, variant_id)
    number = str(variant_id)
    title = Line(f"{say('admin.case.price')}   {variant.full_name(desk.language)}", Style.TITLE)
    lines = [title]
    rows = []
    if proposal is not None:
        old_cost = proposal.new_cost if proposal.old_cost is None else proposal.old_cost
        costs = {"old": desk.money(old_cost), "new": desk.money(proposal.new_cost)}
        prices = {"old": desk.money(proposal.old_price), "new": desk.money(proposal.new_price)}
        lines += [
            Line(say("admin.price_case.cost", supplier=proposal.supplier, **costs)),
            Line(say("admin.price_case.price", **prices), Style.STRONG),
        ]
        new = proposal.new_price
        accept = ("price", "accept", number, new.decimal_text())
        rows.append(
            (desk.button("admin.button.price_accept", *accept, weight=Weight.PRIMARY, price=desk.money(new)),)
        )
    keep = desk.money(variant.price)
    rows.append((desk.button("admin.button.price_keep", "price", "keep", number, price=keep),))
    stop = desk.button("admin.button.price_stop", "price", "stop", number, weight=Weight.DANGER)
    last = (desk.button("admin.button.cases", "cases"), desk.home_button())
    return Screen((*lines, Line(say("admin.case.price.means"), Style.MUTED)), (*rows, (stop,), last))


async def price_accept(desk: Desk, variant_id: int, price: Money) -> Screen:
    """Take the new price of a held variant."""
    await desk.shop.write(_accept, variant_id, price, desk.actor)
    return await _decided(desk, variant_id, "admin.price_case.accepted")


def _accept(tx: Tx, variant_id: int, price: Money, by: str) -> None:
    made = accept_price(tx, variant_id, price, by=by)
    details: dict[str, str | int] = {
        "variant": variant_id,
        "from": made.old_price.decimal_text(),
        "to": price.decimal_text(),
    }
    audit.record(tx, actor=by, command="price accept", details=details)


async def price_keep(desk: Desk, variant_id: int) -> Screen:
    """Keep the old price of a held variant; it follows no more."""
    await desk.shop.write(_keep, variant_id, desk.actor)
    return await _decided(desk, variant_id, "admin.price_case.kept")


def _keep(tx: Tx, variant_id: int, by: str) -> None:
    keep_price(tx, variant_id, by=by)
    audit.record(tx, actor=by, command="price keep", details={"variant": variant_id})


async def price_stop(desk: Desk, variant_id: int) -> Screen:
    """Take a held variant off sale."""
    await desk.shop.write(_stop, variant_id, desk.actor)
    return await _decided(desk, variant_id, "admin.price_case.stopped")


def _stop(tx: Tx, variant_id: int, by: str) -> None:
    stop_selling(tx, variant_id, by=by)
    audit.record(tx, actor=by, command="price stop", details={"variant": variant_id})


async def _decided(desk: Desk, variant_id: int, key: str) -> Screen:
    variant = await desk.shop.read(get_variant, variant_id)
    price = desk.money(variant.price)
    return (await product_show(desk, variant.product_id)).with_toast(desk.say(key, price=price))
