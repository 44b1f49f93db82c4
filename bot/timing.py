"""How often the process looks, and how long it holds what it takes. Tests shorten them; owners need not know them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Timing:
    """The clockwork of one process.

    Attributes:
        poll_s: Longest sleep of a worker that nobody wakes: what another process's news costs.
        lease: How long a message from the inbox is held while it is answered; renewed for as long as that takes.
        schedule_lease: How long a process that died keeps the schedule.
        drain_s: What shutdown allows work that was taken before it is handed back.
        jobs: Factor on the intervals of the schedule.
    """

    poll_s: float = 1.0
    lease: timedelta = timedelta(seconds=30)
    schedule_lease: timedelta = timedelta(seconds=20)
    drain_s: float = 10.0
    jobs: float = 1.0
