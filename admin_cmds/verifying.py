"""What buyers have to show: by product, and what is known of one of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from admin_cmds.arguments import PersonRef
from admin_cmds.command import Desk, ask_first
from admin_cmds.wallets import person_of
from handlers.screen import Button, Line, Screen, Style
from shop_core.catalog.edit import set_verify
from shop_core.catalog.read import ProductView, get_product, pick
from shop_core.conversations.keys import new_key
from shop_core.db.tx import Tx
from shop_core.kernel.errors import ShopError
from shop_core.kernel.policy import Ask
from shop_core.staff import audit
from shop_core.staff.roles import Right
from shop_core.verification.contacts import Kind
from shop_core.verification.keep import ContactView, list_contacts, reset
from shop_core.verification.sender import CodeSenders

NONE: Final = "none"
"""How "nothing" is typed."""
ASKS: Final = (NONE, *(ask.value for ask in Ask if ask is not Ask.NOTHING))


class NobodyCould(ShopError):
    """What the product would ask for can be shown on no channel of the shop: no codes are sent, none tells a number."""

    code = "admin.nobody_could"


class NothingVerified(ShopError):
    """He has verified nothing of that kind."""

    code = "admin.nothing_verified"


async def product_verify(desk: Desk, product_id: int, ask: str | None) -> Screen:
    """Choose what the buyers of a product have to show; without a choice, what there is to choose."""
    product = await desk.shop.read(get_product, product_id)
    if ask is None:
        return _draw(desk, product)
    wanted = Ask.NOTHING if ask == NONE else Ask(ask)
    if not _could_be_shown(desk, wanted):
        raise NobodyCould
    await desk.shop.write(_put, product_id, wanted, desk.actor)
    return _draw(desk, await desk.shop.read(get_product, product_id))


def verify_row(desk: Desk, product: ProductView) -> tuple[Button, ...]:
    """The way there, which says how it is."""
    now = desk.say(f"admin.verify.{product.verify.value or NONE}")
    return (desk.button("admin.button.product_verify", "product", "verify", str(product.id), now=now),)


async def contact_reset(desk: Desk, person: PersonRef, kind: str, *, yes: bool) -> Screen:
    """Take a verified contact from somebody: he is asked again, and another may verify it. Asks first; twice is once."""
    person_id = await desk.shop.read(person_of, person)
    found = await desk.shop.read(list_contacts, person_id)
    if not yes:
        had = [one for one in found if one.kind.value == kind]
        if not had:
            raise NothingVerified
        title = desk.say("admin.contact.ask", contact=had[0].echo, person=person_id)
        lines = (Line(title, Style.TITLE), Line(desk.say("admin.contact.means")))
        held = ("contact", "reset", str(person_id), kind, "--yes")
        return ask_first(
            lines, desk.say("admin.contact.yes"), held, new_key(desk.shop.random), desk.home_button()
        )
    await desk.shop.write(_reset, person_id, Kind(kind), desk.actor)
    done = desk.say("admin.contact.done", person=person_id)
    return Screen((Line(done, Style.TITLE),), ((desk.home_button(),),))


def contact_lines(desk: Desk, contacts: Sequence[ContactView]) -> list[Line]:
    """What somebody has verified, masked."""
    return [
        Line(
            desk.say(f"admin.contact.{one.kind.value}", contact=one.echo, at=desk.say.day(one.verified_at)),
            Style.MUTED,
        )
        for one in contacts
    ]


def contact_rows(desk: Desk, person_id: int, contacts: Sequence[ContactView]) -> list[tuple[Button, ...]]:
    """What those who may can do about it."""
    if not desk.may(Right.STAFF):
        return []
    return [
        (
            desk.button(
                "admin.button.contact_reset",
                "contact",
                "reset",
                str(person_id),
                one.kind.value,
                contact=one.echo,
            ),
        )
        for one in contacts
    ]


def _draw(desk: Desk, product: ProductView) -> Screen:
    now = product.verify.value or NONE
    title = f"#{product.id} {pick(product.names, desk.language)}"
    lines = (
        Line(title, Style.TITLE),
        Line(desk.say("admin.verify.now", now=desk.say(f"admin.verify.{now}"))),
        Line(desk.say("admin.verify.means"), Style.MUTED),
    )
    number = str(product.id)
    others = tuple(
        desk.button(f"admin.verify.{ask}", "product", "verify", number, ask) for ask in ASKS if ask != now
    )
    back = desk.button("admin.button.product", "product", "show", number)
    return Screen(lines, (*((other,) for other in others), (back, desk.home_button())))


def _could_be_shown(desk: Desk, ask: Ask) -> bool:
    senders = desk.shop.get(CodeSenders)
    by_phone = senders.has(Kind.PHONE) or bool(desk.shop.policy.contact_channels)
    match ask:
        case Ask.NOTHING:
            return True
        case Ask.PHONE:
            return by_phone
        case Ask.EMAIL:
            return senders.has(Kind.EMAIL)
        case Ask.EITHER:
            return by_phone or senders.has(Kind.EMAIL)


def _put(tx: Tx, product_id: int, ask: Ask, by: str) -> None:
    if get_product(tx, product_id).verify is ask:
        return
    set_verify(tx, product_id, ask)
    details = {"product": product_id, "ask": ask.value or NONE}
    audit.record(tx, actor=by, command="product verify", details=details)


def _reset(tx: Tx, person_id: int, kind: Kind, by: str) -> None:
    had = reset(tx, person_id, kind)
    if had is not None:
        details: dict[str, str | int] = {"person": person_id, "contact": had.echo}
        audit.record(tx, actor=by, command="contact reset", details=details)
