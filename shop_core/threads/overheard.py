"""What was said past us, while a person had the conversation in the vendor's own app: kept, so that the thread is whole."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import update

from shop_core.customers.people import Address, Customer, lock_person
from shop_core.db.base import table_of
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.threads.models import Thread, ThreadMessage
from shop_core.threads.sealing import Origin, Said, Sealed, find_by_key, keep, seal
from shop_core.threads.write import thread_of
from shop_core.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class Past:
    """In which hand-over something was said.

    Attributes:
        agent: Who of the shop said it, as the vendor calls him; None: the customer did.
    """

    handover_id: int
    agent: str | None = None


async def keep_overheard(shop: Shop, customer: Customer, said: Said, *, key: str, past: Past) -> int:
    """Keep one message of a hand-over. Nobody is told of it, and nothing waits for an answer: the other one reads along.

    May run twice: the second time it finds the message by its key.

    Args:
        key: The message's own id on its channel, with the channel before it.

    Returns:
        The message's id.

    Raises:
        NothingSaid, TooLong, FileTooLarge: Nothing was kept.
    """
    said.require_sendable()
    sealed = seal(shop.get(Vault), customer.person_id, key, said)
    return await shop.write(_keep, customer, sealed, past)


def _keep(tx: Tx, customer: Customer, sealed: Sealed, past: Past) -> int:
    lock_person(tx, customer.person_id)
    known = find_by_key(tx, sealed.key)
    if known is not None:
        return known
    here = Address(customer.channel, customer.external_id)
    thread_id = thread_of(tx, customer)
    agent = past.agent
    author = f"{here.channel}:{here.external_id}" if agent is None else f"{here.channel}:agent {agent}"
    message_id = keep(tx, sealed, Origin(thread_id, by_shop=agent is not None, author=author[:170]))
    # Read where it was said.
    done = {"seen_at": tx.now} if agent is not None else {"settled_at": tx.now, "settled_by": here.channel}
    tx.execute(
        update(table_of(ThreadMessage))
        .where(ThreadMessage.id == message_id)
        .values(handover_id=past.handover_id, **done)
    )
    latest = {"channel": here.channel, "external_id": here.external_id, "last_at": tx.now}
    tx.execute(update(table_of(Thread)).where(Thread.id == thread_id).values(**latest))
    return message_id
