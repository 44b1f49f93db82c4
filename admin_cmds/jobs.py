"""The jobs of the schedule: when each last ran, how long, what it found; and running one now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from admin_cmds.command import Desk
from admin_cmds.links import link_to
from handlers.screen import Button, Line, LinkButton, Screen, Style
from shop_core.customers.people import Address
from shop_core.db.tx import Tx
from shop_core.jobs.runs import JobView, list_jobs, want_job
from shop_core.staff import audit

_MINUTE_S: Final = 60
_HOUR_S: Final = 3600


async def jobs(desk: Desk) -> Screen:
    """Every job, in trouble first, each with a button that runs it now."""
    listed = await desk.shop.read(list_jobs)
    if not listed:
        lines = (Line(desk.say("admin.jobs.none"), Style.TITLE),)
        return Screen(lines, ((desk.home_button(),),))
    title = Line(desk.say.count("admin.jobs.title", len(listed)), Style.TITLE)
    hint = Line(desk.say("admin.jobs.hint"), Style.MUTED)
    rows: list[tuple[Button, ...]] = []
    for job in listed:
        button = LinkButton(job_text(desk, job.name), link_to("job", "run", job.name))
        if rows and len(rows[-1]) == 1:
            rows[-1] = (*rows[-1], button)
        else:
            rows.append((button,))
    last = (LinkButton(desk.say("admin.button.refresh"), link_to("jobs")), desk.home_button())
    return Screen((title, *(_line(desk, job) for job in listed), hint), (*rows, last))


async def job_run(desk: Desk, name: str) -> Screen:
    """Want a job to run now. Answers at once: whoever holds the schedule runs it, and the result comes as news."""
    tell = None if desk.is_shell else desk.where
    await desk.shop.write(_want, name, desk.actor, tell)
    key = "admin.job.wanted.shell" if desk.is_shell else "admin.job.wanted"
    return (await jobs(desk)).with_toast(desk.say(key, job=job_text(desk, name)))


def _want(tx: Tx, name: str, actor: str, tell: Address | None) -> None:
    want_job(tx, name, tell=tell)
    audit.record(tx, actor=actor, command="job run", details={"job": name})


def ran_screen(desk: Desk, run: Mapping[str, Any]) -> Screen:
    """How a job went that somebody wanted to run."""
    job, took = job_text(desk, str(run["job"])), took_text(desk, int(run["took_ms"]))
    if int(run["failed"]):
        line = Line(desk.say("admin.job.ran.failed", job=job, took=took), Style.WARNING)
    else:
        line = Line(desk.say.count("admin.job.ran", int(run["found"]), job=job, took=took))
    rows = ((desk.button("admin.button.jobs", "jobs"), desk.home_button()),)
    return Screen((line,), rows, slot=None, news=True)


def job_text(desk: Desk, name: str) -> str:
    """What a job is called; its bare name where a word is lacking."""
    key = f"admin.job.name.{name}"
    return desk.say(key) if desk.say.has(key) else name


def took_text(desk: Desk, took_ms: int) -> str:
    """How long a run took."""
    return desk.say("admin.job.took", ms=took_ms) if took_ms < 1000 else _span(desk, took_ms // 1000)  # noqa: PLR2004 - a second


def _line(desk: Desk, job: JobView) -> Line:
    text = f"{job_text(desk, job.name)}  {_last_text(desk, job)}"
    if job.is_wanted:
        return Line(f"{text}  {desk.say('admin.job.is_wanted')}", Style.STRONG)
    if job.is_late:
        return Line(f"{text}  {desk.say('admin.job.is_late')}", Style.WARNING)
    if job.failed:
        return Line(f"{text}  {desk.say.count('admin.job.is_failing', job.failed)}", Style.WARNING)
    return Line(text)


def _last_text(desk: Desk, job: JobView) -> str:
    say = desk.say
    if job.ended_at is None:
        return say("admin.job.never")
    ran = say("admin.job.last", at=desk.moment(job.ended_at), took=took_text(desk, job.took_ms))
    if job.found:
        return f"{ran}  {say.count('admin.job.found', job.found)}"
    if job.found_at is None:
        return f"{ran}  {say('admin.job.found_nothing')}"
    return f"{ran}  {say.count('admin.job.found_before', job.last_found, at=say.day(job.found_at))}"


def _span(desk: Desk, seconds: int) -> str:
    if seconds < _MINUTE_S:
        return desk.say("admin.span.seconds", n=seconds)
    if seconds < _HOUR_S:
        return desk.say("admin.span.minutes", n=seconds // _MINUTE_S)
    return desk.say("admin.span.hours", n=seconds // _HOUR_S)
