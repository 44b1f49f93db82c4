"""Reading amounts, cards and words of refusal as suppliers write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop_core.kernel.money import Money
from shop_core.kernel.secret import Secret
from shop_core.supply.supplier import No
from suppliers.reading import (
    SAID_LIMIT,
    card_text,
    cost_of,
    count_of,
    lines_of,
    pieces_of,
    returned_of,
    said,
    why_not,
)
from suppliers.words import Words


@pytest.mark.parametrize(
    ("text", "cost", "returned"),
    [
        ("9.9", 990, 990),
        ("27.9000", 2790, 2790),
        ("0.0350", 4, 3),
        ("7", 700, 700),
        ("0.001", 1, 0),
        ("0", 0, 0),
    ],
)
def test_a_part_of_a_fen_is_paid_whole_and_never_comes_back(text: str, cost: int, returned: int) -> None:
    assert cost_of(text, "CNY") == Money(cost, "CNY")
    assert returned_of(text, "CNY") == Money(returned, "CNY")


@pytest.mark.parametrize("text", ["", "-1", "1e3", "NaN", "¥9.90", "9,90", "٣", "1" * 16, "9.90元"])
def test_what_is_no_amount_is_none(text: str) -> None:
    assert cost_of(text, "CNY") is None
    assert cost_of("9.90", "???") is None


@pytest.mark.parametrize(
    ("text", "count"), [("20", 20), ("20.00", 20), ("20.5", None), ("-1", None), ("", None)]
)
def test_counts(text: str, count: int | None) -> None:
    assert count_of(text) == count


def test_lines_keep_what_is_on_them() -> None:
    assert lines_of("007 \r\n\n \t\n a\tb\n") == (Secret("007 "), Secret(" a\tb"))


@pytest.mark.parametrize(
    ("payload", "quantity", "pieces"),
    [
        ("card: 1\npin: 2\n", 1, ["card: 1\npin: 2"]),
        ("1\n2", 2, ["1", "2"]),
        ("1\n2\n3\n4", 2, ["1\n2", "3\n4"]),
        ("1\n2\n3", 2, ["1", "2\n3"]),
        ("1", 3, ["1"]),
        ("", 1, []),
    ],
)
def test_pieces_are_as_many_as_were_bought_where_there_are_as_many(
    payload: str, quantity: int, pieces: list[str]
) -> None:
    assert [piece.reveal() for piece in pieces_of(payload, quantity)] == pieces


@given(st.lists(st.text("ab0 \t😀", min_size=1).filter(str.strip), max_size=9), st.integers(1, 9))
def test_no_line_is_lost_whatever_the_quantity(lines: list[str], quantity: int) -> None:
    pieces = pieces_of("\n".join(lines), quantity)
    assert "\n".join(piece.reveal() for piece in pieces).split("\n") == (lines or [""])
    assert len(pieces) == min(quantity, len(lines))


def test_words_for_a_case_have_no_tags_no_secret_and_an_end() -> None:
    assert said("<b>密钥</b> top-s3cret\n错误", Secret("top-s3cret"), Secret("")) == "密钥 … 错误"
    assert len(said("长" * 500)) == SAID_LIMIT


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("商户余额不足", No.BALANCE),
        ("库存不足", No.OUT_OF_STOCK),
        ("该商品暂未上架", No.OFF_SALE),
        ("商品价格已上涨", No.PRICE),
        ("充值账号错误", No.INPUT),
        ("?", No.OTHER),
    ],
)
def test_words_of_refusal(words: str, why: No) -> None:
    assert why_not(words) is why


@pytest.mark.parametrize("words", ["The request ID already exists", "订单号已存在", "外部订单号重复"])
def test_words_that_say_that_the_number_is_taken(words: str) -> None:
    assert Words().is_known(words)
    assert not Words().is_known("商品不存在")


def test_words_are_the_settings_own() -> None:
    ours = Words(unsure=("等等",), known=("有了",), not_us=("谁",), not_found=("没有",))
    assert (ours.is_unsure("请等等"), ours.is_known("有了"), ours.is_not_us("你是谁")) == (True, True, True)
    assert (ours.is_not_found("没有"), ours.is_unsure("系统繁忙")) == (True, False)


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (("0012", "", ""), "0012"),
        (("", "p w", ""), "p w"),
        (("0012", "77", ""), "卡号：0012\n卡密：77"),
        (("", "77", "2027-01-01"), "卡密：77\n有效期：2027-01-01"),
    ],
)
def test_a_card_in_parts_is_one_text(parts: tuple[str, str, str], text: str) -> None:
    assert card_text(*parts) == Secret(text)
    assert card_text("", "", "2027-01-01") is None
