"""Beginning a new migration from what the models say and the migrations do not yet."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from alembic import command
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection

from shop_core.migrations.upgrade import config_for, in_sqlite, upgrade_sqlite

DIGITS: Final = 4


def draft(title: str) -> Path:
    """Write the next numbered file, compared on an empty SQLite file, for somebody to read, correct and test.

    Args:
        title: What the change is, in a few words; becomes part of the file's name.
    """

    def write(connection: Connection) -> Path:
        config = config_for(connection, [])
        head = ScriptDirectory.from_config(config).get_current_head() or "0"
        written = command.revision(config, title, autogenerate=True, rev_id=f"{int(head) + 1:0{DIGITS}}")
        assert isinstance(written, Script)  # noqa: S101 - a list only if several were asked for
        return Path(written.path)

    with TemporaryDirectory(prefix="kapu-draft-") as folder:
        url = f"sqlite:///{folder}/empty.db"
        upgrade_sqlite(url)
        return in_sqlite(url, write, begin="BEGIN")
