"""Imports: sending a file of codes, how far it is, what became of it, and taking it back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from admin_cmds.command import Desk, ask_first
from admin_cmds.file_links import upload_button
from admin_cmds.links import link_to
from admin_cmds.product_screen import stock_text
from handlers.screen import Button, Line, LinkButton, Prompt, Screen, Style, Weight
from shop_core.catalog.read import ProductState, VariantView, get_variant
from shop_core.conversations.keys import new_key
from shop_core.customers.people import Address
from shop_core.db.tx import View
from shop_core.kernel.money import Money
from shop_core.stock.batches import BatchView, count_unsold, get_batch, list_batches
from shop_core.stock.count import Shelf, count_on_shelf
from shop_core.stock.import_codes import Import, import_codes, start_import
from shop_core.stock.models import BatchState
from shop_core.stock.undo_import import undo_import

MOST_BAD_LINES: Final = 10
"""Line numbers named in the answer to an import; who has more bad lines has another file in hand."""
LONGEST_ORIGIN: Final = 40
LISTED: Final = 5


@dataclass(frozen=True, slots=True)
class BatchSeen:
    """An import and what it is for."""

    batch: BatchView
    variant: VariantView
    shelf: Shelf
    unsold: int


def see_batch(view: View, batch_id: int) -> BatchSeen:
    """Look an import up.

    Raises:
        NoSuchBatch: None has this number.
    """
    batch = get_batch(view, batch_id)
    variant = get_variant(view, batch.variant_id)
    shelf = count_on_shelf(view, [(variant.id, variant.sell_until_days)])[variant.id]
    return BatchSeen(batch, variant, shelf, count_unsold(view, batch_id))


async def import_file(
    desk: Desk, variant_id: int, cost: Money | None, expires: date | None, origin: str | None
) -> Screen:
    """Import the file that came along, or ask for it. In the chat a long one goes on while its sender does other things."""
    variant = await desk.shop.read(get_variant, variant_id)
    if desk.upload is None:
        return await _ask_for_file(desk, variant, _again(variant_id, cost, expires, origin))
    channel, _, external_id = desk.actor.partition(":")
    order = Import(
        variant_id,
        desk.upload.name[:120],
        desk.upload.content,
        desk.actor,
        origin=(origin or "")[:LONGEST_ORIGIN],
        cost_minor=None if cost is None else cost.minor,
        expires_on=expires,
        key=f"{channel}:{desk.message}" if desk.message else None,
        tell=None if desk.is_shell else Address(channel, external_id),
    )
    if desk.is_shell:
        batch = await import_codes(desk.shop, order, on_progress=desk.on_progress)
    else:
        batch = await start_import(desk.shop, order)
    seen = await desk.shop.read(see_batch, batch.batch_id)
    return replace(draw_batch(desk, seen), clears_upload=True)


async def import_show(desk: Desk, batch_id: int) -> Screen:
    """How far an import is, and what became of its lines."""
    return draw_batch(desk, await desk.shop.read(see_batch, batch_id))


async def import_undo(desk: Desk, batch_id: int, *, yes: bool) -> Screen:
    """Take back what nobody has bought or holds. Asks first; once more, it takes back what came back since."""
    if not yes:
        return _ask_undo(desk, await desk.shop.read(see_batch, batch_id))
    await undo_import(desk.shop, batch_id, by=desk.actor)
    return draw_batch(desk, await desk.shop.read(see_batch, batch_id))


async def ended_screen(desk: Desk, batch_id: int) -> Screen:
    """The news that an import has ended, in the place where it was followed."""
    return draw_batch(desk, await desk.shop.read(see_batch, batch_id)).as_news()


def batch_buttons(desk: Desk, batches: Sequence[BatchView]) -> list[tuple[Button, ...]]:
    """The latest imports of a variant, to look at or take back."""
    return [
        (
            desk.button(
                f"admin.import.short.{batch.state.value}",
                "import",
                "show",
                str(batch.batch_id),
                id=batch.batch_id,
                origin=batch.origin,
                n=f"{batch.kept:,}",
                at=desk.say.day(batch.imported_at),
            ),
        )
        for batch in batches
    ]


def latest_batches(view: View, variant_id: int) -> Sequence[BatchView]:
    """Those that the screen of a variant's stock names."""
    return list_batches(view, variant_id, LISTED)


def draw_batch(desk: Desk, seen: BatchSeen) -> Screen:
    """An import as it stands: always in the same message."""
    batch, say = seen.batch, desk.say
    title, *details = _state_lines(desk, seen)
    about = Line(f"{seen.variant.full_name(desk.language)} · {stock_text(desk, seen.shelf)}")
    told = _counts(desk, batch) if batch.state is not BatchState.IMPORTING else []
    number = Line(
        say("admin.import.number", id=batch.batch_id, origin=batch.origin, at=say.day(batch.imported_at)),
        Style.MUTED,
    )
    return Screen(
        (title, about, *told, *details, number),
        _rows(desk, seen),
        slot=f"batch:{batch.batch_id}",
        tells=batch.cause if batch.state is BatchState.DONE else None,
    )


