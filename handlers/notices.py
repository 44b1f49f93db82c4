"""What somebody is told, and on which of his channels."""

from __future__ import annotations

from typing import Final

from handlers.links import link
from handlers.parting import identity_title
from handlers.screen import Button, Line, LinkButton, Screen, Style
from handlers.visit import Visit
from shop_core.customers.preferences import Preferences, Topic, get_preferences, set_hears
from shop_core.db.tx import View
from shop_core.pairing.part import IdentityView, hear_all, list_identities

_STATES: Final = {True: "on", False: "off"}


async def notices(visit: Visit) -> Screen:
    """Each thing that can be chosen, and what a press makes of it."""
    say = visit.say
    chosen, own = await visit.shop.read(_chosen, visit)
    rows: list[tuple[Button, ...]] = [
        (
            _switch(
                visit, f"notices.{topic.value}", "set_notice", is_on=topic not in chosen.muted, topic=topic
            ),
        )
        for topic in Topic
    ]
    lines = [Line(say("notices.title"), Style.TITLE), Line(say("notices.text"))]
    if len(own) > 1:
        lines.append(Line(say("notices.where")))
        rows += [(_channel(visit, own, one),) for one in own]
    else:
        lines.append(Line(say("notices.only_here")))
        rows.append((LinkButton(say("pairing.button"), link("pairing")),))
    return Screen(tuple(lines), (*rows, (LinkButton(say("button.back"), link("settings")),)))


async def set_notice(visit: Visit, topic: str, state: str) -> Screen:
    """Tell him of it, or no more."""
    await visit.shop.write(set_hears, visit.customer.person_id, Topic(topic), is_on=state == _STATES[True])
    return await notices(visit)


async def set_everything(visit: Visit, identity_id: int, state: str) -> Screen:
    """Tell him on this channel what he is told on the others, or no more."""
    await visit.shop.write(hear_all, visit.customer, identity_id, is_on=state == _STATES[True])
    return await notices(visit)


def _chosen(view: View, visit: Visit) -> tuple[Preferences, list[IdentityView]]:
    customer = visit.customer
    return get_preferences(view, customer.person_id), list(list_identities(view, customer))


def _channel(visit: Visit, own: list[IdentityView], one: IdentityView) -> LinkButton:
    words = {"channel": identity_title(visit, own, one)}
    return _switch(
        visit, "notices.everything", "set_everything", words, is_on=one.hears_all, identity_id=one.id
    )


def _switch(
    visit: Visit,
    key: str,
    endpoint: str,
    words: dict[str, str] | None = None,
    *,
    is_on: bool,
    **values: int | str,
) -> LinkButton:
    """Says how it is now; leads to the other state, not merely to another: a second press changes nothing more."""
    state = visit.say(f"notices.{_STATES[is_on]}")
    text = visit.say(key, state=state, **(words or {}))
    return LinkButton(text, link(endpoint, state=_STATES[not is_on], **values))
