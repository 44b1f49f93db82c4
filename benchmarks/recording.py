"""What one real purchase asks of the database: its statements and parameters, and how to say them again as another.

A recorded parameter is either the same for every purchase (a price, a state), or it names this purchase: the order's
number, the button's key, the buyer, an id that an earlier statement returned. Those are found by their value, also inside
texts such as ``order:21000005:paid``, and become places to fill in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from sqlalchemy import Connection, Engine, event

NUMBER: Final = "number"
KEY: Final = "key"
PERSON: Final = "person"
ADDRESS: Final = "address"

_RETURNS_ID: Final = re.compile(r"INSERT INTO (\w+) .*RETURNING (?:\w+\.)?id\b", re.DOTALL)

Values = dict[str, int | str]
"""What fills the places of one purchase: ``NUMBER``, ``KEY``, … and ``returned 0``, ``returned 1``, … as they come."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A statement as the driver got it. ``many``: ``params`` is a list of rows."""

    sql: str
    params: Any
    many: bool

    @property
    def returns_id_of(self) -> str | None:
        """The table whose new row's id this statement returns."""
        found = None if self.many else _RETURNS_ID.match(self.sql)
        return found.group(1) if found else None


class Recorder:
    """Listens to a database's engines. Statements of one transaction are together; BEGIN and COMMIT are not written down."""

    def __init__(self, engines: Iterable[Engine]) -> None:
        self.transactions: list[list[Spoken]] = []
        self._engines = tuple(engines)

    def __enter__(self) -> Self:
        for engine in self._engines:
            event.listen(engine, "begin", self._on_begin)
            event.listen(engine, "before_cursor_execute", self._on_execute)
        return self

    def __exit__(self, *_: object) -> None:
        for engine in self._engines:
            event.remove(engine, "begin", self._on_begin)
            event.remove(engine, "before_cursor_execute", self._on_execute)

    def _on_begin(self, _conn: Connection) -> None:
        self.transactions.append([])

    def _on_execute(
        self,
        _conn: Connection,
        _cursor: object,
        sql: str,
        params: Any,  # noqa: ANN401 - whatever the driver takes
        _context: object,
        executemany: bool,  # noqa: FBT001 - called by SQLAlchemy
    ) -> None:
        if sql.startswith("BEGIN"):
            return
        self.transactions[-1].append(Spoken(sql, params, executemany))


@dataclass(frozen=True, slots=True)
class Row:
    """A row of parameters with places to fill. ``places``: index → the name of a value, or the parts of a text."""

    fixed: tuple[Any, ...]
    places: tuple[tuple[int, str | tuple[tuple[bool, str], ...]], ...]

    def fill(self, values: Mapping[str, int | str]) -> Sequence[Any]:
        """The parameters of another purchase."""
        if not self.places:
            return self.fixed
        filled = list(self.fixed)
        for index, place in self.places:
            if isinstance(place, str):
                filled[index] = values[place]
            else:
                filled[index] = "".join(str(values[part]) if is_place else part for is_place, part in place)
        return filled


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement to say again. ``returns``: the name under which the id that it returns is kept."""

    sql: str
    rows: tuple[Row, ...]
    many: bool
    returns: str | None


@dataclass(frozen=True, slots=True)
class Purchase:
    """A recorded purchase: its transactions in order."""

    transactions: tuple[tuple[Statement, ...], ...]

    @property
    def statements(self) -> int:
        """How many the shop says, transaction control not counted."""
        return sum(len(transaction) for transaction in self.transactions)


class Ambiguous(Exception):
    """Two things of the recorded purchase have the same value: a replay could not tell them apart."""


def generalise(
    transactions: Sequence[Sequence[Spoken]], known: Mapping[str, int | str], returned: Sequence[int]
) -> Purchase:
    """Turn a recording into something to replay.

    Args:
        known: ``NUMBER``, ``KEY``, ``PERSON``, ``ADDRESS`` → what they were.
        returned: The ids that statements returned, in order.

    Raises:
        Ambiguous: Values that should differ are equal, or one contains the other.
    """
    names = {value: name for name, value in known.items()}
    names |= {value: f"returned {index}" for index, value in enumerate(returned)}
    texts = [str(value) for value in names]
    if len(names) != len(known) + len(returned) or any(a != b and a in b for a in texts for b in texts):
        raise Ambiguous(texts)
    numbered = iter(range(len(returned)))
    return Purchase(
        tuple(
            tuple(
                Statement(
                    spoken.sql,
                    tuple(_row(row, names) for row in (spoken.params if spoken.many else [spoken.params])),
                    spoken.many,
                    f"returned {next(numbered)}" if spoken.returns_id_of else None,
                )
                for spoken in transaction
            )
            for transaction in transactions
        )
    )


def _row(params: Sequence[Any], names: Mapping[int | str, str]) -> Row:
    places = ((index, _place(value, names)) for index, value in enumerate(params))
    return Row(tuple(params), tuple((index, place) for index, place in places if place is not None))


def _place(value: object, names: Mapping[int | str, str]) -> str | tuple[tuple[bool, str], ...] | None:
    if isinstance(value, int | str) and value in names:
        return names[value]
    if not isinstance(value, str):
        return None
    by_text = {str(known): name for known, name in names.items()}
    pieces = re.split("(" + "|".join(map(re.escape, by_text)) + ")", value)
    if len(pieces) == 1:
        return None
    return tuple((piece in by_text, by_text.get(piece, piece)) for piece in pieces if piece)
