"""Order numbers: a slip of the tongue or the thumb is noticed."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from shop_core.kernel.numbers import ALPHABET, LENGTH, display_number, new_number, parse_number

NUMBERS = st.integers(0, 2**32).map(lambda seed: new_number(Random(seed)))
PLACES = st.integers(0, LENGTH - 1)


@given(NUMBERS)
def test_a_new_number_passes_its_own_check(number: str) -> None:
    assert parse_number(number) == number


@given(NUMBERS, PLACES, st.sampled_from(ALPHABET))
def test_a_single_wrong_character_is_found(number: str, place: int, wrong: str) -> None:
    slipped = number[:place] + wrong + number[place + 1 :]
    assert parse_number(slipped) == (number if wrong == number[place] else None)


@given(NUMBERS, PLACES, PLACES)
def test_two_swapped_characters_are_found(number: str, one: int, other: int) -> None:
    chars = list(number)
    chars[one], chars[other] = chars[other], chars[one]
    swapped = "".join(chars)
    assert parse_number(swapped) == (number if swapped == number else None)


@given(NUMBERS)
def test_it_is_read_however_it_is_typed(number: str) -> None:
    shown = display_number(number)
    for typed in (shown, shown.lower(), f"  {shown} ", shown.replace("-", " "), f"#{number}", f"{number}02"):
        assert parse_number(typed) == number


@given(st.text(max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    number = parse_number(text)
    assert number is None or parse_number(number) == number


def test_nothing_in_a_number_looks_like_something_else() -> None:
    assert not set("01OIL") & set(ALPHABET)
