"""Reading codes out of an Excel sheet (XLSX), in a process of its own.

A small file can unfold into more than the machine has (a cell in the last row and column is enough), and the library
aborts the process that it runs in when memory is gone. So a child reads it, with little memory and little time, and
answers with CSV; from there on a sheet is a file like any other.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

from shop_core.stock.errors import BadFile, WhichColumn
from shop_core.stock.sheet_reader import NO_CODES_COLUMN, TIME_LIMIT_S

SIGNATURE: Final = b"PK\x03\x04"
"""How every ZIP file begins, and an XLSX file is one; a text of codes never does."""

LARGEST_SHEET: Final = 32 << 20
"""Bytes: a few million short codes."""

_READER: Final = str(Path(__file__).with_name("sheet_reader.py"))


def csv_of_sheet(data: bytes) -> bytes:
    """The first visible sheet as CSV in UTF-8, a line for each row. Blocks: call it in a thread.

    With a row of names on top, the columns that are called a code's are taken (``卡号`` and ``密码``, ``code``); without,
    the only column there is.

    Raises:
        BadFile: No sheet, a locked one, or one too large to be codes.
        WhichColumn: Several columns, and none is called a code's.
    """
    if len(data) > LARGEST_SHEET:
        raise BadFile
    try:
        # Without an environment: what is in ours is nobody's business in there.
        read = subprocess.run(  # noqa: S603 - as above
            [sys.executable, "-P", _READER],
            input=data,
            capture_output=True,
            timeout=2 * TIME_LIMIT_S,
            check=False,
            env={},
        )
    except subprocess.TimeoutExpired:
        raise BadFile from None
    if read.returncode == NO_CODES_COLUMN:
        raise WhichColumn
    if read.returncode != 0:
        raise BadFile
    return read.stdout
