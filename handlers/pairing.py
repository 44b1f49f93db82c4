"""Linking another channel: a code here, typed there, a yes there and a yes here."""

from __future__ import annotations

from handlers.links import link
from handlers.parting import as_now, channel_name, identity_lines
from handlers.screen import Button, CopyButton, Line, LinkButton, Prompt, Screen, Style, Weight
from handlers.visit import Visit
from shop_core.customers.passwords import TooManyTries
from shop_core.customers.people import Address, find_customer
from shop_core.db.tx import View
from shop_core.kernel.errors import ShopError
from shop_core.kernel.secret import Secret
from shop_core.pairing.codes import (
    PairingView,
    accept,
    decline,
    display_code,
    find_open,
    find_pairing,
    make_code,
    type_code,
)
from shop_core.pairing.errors import AlreadyOne, BadPairingCode, PairingOver
from shop_core.pairing.merge import MERGED, confirm
from shop_core.pairing.part import PARTED, list_identities


async def pairing(visit: Visit) -> Screen:
    """What waits for a yes; else what linking is, and where he is already. A code from another channel is typed here."""
    waits = await visit.shop.read(find_open, visit.customer)
    return await _overview(visit) if waits is None else await _stands(visit, waits)


async def pairing_code(visit: Visit) -> Screen:
    """A fresh code; the one before works no more."""
    made = await make_code(visit.shop, visit.customer)
    say, code = visit.say, display_code(made.code)
    lines = (
        Line(say("pairing.code.title"), Style.TITLE),
        Line(code, Style.STRONG),
        Line(say("pairing.code.until", until=say.clock(made.pairing.until)), Style.DEADLINE),
        Line(say("pairing.code.how")),
        Line(say("pairing.code.beware"), Style.WARNING),
    )
    rows: tuple[tuple[Button, ...], ...] = (
        (CopyButton(say("pairing.copy"), Secret(code)),),
        (LinkButton(say("pairing.typed_there"), link("see_pairing", key=made.pairing.key), Weight.PRIMARY),),
        (LinkButton(say("button.back"), link("pairing")),),
    )
    return Screen(lines, rows, deadline=made.pairing.until)


async def typed_pairing(visit: Visit, typed: str) -> Screen:
    """A code from another channel: whose is it?"""
    try:
        found = await type_code(visit.shop, visit.customer, typed)
    except (BadPairingCode, AlreadyOne, TooManyTries) as error:
        return (await _overview(visit)).with_toast(_words(visit, error))
    return await _stands(visit, found)


async def see_pairing(visit: Visit, key: str) -> Screen:
    """How it stands with a code."""
    try:
        return await _stands(visit, await visit.shop.read(find_pairing, visit.customer, key))
    except PairingOver as over:
        return await _over(visit, over)


async def accept_pairing(visit: Visit, key: str) -> Screen:
    """It is me there, says who typed the code."""
    try:
        return await _stands(visit, await accept(visit.shop, visit.customer, key))
    except PairingOver as over:
        return await _over(visit, over)


async def confirm_pairing(visit: Visit, key: str) -> Screen:
    """It is me there, says who made the code: they are one."""
    try:
        await confirm(visit.shop, visit.customer, key)
    except PairingOver as over:
        return await _over(visit, over)
    return await _done(visit)


async def decline_pairing(visit: Visit, key: str) -> Screen:
    """It is not."""
    await decline(visit.shop, visit.customer, key)
    return (await _overview(visit)).with_toast(visit.say("pairing.declined"))


async def asked_screen(visit: Visit, key: str) -> Screen | None:
    """As news: the code was typed, and whoever did waits for a yes. None: that is over."""
    try:
        found = await visit.shop.read(find_pairing, visit.customer, key)
    except PairingOver:
        return None
    return (await _stands(visit, found)).as_news()


async def ended_screen(visit: Visit, outcome: str) -> Screen:
    """As news: what came of it on the other channel."""
    if outcome == MERGED:
        return (await _done(visit)).as_news()
    say = visit.say
    if outcome == PARTED:
        lines = (Line(say("parting.told"), Style.TITLE), Line(say("parting.told.text")))
        rows = ((LinkButton(say("home.support"), link("support")), _home(visit)),)
        return Screen(lines, rows, news=True)
    lines = (Line(say("pairing.refused"), Style.TITLE), Line(say("pairing.refused.text")))
    return Screen(lines, ((LinkButton(say("button.back"), link("pairing")), _home(visit)),), news=True)


# ------------------------------------------------------------------------------------------------------- screens


