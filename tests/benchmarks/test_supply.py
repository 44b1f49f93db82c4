"""What is bought on demand is measured from order to delivery, and its floor makes the calls and commits of a purchase."""

import json
from pathlib import Path

import pytest

from benchmarks.recording import Spoken
from benchmarks.supply import Errand, measure_supply, written_by


async def test_supply_is_measured_through_a_real_site(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await measure_supply(
        f"sqlite:///{tmp_path / 'shop.db'}", tmp_path / "shop", Errand(rounds=1, purchases=6)
    )
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    figures = {line["figure"]: line for line in lines}
    assert figures["statements_per_supplied_purchase"]["transactions"] >= 6
    assert figures["supplied_purchases_per_s"]["p50_ms"] >= 2 * 300, "the price, then the order"
    assert figures["supplied_purchases_per_s"]["floor_p50_ms"] >= 2 * 300
    assert figures["supplied_purchases_memory"]["purchases"] == 6


def test_the_floor_writes_as_many_rows_in_as_many_transactions() -> None:
    reads = Spoken("SELECT 1", (), many=False)
    one = Spoken("INSERT INTO orders (id) VALUES (?)", (1,), many=False)
    two = Spoken("INSERT INTO ledger_postings (id) VALUES (?)", [(1,), (2,)], many=True)
    claim = Spoken("WITH picked AS (SELECT 1) UPDATE purchases SET token=?", (1,), many=False)
    assert written_by([[reads, one, two], [reads], [claim]]) == [3, 1]
