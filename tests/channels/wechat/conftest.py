"""A cashier for all these tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.proof.premises import EPAY_KEY, EPAY_PID
from tests.standins.cashier import CashierControl, running_cashier


@pytest.fixture(scope="module")
def cashier() -> Iterator[CashierControl]:
    with running_cashier(pid=EPAY_PID, key=EPAY_KEY, options=("--retry-after", "0,0.2,1")) as control:
        yield control
