"""The child process that reads a sheet: XLSX comes in on standard input, CSV goes out. Run as a script, alone.

It names nothing else of ours, so that it starts in no time; ``sheet`` runs it, and says why it is apart.
"""

from __future__ import annotations

import csv
import io
import resource
import sys
import zipfile
from collections.abc import Iterator, Sequence
from typing import Final

MEMORY_LIMIT: Final = 1 << 30
"""Bytes of address space: a full sheet of a million codes takes a quarter of that."""
LARGEST_UNFOLDED: Final = 256 << 20
"""Bytes that a file may say it has when it is unpacked; one that lies about it runs into the memory limit."""
TIME_LIMIT_S: Final = 30
UNREADABLE: Final = 3
NO_CODES_COLUMN: Final = 4
CHANGED_BY_SHEET: Final = "\ufdd0"
BROKEN: Final = "\ufffd"
EXACT_DIGITS: Final = 15
"""A sheet keeps so many digits of a number, and writes zeros for the rest."""
CODE_COLUMNS: Final = frozenset({
    "code", "codes", "card", "number", "password", "pin", "卡密", "卡号", "密码", "兑换码", "激活码",
})  # fmt: skip


def rows_of(data: bytes) -> Iterator[Sequence[str]]:
    """The first visible sheet's rows from its first one on, as text.

    Raises:
        python_calamine.CalamineError, zipfile.BadZipFile: Not a sheet.
        zipfile.LargeZipFile: Too much of one.
    """
    from python_calamine import (  # noqa: PLC0415 - the limits come first, and the parent needs none of it
        CalamineWorkbook,
        SheetVisibleEnum,
    )

    with zipfile.ZipFile(io.BytesIO(data)) as file:
        if sum(part.file_size for part in file.infolist()) > LARGEST_UNFOLDED:
            raise zipfile.LargeZipFile
    book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    visible = [one.name for one in book.sheets_metadata if one.visible is SheetVisibleEnum.Visible]
    for row in book.get_sheet_by_name(visible[0]).to_python(skip_empty_area=False):
        yield [text_of(cell) for cell in row]


def text_of(cell: object) -> str:
    """What a person reads in a cell; where the sheet has lost what he typed, a mark for it."""
    match cell:
        case bool():
            return str(cell).upper()
        case str():
            return " ".join(cell.split("\n")) if "\n" not in cell.strip() else BROKEN
        case int() | float() if abs(cell) >= 10**EXACT_DIGITS:
            return CHANGED_BY_SHEET
        case float() if cell.is_integer():
            return str(int(cell))
        case int() | float():
            return repr(cell)
        case _:
            return CHANGED_BY_SHEET


def only_codes(rows: Iterator[Sequence[str]]) -> Iterator[Sequence[str]]:
    """The cells that hold codes; a row of names becomes an empty one, so that lines keep their numbers.

    Raises:
        LookupError: Nobody can say which they are.
    """
    columns: list[int] | None = None
    is_first = True
    for row in rows:
        filled = [place for place, cell in enumerate(row) if cell.strip()]
        if is_first and filled:
            is_first = False
            named = [place for place in filled if row[place].strip().lower() in CODE_COLUMNS]
            if named:
                columns = named
                yield ()
                continue
        if columns is None and len(filled) > 1:
            raise LookupError
        yield [row[place] for place in (filled if columns is None else columns) if place < len(row)]


def main() -> int:
    """Read, write, and say with the exit code how it went."""
    data = sys.stdin.buffer.read()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    resource.setrlimit(resource.RLIMIT_CPU, (TIME_LIMIT_S, TIME_LIMIT_S))
    out = io.TextIOWrapper(sys.stdout.buffer, "utf-8", newline="")
    try:
        csv.writer(out).writerows(only_codes(rows_of(data)))
        out.flush()
    except LookupError:
        return NO_CODES_COLUMN
    except Exception:  # noqa: BLE001 - whatever is wrong with it, the file is to blame
        return UNREADABLE
    return 0


if __name__ == "__main__":
    sys.exit(main())
