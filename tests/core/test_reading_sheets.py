"""Reading an Excel sheet: codes as a person sees them, and nothing that a sheet can do to the shop."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date

import pytest
import xlsxwriter  # type: ignore[import-untyped]  # it ships no types

from shop_core.stock import codes, sheet_reader
from shop_core.stock.codes import read_codes
from shop_core.stock.errors import BadFile, WhichColumn
from shop_core.stock.import_codes import Import, import_codes
from shop_core.stock.sheet import csv_of_sheet
from tests.core.builders import OWNER, Market

HUGE = b"""<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>
<row r="1"><c r="A1" t="inlineStr"><is><t>A</t></is></c></row>
<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>B</t></is></c></row></sheetData></worksheet>"""


def a_sheet(rows: Iterable[Sequence[object]], *, first_row: int = 0) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for number, row in enumerate(rows, start=first_row):
            for column, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write_datetime(number, column, cell, day)
                elif cell is not None:
                    sheet.write(number, column, cell)
    return out.getvalue()


def with_part(data: bytes, name: str, content: bytes) -> bytes:
    """The same file with one of its parts replaced."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        for part in old.namelist():
            new.writestr(part, content if part == name else old.read(part))
    return out.getvalue()


def lines(data: bytes) -> list[tuple[int, str | None]]:
    return [
        (line.number, line.problem if line.code is None else line.code.reveal())
        for line in read_codes(csv_of_sheet(data), file_name="sheet.csv")
    ]


def test_the_only_column_is_read_with_the_rows_own_numbers() -> None:
    assert lines(a_sheet([["A-1"], [None], [" A 2 "], ['"q", x']])) == [(1, "A-1"), (3, "A 2"), (4, '"q", x')]
    assert lines(a_sheet([["A-1"]], first_row=4)) == [(5, "A-1")]


def test_columns_called_a_codes_are_read_and_no_others() -> None:
    rows: list[list[object]] = [
        ["日期", "卡号", "价格", "密码"],
        ["x", "K1", 9, "P1"],
        ["y", "K2", 9, 1234],
        ["z", None, 9, None],
    ]
    assert lines(a_sheet(rows)) == [(2, "K1 P1"), (3, "K2 1234")]
    assert lines(a_sheet([["Code", "Note"], ["A", "first"]])) == [(2, "A")]
    assert lines(a_sheet([["卡密"], ["A"]])) == [(2, "A")]


def test_of_several_nameless_columns_none_is_guessed() -> None:
    with pytest.raises(WhichColumn):
        csv_of_sheet(a_sheet([["K1", "P1"], ["K2", "P2"]]))
    with pytest.raises(WhichColumn):
        csv_of_sheet(a_sheet([["K1"], ["K2", "P2"]]))


def test_numbers_are_read_as_they_look_and_lost_ones_are_told() -> None:
    rows: list[list[object]] = [
        [12345],
        [12.5],
        [999_999_999_999_999],
        [6222020200112233445],
        [date(2027, 3, 31)],
        ["two\nlines"],
    ]
    assert lines(a_sheet(rows)) == [
        (1, "12345"), (2, "12.5"), (3, "999999999999999"), (4, "changed"), (5, "changed"), (6, "unreadable"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "data", [b"PK\x03\x04 no zip", b"PK\x03\x04", a_sheet([["A"]])[:-200]], ids=["garbage", "begin", "cut"]
)
def test_what_is_no_sheet_is_refused(data: bytes) -> None:
    with pytest.raises(BadFile):
        csv_of_sheet(data)


def test_a_sheet_that_unfolds_without_end_is_refused_and_the_shop_lives() -> None:
    with pytest.raises(BadFile):
        csv_of_sheet(with_part(a_sheet([["A"]]), "xl/worksheets/sheet1.xml", HUGE))
    bomb = with_part(a_sheet([["A"]]), "xl/sharedStrings.xml", b" " * (sheet_reader.LARGEST_UNFOLDED + 1))
    assert len(bomb) < 4 << 20
    with pytest.raises(BadFile):
        csv_of_sheet(bomb)


def test_both_readers_know_the_same_column_names_and_the_same_mark() -> None:
    assert sheet_reader.CODE_COLUMNS == codes.HEADERS
    assert sheet_reader.CHANGED_BY_SHEET == codes.CHANGED_BY_SHEET


async def test_a_sheet_sells_like_any_other_file(market: Market) -> None:
    variant = await market.a_variant(codes=0)
    data = a_sheet([["卡号", "密码"], ["甲001", 42], ["甲002", 6222020200112233445]])
    batch = await import_codes(market.shop, Import(variant, "卡密.xlsx", data, OWNER))
    assert (batch.added, batch.bad) == (1, ((3, "changed"),))
    order = await market.an_order(buyer := await market.a_customer(), variant, paid=True)
    assert await market.codes_of(buyer, order.number) == ["甲001 42"]
