"""One-time keys: a link that changes something carries one, and pressing it again shows what it did the first time.

A key is random and not stored until it is used. Making up another key is allowed and only means pressing another
button: what may be done is decided by the use case, never by holding a key.
"""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Final

from sqlalchemy import bindparam, delete, insert, select

from shop_core.conversations.models import UsedKey
from shop_core.db.base import table_of
from shop_core.db.tx import Tx, View
from shop_core.kernel.errors import ShopError

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
LENGTH: Final = 10
"""62^10 keys: two screens of one person never carry the same one."""
KEEP: Final = timedelta(days=400)

_RESULT: Final = select(UsedKey.result).where(
    UsedKey.person_id == bindparam("person"), UsedKey.key == bindparam("used")
)
_USE: Final = insert(table_of(UsedKey))


class BadKey(ShopError):
    """The link's key has an impossible form."""

    code = "conversations.bad_key"


def new_key(random: Random) -> str:
    """A key for one button."""
    return "".join(random.choices(ALPHABET, k=LENGTH))


def result_of(tx: View, person_id: int, key: str) -> int | None:
    """What the key did when it was used, or None: not yet. Call it under the person's lock where something follows from it.

    Raises:
        BadKey: Not a key.
    """
    if len(key) != LENGTH or any(char not in ALPHABET for char in key):
        raise BadKey
    return tx.execute(_RESULT, {"person": person_id, "used": key}).scalar()


def use(tx: Tx, person_id: int, key: str, result: int) -> None:
    """Consume the key, in the transaction that does what it stands for. A second use breaks the primary key."""
    tx.execute(_USE, {"person_id": person_id, "key": key, "result": result, "used_at": tx.now})


def purge(tx: Tx) -> int:
    """Forget keys of buttons older than anybody scrolls back. Returns how many."""
    return tx.execute(delete(UsedKey).where(UsedKey.used_at < tx.now - KEEP)).rowcount
