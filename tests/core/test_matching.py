"""Laying two lists side by side, as a property: every line in one group, and every corrupted row found."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from shop_core.kernel.money import Money
from shop_core.reconciliation.lines import Line, LineState
from shop_core.reconciliation.match import DIFFERENCES, Kind, match

NOON: Final = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
NAMES: Final = st.sampled_from(["", "A", "B", "C", "D"])
STATES: Final = st.sampled_from(LineState)
MONEY: Final = st.builds(Money, st.integers(-3, 3), st.sampled_from(["CNY", "USD"]))
ANY_LINE: Final = st.builds(Line, NAMES, NAMES, MONEY, STATES, st.just(NOON))


def line(number: str = "A", ref: str = "1", cost: int = 500, **more: object) -> Line:
    return replace(Line(number, ref, Money(cost, "CNY"), LineState.DONE, NOON), **more)  # type: ignore[arg-type]


def numbered(lines: list[Line]) -> list[Line]:
    """As ours: each with a subject of its own."""
    return [replace(one, subject=f"s{nth}") for nth, one in enumerate(lines)]


def kinds(theirs: list[Line], ours: list[Line], *, tolerance: int = 0) -> Counter[Kind]:
    return Counter(group.kind for group in match(theirs, numbered(ours), tolerance=tolerance))


@given(st.lists(ANY_LINE, max_size=9), st.lists(ANY_LINE, max_size=9), st.integers(0, 3))
def test_every_line_of_both_sides_ends_in_exactly_one_group(
    theirs: list[Line], ours: list[Line], tolerance: int
) -> None:
    groups = list(match(iter(theirs), iter(numbered(ours)), tolerance=tolerance))
    assert Counter(group.theirs for group in groups if group.theirs) == Counter(theirs)
    assert Counter(group.ours for group in groups if group.ours) == Counter(numbered(ours))
    for group in groups:
        mine, other = group.ours, group.theirs
        if mine is None or other is None:
            assert group.kind in {Kind.IDLE, Kind.UNDER_WAY, Kind.OURS_ONLY, Kind.THEIRS_ONLY}
            continue
        assert (mine.number and mine.number == other.number) or (mine.ref and mine.ref == other.ref)
        if group.kind is Kind.MATCHED:
            assert mine.state is other.state is not LineState.OPEN
            assert abs(mine.amount.minor - other.amount.minor) <= tolerance
    alone_theirs = {group.theirs.number for group in groups if group.theirs and not group.ours}
    alone_ours = {group.ours.number for group in groups if group.ours and not group.theirs}
    assert alone_theirs & alone_ours <= {""}, "what has the same number is the same thing"


@st.composite
def a_corrupted_day(draw: st.DrawFn) -> tuple[list[Line], list[Line], Counter[Kind]]:
    """A day on which both agree, then rows of theirs changed, dropped, doubled and made up; and what is to be found."""
    ours = [line(f"N{nth}", f"R{nth}", draw(st.integers(1, 9999))) for nth in range(draw(st.integers(1, 12)))]
    theirs, expected = [], Counter[Kind]()
    for nth, one in enumerate(ours):
        match draw(st.integers(0, 7)):
            case 0:
                expected[Kind.OURS_ONLY] += 1
            case 1:
                theirs.append(replace(one, amount=one.amount + Money(draw(st.integers(1, 50)), "CNY")))
                expected[Kind.AMOUNT] += 1
            case 2:
                state = draw(st.sampled_from([LineState.FAILED, LineState.OPEN]))
                theirs.append(replace(one, state=state))
                expected[Kind.STATE if state is LineState.FAILED else Kind.UNDER_WAY] += 1
            case 3:
                theirs += [one, one]
                expected += Counter({Kind.MATCHED: 1, Kind.THEIRS_ONLY: 1})
            case 4:
                theirs.append(replace(one, number=f"X{nth}", ref=f"Y{nth}"))
                expected += Counter({Kind.OURS_ONLY: 1, Kind.THEIRS_ONLY: 1})
            case 5:
                theirs.append(replace(one, number=""))
                expected[Kind.MATCHED] += 1
            case _:
                theirs.append(one)
                expected[Kind.MATCHED] += 1
    return draw(st.permutations(theirs)), ours, expected


@given(a_corrupted_day())
def test_every_corrupted_row_is_found_and_no_other(
    day: tuple[list[Line], list[Line], Counter[Kind]],
) -> None:
    theirs, ours, expected = day
    assert kinds(theirs, ours) == expected


def test_a_line_is_not_taken_by_a_weaker_likeness_than_another_has() -> None:
    first, second = line("A", "1"), line("B", "2")
    stranger = line("?", "2", cost=7)
    assert kinds([stranger, second], [first, second]) == {
        Kind.THEIRS_ONLY: 1,
        Kind.MATCHED: 1,
        Kind.OURS_ONLY: 1,
    }


def test_amounts_may_differ_by_the_tolerance_and_currencies_not_at_all() -> None:
    assert kinds([line(cost=501)], [line(cost=500)], tolerance=1) == {Kind.MATCHED: 1}
    assert kinds([line(cost=502)], [line(cost=500)], tolerance=1) == {Kind.AMOUNT: 1}
    dollars = replace(line(), amount=Money(500, "USD"))
    assert kinds([dollars], [line()], tolerance=1) == {Kind.AMOUNT: 1}


def test_what_moved_no_money_or_is_not_over_is_no_difference() -> None:
    refused = line("R", "", cost=0, state=LineState.FAILED)
    under_way = line("U", "7", state=LineState.OPEN)
    found = kinds([under_way, replace(refused, number="T")], [refused, under_way])
    assert found == {Kind.IDLE: 2, Kind.UNDER_WAY: 1}
    assert kinds([], [under_way]) == {Kind.UNDER_WAY: 1}
    assert not found.keys() & DIFFERENCES
