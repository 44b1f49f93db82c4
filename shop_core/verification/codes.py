"""Sending a code to a number or an address, and taking it back from whoever has read it there."""

from __future__ import annotations

import hmac
import secrets
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Row, delete, select, update

from shop_core.conversations.keys import new_key
from shop_core.customers.people import Customer, lock_person
from shop_core.db.base import table_of
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or
from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.kernel.secret import Secret
from shop_core.vault.vault import Vault
from shop_core.verification.contacts import Contact, Kind, parse_email, parse_phone
from shop_core.verification.errors import CodeOver, NotACode, TooManyCodes, WrongCode
from shop_core.verification.keep import CODE, ContactView, SealedContact, keep, list_contacts, place_of, seal
from shop_core.verification.models import CodeCount, ContactCode
from shop_core.verification.pacing import count_code, report_full, settle
from shop_core.verification.sender import CodeMessage, CodeRefused, CodeSenders

LASTS: Final = timedelta(minutes=10)
PAUSE: Final = timedelta(seconds=60)
"""Between two codes to the same number: so long the first may be under way."""
MOST_TRIES: Final = 5
DIGITS: Final = 6


class CodeState(StrEnum):
    """What became of sending a code."""

    SENDING = "sending"
    SENT = "sent"
    REFUSED = "refused"
    UNSENT = "unsent"
    """Certainly not sent, and it may work the next time."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CodeView:
    """A code that was sent.

    Attributes:
        again_from: From when on another may be sent there.
        is_fresh: It was sent just now, not found.
    """

    kind: Kind
    echo: str
    state: CodeState
    again_from: datetime
    until: datetime
    is_fresh: bool = False


@dataclass(frozen=True, slots=True)
class CodeText:
    """What is said with a code."""

    subject: str
    text: str
    language: str


Compose = Callable[[Kind, str], CodeText]
"""From the kind of contact and the code to the words."""


@dataclass(frozen=True, slots=True)
class _Fresh:
    key: str
    contact: SealedContact
    digest: bytes


async def send_code(shop: Shop, customer: Customer, kind: Kind, typed: str, compose: Compose) -> CodeView:
    """Send a code to what somebody typed. The one that was sent to him before works no more.

    May run twice: what was sent to the same place within ``PAUSE`` is found, and nothing is sent. Whether the number
    verifies somebody else is not looked at before it has been shown to be his: it is nobody else's to know.

    Raises:
        BadPhone, BadEmail: It is none.
        NoWay: No code can be sent there.
        TooManyCodes: Enough was sent for now.
    """
    country = shop.policy.verification.country
    contact = parse_phone(typed, country) if kind is Kind.PHONE else parse_email(typed)
    return await _send(shop, customer, contact, compose)


async def send_again(shop: Shop, customer: Customer, compose: Compose) -> CodeView:
    """Send another code to where the last one went. Nothing is sent within ``PAUSE``.

    Raises:
        CodeOver: None was sent.
        TooManyCodes: Enough was sent for now.
    """
    kind, value = await shop.read(_last_sent_to, shop.get(Vault), customer)
    return await send_code(shop, customer, kind, value.reveal(), compose)


def find_code(view: View, customer: Customer) -> CodeView:
    """The code that he was sent last.

    Raises:
        CodeOver: None, or it has done its work.
    """
    row = view.execute(
        _MINE.where(ContactCode.person_id == customer.person_id, ContactCode.used_at.is_(None))
    ).first()
    if row is None:
        raise CodeOver
    return _view(row)


async def confirm_code(shop: Shop, customer: Customer, typed: str) -> ContactView:
    """The code that came there: the contact is his.

    May run twice: the code that made it his finds it his.

    Raises:
        NotACode: Not six digits.
        WrongCode: Not this; counted.
        CodeOver: None was sent, too old, or tried too often.
        ContactTaken: It verifies somebody else.
    """
    said = "".join(
        char for char in unicodedata.normalize("NFKC", typed) if not (char.isspace() or char == "-")
    )
    if len(said) != DIGITS or not said.isascii() or not said.isdigit():
        raise NotACode
    # Returned, not raised, so that the count of a wrong one stays.
    outcome = await shop.write(_confirm, shop.get(Vault), customer, said)
    if isinstance(outcome, ContactView):
        return outcome
    raise outcome


def purge(tx: Tx) -> int:
    """Forget codes and counts that are too old. Returns how many."""
    settle(tx)
    codes = tx.execute(delete(ContactCode).where(ContactCode.until <= tx.now)).rowcount
    return codes + tx.execute(delete(CodeCount).where(CodeCount.until <= tx.now)).rowcount


_MINE: Final = select(*ContactCode.__table__.columns)


async def _send(shop: Shop, customer: Customer, contact: Contact, compose: Compose) -> CodeView:
    sender, vault = shop.get(CodeSenders).get_for(contact), shop.get(Vault)
    key, code = new_key(shop.random), f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    fresh = _Fresh(key, seal(vault, contact), _digest(vault, key, code))
    try:
        begun, is_found = await shop.write(_begin, customer, fresh)
    except TooManyCodes:
        await shop.write(report_full)
        raise
    if is_found:
        return begun
    said = compose(contact.kind, code)
    message = CodeMessage(key, contact.value, Secret(code), said.subject, Secret(said.text), said.language)
    try:
        await sender.send(message)
    except CodeRefused:
        state = CodeState.REFUSED
    except RetryLater:
        state = CodeState.UNSENT
    except Unknown:
        state = CodeState.UNKNOWN
    else:
        state = CodeState.SENT
    await shop.write(_record, customer.person_id, key, state)
    return replace(begun, state=state, is_fresh=True)


def _begin(tx: Tx, customer: Customer, fresh: _Fresh) -> tuple[CodeView, bool]:
    """Write down that a code will be sent; or find the one that was sent there a moment ago, and say so."""
    lock_person(tx, customer.person_id)
    last = tx.execute(_MINE.where(ContactCode.person_id == customer.person_id)).first()
    is_same = last is not None and last.fingerprint == fresh.contact.fingerprint and last.used_at is None
    if last is not None and is_same and tx.now < last.made_at + PAUSE:
        return _view(last), True
    count_code(tx, customer.person_id, fresh.contact.fingerprint)
    values = {
        "key": fresh.key,
        "kind": fresh.contact.kind.value,
        "sealed": fresh.contact.sealed,
        "fingerprint": fresh.contact.fingerprint,
        "echo": fresh.contact.echo,
        "digest": fresh.digest,
        "state": CodeState.SENDING.value,
        "tries": 0,
        "made_at": tx.now,
        "until": tx.now + LASTS,
        "used_at": None,
    }
    row = insert_or(tx, ContactCode).values(person_id=customer.person_id, **values)
    made = row.on_conflict_do_update(index_elements=[ContactCode.person_id], set_=values)
    return _view(tx.execute(made.returning(*ContactCode.__table__.columns)).one()), False


def _record(tx: Tx, person_id: int, key: str, state: CodeState) -> None:
    codes = table_of(ContactCode)
    tx.execute(
        update(codes).where(codes.c.person_id == person_id, codes.c.key == key).values(state=state.value)
    )


def _confirm(tx: Tx, vault: Vault, customer: Customer, said: str) -> ContactView | CodeOver | WrongCode:
    lock_person(tx, customer.person_id)
    codes = table_of(ContactCode)
    row = tx.execute(
        update(codes)
        .where(
            codes.c.person_id == customer.person_id,
            codes.c.until > tx.now,
            codes.c.tries < MOST_TRIES,
        )
        .values(tries=codes.c.tries + 1)
        .returning(*codes.columns)
    ).first()
    if row is None:
        return CodeOver()
    if not hmac.compare_digest(_digest(vault, row.key, said), row.digest):
        left = MOST_TRIES - row.tries
        return WrongCode(left=left) if left else CodeOver()
    if row.used_at is not None:
        return _found_again(tx, customer, row)
    tx.execute(update(codes).where(codes.c.person_id == customer.person_id).values(used_at=tx.now))
    contact = SealedContact(Kind(row.kind), row.sealed, row.fingerprint, row.echo)
    return keep(tx, customer, contact, CODE)


def _found_again(tx: Tx, customer: Customer, row: Row[Any]) -> ContactView | CodeOver:
    his = [one for one in list_contacts(tx, customer.person_id) if one.kind.value == row.kind]
    is_it = bool(his) and his[0].verified_at == row.used_at
    return his[0] if is_it else CodeOver()


def _last_sent_to(view: View, vault: Vault, customer: Customer) -> tuple[Kind, Secret]:
    row = view.execute(
        _MINE.where(ContactCode.person_id == customer.person_id, ContactCode.used_at.is_(None))
    ).first()
    if row is None:
        raise CodeOver
    return Kind(row.kind), vault.open(row.sealed, place=place_of(row.fingerprint))


def _digest(vault: Vault, key: str, code: str) -> bytes:
    # Keyed: a plain hash of six digits is undone in a moment.
    return vault.fingerprint(f"code:{key}:{code}")


def _view(row: Row[Any]) -> CodeView:
    return CodeView(Kind(row.kind), row.echo, CodeState(row.state), row.made_at + PAUSE, row.until)
