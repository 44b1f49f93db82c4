"""A channel's access token, shared by all processes of a shop: fetched by one of them, for all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import BigInteger, LargeBinary, String, select, update
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.db.base import Base
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or

FETCH: Final = timedelta(seconds=15)
"""So long one process may take to fetch a token before another one tries."""


class AccessToken(Base):
    """The token in use. ``mark`` is a digest of it; ``refused`` that of the last one that the vendor did not take.

    ``fetched_by`` is the fence of whoever fetches the next one, until ``fetch_until``.
    """

    __tablename__ = "access_tokens"

    channel: Mapped[str] = mapped_column(String(40), primary_key=True)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    mark: Mapped[str] = mapped_column(String(64))
    refused: Mapped[str] = mapped_column(String(64))
    good_until: Mapped[datetime]
    fetched_by: Mapped[int | None] = mapped_column(BigInteger)
    fetch_until: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Turn:
    """The right to fetch the next token.

    Attributes:
        refused: The mark of the token that was not taken; the same one is of no use.
    """

    fence: int
    refused: str


def find_token(view: View, channel: str) -> bytes | None:
    """The token in use, sealed; None: one has to be fetched."""
    return view.execute(
        select(AccessToken.sealed).where(AccessToken.channel == channel, AccessToken.good_until > view.now)
    ).scalar()


def take_turn(tx: Tx, channel: str) -> Turn | None:
    """Be the one who fetches. None: there is a token, or somebody else is fetching one."""
    made = insert_or(tx, AccessToken).values(
        channel=channel, mark="", refused="", good_until=tx.now, fetch_until=tx.now
    )
    tx.execute(made.on_conflict_do_nothing())
    fence = tx.new_token()
    row = tx.execute(
        update(AccessToken)
        .where(
            AccessToken.channel == channel,
            AccessToken.good_until <= tx.now,
            AccessToken.fetch_until <= tx.now,
        )
        .values(fetched_by=fence, fetch_until=tx.now + FETCH)
        .returning(AccessToken.refused)
    ).first()
    return None if row is None else Turn(fence, row.refused)


def keep_token(  # noqa: PLR0913 - whose, by whom, what, how long
    tx: Tx, channel: str, turn: Turn, sealed: bytes, mark: str, *, lasts: timedelta
) -> None:
    """Fetched. Nothing happens if another one took over meanwhile: his is newer."""
    tx.execute(
        update(AccessToken)
        .where(AccessToken.channel == channel, AccessToken.fetched_by == turn.fence)
        .values(sealed=sealed, mark=mark, good_until=tx.now + lasts, fetched_by=None, fetch_until=tx.now)
    )


def give_turn_back(tx: Tx, channel: str, turn: Turn) -> None:
    """Not fetched: the next one may try."""
    tx.execute(
        update(AccessToken)
        .where(AccessToken.channel == channel, AccessToken.fetched_by == turn.fence)
        .values(fetched_by=None, fetch_until=tx.now)
    )


def refuse_token(tx: Tx, channel: str, mark: str) -> None:
    """The vendor did not take the token of this mark. Of many that hear so, one ends it; a newer one stays."""
    tx.execute(
        update(AccessToken)
        .where(AccessToken.channel == channel, AccessToken.mark == mark, AccessToken.good_until > tx.now)
        .values(refused=mark, good_until=tx.now)
    )
