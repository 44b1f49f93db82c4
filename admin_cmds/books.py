"""Looking over the shop: how far people get, what staff did, whether everything adds up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from admin_cmds.command import Desk, ShellOnly
from handlers.screen import Line, Screen, Style
from shop_core.insight.exposure import funnel as count_steps
from shop_core.invariants.check import Finding
from shop_core.invariants.verify import verify as find_faults
from shop_core.invariants.verify import verify_codes
from shop_core.staff import audit as log
from shop_core.staff.audit import AuditEntry
from shop_core.vault.vault import Vault

LONGEST_LOOK_BACK: Final = 3650
MOST_ENTRIES: Final = 100
MOST_FINDINGS: Final = 30


async def funnel(desk: Desk, days: int) -> Screen:
    """From shown to delivered, over some days."""
    days = min(max(days, 1), LONGEST_LOOK_BACK)
    steps = await desk.shop.read(count_steps, desk.shop.clock.now() - timedelta(days=days))
    title = desk.say.count("admin.funnel.title", days)
    lines = [
        Line(desk.say("admin.funnel.line", step=desk.say(f"admin.funnel.{step}"), n=n))
        for step, n in steps.items()
    ]
    return Screen((Line(title, Style.TITLE), *lines), ((desk.home_button(),),))


async def audit(desk: Desk, n: int) -> Screen:
    """What staff did, newest first."""
    entries = await desk.shop.read(log.list_recent, min(max(n, 1), MOST_ENTRIES))
    lines = [Line(desk.say("admin.audit.title"), Style.TITLE)]
    lines += [Line(_entry_text(desk, entry)) for entry in entries]
    if not entries:
        lines.append(Line(desk.say("admin.audit.none"), Style.MUTED))
    return Screen(tuple(lines), ((desk.home_button(),),))


def _entry_text(desk: Desk, entry: AuditEntry) -> str:
    at = desk.say.day(entry.at)
    return f"{at}  {entry.actor}  {entry.command}  {_details_text(entry.details)}".rstrip()


def _details_text(details: Mapping[str, object]) -> str:
    return " ".join(f"{name}={value}" for name, value in details.items())


async def verify(desk: Desk, *, codes: bool) -> Screen:
    """Recompute everything that must be true. With ``codes`` every sealed code is opened too: slow.

    Raises:
        ShellOnly: Opening all codes would keep the process from answering anybody else.
    """
    if codes and not desk.is_shell:
        raise ShellOnly
    faults = await desk.shop.read(find_faults)
    if codes:
        vault = desk.shop.get(Vault)
        faults = [*faults, *await desk.shop.read(verify_codes, vault, on_progress=desk.on_progress)]
    if not faults:
        return Screen((Line(desk.say("admin.verify.good"), Style.TITLE),), ((desk.home_button(),),))
    title = Line(desk.say.count("admin.verify.bad", len(faults)), Style.WARNING)
    shown = [Line(_fault_text(fault)) for fault in faults[:MOST_FINDINGS]]
    return Screen(
        (title, *shown, Line(desk.say("admin.verify.next"), Style.STRONG)), ((desk.home_button(),),)
    )


def _fault_text(fault: Finding) -> str:
    return f"{fault.check}: {fault.subject}: {fault.explanation}"
