"""What the person decides for himself, and what the shop holds of him."""

from __future__ import annotations

from typing import Final

from handlers.contacts import find_button
from handlers.links import link
from handlers.screen import Button, File, Line, LinkButton, Prompt, Screen, Style, Weight
from handlers.visit import Visit
from shop_core.customers.preferences import (
    QuietHours,
    get_preferences,
    set_quiet_hours,
    set_timezone,
)
from shop_core.privacy.export import export_data

_FILE_NAME: Final = "my-data.json"
_ZONES: Final = (
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Asia/Bangkok",
    "Europe/London",
    "America/New_York",
    "America/Los_Angeles",
)
"""What is offered; any other is typed."""
_NIGHTS: Final = (QuietHours(22, 8), QuietHours(23, 8), QuietHours(0, 9))


async def settings(visit: Visit) -> Screen:
    """All of it, each one tap away."""
    say = visit.say
    chosen = await visit.shop.read(get_preferences, visit.customer.person_id)
    verified = await find_button(visit)
    quiet = say("settings.no_quiet") if chosen.quiet is None else _hours(visit, chosen.quiet)
    rows: list[tuple[Button, ...]] = []
    if len(visit.shop.policy.languages) > 1:
        rows.append((LinkButton(say("home.language"), link("language")),))
    rows += [
        (LinkButton(say("settings.zone", city=say.city(chosen.timezone)), link("ask_zone")),),
        (LinkButton(say("notices.title"), link("notices")),),
        (LinkButton(say("settings.quiet", hours=quiet), link("ask_quiet")),),
        *(() if verified is None else ((verified,),)),
        (LinkButton(say("my_data.title"), link("my_data")),),
        (LinkButton(say("button.back"), link("balance")),),
    ]
    return Screen((Line(say("settings.title"), Style.TITLE), Line(say("settings.text"))), tuple(rows))


async def ask_zone(visit: Visit, refusal: str = "") -> Screen:
    """By which clock? Each shows what it says now, so that one finds one's own.

    Args:
        refusal: What was wrong with what he typed; he is asked again.
    """
    say, now = visit.say, visit.shop.clock.now()
    rows: list[tuple[Button, ...]] = [
        (LinkButton(f"{say.city(zone)}  {say.in_zone(zone).clock(now)}", link("set_zone", typed=zone)),)
        for zone in _ZONES
    ]
    rows.append((LinkButton(say("button.back"), link("settings")),))
    lines = [Line(say("zone.title"), Style.TITLE), Line(say("zone.text"))]
    if refusal:
        lines.insert(1, Line(refusal, Style.WARNING))
    return Screen(tuple(lines), tuple(rows), prompt=Prompt(link("ask_zone"), say("zone.placeholder")))


async def set_zone(visit: Visit, typed: str) -> None:
    """Remember it; whoever calls shows the settings by it."""
    await visit.shop.write(set_timezone, visit.customer.person_id, typed)


async def ask_quiet(visit: Visit) -> Screen:
    """In which hours not to be disturbed, and by what all the same."""
    say = visit.say
    rows: list[tuple[Button, ...]] = [
        (LinkButton(_hours(visit, night), link("set_quiet", start=night.start, end=night.end)),)
        for night in _NIGHTS
    ]
    rows.append((LinkButton(say("quiet.off"), link("no_quiet")),))
    rows.append((LinkButton(say("button.back"), link("settings")),))
    return Screen((Line(say("quiet.title"), Style.TITLE), Line(say("quiet.text"))), tuple(rows))


async def set_quiet(visit: Visit, start: int, end: int) -> None:
    """Remember them."""
    await visit.shop.write(set_quiet_hours, visit.customer.person_id, QuietHours(start, end))


async def no_quiet(visit: Visit) -> None:
    """Tell him everything at once again."""
    await visit.shop.write(set_quiet_hours, visit.customer.person_id, None)


async def my_data(visit: Visit) -> Screen:
    """What is in the file, and the way to it."""
    say = visit.say
    lines = (Line(say("my_data.title"), Style.TITLE), Line(say("my_data.text")))
    rows = (
        (LinkButton(say("my_data.get"), link("my_file")),),
        (LinkButton(say("erase.button"), link("ask_erase"), Weight.DANGER),),
        (LinkButton(say("button.back"), link("settings")),),
    )
    return Screen(lines, rows)


async def my_file(visit: Visit) -> Screen:
    """The file. Where none can be shown he is told where he gets it, and nothing is read."""
    say = visit.say
    back = (LinkButton(say("button.back"), link("my_data")),)
    if visit.only_types:
        support = (LinkButton(say("home.support"), link("support")),)
        return Screen((Line(say("my_data.elsewhere")),), (support, back))
    content = await export_data(visit.shop, visit.customer)
    lines = (Line(say("my_data.file"), Style.TITLE), Line(say("my_data.codes"), Style.MUTED))
    return Screen(lines, (back,), file=File(_FILE_NAME, content))


def _hours(visit: Visit, quiet: QuietHours) -> str:
    return visit.say("quiet.hours", start=quiet.start, end=quiet.end)
