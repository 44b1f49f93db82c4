"""A message comes in, a screen goes out. The one door of the customers' side."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from handlers import (
    account,
    account_asked,
    browse,
    buying,
    contacts,
    erasing,
    guest,
    joining,
    notices,
    order_screen,
    pairing,
    parting,
    product,
    settings,
    support,
    verifying,
)
from handlers.incoming import LONGEST_LINK, Contact, Incoming, Link, Text, Upload
from handlers.links import link, match
from handlers.refusals import refusal_screen, refusal_text
from handlers.screen import Line, LinkButton, Screen, Style
from handlers.visit import Visit
from handlers.words import Words
from shop_core.conversations import prompts
from shop_core.customers.people import Address, Customer, find_customer, meet
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.kernel.errors import ShopError
from shop_core.kernel.numbers import parse_number
from shop_core.kernel.policy import Ask
from shop_core.messaging.queue import mark_told
from shop_core.messaging.shown import find_slot
from shop_core.verification.errors import VerificationNeeded

Flow = Callable[..., Awaitable[Screen]]

FLOWS: Final[Mapping[str, Flow]] = {
    "home": browse.home,
    "category": browse.category,
    "category_page": browse.category,
    "all": browse.all_products,
    "product": product.product,
    "variant": product.variant,
    "tell_me": product.tell_me,
    "tell_me_not": product.tell_me_not,
    "ask_quantity": buying.ask_quantity,
    "typed_quantity": buying.typed_quantity,
    "buy": buying.buy,
    "ask_input": account_asked.ask_input,
    "typed_input": account_asked.typed_input,
    "pick_input": account_asked.pick_input,
    "skip_input": account_asked.skip_input,
    "sure": account_asked.sure,
    "ask_search": browse.ask_search,
    "search": browse.search,
    "search_page": browse.search,
    "orders": account.orders,
    "orders_page": account.orders,
    "order": order_screen.show_order,
    "ways": order_screen.show_ways,
    "pay": buying.pay,
    "rest": buying.pay_rest,
    "wallet": buying.pay_wallet,
    "paid": buying.i_have_paid,
    "cancel": buying.cancel,
    "code": buying.code,
    "pick_up": buying.pick_up,
    "ask_password": guest.ask_password,
    "set_password": guest.set_password,
    "ask_recovery": guest.ask_recovery,
    "recover": guest.recover,
    "balance": account.balance,
    "pairing": pairing.pairing,
    "pairing_code": pairing.pairing_code,
    "ask_pairing": pairing.pairing,
    "typed_pairing": pairing.typed_pairing,
    "see_pairing": pairing.see_pairing,
    "accept_pairing": pairing.accept_pairing,
    "confirm_pairing": pairing.confirm_pairing,
    "decline_pairing": pairing.decline_pairing,
    "choose_part": parting.choose_part,
    "ask_part": parting.ask_part,
    "part": parting.part,
    "language": account.language,
    "verify": verifying.verify,
    "typed_contact": verifying.typed_contact,
    "ask_code": verifying.ask_code,
    "verify_again": verifying.send_another,
    "contacts": contacts.contacts,
    "ask_remove_contact": contacts.ask_remove,
    "remove_contact": contacts.remove,
    "settings": settings.settings,
    "ask_zone": settings.ask_zone,
    "ask_quiet": settings.ask_quiet,
    "notices": notices.notices,
    "set_notice": notices.set_notice,
    "set_everything": notices.set_everything,
    "my_data": settings.my_data,
    "my_file": settings.my_file,
    "ask_erase": erasing.ask_erase,
    "erase": erasing.erase,
    "help": account.help_screen,
    "invitation": joining.invitation,
    "join": joining.join,
    "support": support.support,
    "support_order": support.support,
    "support_file": support.support_file,
    "paysupport": account.paysupport,
}
"""Endpoint → flow; a flow takes the visit and the link's values."""

CHANGES: Final[Mapping[str, Callable[..., Awaitable[None]]]] = {
    "set_language": account.set_language,
    "set_zone": settings.set_zone,
    "set_quiet": settings.set_quiet,
    "no_quiet": settings.no_quiet,
}
"""Endpoints after which he is spoken to otherwise."""

PROOFS: Final[Mapping[str, Callable[..., Awaitable[Screen | verifying.Verified]]]] = {
    "typed_code": verifying.typed_code,
}
"""Endpoints after which he goes on to where he wanted to go."""

SPOKEN: Final = (
    "pick_up",
    "orders",
    "help",
    "support",
    "home",
    "balance",
    "pairing",
    "settings",
    "my_data",
)
"""Endpoints that people ask for in words; which words, the catalogue says."""

SECRETS: Final = frozenset({"set_password", "recover", "typed_input"})
"""Endpoints whose last part is typed and nobody else's to read."""

AS_TYPED: Final = SECRETS | {"typed_contact", "typed_code"}
"""Endpoints whose last part may look like the number of an order and is none."""

LONGEST_TEXT: Final = 200
"""A free text longer than this is neither a search nor a quantity; the rest of it is not looked at."""


async def arrive(shop: Shop, incoming: Incoming) -> Visit:
    """Who is it, and which words does he read? Known or met now."""
    customer = await shop.read(find_customer, channel=incoming.channel, external_id=incoming.external_id)
    if customer is None:
        customer = await shop.write(
            meet,
            channel=incoming.channel,
            external_id=incoming.external_id,
            name=incoming.name,
            language=incoming.language,
        )
    return _visit(shop, customer)


