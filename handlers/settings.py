"""What the person decides for himself, and what the shop holds of him."""

from __future__ import annotations

from typing import Final

from handlers.links import link
from handlers.screen import Button, File, Line, LinkButton, Screen, Style
from handlers.visit import Visit
from shop_core.privacy.export import export_data

_FILE_NAME: Final = "my-data.json"


async def settings(visit: Visit) -> Screen:
    """All of it, one tap away."""
    say = visit.say
    rows: list[tuple[Button, ...]] = []
    if len(visit.shop.policy.languages) > 1:
        rows.append((LinkButton(say("home.language"), link("language")),))
    rows.append((LinkButton(say("my_data.title"), link("my_data")),))
    rows.append((LinkButton(say("button.back"), link("balance")),))
    return Screen((Line(say("settings.title"), Style.TITLE), Line(say("settings.text"))), tuple(rows))


async def my_data(visit: Visit) -> Screen:
    """What is in the file, and the way to it."""
    say = visit.say
    lines = [Line(say("my_data.title"), Style.TITLE), Line(say("my_data.text"))]
    rows: list[tuple[Button, ...]] = [(LinkButton(say("my_data.get"), link("my_file")),)]
    rows.append((LinkButton(say("button.back"), link("settings")),))
    return Screen(tuple(lines), tuple(rows))


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
