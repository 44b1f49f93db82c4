"""The table of journeys, and the suite that kills every one of them everywhere.

Later ways to talk, to pay and to deliver add rows to ``JOURNEYS``; there is no second suite.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from tempfile import mkdtemp

import pytest
import pytest_asyncio

from tests.proof.leaks import find_leaks
from tests.proof.lives import Host, a_host
from tests.proof.points import Point
from tests.proof.premises import CODES, EPAY_KEY, EPAY_PID, PostgresStable, SqliteStable, Stable
from tests.proof.proof import Journey, Proof, World
from tests.proof.sabotage import CHARGED_FIRST, TOLD_THE_LOG
from tests.standins.cashier import CashierControl, running_cashier
from tests.standins.telegram import RemoteTelegram, telegram_process

JOURNEYS = (
    Journey("webchat", "epay", "card"),
    Journey("webchat", "wallet", "card"),
    Journey("webchat", "wallet+epay", "card"),
    Journey("telegram", "epay", "card"),
    Journey("telegram", "wallet", "card"),
    Journey("telegram_webhook", "epay", "card"),
    Journey("telegram", "stars", "card"),
    Journey("webchat", "wallet", "dujiao_next"),
    Journey("webchat", "wallet", "kasushou"),
    Journey("webchat", "wallet", "by_hand"),
)
"""Channel, payment, goods. ``telegram`` is asked for updates, ``telegram_webhook`` brings them."""

IS_EVERY_ROW_WHOLE = os.environ.get("KAPU_PROOF") == "whole"
NOT_CUT = frozenset({JOURNEYS[4]})
"""Its door is the one of the row above it, its wallet the one of the web chat. Cut only if every row is whole."""
ROWS = tuple((row, "sqlite") for row in JOURNEYS if IS_EVERY_ROW_WHOLE or row not in NOT_CUT)
ON_POSTGRESQL = (JOURNEYS[0], JOURNEYS[7])
"""There transactions end one by one, and no row's transactions differ from those of these in kind: half of the points will
do, by turns before and after a commit."""

WHOLE = frozenset({JOURNEYS[0], JOURNEYS[3]})
"""The first row of each channel is cut from hello to the code; the others where they differ from it."""
OTHER_DOOR = {JOURNEYS[5]: JOURNEYS[3]}
"""A row, and the one that it is the same as once a letter is in. It is cut where letters come in: at what the other does
not pass, and around ``TAKES_IN``."""
TAKES_IN = "mailbox._store_all"
"""The commit of a letter; whoever brought it has not heard yet that it is stored."""
HOSTS = 2
"""Purchases side by side."""

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def cashier() -> Iterator[CashierControl]:
    waits = ("--retry-after", "0,0.2,0.3,0.5,1,2,4,8")
    with running_cashier(pid=EPAY_PID, key=EPAY_KEY, options=waits) as control:
        yield control


@pytest.fixture(scope="module")
def telegram() -> Iterator[RemoteTelegram]:
    with telegram_process(pace=False, webhook_unit_s=0.02) as process:
        yield process


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hosts() -> AsyncIterator[Sequence[Host]]:
    async with a_host() as one, a_host() as other:
        yield one, other


@pytest.fixture
def stable_of(request: pytest.FixtureRequest) -> Callable[[str, Path], Stable]:
    def stable(database: str, folder: Path) -> Stable:
        if database == "sqlite":
            return SqliteStable(folder, request.getfixturevalue("sqlite_template"))
        empty: str = request.getfixturevalue("postgresql_url")
        return PostgresStable(request.getfixturevalue("postgres_server"), empty)

    return stable


@pytest.fixture
def world_on(
    stable_of: Callable[[str, Path], Stable],
    hosts: Sequence[Host],
    cashier: CashierControl,
    telegram: RemoteTelegram,
    tmp_path: Path,
) -> Callable[[str], World]:
    def world(database: str) -> World:
        folder = Path(mkdtemp(prefix="proof-", dir=tmp_path))
        return World(hosts, stable_of(database, folder), cashier, telegram, folder)

    return world


@pytest.mark.parametrize(
    ("journey", "database"),
    [
        *ROWS,
        *(pytest.param(row, "postgresql", marks=pytest.mark.postgresql) for row in ON_POSTGRESQL),
    ],
    ids=str,
)
async def test_a_purchase_survives_a_kill_everywhere(
    journey: Journey, database: str, world_on: Callable[[str], World], capsys: pytest.CaptureFixture[str]
) -> None:
    began = time.monotonic()
    passed_by_other = set[str]()
    if journey in OTHER_DOOR:
        other = Proof(OTHER_DOOR[journey], world_on(database))
        await other.prepare()
        passed_by_other = {point.name for point in await other.points()} - {TAKES_IN}
    proof = Proof(journey, world_on(database))
    await proof.prepare()
    points = await proof.points()
    if not IS_EVERY_ROW_WHOLE and journey in OTHER_DOOR:
        points = [point for point in points if point.name not in passed_by_other]
    elif not IS_EVERY_ROW_WHOLE and (journey not in WHOLE or database == "postgresql"):
        points = journey.own_part(points)
    if not IS_EVERY_ROW_WHOLE and database == "postgresql":
        points = [point for place, point in enumerate(points) if place % 4 in {0, 3}]
    verdicts = await proof.cut_at_each(points)
    kills = sum(verdict.was_killed for verdict in verdicts)
    with capsys.disabled():
        # Standard error: a worker of xdist has no standard output.
        sys.stderr.write(
            f"\n{journey} on {database}: {len(points)} points, {kills} kills,"
            f" {time.monotonic() - began:.1f} s\n"
        )
    assert [f"{verdict.point}: {verdict.faults}" for verdict in verdicts if verdict.faults] == []
    assert kills == len(points) == len(set(points)) > 0


async def test_the_proof_finds_a_shop_that_charges_before_it_delivers(
    world_on: Callable[[str], World],
) -> None:
    proof = Proof(
        Journey("webchat", "wallet", "card"), world_on("sqlite"), sabotage=CHARGED_FIRST, patience_s=0.4
    )
    await proof.prepare()
    points = [point for point in await proof.points() if point.name.startswith("sabotage.")]
    verdicts = await proof.cut_at_each(points)
    assert {(verdict.point.name, verdict.point.side): bool(verdict.faults) for verdict in verdicts} == {
        ("sabotage.charge", "before"): False,
        ("sabotage.charge", "after"): True,
        ("sabotage.deliver", "before"): True,
        ("sabotage.deliver", "after"): False,
    }


async def test_the_proof_finds_a_code_in_the_log(world_on: Callable[[str], World]) -> None:
    proof = Proof(Journey("webchat", "wallet", "card"), world_on("sqlite"), sabotage=TOLD_THE_LOG)
    await proof.prepare()
    with pytest.raises(AssertionError, match=r"leak: shop\.log has KAPU-P"):
        await proof.points()


async def test_the_proof_finds_a_point_that_was_never_passed(world_on: Callable[[str], World]) -> None:
    proof = Proof(Journey("webchat", "wallet", "card"), world_on("sqlite"), patience_s=0.5)
    await proof.prepare()
    await proof.points()
    verdict = await proof.cut_at(Point("commit", "nobody.commits", 1, "before"))
    assert (verdict.was_killed, verdict.faults) == (False, ["this point was never passed"])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
async def test_a_planted_code_is_found(tmp_path: Path, encoding: str) -> None:
    clean, planted = tmp_path / "clean", tmp_path / "planted"
    clean.write_bytes(b"\0KAPU-PROVEN")
    planted.write_bytes(b"\0" * 4097 + f"code={CODES[1]}".encode(encoding))
    assert list(find_leaks([clean, planted], CODES)) == [f"planted has KAPU-P… in {encoding}"]