def _state_lines(desk: Desk, seen: BatchSeen) -> list[Line]:
    batch, say = seen.batch, desk.say
    match batch.state:
        case BatchState.IMPORTING:
            done, lines = f"{batch.done_lines:,}", f"{batch.lines:,}"
            title = say("admin.import.running", done=done, lines=lines)
            return [Line(title, Style.TITLE), Line(say("admin.import.go_on"), Style.MUTED)]
        case BatchState.DONE:
            return [Line(say.count("admin.import.added", batch.added), Style.TITLE)]
        case BatchState.UNDOING:
            return [Line(say("admin.import.undoing"), Style.TITLE)]
        case BatchState.UNDONE:
            back = [Line(say.count("admin.import.undone", batch.removed), Style.TITLE)]
            if batch.kept:
                back.append(Line(say.count("admin.import.kept", batch.kept)))
            return back


def _counts(desk: Desk, batch: BatchView) -> list[Line]:
    say = desk.say
    lines = []
    if batch.already_there:
        lines.append(Line(say.count("admin.import.already", batch.already_there)))
    if batch.twice_in_input:
        lines.append(Line(say.count("admin.import.twice", batch.twice_in_input)))
    if batch.bad_count:
        lines.append(Line(say.count("admin.import.bad", batch.bad_count, which=_which(desk, batch))))
    return lines


def _which(desk: Desk, batch: BatchView) -> str:
    """Bad lines by number and reason; their text is not repeated, it may hold half a code."""
    named = [
        desk.say("admin.import.line", line=line, problem=desk.say(f"admin.import.problem.{problem}"))
        for line, problem in batch.bad[:MOST_BAD_LINES]
    ]
    return "、".join([*named, "…"] if batch.bad_count > MOST_BAD_LINES else named)


def _rows(desk: Desk, seen: BatchSeen) -> tuple[tuple[Button, ...], ...]:
    batch, variant = seen.batch, seen.variant
    number = str(batch.batch_id)
    undo = ("import", "undo", number)
    if batch.state is BatchState.IMPORTING:
        stop = desk.button("admin.button.import_stop", *undo, weight=Weight.DANGER)
        return (desk.button("admin.button.refresh", "import", "show", number), stop), (desk.home_button(),)
    rows: list[tuple[Button, ...]] = []
    if variant.product_state is not ProductState.PUBLISHED and batch.state is BatchState.DONE:
        publish = ("product", "publish", str(variant.product_id))
        rows.append((desk.button("admin.button.publish", *publish, weight=Weight.PRIMARY),))
    rows.append(
        (
            desk.button("admin.button.import_more", "import", str(variant.id)),
            desk.button("admin.button.product", "product", "show", str(variant.product_id)),
        )
    )
    if seen.unsold:
        rows.append((desk.button("admin.button.import_undo", *undo, weight=Weight.DANGER),))
    return (*rows, (desk.home_button(),))


def _ask_undo(desk: Desk, seen: BatchSeen) -> Screen:
    batch, say = seen.batch, desk.say
    lines = [
        Line(say.count("admin.import.ask_undo", seen.unsold, id=batch.batch_id), Style.TITLE),
        Line(f"{seen.variant.full_name(desk.language)} · {batch.origin} · {say.day(batch.imported_at)}"),
    ]
    if batch.state is BatchState.IMPORTING:
        lines.append(Line(say("admin.import.undo_stops")))
    if batch.kept > seen.unsold:
        lines.append(Line(say.count("admin.import.would_keep", batch.kept - seen.unsold)))
    held = ("import", "undo", str(batch.batch_id), "--yes")
    leave = LinkButton(say("admin.button.leave"), link_to("import", "show", str(batch.batch_id)))
    asked = ask_first(tuple(lines), say("admin.import.yes_undo"), held, new_key(desk.shop.random), leave)
    return replace(asked, slot=f"batch:{batch.batch_id}")


def _again(variant_id: int, cost: Money | None, expires: date | None, origin: str | None) -> tuple[str, ...]:
    words = ["import", str(variant_id)]
    if cost is not None:
        words.append(f"--cost={cost.decimal_text()}")
    if expires is not None:
        words.append(f"--expires={expires.isoformat()}")
    if origin:
        words.append(f"--origin={origin[:LONGEST_ORIGIN]}")
    return tuple(words)


async def _ask_for_file(desk: Desk, variant: VariantView, words: tuple[str, ...]) -> Screen:
    lines = (
        Line(variant.full_name(desk.language), Style.TITLE),
        Line(desk.say("admin.import.ask")),
        Line(desk.say("admin.import.hint"), Style.MUTED),
    )
    back = desk.button("button.back", "product", "show", str(variant.product_id))
    upload = await upload_button(desk, words)
    if upload is not None:
        lines = (lines[0], Line(desk.say("admin.upload.text")), *lines[2:])
        return Screen(lines, ((upload,), (back,)))
    return Screen(
        lines,
        ((back,),),
        prompt=Prompt(link_to(*words), desk.say("admin.import.placeholder"), takes_files=True),
    )
