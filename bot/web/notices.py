"""A verified notice of a gateway on its way through the inbox."""

from __future__ import annotations

import json
from typing import Final

from shop_core.db import inbox
from shop_core.db.tx import Tx
from shop_core.kernel.money import Money
from shop_core.payments.gateway import Notice
from shop_core.vault.vault import Vault

SOURCE_PREFIX: Final = "gateway:"
"""What follows it in an inbox letter's ``source`` is the gateway's name in the config."""

MONEY_LANES: Final = "pay:"
"""What the lanes of payments begin with. They have workers of their own: no crowd of people holds money up."""

_LONGEST_REF: Final = 110
_LONGEST_LANE: Final = 160


def store_notice(tx: Tx, gateway: str, notice: Notice, vault: Vault) -> bool:
    """Keep a notice, sealed, under the gateway's own number of the money. False if it was kept before.

    "Not paid yet" and "paid" of the same money are two letters: a gateway may tell the one and then the
    other.
    """
    source = f"{SOURCE_PREFIX}{gateway}"
    external_id = f"{notice.external_ref[:_LONGEST_REF]}:{'paid' if notice.paid else 'unpaid'}"
    payload = vault.seal_bytes(pack_notice(notice), place=f"inbox:{source}:{external_id}")
    lane = f"{MONEY_LANES}{gateway}:{notice.number}"[:_LONGEST_LANE]
    return inbox.store(tx, source=source, external_id=external_id, lane=lane, payload=payload)


def pack_notice(notice: Notice) -> bytes:
    """The notice as JSON: what the gateway's module understood, never the raw parameters."""
    facts = {
        "number": notice.number,
        "external_ref": notice.external_ref,
        "amount_minor": notice.amount.minor,
        "currency": notice.amount.currency,
        "paid": notice.paid,
        "payer": notice.payer,
        "from_anyone": notice.from_anyone,
    }
    return json.dumps(facts, ensure_ascii=False).encode()


def unpack_notice(payload: bytes) -> Notice:
    """The notice that ``pack_notice`` wrote."""
    facts = json.loads(payload)
    return Notice(
        number=facts["number"],
        external_ref=facts["external_ref"],
        amount=Money(facts["amount_minor"], facts["currency"]),
        paid=facts["paid"],
        # Stored before there were payers, it has none.
        payer=facts.get("payer"),
        from_anyone=facts.get("from_anyone", False),
    )
