"""One file with everything that the shop holds of a person, in words that he can read and a program, too."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, or_, select

from shop_core.catalog.models import Product, Variant
from shop_core.catalog.read import pick
from shop_core.customers.models import Identity, Password, Person, PersonChange
from shop_core.customers.people import Customer
from shop_core.db.shop import Shop
from shop_core.db.tx import View
from shop_core.delivery.restock import RestockWish
from shop_core.ledger import accounts
from shop_core.ledger.models import Entry, Posting
from shop_core.messaging.models import Message
from shop_core.privacy.readable import amount, moment
from shop_core.privacy.trade import list_orders, list_payments
from shop_core.resale.models import Reseller
from shop_core.threads.read import list_messages
from shop_core.vault.vault import Vault
from shop_core.verification.keep import open_contacts
from shop_core.wallet.balance import balance_of

MOST: Final = 2000
"""Of each kind, the newest: more would take the shop's time from others. The file says where it was cut."""

Told = dict[str, Any]


async def export_data(shop: Shop, customer: Customer) -> bytes:
    """Everything of his as JSON. Reads only; asked again, it tells how things stand then.

    Never in it: another person's rows, codes (how many there are is said, opening them is an act of its own that is
    recorded), what staff wrote about their own work.

    Returns:
        UTF-8, indented, with the keys in English; times are UTC, amounts are ``15.00 CNY``.
    """
    told = await shop.read(_tell, shop.get(Vault), customer)
    return json.dumps(told, ensure_ascii=False, indent=2).encode() + b"\n"


def _tell(view: View, vault: Vault, customer: Customer) -> Told:
    person_id, language = customer.person_id, customer.language
    return {
        "shop": view.policy.name,
        "made_at": moment(view.now),
        "profile": _profile(view, person_id),
        "identities": _identities(view, person_id),
        "verified_contacts": _contacts(view, vault, person_id),
        "linked_and_unlinked": _changes(view, person_id),
        "orders": _newest(list_orders(view, customer, limit=MOST + 1)),
        "payments": _newest(list_payments(view, person_id, limit=MOST + 1)),
        "wallet": {
            "balance": amount(balance_of(view, person_id).minor, view.policy.currency),
            "entries": _newest(_entries(view, person_id)),
        },
        "messages": _newest(_messages(view, vault, person_id)),
        "news_sent_to_you": _newest(_news(view, person_id)),
        "wants_to_hear_of": _wishes(view, person_id, language),
        "keys_for_buying_by_program": _keys(view, person_id),
        "about_codes": (
            "Codes are not in this file. Each order says how many were delivered and when you first looked at them; "
            "open the order in the chat to see them."
        ),
    }


def _newest(rows: Sequence[Mapping[str, Any]]) -> Told:
    """What is asked for one longer than ``MOST`` is cut, and says so."""
    told: Told = {"newest_first": list(rows[:MOST])}
    if len(rows) > MOST:
        told["not_in_this_file"] = f"older ones than these {MOST}: ask the shop"
    return told


def _profile(view: View, person_id: int) -> Told:
    person = view.execute(
        select(
            Person.name,
            Person.language,
            Person.since,
            Person.timezone,
            Person.quiet_from,
            Person.quiet_until,
            Person.hears_progress,
            Person.hears_answers,
            Password.set_at,
        )
        .outerjoin(Password, Password.person_id == Person.id)
        .where(Person.id == person_id)
    ).one()
    return {
        "name": person.name,
        "language": person.language,
        "time_zone": person.timezone,
        "quiet_hours": None if person.quiet_from is None else [person.quiet_from, person.quiet_until],
        "told_of_progress": person.hears_progress,
        "told_of_answers": person.hears_answers,
        "here_since": moment(person.since),
        "order_password_set_at": moment(person.set_at),
    }


def _identities(view: View, person_id: int) -> list[Told]:
    rows = view.execute(select(*Identity.__table__.c).where(_his(person_id)).order_by(Identity.id))
    return [
        {
            "channel": row.channel,
            "id_there": row.external_id,
            "cannot_be_reached_since": moment(row.unreachable_since),
            "told_everything_here": row.hears_all,
        }
        for row in rows
    ]


def _contacts(view: View, vault: Vault, person_id: int) -> list[Told]:
    return [
        {
            "kind": one.kind.value,
            "value": value.reveal(),
            "verified_at": moment(one.verified_at),
            "how": one.how,
        }
        for one, value in open_contacts(view, vault, person_id)
    ]


def _changes(view: View, person_id: int) -> list[Told]:
    """When he became one with whom he was elsewhere, and when a channel left: not who is there by now."""
    rows = view.execute(
        select(PersonChange.kind, PersonChange.at)
        .where(PersonChange.person_id == person_id)
        .order_by(PersonChange.id)
    )
    return [{"at": moment(row.at), "what": row.kind} for row in rows]


def _his(person_id: int) -> ColumnElement[bool]:
    return Identity.person_id == person_id


def _entries(view: View, person_id: int) -> list[Told]:
    """What went into his wallet, above zero, and out of it. The books count what we owe him below zero.

    Of who was merged into him, too: his history goes on.
    """
    whose = view.execute(
        select(Person.id).where(or_(Person.id == person_id, Person.merged_into == person_id))
    ).scalars()
    rows = view.execute(
        select(Entry.at, Entry.kind, Posting.currency, Posting.amount_minor)
        .join(Entry, Entry.id == Posting.entry_id)
        .where(Posting.account.in_([accounts.wallet(one) for one in whose]))
        .order_by(Posting.id.desc())
        .limit(MOST + 1)
    )
    return [
        {"at": moment(row.at), "what": row.kind, "amount": amount(-row.amount_minor, row.currency)}
        for row in rows
    ]


def _messages(view: View, vault: Vault, person_id: int) -> list[Told]:
    said = list_messages(view, vault, person_id=person_id, limit=MOST + 1)
    return [
        {
            "at": moment(one.at),
            "by": "shop" if one.by_shop else "you",
            "text": one.text,
            **({} if one.file is None else {"file": one.file.name, "bytes": one.file.size}),
        }
        for one in reversed(said)
    ]


def _news(view: View, person_id: int) -> list[Told]:
    rows = view.execute(
        select(Message.channel, Message.news, Message.state, Message.queued_at, Message.sent_at)
        .join(
            Identity,
            (Identity.channel == Message.channel) & (Identity.external_id == Message.external_id),
        )
        .where(_his(person_id))
        .order_by(Message.id.desc())
        .limit(MOST + 1)
    )
    return [
        {
            "on": row.channel,
            "what": row.news,
            "state": row.state,
            "at": moment(row.queued_at),
            "sent_at": moment(row.sent_at),
        }
        for row in rows
    ]


def _wishes(view: View, person_id: int, language: str) -> list[Told]:
    rows = view.execute(
        select(RestockWish.asked_at, RestockWish.told_at, Product.names)
        .join(Variant, Variant.id == RestockWish.variant_id)
        .join(Product, Product.id == Variant.product_id)
        .where(RestockWish.person_id == person_id)
        .order_by(RestockWish.asked_at)
    )
    return [
        {
            "goods": pick(row.names, language),
            "asked_at": moment(row.asked_at),
            "told_at": moment(row.told_at),
        }
        for row in rows
    ]


def _keys(view: View, person_id: int) -> list[Told]:
    rows = view.execute(
        select(Reseller.key, Reseller.made_at, Reseller.closed_at).where(Reseller.person_id == person_id)
    )
    return [
        {"key": row.key, "made_at": moment(row.made_at), "closed_at": moment(row.closed_at)} for row in rows
    ]
