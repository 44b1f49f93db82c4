"""What free text means next."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import delete, select

from shop_core.conversations.models import PromptRow
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or

LASTS: Final = timedelta(minutes=30)


def ask(tx: Tx, *, channel: str, external_id: str, link: str, lasts: timedelta = LASTS) -> None:
    """From now on a free text from this person means ``link/text``. Replaces what was asked before."""
    row = insert_or(tx, PromptRow).values(
        channel=channel, external_id=external_id, link=link, until=tx.now + lasts
    )
    tx.execute(
        row.on_conflict_do_update(
            index_elements=[PromptRow.channel, PromptRow.external_id],
            set_={"link": row.excluded.link, "until": row.excluded.until},
        )
    )


def offer(tx: Tx, *, channel: str, external_id: str, link: str, lasts: timedelta = LASTS) -> None:
    """Ask, unless something is asked already: what nobody waited for does not take the word from what was begun."""
    row = insert_or(tx, PromptRow).values(
        channel=channel, external_id=external_id, link=link, until=tx.now + lasts
    )
    tx.execute(
        row.on_conflict_do_update(
            index_elements=[PromptRow.channel, PromptRow.external_id],
            set_={"link": row.excluded.link, "until": row.excluded.until},
            where=PromptRow.until <= tx.now,
        )
    )


def forget(tx: Tx, *, channel: str, external_id: str) -> None:
    """The person went elsewhere: free text means a search again."""
    tx.execute(delete(PromptRow).where(PromptRow.channel == channel, PromptRow.external_id == external_id))


def asked(view: View, *, channel: str, external_id: str) -> str | None:
    """The link that the next free text belongs to."""
    return view.execute(
        select(PromptRow.link).where(
            PromptRow.channel == channel, PromptRow.external_id == external_id, PromptRow.until > view.now
        )
    ).scalar()
