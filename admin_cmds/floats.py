"""What the shop has at a supplier: how much, until when, and whether the books agree."""

from __future__ import annotations

from admin_cmds.command import Desk
from handlers.screen import Button, Line, Screen, Style, Weight
from shop_core.cases.cases import OpenCase
from shop_core.supply.floats import FloatView, view_float


def float_lines(desk: Desk, seen: FloatView | None) -> list[Line]:
    """A float in a few lines, what is wrong with it marked."""
    say = desk.say
    if seen is None:
        return [Line(say("admin.supplier.never_read"), Style.MUTED)]
    lines = [Line(say("admin.supplier.float", amount=desk.money(seen.balance), at=say.day(seen.read_at)))]
    if seen.per_day.minor:
        lines.append(Line(say("admin.supplier.per_day", amount=desk.money(seen.per_day)), Style.MUTED))
    if seen.dry_at is not None:
        style = Style.WARNING if is_low(desk, seen) else Style.PLAIN
        lines.append(Line(say("admin.supplier.dry", at=say.day(seen.dry_at)), style))
    if seen.difference.minor:
        booked = desk.money(seen.booked)
        lines.append(Line(say("admin.supplier.differs", booked=booked), Style.WARNING))
    return lines


def is_low(desk: Desk, seen: FloatView) -> bool:
    """Whether it runs dry within days."""
    return seen.is_low_at(desk.shop.clock.now())


def book_rows(desk: Desk, seen: FloatView | None) -> list[tuple[Button, ...]]:
    """The button that books what differs, where something does."""
    if seen is None or not seen.difference.minor:
        return []
    amount = desk.money(seen.difference)
    return [(desk.button("admin.button.book", "supplier", "book", seen.supplier, amount=amount),)]


async def float_case(desk: Desk, case: OpenCase) -> Screen:
    """A float that runs dry, or that the books do not agree with."""
    say, supplier = desk.say, str(case.evidence["supplier"])
    seen = await desk.shop.read(view_float, supplier)
    lines = (
        Line(f"{say('admin.case.float')}   {supplier}", Style.TITLE),
        *float_lines(desk, seen),
        Line(say("admin.case.float.means"), Style.MUTED),
    )
    show = desk.button("admin.button.supplier", "supplier", "show", supplier, weight=Weight.PRIMARY)
    last = (desk.button("admin.button.cases", "cases"), desk.home_button())
    return Screen(lines, (*book_rows(desk, seen), (show,), last))
