"""Which commands the menu of a member of staff offers, chat by chat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from admin_cmds.manual import about_text
from admin_cmds.registry import COMMANDS
from handlers.words import Phrases, Words
from shop_core.customers.people import find_customer
from shop_core.db.shop import Shop
from shop_core.db.tx import View
from shop_core.staff.roles import Role, Roster

FIRST: Final = ("admin", "start")
"""The two doors: the counter and the shop itself."""
LAST: Final = ("help", "language")

_OFFERED: Final = ("orders", "cases", "queue", "stock", "suspense", "funnel", "audit", "jobs", "staff")
"""Commands of one word that need no other, the most used first."""


def menu_of(role: Role, say: Phrases) -> Mapping[str, str]:
    """What a role's menu has: command → what it does. Only what the role may do."""
    may = {command.name: command for command in COMMANDS if command.is_for(role)}
    menu = {name: say(f"admin.menu.{name}") for name in FIRST}
    menu |= {name: about_text(say, may[name]) for name in _OFFERED if name in may}
    return menu | {name: say(f"admin.menu.{name}") for name in LAST}


async def list_menus(shop: Shop, channel: str) -> Mapping[str, Mapping[str, str]]:
    """The menus of everybody of the staff who is on this channel: his id there → his menu, in his language."""
    return await shop.read(_list_menus, channel, shop.get(Roster), shop.get(Words))


def _list_menus(view: View, channel: str, roster: Roster, words: Words) -> Mapping[str, Mapping[str, str]]:
    menus = {}
    for actor, role in roster.list_all(view).items():
        on, _, external_id = actor.partition(":")
        if on == channel:
            known = find_customer(view, channel=channel, external_id=external_id)
            language = view.policy.languages[0] if known is None else known.language
            menus[external_id] = menu_of(role, words.to(language))
    return menus
