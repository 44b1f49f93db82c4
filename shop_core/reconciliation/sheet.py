"""A day as a sheet (XLSX), for whoever keeps the accounts. Rows go to a file as they come: a long day costs no memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from zoneinfo import ZoneInfo

import xlsxwriter  # type: ignore[import-untyped]  # it ships no types

from shop_core.db.shop import Shop
from shop_core.kernel.money import minor_digits
from shop_core.reconciliation.lines import Line
from shop_core.reconciliation.match import Kind
from shop_core.reconciliation.read import DifferenceView, get_day, list_lines

PART: Final = 500
COLUMNS: Final = (
    "kind",
    "way",
    "their_number",
    "their_ref",
    "their_amount",
    "their_state",
    "their_at",
    "our_number",
    "our_ref",
    "our_amount",
    "our_state",
    "our_at",
    "difference",
    "currency",
)
"""What stands in a row, left to right."""


@dataclass(frozen=True, slots=True)
class SheetWords:
    """What the sheet says, in the reader's language.

    Attributes:
        columns: A heading for each of ``COLUMNS``.
        kinds: What each kind of line is called.
        word: A state, or a way to settle, as the reader calls it.
        zone: Whose clock the times are by: the counterpart's.
    """

    columns: Sequence[str]
    kinds: Mapping[Kind, str]
    word: Callable[[str], str]
    zone: ZoneInfo


async def write_sheet(shop: Shop, day_id: int, words: SheetWords) -> bytes:
    """The sheet of a day.

    Raises:
        NoSuchDay: Not there.
    """
    day = await shop.read(get_day, day_id)
    with TemporaryDirectory(prefix="kapu-") as folder:
        path = Path(folder) / "day.xlsx"
        book = xlsxwriter.Workbook(str(path), {"constant_memory": True, "tmpdir": folder})
        sheet = book.add_worksheet(day.day.isoformat())
        sheet.write_row(0, 0, words.columns, book.add_format({"bold": True}))
        sheet.freeze_panes(1, 0)
        row, last_id = 1, 0
        while part := await shop.read(list_lines, day_id, last_id, PART):
            await asyncio.to_thread(_write_part, sheet, row, part, words)
            row, last_id = row + len(part), part[-1].id
        await asyncio.to_thread(book.close)
        return await asyncio.to_thread(path.read_bytes)


def _write_part(sheet: Any, first: int, part: Sequence[DifferenceView], words: SheetWords) -> None:  # noqa: ANN401 - xlsxwriter ships no types
    for nth, line in enumerate(part):
        for column, value in enumerate(_cells(line, words)):
            # Texts as texts: what a supplier writes is never a formula.
            write = sheet.write_number if isinstance(value, Decimal) else sheet.write_string
            if value is not None:
                write(first + nth, column, value)


def _cells(line: DifferenceView, words: SheetWords) -> Sequence[Decimal | str | None]:
    group = line.group
    theirs, ours = _side(group.theirs, words), _side(group.ours, words)
    known = group.theirs or group.ours
    between = None
    if isinstance(theirs[2], Decimal) or isinstance(ours[2], Decimal):
        between = Decimal(theirs[2] or 0) - Decimal(ours[2] or 0)
    way = None if line.way is None else words.word(f"way.{line.way}")
    currency = None if known is None else known.amount.currency
    return (words.kinds[group.kind], way, *theirs, *ours, between, currency)


def _side(line: Line | None, words: SheetWords) -> Sequence[Decimal | str | None]:
    if line is None:
        return (None,) * 5
    amount = Decimal(line.amount.minor).scaleb(-minor_digits(line.amount.currency))
    state = words.word(f"state.{line.state.value}")
    return (line.number, line.ref, amount, state, _clock(line.at, words.zone))


def _clock(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
