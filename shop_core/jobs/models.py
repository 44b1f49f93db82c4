"""One row for each job of the schedule."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from shop_core.db.base import Base, Big


class JobRow(Base):
    """A job as the schedule last said that it is, and how it last ran.

    Attributes:
        every_ms: How often it runs, in milliseconds.
        late_ms: So long after its last end it is late.
        took_ms: From the start of its last run to the end of it.
        found: What its last run found.
        found_at: When a run last found anything, and ``last_found`` how much.
        failed: How many runs in a row have failed; 0: the last one did not.
        wanted_at: Somebody wants it to run now, and did so then; None: nobody. Whoever runs it takes this away.
        wanted_channel, wanted_external_id: Who hears how it went; None: nobody, it was wanted in the shell.
    """

    __tablename__ = "jobs"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    every_ms: Mapped[Big]
    late_ms: Mapped[Big]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    took_ms: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    found: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    found_at: Mapped[datetime | None]
    last_found: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    failed: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    wanted_at: Mapped[datetime | None]
    wanted_channel: Mapped[str | None] = mapped_column(String(40))
    wanted_external_id: Mapped[str | None] = mapped_column(String(128))
