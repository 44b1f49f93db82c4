"""Reading codes out of a file: plain text, a code a line, or CSV. Pure: no database.

A file is read line by line: beside its bytes, which the caller has anyway, memory holds one line at a time.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from shop_core.kernel.secret import Secret
from shop_core.stock.errors import BadFile

LONGEST_CODE: Final = 2000
CHANGED_BY_SHEET: Final = "\ufdd0"
"""What the reader of sheets puts where a sheet has made a number or a date of a code: no text has this character."""
_BLOCK: Final = 1 << 16
HEADERS: Final = {
    "code",
    "codes",
    "card",
    "number",
    "password",
    "pin",
    "卡密",
    "卡号",
    "密码",
    "兑换码",
    "激活码",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file: a code, or what is wrong with it."""

    number: int
    code: Secret | None
    problem: str | None = None


def read_codes(data: bytes, *, file_name: str) -> Iterator[Line]:
    """The lines of a file, numbered from 1. Blank lines are passed over; nothing is trimmed inside a code.

    Args:
        data: The file as it came; UTF-8 with or without a mark, UTF-16 with one, or GB18030 as Chinese Windows saves it.
        file_name: ``.csv`` means comma-separated; a row of several cells (number, password) becomes one code with
            spaces between. Anything else is a code a line.

    Raises:
        BadFile: Not text, or a CSV file with a quote that never closes.
    """
    # The wrapper shares the bytes that it is given, and decodes a few thousand at a time.
    is_csv = file_name.lower().endswith(".csv")
    text = io.TextIOWrapper(io.BytesIO(data), _encoding_of(data), newline="" if is_csv else None)
    for number, row in _csv_rows(text) if is_csv else enumerate(text, start=1):
        code = row.strip()
        if not code:
            continue
        if len(code) > LONGEST_CODE:
            yield Line(number, None, "too_long")
        elif CHANGED_BY_SHEET in code:
            yield Line(number, None, "changed")
        elif any(char < " " and char != "\t" for char in code) or "\ufffd" in code:
            yield Line(number, None, "unreadable")
        else:
            yield Line(number, Secret(code))


def _csv_rows(text: Iterable[str]) -> Iterator[tuple[int, str]]:
    reader = csv.reader(text)
    first = True
    for cells in _cells(reader):
        filled = [cell.strip() for cell in cells if cell.strip()]
        is_header = first and bool(filled) and all(cell.lower() in HEADERS for cell in filled)
        first = False
        if not is_header:
            yield reader.line_num, " ".join(filled)


def _cells(reader: Iterable[list[str]]) -> Iterator[list[str]]:
    try:
        yield from reader
    except csv.Error:
        raise BadFile from None


def _encoding_of(data: bytes) -> str:
    """The first encoding in which the whole file is text."""
    is_marked_utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ["utf-16"] if is_marked_utf16 else ["utf-8-sig", "gb18030"]:
        if _is_text(data, encoding):
            return encoding
    raise BadFile


def _is_text(data: bytes, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    view = memoryview(data)
    try:
        for start in range(0, len(data), _BLOCK):
            if "\x00" in decoder.decode(view[start : start + _BLOCK]):
                return False
        return "\x00" not in decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
