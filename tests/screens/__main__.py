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
from tests.browser import a_browser
from tests.proof.premises import EPAY_KEY, EPAY_PID
from tests.screens.pictures import picture
from tests.screens.stage import Outskirts
from tests.screens.walks import README, Walk, list_walks, orphans, with_index
from tests.standins.cashier import running_cashier


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.screens", description=__doc__)
    parser.add_argument("names", nargs="*", help="parts of names, such as first-purchase or telegram/ or .en")
    parser.add_argument(
        "--pictures", type=Path, metavar="FOLDER", help="instead, take a picture of each step"
    )
    parser.add_argument("--width", type=int, default=390, help="of the window, in pixels")
    parser.add_argument("--dark", action="store_true", help="as who prefers dark screens sees them")
    chosen = parser.parse_args()
    walks = [
        walk for walk in list_walks() if not chosen.names or any(name in walk.name for name in chosen.names)
    ]
    with TemporaryDirectory() as folder:
        asyncio.run(work(walks, Path(folder), chosen))


async def work(walks: Sequence[Walk], folder: Path, chosen: argparse.Namespace) -> None:
    """Open a cashier and what else all of them share, and walk them."""
    empty = folder / "empty.db"
    await upgrade(f"sqlite+aiosqlite:///{empty}")
    with closing(sqlite3.connect(empty)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with running_cashier(pid=EPAY_PID, key=EPAY_KEY, options=("--retry-after", "0,0.2,1")) as cashier:
        around = Outskirts(cashier, empty, folder)
        if chosen.pictures is None:
            await write(walks, around)
        else:
            await photograph(walks, around, chosen)


async def write(walks: Sequence[Walk], around: Outskirts) -> None:
    """Write the transcripts of these, and remove those of journeys that are gone."""
    for walk in walks:
        transcript = await walk.transcript(around, _room(around, walk))
        walk.path.parent.mkdir(parents=True, exist_ok=True)
        walk.path.write_text(transcript, "utf-8")
        sys.stdout.write(f"{walk.name}\n")
    for path in orphans():
        path.unlink()
    README.write_text(with_index(README.read_text("utf-8")), "utf-8")


async def photograph(walks: Sequence[Walk], around: Outskirts, chosen: argparse.Namespace) -> None:
    """Leave pictures of these in a folder."""
    chosen.pictures.mkdir(parents=True, exist_ok=True)
    window = {
        "viewport": {"width": chosen.width, "height": 844},
        "color_scheme": "dark" if chosen.dark else "light",
    }
    async with a_browser() as browser:
        for walk in [walk for walk in walks if walk.can_be_shown]:
            await picture(walk, around, browser, chosen.pictures, _room(around, walk), **window)
            sys.stdout.write(f"{walk.name}\n")


def _room(around: Outskirts, walk: Walk) -> Path:
    room = around.folder / walk.name.replace("/", "-")
    room.mkdir()
    return room


main()
