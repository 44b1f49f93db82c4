"""What the state machines share: how long they play, and the fresh shop that each play begins with."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings

from tests.postgres import delete_all_rows

Opened = TypeVar("Opened")
NewDatabase = Callable[[], Coroutine[Any, Any, str]]


def rules(*, examples: int, steps: int) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


def copies_of(template: Path, folder: Path) -> NewDatabase:
    """A copy of an empty shop for each play, in a folder that keeps no other's."""
    numbers = count(1)

    async def copy() -> str:
        return _alone(template, folder / f"{next(numbers)}.db")

    return copy


def _alone(template: Path, path: Path) -> str:
    for played in path.parent.iterdir():
        played.unlink()
    shutil.copyfile(template, path)
    return f"sqlite+aiosqlite:///{path}"


def emptied(database: str) -> NewDatabase:
    """The same database for each play, without a row."""

    async def empty() -> str:
        await delete_all_rows(database)
        return database

    return empty


async def entered(context: AbstractAsyncContextManager[Opened]) -> Opened:
    """Step into a context whose end comes in another call."""
    return await context.__aenter__()


async def left(context: AbstractAsyncContextManager[Any]) -> None:
    await context.__aexit__(None, None, None)
