"""What every table is made of: the declarative base, 64-bit ids, moments, claimable rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, cast

from sqlalchemy import JSON, BigInteger, Dialect, Integer, MetaData, Table
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Moment(TypeDecorator[datetime]):
    """An aware UTC moment, stored as microseconds since 1970 in 64 bits: exact, ordered, the same in both databases."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - the base's
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the base's
        return None if value is None else _EPOCH + timedelta(microseconds=value)


BigId: Final = BigInteger().with_variant(Integer, "sqlite")
"""64 bits in both: SQLite only numbers rows by itself when the column is called INTEGER, which there is 64 bits."""

Json: Final = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

Id = Annotated[int, mapped_column(BigId, primary_key=True, autoincrement=True)]
Ref = Annotated[int, mapped_column(BigInteger)]
Big = Annotated[int, mapped_column(BigInteger)]


class Base(DeclarativeBase):
    """Declares tables. Statements are written in Core over these classes; no session, no identity map."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012
        datetime: Moment(),
        dict[str, Any]: Json,
        dict[str, str]: Json,
        list[str]: Json,
        list[int]: Json,
    }


def table_of(model: type[Base]) -> Table:
    """The bare table of a model.

    Hot statements write to it: through the mapped class SQLAlchemy would treat every row as an object's, and spend
    more time on that than SQLite on the row.
    """
    return cast("Table", model.__table__)


class Claimable:
    """A row that a worker takes for a while. ``due_at`` None: nothing to do.

    Taking it moves ``due_at`` to the end of the claim and writes a fresh ``token``; whoever finishes compares the token,
    so a process that froze past its claim cannot finish what another has taken over.
    """

    due_at: Mapped[datetime | None]
    token: Mapped[int | None] = mapped_column(BigInteger)
    attempts: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
