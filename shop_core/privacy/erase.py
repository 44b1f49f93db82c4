"""Erasing what says who somebody is. What he bought and paid stays, as the law wants it, and names nobody any more.

Erased are his channels, name, password, verified contacts, conversation, what he filled in, what he waits for, and what
his chats show. His orders, payments and wallet entries stay under a number; where news of them would go, nobody is
(``Address.is_nobody``).
At a gateway he is still whoever it says that has paid: without that no money could go back.

Money that comes after all goes back to its payer, or before a person: see ``orders.take_payment``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    String,
    and_,
    cast,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)

from shop_core.cases.cases import MACHINE, CaseKind, close_case, list_subjects
from shop_core.cases.models import Case
from shop_core.conversations.models import UsedKey
from shop_core.customers.models import Identity, Password, Person, PersonChange
from shop_core.customers.people import NOBODY, Address, Customer, lock_person, nobody
from shop_core.db.base import Moment, table_of
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.delivery.models import LineInputs, Reveal, TopUpProof
from shop_core.delivery.restock import RestockWish
from shop_core.messaging.models import Message
from shop_core.messaging.queue import MessageState
from shop_core.orders.models import Order, OrderLine
from shop_core.orders.recover import RECOVER
from shop_core.pairing.codes import require_own_channel, void_of
from shop_core.payments.models import Payment
from shop_core.privacy.chats import OF_THE_CHAT
from shop_core.privacy.settled import StillNeeded, why_not
from shop_core.resale.keys import CHANNEL as UPSTREAM
from shop_core.resale.models import DownstreamOrder, Reseller
from shop_core.staff.models import AuditRow
from shop_core.staff.roles import Roster
from shop_core.threads.erase import erase_thread
from shop_core.threads.handovers import Handover
from shop_core.threads.models import Thread
from shop_core.verification.models import ContactCode, VerifiedContact

_OWNED: Final = (Identity, Password, RestockWish, UsedKey, VerifiedContact, ContactCode)
"""What goes with him."""
_ERASED: Final = "erased"


@dataclass(frozen=True, slots=True)
class _Known:
    """What leads to somebody.

    Attributes:
        people: He, who he was before he linked channels, and whom a browser was before he got his orders back in it.
        chats: Everywhere he is, reachable or not, and the keys by which a shop of his bought.
        actors: The same as ``channel:id``, and where he was once.
    """

    person_id: int
    people: Sequence[int]
    chats: Sequence[Address]
    actors: Sequence[str]

    @property
    def lines(self) -> ScalarSelect[int]:
        """What he bought."""
        return select(OrderLine.id).where(OrderLine.person_id == self.person_id).scalar_subquery()


async def erase(shop: Shop, customer: Customer) -> None:
    """Erase a person, for good: whoever writes there next is a stranger.

    Raises:
        StillNeeded: First that has to be settled.
        LentBrowser: A member of staff is signed in here.
        PersonMerged, PersonErased: He is somebody else by now, or nobody.
    """
    await shop.write(_erase, customer, shop.get(Roster))


def _erase(tx: Tx, customer: Customer, roster: Roster) -> None:
    person_id = customer.person_id
    lock_person(tx, person_id)
    require_own_channel(tx, customer)
    # Whoever gives money back for one of them holds its row, and looks whose it is only then.
    tx.execute(select(Order.id).where(Order.person_id == person_id).order_by(Order.id).with_for_update())
    why = why_not(tx, person_id, roster)
    if why is not None:
        raise StillNeeded(why=why)
    him = _find_out(tx, person_id)
    for one in him.people:
        erase_thread(tx, one, nobody(one, customer.channel))
    _leave_his_orders(tx, him)
    _leave_his_chats(tx, him)
    _leave_his_keys(tx, him)
    void_of(tx, person_id)
    for owned in _OWNED:
        tx.execute(delete(owned).where(owned.person_id.in_(him.people)))
    _leave_his_name(tx, him)


def _find_out(view: View, person_id: int) -> _Known:
    identities = view.execute(
        select(Identity.channel, Identity.external_id).where(Identity.person_id == person_id)
    )
    chats = [Address(row.channel, row.external_id) for row in identities]
    keys = view.execute(select(Reseller.key).where(Reseller.person_id == person_id)).scalars()
    chats += [Address(UPSTREAM, key) for key in keys]
    was = select(Person.id).where(or_(Person.id == person_id, Person.merged_into == person_id))
    ids = [*view.execute(was).scalars(), *_left_behind(view, person_id, chats)]
    actors = {f"{chat.channel}:{chat.external_id}" for chat in chats}
    for was_there in view.execute(select(PersonChange.identities).where(_changed(ids))).scalars():
        actors.update(was_there)
    return _Known(person_id, ids, chats, sorted(actors))


def _left_behind(view: View, person_id: int, chats: Sequence[Address]) -> set[int]:
    """Who wrote or waited in one of his chats, and is nowhere any more."""
    return {
        one
        for table in (Thread, RestockWish)
        for one in view.execute(
            select(table.person_id).where(
                _at_any(table, chats),
                table.person_id != person_id,
                ~exists().where(Identity.person_id == table.person_id),
            )
        ).scalars()
    }


def _leave_his_orders(tx: Tx, him: _Known) -> None:
    """Where news of them went, what he filled in, what came back of it, and who looked."""
    for table in (Order, Payment):
        his = update(table_of(table)).where(table.person_id == him.person_id)
        tx.execute(his.values(external_id=f"{NOBODY}{him.person_id}"))
    said = update(table_of(LineInputs)).where(LineInputs.line_id.in_(him.lines))
    tx.execute(said.values(sealed=None, echo={}))
    # The receipt of a top-up may name the account.
    proved = update(table_of(TopUpProof)).where(TopUpProof.line_id.in_(him.lines))
    tx.execute(proved.values(sealed=None, fingerprint=None))
    looked = update(table_of(Reveal)).where(Reveal.line_id.in_(him.lines), Reveal.by.in_(him.actors))
    tx.execute(looked.values(by=f"{NOBODY}{him.person_id}"))


def _leave_his_chats(tx: Tx, him: _Known) -> None:
    """What they show, and what was sent there; what was not sent yet never is."""
    for table in OF_THE_CHAT:
        tx.execute(delete(table).where(_at_any(table, him.chats)))
    # Their rows stay for what was said in them, and none goes on.
    handovers = table_of(Handover)
    over = func.coalesce(Handover.ended_at, literal(tx.now, Moment()))
    unlinked = literal(NOBODY) + cast(Handover.id, String)
    tx.execute(
        update(handovers)
        .where(_at_any(Handover, him.chats))
        .values(external_id=unlinked, asked_by="", ended_at=over)
    )
    his, messages = _at_any(Message, him.chats), table_of(Message)
    unsent = update(messages).where(his, Message.due_at.is_not(None))
    tx.execute(unsent.values(state=MessageState.FAILED.value, due_at=None, token=None, problem=_ERASED))
    failed = select(Message.id).where(his, Message.state == MessageState.FAILED.value)
    for message_id in {*tx.execute(failed).scalars()}.intersection(list_subjects(tx, CaseKind.MESSAGE)):
        close_case(tx, CaseKind.MESSAGE, message_id, by=MACHINE, resolution=_ERASED)
    # Each under its own number: two chats of his on one channel may have been told the same.
    tx.execute(update(messages).where(his).values(external_id=literal(NOBODY) + cast(Message.id, String)))


def _leave_his_keys(tx: Tx, him: _Known) -> None:
    """His shop's own numbers, where it was told, and by what it proved itself. The keys were taken back before."""
    reseller_ids = tx.execute(select(Reseller.id).where(Reseller.person_id == him.person_id)).scalars().all()
    if not reseller_ids:
        return
    orders = update(table_of(DownstreamOrder)).where(DownstreamOrder.reseller_id.in_(reseller_ids))
    unlinked = literal(NOBODY) + cast(DownstreamOrder.id, String)
    tx.execute(orders.values(number=unlinked, callback_url=None))
    tx.execute(update(table_of(Reseller)).where(Reseller.id.in_(reseller_ids)).values(sealed_secret=b""))
    for reseller_id in reseller_ids:
        close_case(tx, CaseKind.UNHEARD, reseller_id, by=MACHINE, resolution=_ERASED)
    about = Case.kind == CaseKind.UNHEARD.value, Case.subject_id.in_(reseller_ids)
    tx.execute(update(table_of(Case)).where(*about).values(evidence={}))


def _leave_his_name(tx: Tx, him: _Known) -> None:
    """His own row and those of who he was; who they were in the journal; that he got his orders back in a browser."""
    people = update(table_of(Person)).where(Person.id.in_(him.people))
    chosen = {
        "timezone": None,
        "quiet_from": None,
        "quiet_until": None,
        "hears_progress": True,
        "hears_answers": True,
    }
    tx.execute(people.values(name="", erased_at=tx.now, **chosen))
    journal = update(table_of(PersonChange)).where(_changed(him.people))
    tx.execute(journal.values(identities=[], by=_ERASED, asked_by=None))
    recovered = AuditRow.command == RECOVER, AuditRow.actor.in_(him.actors)
    tx.execute(update(table_of(AuditRow)).where(*recovered).values(actor=f"{NOBODY}{him.person_id}"))


def _changed(people: Sequence[int]) -> ColumnElement[bool]:
    return or_(PersonChange.person_id.in_(people), PersonChange.other_id.in_(people))


def _at_any(table: type[Any], chats: Sequence[Address]) -> ColumnElement[bool]:
    return or_(
        *(and_(table.channel == chat.channel, table.external_id == chat.external_id) for chat in chats)
    )
