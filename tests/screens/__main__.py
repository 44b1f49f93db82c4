"""``python -m tests.screens``: walk the journeys and write down what they show. With names, only those."""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from shop_core.migrations.upgrade import upgrade
from tests.proof.premises import EPAY_KEY, EPAY_PID
from tests.screens.stage import Outskirts
from tests.screens.walks import README, Walk, list_walks, orphans, with_index
from tests.standins.cashier import running_cashier


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.screens", description=__doc__)
    parser.add_argument("names", nargs="*", help="parts of names, such as first-purchase or telegram/ or .en")
    chosen = parser.parse_args()
    walks = [
        walk for walk in list_walks() if not chosen.names or any(name in walk.name for name in chosen.names)
    ]
    with TemporaryDirectory() as folder:
        asyncio.run(write(walks, Path(folder)))


async def write(walks: Sequence[Walk], folder: Path) -> None:
    """Write the transcripts of these, and remove those of journeys that are gone."""
    empty = folder / "empty.db"
    await upgrade(f"sqlite+aiosqlite:///{empty}")
    with closing(sqlite3.connect(empty)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with running_cashier(pid=EPAY_PID, key=EPAY_KEY, options=("--retry-after", "0,0.2,1")) as cashier:
        around = Outskirts(cashier, empty, folder)
        for number, walk in enumerate(walks):
            room = folder / str(number)
            room.mkdir()
            transcript = await walk.transcript(around, room)
            walk.path.parent.mkdir(parents=True, exist_ok=True)
            walk.path.write_text(transcript, "utf-8")
            sys.stdout.write(f"{walk.name}\n")
    for path in orphans():
        path.unlink()
    README.write_text(with_index(README.read_text("utf-8")), "utf-8")


main()
