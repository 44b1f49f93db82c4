"""A message comes in, a screen goes out. The one door of the customers' side."""

from __future__ import annotations

from datetime import timedelta

from handlers import support, verifying
from handlers.arriving import arrive
from handlers.follow import follow, go_on
from handlers.incoming import Contact, Incoming, Link, Upload
from handlers.links import link, match
from handlers.refusals import refusal_screen
from handlers.screen import Line, LinkButton, Screen, Style
from handlers.typed import is_secret, place_named, read_text
from handlers.visit import Visit
from shop_core.conversations import prompts
from shop_core.customers.people import Address
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.kernel.errors import ShopError
from shop_core.messaging.queue import mark_told
from shop_core.messaging.shown import find_slot


async def answer(shop: Shop, incoming: Incoming) -> Screen:
    """Answer a message. A refusal is an answer; what raises from here is a bug.

    May run twice for the same message: links that change something carry a key or find what they did before.
    """
    visit = await arrive(shop, incoming)
    if isinstance(incoming.content, Link):
        return await follow(visit, incoming.content.path)
    asked = await shop.read(_find_asked, incoming)
    if isinstance(incoming.content, Contact):
        shared = await verifying.shared_contact(visit, asked, incoming.content)
        return await follow(visit, link("help")) if shared is None else await go_on(visit, shared)
    meant = None if asked is None else match(asked)
    place = place_named(visit, incoming.content)
    if place is not None and visit.only_types and not is_secret(asked):
        # Where nothing can be touched a word has to lead out of everything, a talk with the shop included.
        return await follow(visit, link(place))
    if meant is not None and meant[0] in support.WRITES:
        return await _write(visit, incoming, meant[1].get("number"))
    if isinstance(incoming.content, Upload):
        return _no_files(visit)
    return await read_text(visit, incoming.content.text, asked)


def takes_files(asked: str) -> bool:
    """Whether a picture or a file answers what was asked."""
    found = match(asked)
    return found is not None and found[0] in support.WRITES


def lasts(asked: str) -> timedelta:
    """How long the next free text answers what was asked."""
    return support.TALK_LASTS if takes_files(asked) else prompts.LASTS


def remember_shown(tx: Tx, address: Address, screen: Screen) -> None:
    """A screen has been shown: keep what the next free text means, and which queued news it has told.

    Belongs into the transaction that finishes the message it answered. Any earlier, and answering the same message
    again, after a crash or a send that failed, would read it differently.
    """
    where = {"channel": address.channel, "external_id": address.external_id}
    if screen.waits_for is None:
        prompts.forget(tx, **where)
    else:
        prompts.ask(tx, link=screen.waits_for, lasts=lasts(screen.waits_for), **where)
    if screen.tells is not None:
        mark_told(tx, address, screen.tells)


def _find_asked(view: View, incoming: Incoming) -> str | None:
    """What a message answers: the answer of the shop that it is a reply to, or else what was asked last."""
    address = Address(incoming.channel, incoming.external_id)
    slot = find_slot(view, address, incoming.replies_to) if incoming.replies_to else None
    if slot is not None and slot.startswith(support.ANSWER_SLOT):
        return link("support")
    return prompts.asked(view, channel=incoming.channel, external_id=incoming.external_id)


async def _write(visit: Visit, incoming: Incoming, number: str | None) -> Screen:
    try:
        return await support.write(visit, incoming, number)
    except ShopError as error:
        return support.refused(visit, await refusal_screen(visit, error, None), number)


def _no_files(visit: Visit) -> Screen:
    buttons = (
        LinkButton(visit.say("home.support"), link("support")),
        LinkButton(visit.say("button.home"), link("home")),
    )
    return Screen((Line(visit.say("error.no_files"), Style.PLAIN),), (buttons,))
