"""Compiling each statement once for all shops of a host, which is most of what a short life would spend its time on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine, create_engine

from shop_core.db.database import Database

_KEPT: dict[str, list[tuple[Any, Any]]] = {}


def share_compiled_statements(database: Database) -> None:
    """Put those statements into the engines, with their dialect, that the first shop in this process has compiled.

    A compiled statement is a text and the order of its parameters: nothing of a database is in it.
    """
    _share(type(database).__name__, database.sync_engines())


def an_engine_beside(url: str) -> Engine:
    """An engine of a test's own over a shop's file, that shares what it compiles in the same way."""
    engine = create_engine(url)
    _share("beside", [engine])
    return engine


def _share(name: str, engines: Sequence[Engine]) -> None:
    if name not in _KEPT:
        _KEPT[name] = [(engine.dialect, engine._compiled_cache) for engine in engines]
    for engine, (dialect, cache) in zip(engines, _KEPT[name], strict=True):
        # The watch of an earlier shop is not ours.
        vars(dialect).pop("do_commit", None)
        engine.dialect = dialect
        engine._compiled_cache = cache
