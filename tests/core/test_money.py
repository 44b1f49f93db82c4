"""Money is integers: nothing is lost in splitting, nothing invented in reading."""

from __future__ import annotations

import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop_core.kernel.money import MAX_MINOR, BadAmount, CurrencyMismatch, Money, parse_money

AMOUNTS = st.integers(-(10**15), 10**15)
WEIGHTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=20).filter(any)


@given(AMOUNTS, WEIGHTS)
def test_splitting_loses_and_makes_nothing(minor: int, weights: list[int]) -> None:
    parts = Money(minor, "CNY").split(weights)
    assert sum(part.minor for part in parts) == minor
    assert len(parts) == len(weights)


@given(AMOUNTS, WEIGHTS)
def test_a_part_is_within_one_unit_of_its_share(minor: int, weights: list[int]) -> None:
    for part, weight in zip(Money(minor, "CNY").split(weights), weights, strict=True):
        assert abs(part.minor * sum(weights) - minor * weight) < sum(weights)


@given(AMOUNTS, WEIGHTS)
def test_a_negative_amount_splits_as_its_opposite(minor: int, weights: list[int]) -> None:
    there = Money(minor, "CNY").split(weights)
    back = Money(-minor, "CNY").split(weights)
    assert [part.minor for part in there] == [-part.minor for part in back]


@pytest.mark.parametrize("weights", [[], [0], [0, 0], [1, -1], [2, -1]])
def test_impossible_weights_are_refused(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="weights"):
        Money(100, "CNY").split(weights)


@given(st.integers(0, 10**17), st.sampled_from(["CNY", "USD", "JPY", "XTR"]))
def test_what_is_written_reads_back(minor: int, currency: str) -> None:
    digits = 0 if currency in {"JPY", "XTR"} else 2
    money = Money(minor % 10 ** (15 + digits), currency)
    assert parse_money(money.decimal_text(), currency) == money


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("15", 1500),
        ("15.0", 1500),
        ("15.00", 1500),
        ("15.000", 1500),
        ("¥15.00", 1500),
        ("￥ 15", 1500),
        ("15元", 1500),
        ("１５．５", 1550),
        ("15。5块", 1550),
        (" 0.01 ", 1),
        ("0", 0),
        ("007.5", 750),
    ],
)
def test_people_write_amounts_in_many_ways(text: str, minor: int) -> None:
    assert parse_money(text, "CNY").minor == minor


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-1",
        "+1",
        "1e3",
        "1,000",
        "1.001",
        "十五",
        "1.2.3",
        ".5",
        "5.",
        "NaN",
        "inf",
        "1" * 16,
        "1 000",
        "0x10",
        "¥",
        "15元元",
        "٣",
        "1\n2",
    ],
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(BadAmount):
        parse_money(text, "CNY")


def test_a_currency_without_cents_has_none() -> None:
    assert parse_money("500", "JPY") == Money(500, "JPY")
    assert Money(500, "JPY").decimal_text() == "500"
    with pytest.raises(BadAmount):
        parse_money("500.5", "JPY")


def test_an_unknown_currency_is_refused() -> None:
    with pytest.raises(BadAmount):
        parse_money("1", "DOGE")


@pytest.mark.parametrize("wrong", [True, 1.0, "1", None])
def test_only_integers_are_money(wrong: object) -> None:
    with pytest.raises(TypeError):
        Money(wrong, "CNY")  # type: ignore[arg-type]


def test_what_does_not_fit_64_bits_is_refused() -> None:
    assert Money(MAX_MINOR, "CNY").minor == MAX_MINOR
    with pytest.raises(BadAmount):
        Money(MAX_MINOR + 1, "CNY")
    with pytest.raises(BadAmount):
        Money(MAX_MINOR, "CNY") * 2


def test_currencies_do_not_mix() -> None:
    one, other = Money(1, "CNY"), Money(1, "USD")
    for attempt in (operator.add, operator.sub, operator.lt, operator.le, operator.gt):
        with pytest.raises(CurrencyMismatch):
            attempt(one, other)
    assert one != other