def _visit(shop: Shop, customer: Customer) -> Visit:
    say = shop.get(Words).to(customer.language, customer.channel).in_zone(customer.timezone)
    return Visit(shop, customer, say)


async def answer(shop: Shop, incoming: Incoming) -> Screen:
    """Answer a message. A refusal is an answer; what raises from here is a bug.

    May run twice for the same message: links that change something carry a key or find what they did before.
    """
    visit = await arrive(shop, incoming)
    if isinstance(incoming.content, Link):
        return await _follow(visit, incoming.content.path)
    asked = await shop.read(_find_asked, incoming)
    if isinstance(incoming.content, Contact):
        shared = await verifying.shared_contact(visit, asked, incoming.content)
        return await _follow(visit, link("help")) if shared is None else await _go_on(visit, shared)
    meant = None if asked is None else match(asked)
    place = _spoken(visit, incoming.content)
    if place is not None and visit.only_types and not _is_secret(asked):
        # Where nothing can be touched a word has to lead out of everything, a talk with the shop included.
        return await _follow(visit, link(place))
    if meant is not None and meant[0] in support.WRITES:
        return await _write(visit, incoming, meant[1].get("number"))
    if isinstance(incoming.content, Upload):
        return _no_files(visit)
    return await _read(visit, incoming.content.text, asked)


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


async def _follow(visit: Visit, path: str) -> Screen:
    found = match(path) if len(path.encode()) <= LONGEST_LINK + LONGEST_TEXT * 4 else None
    if found is None:
        return (await _follow(visit, link("home"))).with_toast(visit.say("error.old_link"))
    endpoint, values = found
    if endpoint in verifying.LOCKED and (lock := await verifying.find_lock(visit)) is not Ask.NOTHING:
        return await verifying.verify(visit, lock, verifying.then_of(path))
    try:
        return await _at(visit, endpoint, values)
    except VerificationNeeded as needed:
        return await verifying.verify(visit, str(needed.details["ask"]), verifying.then_of(path))
    except ShopError as error:
        if endpoint == "set_zone":
            return await settings.ask_zone(visit, refusal_text(visit, error))
        number = values.get("number")
        refusal = await refusal_screen(visit, error, None if number is None else str(number))
        return buying.asking_again(visit, refusal, values) if endpoint == "typed_quantity" else refusal


async def _at(visit: Visit, endpoint: str, values: Mapping[str, Any]) -> Screen:
    if endpoint in PROOFS:
        return await _go_on(visit, await PROOFS[endpoint](visit, **values))
    if endpoint in CHANGES:
        await CHANGES[endpoint](visit, **values)
        return await _as_changed(visit, endpoint)
    return await FLOWS[endpoint](visit, **values)


async def _as_changed(visit: Visit, endpoint: str) -> Screen:
    """What he sees by what he has just chosen."""
    changed = _visit(visit.shop, await visit.shop.read(_again, visit.customer))
    if endpoint == "set_language":
        return await _follow(changed, link("home"))
    return await settings.settings(changed)


async def _go_on(visit: Visit, done: Screen | verifying.Verified) -> Screen:
    """On to where he wanted to go, now that he has shown what was asked for."""
    if isinstance(done, Screen):
        return done
    toast = visit.say("verify.done", contact=done.contact.echo)
    return (await _follow(visit, done.path)).with_toast(toast)


def _again(view: View, customer: Customer) -> Customer:
    return find_customer(view, channel=customer.channel, external_id=customer.external_id) or customer


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


async def _read(visit: Visit, text: str, asked: str | None) -> Screen:
    """Free text: an order's number, the answer to a prompt, a word for a place, or a search."""
    said = _one_line(text)
    if not said:
        return await _follow(visit, link("home"))
    meant = None if asked is None else match(f"{asked}/{said}")
    if _is(asked, AS_TYPED):
        # A password, an account, and a phone number may look like anything.
        return await _follow(visit, f"{asked}/{said}")
    number = parse_number(said)
    if number is not None:
        return await _follow(visit, link("order", number=number))
    if meant is not None:
        return await _follow(visit, f"{asked}/{said}")
    return await _search(visit, said)


async def _search(visit: Visit, said: str) -> Screen:
    if await joining.find(visit, said) is not None:
        return await joining.invitation(visit, said)
    place = _spoken(visit, Text(said))
    if place is not None:
        return await _follow(visit, link(place))
    return await _follow(visit, f"{link('ask_search')}/{said}")


def _is_secret(asked: str | None) -> bool:
    """Whether what is typed now is nobody else's to read."""
    return _is(asked, SECRETS)


def _is(asked: str | None, endpoints: frozenset[str]) -> bool:
    """Whether what is typed now goes to one of these."""
    found = None if asked is None else match(f"{asked}/x")
    return found is not None and found[0] in endpoints


def _spoken(visit: Visit, content: Text | Upload | Contact) -> str | None:
    """The place that a text asks for and nothing else."""
    said = _one_line(content.text).lower() if isinstance(content, Text) else ""
    return next((place for place in SPOKEN if said in visit.say(f"word.{place}").split(",")), None)


def _one_line(text: str) -> str:
    """A text as the end of a link: one line, no slash at its start."""
    return " ".join(text.split()).lstrip("/ ")[:LONGEST_TEXT]


def _no_files(visit: Visit) -> Screen:
    buttons = (
        LinkButton(visit.say("home.support"), link("support")),
        LinkButton(visit.say("button.home"), link("home")),
    )
    return Screen((Line(visit.say("error.no_files"), Style.PLAIN),), (buttons,))
