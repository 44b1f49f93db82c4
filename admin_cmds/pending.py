"""What needs a person: the list, each case with its evidence and ways out, closing what had to be known."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Final

from admin_cmds.case_subjects import CaseSubject, find_subject
from admin_cmds.command import Desk
from admin_cmds.floats import float_case
from admin_cmds.following import price_case
from admin_cmds.found import goods_text, way_text
from admin_cmds.links import link_to
from admin_cmds.odd_money import suspense_show
from admin_cmds.purchases import purchase_show
from admin_cmds.queue import task_show
from admin_cmds.reconciling import name_of, reconcile_show
from admin_cmds.threads import threads_button
from admin_cmds.waiting import find_waiting, queue_row, waiting_text
from admin_cmds.ways_out import ways_first
from handlers.screen import Button, Line, LinkButton, Screen, Style, Weight
from shop_core.cases.cases import CaseKind, OpenCase, close_case, find_open, list_open
from shop_core.cases.handled_by import HANDLED_BY, kinds_for
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.kernel.errors import ShopError
from shop_core.kernel.money import Money, parse_money
from shop_core.staff import audit

LISTED: Final = 20


class NoSuchCase(ShopError):
    """Not there, or settled already."""

    code = "admin.no_case"


class CaseNeedsMore(ShopError):
    """Money or goods hang on it: it closes itself when they have found their place."""

    code = "admin.case_needs_more"


_ONLY_NEWS: Final = frozenset(
    {CaseKind.GATEWAY, CaseKind.MESSAGE, CaseKind.CALLBACK, CaseKind.STATEMENT, CaseKind.UNHEARD}
)
"""Cases that a person closes by knowing of them: nothing in the shop waits for his decision."""


async def cases(desk: Desk) -> Screen:
    """What waits for a person, longest first."""
    waiting = await desk.shop.read(list_open, LISTED, kinds_for(desk.role))
    if not waiting:
        return await _no_case(desk)
    title = Line(desk.say("admin.cases.title", n=len(waiting)), Style.TITLE)
    rows = [(LinkButton(_short(desk, case), link_to("case", "show", str(case.id))),) for case in waiting]
    return Screen((title,), (*rows, (desk.home_button(),)))


async def _no_case(desk: Desk) -> Screen:
    """No case is not nothing to do: customers may wait, or top-ups."""
    others = await find_waiting(desk)
    rows = list(queue_row(desk, others))
    if others.threads:
        rows.append((threads_button(desk, others.threads),))
    return Screen((Line(waiting_text(desk, others), Style.TITLE),), (*rows, (desk.home_button(),)))


def _short(desk: Desk, case: OpenCase) -> str:
    return f"{desk.say(f'admin.case.{case.kind.value}')}  {_what(desk, case)}  {desk.moment(case.opened_at)}"


def _what(desk: Desk, case: OpenCase) -> str:
    """The one fact of the evidence that tells cases of a kind apart."""
    evidence = case.evidence
    match case.kind:
        case CaseKind.SUSPENSE | CaseKind.REFUND:
            return desk.money(_amount(evidence))
        case CaseKind.DIFFERENCE | CaseKind.STATEMENT:
            return f"{name_of(str(evidence['counterpart']))} {str(evidence['day'])[5:]}"
        case CaseKind.UNDELIVERED | CaseKind.PURCHASE:
            return desk.say.number(str(evidence.get("number", "")))
        case CaseKind.GATEWAY | CaseKind.CALLBACK | CaseKind.SILENT:
            return way_text(desk, str(evidence.get("gateway", "")))
        case CaseKind.CODES:
            return desk.say("admin.case.codes.most", n=evidence["most"])
        case _:
            return str(evidence.get(_NAMED_BY[case.kind], ""))


_NAMED_BY: Final = {
    CaseKind.MESSAGE: "channel",
    CaseKind.STOCK: "name",
    CaseKind.PRICE: "name",
    CaseKind.JOB: "job",
    CaseKind.TASK: "task",
    CaseKind.UNHEARD: "shop",
    CaseKind.THREAD: "name",
    CaseKind.SUPPLIER: "supplier",
    CaseKind.FLOAT: "supplier",
}


def _amount(evidence: Mapping[str, object]) -> Money:
    return parse_money(str(evidence["amount"]), str(evidence["currency"]))


async def case_show(desk: Desk, case_id: int) -> Screen:
    """One case: evidence first, then buttons that say exactly what they do."""
    case = await desk.shop.read(find_open, case_id)
    if case is None or not desk.may(HANDLED_BY[case.kind]):
        raise NoSuchCase
    return await draw_case(desk, case)


_SHOWN: Final[Mapping[CaseKind, Callable[[Desk, int], Awaitable[Screen]]]] = {
    CaseKind.SUSPENSE: suspense_show,
    CaseKind.PURCHASE: purchase_show,
    CaseKind.DIFFERENCE: reconcile_show,
    CaseKind.PRICE: price_case,
    CaseKind.TASK: task_show,
}
"""Cases whose subject has a screen of its own, evidence and ways out included."""


async def draw_case(desk: Desk, case: OpenCase) -> Screen:
    """The screen of an open case."""
    show = _SHOWN.get(case.kind)
    if show is not None:
        return await show(desk, case.subject_id)
    if case.kind is CaseKind.FLOAT:
        return await float_case(desk, case)
    say = desk.say
    subject = await desk.shop.read(find_subject, case)
    title = Line(f"{say(f'admin.case.{case.kind.value}')}   {_what(desk, case)}", Style.TITLE)
    since = Line(say("admin.case.since", at=say.day(case.opened_at)), Style.MUTED)
    said = str(case.evidence.get("said", "")) or subject.problem
    evidence = [Line(say("admin.case.said", said=said))] if said else []
    tried = [Line(say.count(f"admin.case.tried.{what}", number)) for what, number in subject.tried]
    means = Line(say(f"admin.case.{case.kind.value}.means", where=str(case.evidence.get("host", ""))))
    return Screen(
        (title, *_bought(desk, subject), *evidence, *tried, means, since), _rows(desk, case, subject)
    )


def _bought(desk: Desk, subject: CaseSubject) -> list[Line]:
    placed = subject.placed
    return (
        []
        if placed is None
        else [Line(f"{goods_text(desk, placed)}   {desk.money(placed.total)}", Style.STRONG)]
    )


def _rows(desk: Desk, case: OpenCase, subject: CaseSubject) -> tuple[tuple[Button, ...], ...]:
    first = tuple(_ways(desk, case, subject))
    last = (desk.button("admin.button.cases", "cases"), desk.home_button())
    if subject.lacking is None:
        return (first, last) if first else (last,)
    stock = desk.button("admin.button.import_now", "import", str(subject.lacking), weight=Weight.PRIMARY)
    return (stock,), first, last


def _ways(desk: Desk, case: OpenCase, subject: CaseSubject) -> Iterator[Button]:
    """What can be done about it, the likeliest first."""
    yield from ways_first(desk, case)
    if subject.order is not None:
        yield desk.button("admin.button.why", "why", subject.order)
        if case.kind is CaseKind.UNDELIVERED:
            yield desk.button("admin.button.refund_order", "refund", subject.order, weight=Weight.DANGER)
        else:
            yield desk.button("admin.button.order", "order", subject.order)
    if subject.product is not None:
        yield desk.button("admin.button.import_now", "import", str(case.subject_id), weight=Weight.PRIMARY)
        yield desk.button("admin.button.product", "product", "show", str(subject.product))
    if case.kind in _ONLY_NEWS:
        yield desk.button("admin.button.known", "case", "close", str(case.id))


async def case_close(desk: Desk, case_id: int) -> Screen:
    """Close a case that only had to be known. A second time finds it closed."""
    await close(desk.shop, case_id, kinds_for(desk.role), by=desk.actor)
    return (await cases(desk)).with_toast(desk.say("admin.case.closed"))


async def close(shop: Shop, case_id: int, kinds: frozenset[CaseKind], *, by: str) -> None:
    """Close a case that only had to be known.

    Args:
        kinds: Those that are his work.

    Raises:
        NoSuchCase: Not open, or not his work.
        CaseNeedsMore: Money or goods hang on it.
    """
    await shop.write(_close, case_id, kinds, by)


def _close(tx: Tx, case_id: int, kinds: frozenset[CaseKind], by: str) -> None:
    case = find_open(tx, case_id)
    if case is None or case.kind not in kinds:
        raise NoSuchCase
    if case.kind not in _ONLY_NEWS:
        raise CaseNeedsMore
    close_case(tx, case.kind, case.subject_id, by=by, resolution="known")
    audit.record(tx, actor=by, command="case close", details={"case": case_id, "kind": case.kind.value})