async def _overview(visit: Visit) -> Screen:
    own = await visit.shop.read(list_identities, visit.customer)
    say = visit.say
    lines = [Line(say("pairing.title"), Style.TITLE), Line(say("pairing.text"))]
    if len(own) > 1:
        lines += [Line(say("pairing.linked"), Style.STRONG), *identity_lines(visit, own)]
    lines.append(Line(say("pairing.have_one"), Style.MUTED))
    rows = (
        (LinkButton(say("pairing.make"), link("pairing_code"), Weight.PRIMARY),),
        *(((LinkButton(say("parting.button"), link("choose_part")),),) if len(own) > 1 else ()),
        (LinkButton(say("button.back"), link("balance")),),
    )
    return Screen(tuple(lines), rows, prompt=Prompt(link("ask_pairing"), say("pairing.placeholder")))


async def _stands(visit: Visit, found: PairingView) -> Screen:
    """What is to be seen, and done, on this side."""
    here = Address(visit.customer.channel, visit.customer.external_id)
    if found.maker == here:
        return await (_confirming(visit, found) if found.is_accepted else _untyped(visit, found))
    return await (_accepted(visit, found) if found.is_accepted else _accepting(visit, found))


async def _untyped(visit: Visit, found: PairingView) -> Screen:
    """The maker's side, before the other's yes."""
    say = visit.say
    text = say("pairing.waits" if found.typer is None else "pairing.arrived", until=say.clock(found.until))
    rows = (
        (LinkButton(say("pairing.look_again"), link("see_pairing", key=found.key), Weight.PRIMARY),),
        (LinkButton(say("pairing.make_new"), link("pairing_code")), _back(visit)),
    )
    return Screen((Line(say("pairing.title"), Style.TITLE), Line(text)), rows)


async def _confirming(visit: Visit, found: PairingView) -> Screen:
    """The maker's side, after it: the last question."""
    whom = visit.say("pairing.ask.maker", whom=await _whom(visit, found.typer))
    return Screen(_question(visit, whom), _yes_or_no(visit, "pairing.sure", "confirm_pairing", found.key))


async def _accepting(visit: Visit, found: PairingView) -> Screen:
    """The side where the code was typed: whose it is."""
    whom = visit.say("pairing.ask.typer", whom=await _whom(visit, found.maker))
    return Screen(_question(visit, whom), _yes_or_no(visit, "pairing.yes", "accept_pairing", found.key))


def _question(visit: Visit, whom: str) -> tuple[Line, ...]:
    """Whether the two are to be one: who the other is, what it means, and when to say no."""
    say = visit.say
    return (
        Line(say("pairing.ask"), Style.TITLE),
        Line(whom),
        Line(say("pairing.means")),
        Line(say("pairing.ask.beware"), Style.WARNING),
    )


async def _accepted(visit: Visit, found: PairingView) -> Screen:
    """The same side, after its yes."""
    say = visit.say
    where = channel_name(visit, found.maker.channel)
    lines = (
        Line(say("pairing.go_there", channel=where), Style.TITLE),
        Line(say("pairing.go_there.text", channel=where, until=say.clock(found.until))),
    )
    rows = (
        (LinkButton(say("pairing.look_again"), link("see_pairing", key=found.key), Weight.PRIMARY),),
        (LinkButton(say("pairing.cancel"), link("decline_pairing", key=found.key)),),
    )
    return Screen(lines, rows)


async def _done(visit: Visit) -> Screen:
    there = await as_now(visit)
    own = await visit.shop.read(list_identities, there.customer)
    say = there.say
    lines = [
        Line(say("pairing.done"), Style.TITLE),
        *identity_lines(there, own),
        Line(say("pairing.done.text")),
    ]
    return Screen(tuple(lines), ((LinkButton(say("home.orders"), link("orders")), _home(there)),))


async def _over(visit: Visit, over: PairingOver) -> Screen:
    """A button of what is over: perhaps because it is done."""
    return (await _overview(visit)).with_toast(_words(visit, over))


def _yes_or_no(visit: Visit, yes: str, endpoint: str, key: str) -> tuple[tuple[Button, ...], ...]:
    return (
        (LinkButton(visit.say(yes), link(endpoint, key=key), Weight.PRIMARY),),
        (LinkButton(visit.say("pairing.no"), link("decline_pairing", key=key)),),
    )


def _back(visit: Visit) -> LinkButton:
    return LinkButton(visit.say("button.back"), link("pairing"))


def _home(visit: Visit) -> LinkButton:
    return LinkButton(visit.say("button.home"), link("home"))


def _words(visit: Visit, error: ShopError) -> str:
    return visit.say(f"error.{error.code}", **error.details)


async def _whom(visit: Visit, address: Address | None) -> str:
    """Somebody as a stranger may see him: his channel, and the beginning of his name, where the channel tells one."""
    if address is None:
        return ""
    channel = channel_name(visit, address.channel)
    name = await visit.shop.read(_name_at, address)
    policy = visit.shop.policy
    if not name or address.channel in policy.guest_channels | policy.textual_channels:
        return channel
    return f"{channel} · {visit.say('pairing.name', first=name[0])}"


def _name_at(view: View, address: Address) -> str:
    there = find_customer(view, channel=address.channel, external_id=address.external_id)
    return "" if there is None else there.name.strip()
