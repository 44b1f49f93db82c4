"""${message}.

Everything from the database's revision to the newest runs in one transaction, on both databases: it all happens, or
nothing does. Read what was generated; the comparison sees no renaming, no changed CHECK and no changed condition of a
partial index.

Both databases run this file:
- A new table, column (nullable, or with `server_default`) or index: plain `op.create_table`, `op.add_column`,
  `op.create_index`. A partial index says its condition twice: `sqlite_where=` and `postgresql_where=`.
- Any other change of a table: `with op.batch_alter_table("orders") as orders: orders.alter_column(...)`. PostgreSQL
  alters in place, SQLite copies the table; so name every constraint, or batch cannot find it again.
- Types: 64-bit ids are `BigInteger().with_variant(Integer(), "sqlite")`, moments `BigInteger` (microseconds since
  1970), money `BigInteger` (minor units), JSON `JSON().with_variant(JSONB(), "postgresql")`. A CHECK's name goes
  through `op.f("ck_...")`, or the naming convention is applied to it a second time.
- Rows: `op.execute(sa.update(...))` over an `sa.table(...)` written here. Import no model: it will have moved on when
  this file runs. Insert nothing that the shop cannot do without: tests empty every table.
- The shop may be running on the version before: add first, remove one release later. No `CONCURRENTLY`, no commit.

There is no way down: books are not undone. Going back is restoring the backup taken before.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}

revision: Final = "${up_revision}"
down_revision: Final = "${down_revision}"


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}
