"""What staff fulfil by hand: the queue, one task with what may be shown of it, taking it, and its two ends."""

from __future__ import annotations

from typing import Final

from admin_cmds.command import Desk
from admin_cmds.found import goods_text
from admin_cmds.links import link_to
from handlers.screen import Button, Code, Line, LinkButton, Prompt, Screen, Style, Weight
from shop_core.catalog.read import pick
from shop_core.orders.by_hand import (
    Cannot,
    TaskSeen,
    finish_task,
    leave_task,
    look_at_task,
    refuse_task,
    see_task,
    see_tasks,
    take_task,
)

LISTED: Final = 20


async def queue(desk: Desk) -> Screen:
    """What waits for staff, longest first."""
    waiting = await desk.shop.read(see_tasks, LISTED)
    if not waiting:
        return Screen((Line(desk.say("admin.queue.none"), Style.TITLE),), ((desk.home_button(),),))
    title = Line(desk.say("admin.queue.title", n=len(waiting)), Style.TITLE)
    rows = [(LinkButton(_short(desk, seen), link_to("task", "show", str(seen.task.id))),) for seen in waiting]
    return Screen((title,), (*rows, (desk.home_button(),)))


def _short(desk: Desk, seen: TaskSeen) -> str:
    waits = f"{goods_text(desk, seen.order)}  {desk.say.clock(seen.task.opened_at)}"
    return desk.say("admin.queue.taken", what=waits) if seen.task.is_claimed(desk.shop.clock.now()) else waits


async def task_show(desk: Desk, task_id: int) -> Screen:
    """One task, with the account masked."""
    return draw_task(desk, await desk.shop.read(see_task, task_id))


def draw_task(desk: Desk, seen: TaskSeen) -> Screen:
    """The screen of an open task: what is to be done, and the buttons of whoever may do it."""
    return Screen((*_about(desk, seen), _state(desk, seen)), _rows(desk, seen))


def _about(desk: Desk, seen: TaskSeen) -> tuple[Line, ...]:
    say, order = desk.say, seen.order
    lines = [
        Line(say("admin.task.title", number=say.number(order.number)), Style.TITLE),
        Line(f"{goods_text(desk, order)}   {desk.money(order.total)}", Style.STRONG),
    ]
    if seen.inputs is not None:
        for field in seen.inputs.fields:
            if field.key in seen.inputs.echo:
                label = pick(field.labels, desk.language)
                lines.append(Line(say("admin.task.said", label=label, said=seen.inputs.echo[field.key])))
    if seen.task.part:
        value = seen.task.part_value
        there = (
            say("admin.task.part") if value is None else say("admin.task.part_of", amount=desk.money(value))
        )
        lines.append(Line(there, Style.WARNING))
    return tuple(lines)


def _state(desk: Desk, seen: TaskSeen) -> Line:
    task, say = seen.task, desk.say
    if task.claimed_until is None or not task.is_claimed(desk.shop.clock.now()):
        return Line(say("admin.task.free", at=say.clock(task.opened_at)), Style.MUTED)
    until = say.clock(task.claimed_until)
    key = "admin.task.mine" if task.claimed_by == desk.actor else "admin.task.theirs"
    return Line(say(key, until=until, who=task.claimed_by or ""), Style.MUTED)


def _rows(desk: Desk, seen: TaskSeen) -> tuple[tuple[Button, ...], ...]:
    number = str(seen.task.id)
    last = (desk.button("admin.button.queue", "queue"), desk.home_button())
    if not seen.task.is_claimed(desk.shop.clock.now()):
        take = desk.button("admin.button.task_take", "task", "take", number, weight=Weight.PRIMARY)
        return (take,), last
    if seen.task.claimed_by != desk.actor:
        return (last,)
    return (
        (
            desk.button("admin.button.task_look", "task", "look", number),
            desk.button("admin.button.task_done", "task", "done", number, weight=Weight.PRIMARY),
        ),
        (
            desk.button("admin.button.task_cannot", "task", "cannot", number, weight=Weight.DANGER),
            desk.button("admin.button.task_leave", "task", "leave", number),
        ),
        last,
    )


async def task_take(desk: Desk, task_id: int) -> Screen:
    """Claim a task: from here on nobody else does it, for a while."""
    return draw_task(desk, await take_task(desk.shop, task_id, by=desk.actor))


async def task_leave(desk: Desk, task_id: int) -> Screen:
    """Give it back."""
    await leave_task(desk.shop, task_id, by=desk.actor)
    return await task_show(desk, task_id)


async def task_look(desk: Desk, task_id: int) -> Screen:
    """The account in full. The look is on record before anything is opened."""
    seen, answers = await look_at_task(desk.shop, task_id, by=desk.actor)
    lines: list[Line | Code] = [_about(desk, seen)[0], _about(desk, seen)[1]]
    for labels, answer in answers:
        lines += [Line(pick(labels, desk.language), Style.MUTED), Code(answer)]
    lines.append(Line(desk.say("admin.task.looked"), Style.MUTED))
    return Screen(tuple(lines), _rows(desk, seen))


async def task_done(desk: Desk, task_id: int, words: tuple[str, ...], *, bare: bool) -> Screen:
    """It is topped up: with a receipt, or without one. Asks for it where neither was said."""
    receipt = " ".join(words)
    if not receipt and not bare:
        return _ask_receipt(desk, await desk.shop.read(see_task, task_id))
    order = await finish_task(desk.shop, task_id, receipt, by=desk.actor)
    return (await queue(desk)).with_toast(desk.say("admin.task.done", number=desk.say.number(order.number)))


def _ask_receipt(desk: Desk, seen: TaskSeen) -> Screen:
    number = str(seen.task.id)
    lines = (*_about(desk, seen), Line(desk.say("admin.task.ask_receipt"), Style.STRONG))
    bare = desk.button("admin.button.task_bare", "task", "done", number, "--bare", weight=Weight.PRIMARY)
    back = desk.button("button.back", "task", "show", number)
    prompt = Prompt(link_to("task", "done", number), desk.say("admin.task.receipt.placeholder"))
    return Screen(lines, ((bare,), (back,)), prompt=prompt)


async def task_cannot(desk: Desk, task_id: int, why: str | None) -> Screen:
    """It cannot be done: the money goes back. Each of the buttons says why."""
    if why is None:
        return _ask_why(desk, await desk.shop.read(see_task, task_id))
    order = await refuse_task(desk.shop, task_id, Cannot(why), by=desk.actor)
    return (await queue(desk)).with_toast(
        desk.say("admin.task.refused", number=desk.say.number(order.number))
    )


def _ask_why(desk: Desk, seen: TaskSeen) -> Screen:
    number, paid = str(seen.task.id), desk.money(seen.order.total)
    lines = (*_about(desk, seen), Line(desk.say("admin.task.ask_why", amount=paid), Style.STRONG))
    rows = [
        (desk.button(f"admin.button.cannot.{why.value}", "task", "cannot", number, why.value, amount=paid),)
        for why in Cannot
    ]
    return Screen(lines, (*rows, (desk.button("button.back", "task", "show", number),)))
