"""A buyer who is on several channels: what was linked and unlinked, and by whom, for staff to read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from admin_cmds.command import Desk
from handlers.screen import Line, Style
from shop_core.customers.people import Address
from shop_core.pairing.journal import ChangeView

SHOWN: Final = 3
"""Of what became of a buyer, the latest first: hardly anybody has more."""
_SHOWN_OF_ID: Final = 2
"""Characters at each end of a buyer's id that staff see: enough to tell two apart."""


def masked(address: Address) -> str:
    """Where a buyer is, without what would let somebody write to him."""
    own = address.external_id
    shown = own if len(own) <= 2 * _SHOWN_OF_ID else f"{own[:_SHOWN_OF_ID]}…{own[-_SHOWN_OF_ID:]}"
    return f"{address.channel} {shown}"


def change_lines(desk: Desk, changes: Sequence[ChangeView]) -> list[Line]:
    """What became of a buyer, the latest first."""
    return [Line(_change_text(desk, change), Style.MUTED) for change in changes]


def _change_text(desk: Desk, change: ChangeView) -> str:
    facts = {
        "at": desk.say.day(change.at),
        "person": f"#{change.person_id}",
        "other": f"#{change.other_id}",
    }
    if change.by is None:
        return desk.say(f"admin.person.{change.kind}.erased", **facts)
    by = masked(change.by)
    asked_by = by if change.asked_by is None else masked(change.asked_by)
    identity = " · ".join(map(masked, change.identities))
    if change.kind == "merged":
        return desk.say("admin.person.merged", asked_by=asked_by, by=by, **facts)
    return desk.say("admin.person.parted", identity=identity, by=by, **facts)
