"""The first screen, what waits, the books, the staff and their signing in."""

from __future__ import annotations

from typing import Final

import click
from click import Argument, Option

from admin_cmds import books, home, jobs, pending, team, verifying, web
from admin_cmds.arguments import COUNT, PERSON, ROLE
from admin_cmds.command import Command
from admin_cmds.tables.options import number, yes
from shop_core.staff.roles import Right
from shop_core.verification.contacts import Kind


def _role() -> click.Argument:
    return Argument(["role"], type=ROLE)


COMMANDS: Final[tuple[Command, ...]] = (
    Command("home", home.home, "home", Right.LOOK),
    Command("cases", pending.cases, "cases", Right.LOOK),
    Command("case show", pending.case_show, "case show 3", Right.LOOK, (number("case_id"),)),
    Command("case close", pending.case_close, "case close 3", Right.LOOK, (number("case_id"),)),
    Command("funnel", books.funnel, "funnel 7", Right.BOOKS, (Argument(["days"], type=COUNT, default="7"),)),
    Command("audit", books.audit, "audit 20", Right.BOOKS, (Argument(["n"], type=COUNT, default="20"),)),
    Command("verify", books.verify, "verify", Right.BOOKS, (Option(["--codes"], is_flag=True),)),
    Command("jobs", jobs.jobs, "jobs", Right.BOOKS),
    Command("job run", jobs.job_run, "job run read_floats", Right.BOOKS, (Argument(["name"]),)),
    Command("staff", team.staff, "staff", Right.STAFF),
    Command("staff show", team.staff_show, "staff show 3", Right.STAFF, (number("member_id"),)),
    Command(
        "staff invite",
        team.staff_invite,
        "staff invite support",
        Right.STAFF,
        (Argument(["role"], type=ROLE, required=False),),
    ),
    Command(
        "staff uninvite", team.staff_uninvite, "staff uninvite 2", Right.STAFF, (number("invitation_id"),)
    ),
    Command(
        "staff add",
        team.staff_add,
        "staff add telegram:12345678 support",
        Right.STAFF,
        (Argument(["actor"]), _role()),
    ),
    Command(
        "staff role", team.staff_role, "staff role 3 finance", Right.STAFF, (number("member_id"), _role())
    ),
    Command("staff remove", team.staff_remove, "staff remove 3", Right.STAFF, (number("member_id"), yes())),
    Command(
        "contact reset",
        verifying.contact_reset,
        "contact reset K7M2-9QX9 phone",
        Right.STAFF,
        (
            Argument(["person"], type=PERSON),
            Argument(["kind"], type=click.Choice([kind.value for kind in Kind])),
            yes(),
        ),
    ),
    Command("web", web.web, "web", Right.LOOK, (Argument(["actor"], required=False),)),
    Command(
        "web password",
        web.web_password,
        "web password",
        Right.LOOK,
        (Argument(["password"], nargs=-1, required=False),),
    ),
    Command("web code", web.web_code, "web code 123456", Right.LOOK, (Argument(["code"]),)),
    Command("web leave", web.web_leave, "web leave", Right.LOOK),
    Command("web close", web.web_close, "web close", Right.LOOK),
)
