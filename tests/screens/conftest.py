"""What all journeys of a run share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.proof.premises import EPAY_KEY, EPAY_PID
from tests.screens.stage import Outskirts
from tests.standins.cashier import running_cashier


@pytest.fixture(scope="session")
def around(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outskirts]:
    with running_cashier(pid=EPAY_PID, key=EPAY_KEY, options=("--retry-after", "0,0.2,1")) as cashier:
        yield Outskirts(cashier, sqlite_template, tmp_path_factory.mktemp("screens"))
