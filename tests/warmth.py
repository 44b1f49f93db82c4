"""Compiling each statement once for all shops of a host, which is most of what a short life would spend its time on."""

from __future__ import annotations

from typing import Any

from shop_core.db.database import Database

_KEPT: dict[str, list[tuple[Any, Any]]] = {}


def share_compiled_statements(database: Database) -> None:
    """Put those statements into the engines, with their dialect, that the first shop in this process has compiled.

    A compiled statement is a text and the order of its parameters: nothing of a database is in it.
    """
    engines = database.sync_engines()
    name = type(database).__name__
    if name not in _KEPT:
        _KEPT[name] = [(engine.dialect, engine._compiled_cache) for engine in engines]
    for engine, (dialect, cache) in zip(engines, _KEPT[name], strict=True):
        # The watch of an earlier shop is not ours.
        vars(dialect).pop("do_commit", None)
        engine.dialect = dialect
        engine._compiled_cache = cache
