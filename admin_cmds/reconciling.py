"""Suppliers' days beside ours: what differs, how it is settled, and signing a day off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from admin_cmds.command import Desk, ask_first
from admin_cmds.links import link_to
from handlers.screen import Button, File, Line, LinkButton, Screen, Style, Weight
from shop_core.conversations.keys import new_key
from shop_core.db.tx import Tx
from shop_core.kernel.money import Money
from shop_core.reconciliation.close import (
    Way,
    difference_of,
    match_once_more,
    settle,
    sign_off,
    stamp_of,
    ways_for,
)
from shop_core.reconciliation.counterpart import Counterparts
from shop_core.reconciliation.errors import NoSuchDay
from shop_core.reconciliation.lines import Line as Stated
from shop_core.reconciliation.match import Kind
from shop_core.reconciliation.read import (
    DayView,
    DifferenceView,
    find_zone,
    get_day,
    get_difference,
    list_days,
    list_differences,
)
from shop_core.reconciliation.sheet import COLUMNS, SheetWords, write_sheet
from shop_core.staff import audit

LISTED: Final = 14
"""Days shown: two weeks, of two counterparts one."""
MOST_DIFFERENCES: Final = 8
_SUPPLIER: Final = "supplier"


async def reconcile(desk: Desk) -> Screen:
    """The latest days, newest first."""
    days = await desk.shop.read(list_days, LISTED)
    key = "admin.reconcile.title" if days else "admin.reconcile.none"
    rows = [(LinkButton(_short(desk, day), link_to("reconcile", "day", str(day.id))),) for day in days]
    return Screen((Line(desk.say(key), Style.TITLE),), (*rows, (desk.home_button(),)))


def _short(desk: Desk, day: DayView) -> str:
    return f"{_name(day)}  {_state_text(desk, day)}"


def _name(day: DayView | DifferenceView) -> str:
    return f"{day.day:%m-%d}  {name_of(day.counterpart)}"


def name_of(counterpart: str) -> str:
    """A counterpart as the config calls it."""
    return counterpart.partition(":")[2]


def _state_text(desk: Desk, day: DayView) -> str:
    if day.signed_at is not None:
        return desk.say("admin.reconcile.signed")
    if day.read_at is None:
        return desk.say("admin.reconcile.unread")
    if day.differences:
        return desk.say.count("admin.reconcile.differs", day.differences)
    return desk.say("admin.reconcile.waiting" if day.waits else "admin.reconcile.alike")


async def reconcile_day(desk: Desk, day_id: int) -> Screen:
    """One day: how much agrees, and each thing that does not."""
    day = await desk.shop.read(get_day, day_id)
    differing = await desk.shop.read(list_differences, day_id, MOST_DIFFERENCES)
    return Screen(_day_lines(desk, day), _day_rows(desk, day, differing))


def _day_lines(desk: Desk, day: DayView) -> tuple[Line, ...]:
    say = desk.say
    lines = [Line(f"{_name(day)}  {_state_text(desk, day)}", Style.TITLE)]
    if day.read_at is not None:
        lines.append(Line(say.count("admin.reconcile.matched", day.open.get(Kind.MATCHED, 0))))
    if day.waits:
        lines.append(Line(say.count("admin.reconcile.waits", day.waits)))
    if day.settled:
        lines.append(Line(say.count("admin.reconcile.settled", day.settled)))
    if day.signed_at is not None:
        by = day.signed_by or ""
        lines.append(Line(say("admin.reconcile.signed_by", by=by, at=say.day(day.signed_at)), Style.MUTED))
    elif day.read_at is not None:
        lines.append(Line(say("admin.reconcile.read", at=say.day(day.read_at)), Style.MUTED))
        if day.differences:
            lines.append(Line(say("admin.reconcile.settle_first"), Style.MUTED))
    else:
        lines.append(Line(say("admin.reconcile.unread.means"), Style.MUTED))
    return tuple(lines)


def _day_rows(
    desk: Desk, day: DayView, differing: Sequence[DifferenceView]
) -> tuple[tuple[Button, ...], ...]:
    number = str(day.id)
    rows: list[tuple[Button, ...]] = [
        (LinkButton(_difference_text(desk, one), link_to("reconcile", "show", str(one.id))),)
        for one in differing
    ]
    if day.may_be_signed:
        rows.append((desk.button("admin.button.sign", "reconcile", "sign", number, weight=Weight.PRIMARY),))
    if day.read_at is not None:
        rows.append((desk.button("admin.button.sheet", "reconcile", "sheet", number),))
    rows.append((desk.button("admin.button.reconcile", "reconcile"), desk.home_button()))
    return tuple(rows)


def _difference_text(desk: Desk, one: DifferenceView) -> str:
    known = one.group.ours or one.group.theirs
    number = "" if known is None else known.number or known.ref
    amount = difference_of(one.group)
    more = "" if amount is None or not amount.minor else f"  {_signed(desk, amount)}"
    return f"{desk.say(f'admin.reconcile.kind.{one.group.kind.value}')}  {number}{more}"


def _signed(desk: Desk, amount: Money) -> str:
    return f"+{desk.money(amount)}" if amount.minor > 0 else desk.money(amount)


async def reconcile_show(desk: Desk, line_id: int) -> Screen:
    """One difference: what either side has, then ways to settle it that say what they book."""
    return draw_difference(desk, await desk.shop.read(get_difference, line_id))


def draw_difference(desk: Desk, one: DifferenceView) -> Screen:
    """The screen of a difference."""
    say, kind = desk.say, one.group.kind.value
    lines = [
        Line(f"{say(f'admin.reconcile.kind.{kind}')}  {_name(one)}", Style.TITLE),
        Line(_side_text(desk, "theirs", one.group.theirs)),
        Line(_side_text(desk, "ours", one.group.ours)),
        Line(say(f"admin.reconcile.kind.{kind}.means"), Style.MUTED),
    ]
    if one.way is not None:
        lines.append(Line(say(f"admin.reconcile.way.{one.way}.done")))
    return Screen(tuple(lines), _ways(desk, one))


def _side_text(desk: Desk, side: str, line: Stated | None) -> str:
    say = desk.say
    if line is None:
        return say(f"admin.reconcile.no.{side}")
    what = say(
        "admin.reconcile.side",
        amount=desk.money(line.amount),
        state=say(f"admin.reconcile.state.{line.state.value}"),
        at=say.day(line.at),
        number=line.number or "-",
        ref=line.ref or "-",
    )
    return f"{say(f'admin.reconcile.side.{side}')}{what}"


def _ways(desk: Desk, one: DifferenceView) -> tuple[tuple[Button, ...], ...]:
    rows: list[tuple[Button, ...]] = []
    if one.closed_at is None and not one.is_signed:
        rows = [(_way_button(desk, one, way),) for way in ways_for(one.group)]
    ours = one.group.ours
    if ours is not None and one.counterpart.startswith(f"{_SUPPLIER}:"):
        show = ("purchase", "show", ours.subject)
        rows.append((desk.button("admin.button.purchase", *show, purchase=ours.number),))
    back = desk.button("admin.button.reconcile_day", "reconcile", "day", str(one.day_id))
    return (*rows, (back, desk.home_button()))


def _way_button(desk: Desk, one: DifferenceView, way: Way) -> Button:
    theirs, between = one.group.theirs, difference_of(one.group)
    amount = between
    if way is Way.CORRECT and between is not None:
        amount = theirs.amount if theirs else Money(0, between.currency)
    said = "" if amount is None else desk.money(amount)
    # A button of yesterday must not book today's amount.
    link = link_to("reconcile", "close", str(one.id), way.value, stamp_of(one.group))
    return LinkButton(desk.say(f"admin.reconcile.way.{way.value}", amount=said), link)


async def reconcile_close(desk: Desk, line_id: int, way: str, stamp: str | None) -> Screen:
    """Settle a difference, with the booking that the button named."""
    wish = _Wish(line_id, Way(way), stamp)
    day_id = await desk.shop.write(_close, desk.shop.get(Counterparts), wish, desk.actor)
    toast = desk.say(f"admin.reconcile.way.{way}.done")
    return (await reconcile_day(desk, day_id)).with_toast(toast)


@dataclass(frozen=True, slots=True)
class _Wish:
    """How somebody wants a difference settled; ``stamp``: what he saw of it."""

    line_id: int
    way: Way
    stamp: str | None


def _close(tx: Tx, counterparts: Counterparts, wish: _Wish, actor: str) -> int:
    settle(tx, counterparts, wish.line_id, wish.way, by=actor, stamp=wish.stamp)
    one = get_difference(tx, wish.line_id)
    details: dict[str, str | int] = {
        "line": wish.line_id,
        "way": wish.way.value,
        "day": one.day.isoformat(),
    }
    audit.record(tx, actor=actor, command="reconcile close", details=details)
    return one.day_id


async def reconcile_sign(desk: Desk, day_id: int, *, yes: bool) -> Screen:
    """Sign a day off. Asks first: nothing of it can be changed any more."""
    day = await desk.shop.read(get_day, day_id)
    if not yes and day.may_be_signed:
        held = ("reconcile", "sign", str(day_id), "--yes")
        leave = LinkButton(desk.say("admin.button.leave"), link_to("reconcile", "day", str(day_id)))
        lines = (
            Line(desk.say("admin.reconcile.ask_sign", day=_name(day)), Style.TITLE),
            Line(desk.say("admin.reconcile.sign_means")),
        )
        return ask_first(lines, desk.say("admin.button.sign"), held, new_key(desk.shop.random), leave)
    await desk.shop.write(match_once_more, desk.shop.get(Counterparts), day_id)
    await desk.shop.write(_sign, day_id, desk.actor)
    return await reconcile_day(desk, day_id)


def _sign(tx: Tx, day_id: int, actor: str) -> None:
    if sign_off(tx, day_id, by=actor):
        day = get_day(tx, day_id)
        details = {"counterpart": day.counterpart, "day": day.day.isoformat()}
        audit.record(tx, actor=actor, command="reconcile sign", details=details)


async def reconcile_sheet(desk: Desk, day_id: int) -> Screen:
    """A day as a sheet, as a file in this chat."""
    say = desk.say
    day = await desk.shop.read(get_day, day_id)
    if day.read_at is None:
        raise NoSuchDay
    words = SheetWords(
        columns=[say(f"admin.sheet.{column}") for column in COLUMNS],
        kinds={kind: say(f"admin.reconcile.kind.{kind.value}") for kind in Kind},
        word=lambda key: say(f"admin.sheet.{key}"),
        zone=find_zone(desk.shop.get(Counterparts), day.counterpart, desk.shop.policy.timezone),
    )
    name = f"{name_of(day.counterpart)}-{day.day.isoformat()}.xlsx"
    content = await write_sheet(desk.shop, day_id, words)
    back = desk.button("admin.button.reconcile_day", "reconcile", "day", str(day_id))
    line = Line(say("admin.reconcile.sheet", name=name), Style.TITLE)
    return Screen((line,), ((back, desk.home_button()),), file=File(name, content))
