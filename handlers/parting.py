"""Where somebody is, and letting one of his channels go: asked first, and done by a second press."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.links import link
from handlers.screen import Button, Line, LinkButton, Screen, Style, Weight
from handlers.visit import Visit
from handlers.words import Words
from shop_core.customers.people import find_customer
from shop_core.kernel.errors import ShopError
from shop_core.pairing.errors import LastIdentity, NoSuchIdentity
from shop_core.pairing.part import IdentityView, get_identity, list_identities
from shop_core.pairing.part import part as let_go


async def choose_part(visit: Visit) -> Screen:
    """Which of his channels?"""
    own = await visit.shop.read(list_identities, visit.customer)
    back = (LinkButton(visit.say("button.back"), link("pairing")),)
    return Screen((Line(visit.say("parting.choose"), Style.TITLE),), (*part_rows(visit, own), back))


async def ask_part(visit: Visit, identity_id: int) -> Screen:
    """What unlinking means, before it is done."""
    try:
        leaving = await visit.shop.read(get_identity, visit.customer, identity_id)
    except NoSuchIdentity as gone:
        return await _not_done(visit, gone)
    own = await visit.shop.read(list_identities, visit.customer)
    say, channel = visit.say, identity_title(visit, own, leaving)
    lines = (
        Line(say("parting.ask", channel=channel), Style.TITLE),
        Line(say("parting.ask.here" if leaving.is_here else "parting.ask.there", channel=channel)),
    )
    yes = LinkButton(
        say("parting.yes", channel=channel), link("part", identity_id=identity_id), Weight.DANGER
    )
    return Screen(lines, ((yes,), (LinkButton(say("button.back"), link("pairing")),)))


async def part(visit: Visit, identity_id: int) -> Screen:
    """Let a channel go. A second press finds it gone."""
    try:
        left = await let_go(visit.shop, visit.customer, identity_id)
    except (NoSuchIdentity, LastIdentity) as refusal:
        return await _not_done(visit, refusal)
    there = await as_now(visit)
    say, channel = there.say, channel_name(there, left.address.channel)
    lines = (
        Line(say("parting.done", channel=channel), Style.TITLE),
        Line(say("parting.done.here" if left.is_here else "parting.done.there", channel=channel)),
    )
    return Screen(
        lines,
        (
            (
                LinkButton(say("pairing.button"), link("pairing")),
                LinkButton(say("button.home"), link("home")),
            ),
        ),
    )


def channel_name(visit: Visit, channel: str) -> str:
    """A channel as customers know it; with its own name where the shop has several of a kind."""
    kinds = visit.shop.policy.channel_kinds
    kind = kinds.get(channel, "")
    key = f"channel.{kind}"
    if not visit.say.has(key):
        return channel
    is_one_of_many = list(kinds.values()).count(kind) > 1
    return f"{visit.say(key)} ({channel})" if is_one_of_many else visit.say(key)


def identity_lines(visit: Visit, own: Sequence[IdentityView]) -> list[Line]:
    """Where he is, a line for each."""
    return [
        Line(
            visit.say(
                "pairing.here" if one.is_here else "pairing.there", channel=identity_title(visit, own, one)
            )
        )
        for one in own
    ]


def part_rows(visit: Visit, own: Sequence[IdentityView]) -> tuple[tuple[Button, ...], ...]:
    """A button to unlink each."""
    return tuple(
        (
            LinkButton(
                visit.say("parting.one", channel=identity_title(visit, own, one)),
                link("ask_part", identity_id=one.id),
            ),
        )
        for one in own
    )


async def as_now(visit: Visit) -> Visit:
    """The same visit of whom he is by now."""
    customer = await visit.shop.read(
        find_customer, channel=visit.customer.channel, external_id=visit.customer.external_id
    )
    found = customer or visit.customer
    return Visit(visit.shop, found, visit.shop.get(Words).to(found.language))


def identity_title(visit: Visit, own: Sequence[IdentityView], one: IdentityView) -> str:
    """Two browsers are told apart by which was first."""
    same = [other.id for other in own if other.address.channel == one.address.channel]
    name = channel_name(visit, one.address.channel)
    return name if len(same) == 1 else f"{name} {same.index(one.id) + 1}"


async def _not_done(visit: Visit, refusal: ShopError) -> Screen:
    say = visit.say
    rows = ((LinkButton(say("button.back"), link("pairing")), LinkButton(say("button.home"), link("home"))),)
    return Screen((Line(say(f"error.{refusal.code}")),), rows)
