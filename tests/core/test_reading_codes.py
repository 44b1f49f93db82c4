"""Reading a file of codes, however the seller's computer wrote it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop_core.stock.codes import LONGEST_CODE, read_codes
from shop_core.stock.errors import BadFile

LINES = "AAAA-1111\r\n\n  BBBB-2222  \n卡号123\n"


def codes(data: bytes, name: str = "codes.txt") -> list[str | None]:
    return [None if line.code is None else line.code.reveal() for line in read_codes(data, file_name=name)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_a_text_file_reads_alike_in_every_encoding(encoding: str) -> None:
    assert codes(LINES.encode(encoding)) == ["AAAA-1111", "BBBB-2222", "卡号123"]


@pytest.mark.parametrize("mark_and_encoding", [(b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")])
def test_utf_16_is_read_by_its_mark(mark_and_encoding: tuple[bytes, str]) -> None:
    mark, encoding = mark_and_encoding
    assert codes(mark + "一二".encode(encoding)) == ["一二"]


@pytest.mark.parametrize(
    "code", ['<&>"', "🎮🎁", "it's", '"quoted"', "a,b;c|d", "tab\tinside", "%s{}\\n", "-- ;'"]
)
def test_a_code_is_read_as_it_is(code: str) -> None:
    assert codes(code.encode()) == [code]


def test_a_row_of_several_cells_is_one_code() -> None:
    data = '卡号,密码\nA1,"p,1"\n"B""2", p2 ,\n\n'.encode()
    assert codes(data, "codes.CSV") == ["A1 p,1", 'B"2 p2']


def test_a_first_line_is_a_header_only_if_it_reads_like_one() -> None:
    assert codes(b"code\nA1\n", "codes.csv") == ["A1"]
    assert codes(b"A1\ncode\n", "codes.csv") == ["A1", "code"]


def test_bad_lines_are_named_and_the_others_kept() -> None:
    data = f"good\n{'x' * (LONGEST_CODE + 1)}\nbell\x07\nbad\ufffd\nlast".encode()
    lines = list(read_codes(data, file_name="codes.txt"))
    assert [(line.number, line.problem) for line in lines] == [
        (1, None),
        (2, "too_long"),
        (3, "unreadable"),
        (4, "unreadable"),
        (5, None),
    ]


@pytest.mark.parametrize(
    "data", [b"\x89PNG\r\n\x1a\n\x00\x00", b"\xff\xfeodd", b"\x00\x01\x02", "一".encode("utf-16-le")]
)
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(BadFile):
        codes(data)


def test_a_quote_that_never_closes_is_refused() -> None:
    with pytest.raises(BadFile):
        codes(b'A1\n"' + b"B\n" * 100_000, "codes.csv")


def test_an_empty_file_has_no_codes() -> None:
    assert codes(b"") == codes(b"\xef\xbb\xbf\n \n") == codes(b"", "codes.csv") == []


@given(st.lists(st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=30)))
def test_every_code_of_a_text_file_comes_out_once_and_in_order(written: list[str]) -> None:
    assert codes("\n".join(written).encode()) == written


@given(st.binary(max_size=200), st.sampled_from(["a.txt", "a.csv"]))
def test_no_file_breaks_the_reader(data: bytes, name: str) -> None:
    try:
        codes(data, name)
    except BadFile:
        return
