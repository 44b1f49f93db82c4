"""Who of the staff is talking: in his own chat, or in a browser that he is signed in with."""

from __future__ import annotations

from dataclasses import dataclass

from shop_core.conversations.sign_in import STAFF_BROWSER, acting_as
from shop_core.customers.people import Address
from shop_core.db.tx import View
from shop_core.staff.roles import Role, Roster


@dataclass(frozen=True, slots=True)
class AtDesk:
    """Somebody of the staff, as this moment's roster has him.

    Attributes:
        actor: ``channel:id`` of his own chat, also when he is in a browser.
        browser: The browser, if he is in one.
    """

    actor: str
    role: Role
    browser: Address | None


def find_at_desk(view: View, roster: Roster, address: Address) -> AtDesk | None:
    """Who of the staff talks from an address, or None: a customer. Asked for every message anew."""
    signed_in = _signed_in(view, address)
    actor = signed_in or f"{address.channel}:{address.external_id}"
    role = roster.role_of(view, actor)
    return None if role is None else AtDesk(actor, role, address if signed_in else None)


def _signed_in(view: View, address: Address) -> str | None:
    """As whom a browser is signed in. Only those of the staff's page can be: others are not even looked up."""
    if not address.external_id.startswith(STAFF_BROWSER):
        return None
    return acting_as(view, address.channel, address.external_id)
