"""Reading codes out of a file: plain text, a code a line, or CSV. Pure: no database."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from shop_core.kernel.secret import Secret
from shop_core.stock.errors import BadFile

LONGEST_CODE: Final = 2000
_HEADERS: Final = {
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
    text = _decode(data)
    rows = _csv_rows(text) if file_name.lower().endswith(".csv") else enumerate(text.splitlines(), start=1)
    for number, row in rows:
        code = row.strip()
        if not code:
            continue
        if len(code) > LONGEST_CODE:
            yield Line(number, None, "too_long")
        elif any(char < " " and char != "\t" for char in code) or "\ufffd" in code:
            yield Line(number, None, "unreadable")
        else:
            yield Line(number, Secret(code))


def _csv_rows(text: str) -> Iterator[tuple[int, str]]:
    reader = csv.reader(io.StringIO(text))
    first = True
    for cells in _cells(reader):
        filled = [cell.strip() for cell in cells if cell.strip()]
        is_header = first and bool(filled) and all(cell.lower() in _HEADERS for cell in filled)
        first = False
        if not is_header:
            yield reader.line_num, " ".join(filled)


def _cells(reader: Iterable[list[str]]) -> Iterator[list[str]]:
    try:
        yield from reader
    except csv.Error:
        raise BadFile from None


def _decode(data: bytes) -> str:
    is_marked_utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    encodings = ["utf-16"] if is_marked_utf16 else ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise BadFile
