"""``python -m tests.proof.host``: imports the shop once, then forks a process of it for every life it is told to start.

Orders come on standard input, one JSON object a line; what happened goes to standard output the same way:
``{"open": PORT, "pid": PID}`` from the shop once it serves, ``{"ended": STATUS}`` when it is gone, negative for
a signal. One shop lives at a time. Between lives this process has no thread and no event loop, so that it can fork.
"""

from __future__ import annotations

import asyncio
import gc
import json
import mmap
import os
import struct
import sys
import threading
import traceback
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import uvloop

from bot.config import load_config
from bot.log import set_up_logging
from bot.outside import Outside
from bot.run import serve
from bot.timing import Timing
from bot.wiring import Program
from shop_core.kernel.clock import Clock
from tests.proof.points import Point, Watch, WatchedDoor, WatchedTransport, watch_commits
from tests.proof.sabotage import sabotaged
from tests.warmth import share_compiled_statements

QUICK = Timing(
    poll_s=0.5,
    lease=timedelta(seconds=30),
    schedule_lease=timedelta(seconds=1),
    drain_s=1.0,
    jobs=0.5,
)


@dataclass(frozen=True, slots=True)
class Order:
    """One life of a shop.

    Attributes:
        config: The owner's config file.
        clock: A file of eight bytes: by how many seconds the shop's clock is ahead.
        log: Where standard error goes.
        record: Where the points that are passed are written down.
        kill_at: The point to die at.
        sabotage: A mistake to build in, to see that it is found.
        is_rehearsal: Lived in the host itself, until SIGTERM; every host needs one before any other life.
    """

    config: Path
    clock: Path
    log: Path
    record: Path | None = None
    kill_at: Point | None = None
    sabotage: str | None = None
    is_rehearsal: bool = False

    def line(self) -> bytes:
        fields: dict[str, Any] = {"config": str(self.config), "clock": str(self.clock), "log": str(self.log)}
        fields["record"] = None if self.record is None else str(self.record)
        fields["kill_at"] = None if self.kill_at is None else self.kill_at.as_json()
        fields["sabotage"] = self.sabotage
        fields["is_rehearsal"] = self.is_rehearsal
        return json.dumps(fields).encode() + b"\n"

    @classmethod
    def read(cls, line: str) -> Order:
        fields = json.loads(line)
        for name in ("config", "clock", "log", "record"):
            fields[name] = None if fields[name] is None else Path(fields[name])
        fields["kill_at"] = None if fields["kill_at"] is None else Point(**fields["kill_at"])
        return cls(**fields)


class ShiftedClock(Clock):
    """The machine's clock and a shift that another process may change at any moment: time passes when a test says so."""

    def __init__(self, shift: Path) -> None:
        with shift.open("rb") as file:
            self._shift = mmap.mmap(file.fileno(), 8, access=mmap.ACCESS_READ)

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=struct.unpack("<d", self._shift[:8])[0])


def main() -> None:
    """Start lives until standard input closes."""
    for line in sys.stdin:
        order = Order.read(line)
        status = _rehearse(order) if order.is_rehearsal else _fork(order)
        _say(ended=status)


def _fork(order: Order) -> int:
    child = os.fork()
    if child == 0:
        _live(order)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def _rehearse(order: Order) -> int:
    """Run a shop in this very process until SIGTERM stops it, as cleanly as any shop stops.

    What Python imports, and what SQLAlchemy compiles, at the first use is then there for every life to come.
    """
    own = os.dup(sys.stderr.fileno())
    _send_stderr_to(order.log)
    asyncio.run(_open(order))
    os.dup2(own, sys.stderr.fileno())
    os.close(own)
    if threading.active_count() > 1:
        raise RuntimeError(f"a process with threads cannot fork: {threading.enumerate()}")
    gc.collect()
    gc.freeze()
    return 0


def _live(order: Order) -> NoReturn:
    """The child: the shop as ``kapu run`` runs it."""
    status = 1
    try:
        _send_stderr_to(order.log)
        uvloop.run(_open(order))
        status = 0
    except BaseException:  # noqa: BLE001 - told to the log, and by the exit status
        traceback.print_exc()
    finally:
        os._exit(status)


def _send_stderr_to(log: Path) -> None:
    with log.open("ab") as file:
        os.dup2(file.fileno(), sys.stderr.fileno())


async def _open(order: Order) -> None:
    config = load_config(order.config)
    set_up_logging(config.log, secrets=config.secrets())
    watch = Watch(kill_at=order.kill_at, record=order.record)
    transport = WatchedTransport(watch)
    outside = Outside(
        clock=ShiftedClock(order.clock),
        timing=QUICK,
        transport=transport,
        telegram={"transport": transport, "trust_env": False},
    )

    def on_ready(program: Program, port: int) -> None:
        share_compiled_statements(program.shop.database)
        watch_commits(program.shop.database, watch)
        # Nobody has been answered yet, so there is still time to put something before everything else.
        program.app.add_middleware(WatchedDoor, watch=watch)
        _say(open=port, pid=os.getpid())

    with sabotaged(order.sabotage):
        await serve(config, outside, on_ready=on_ready)


def _say(**fields: object) -> None:
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
