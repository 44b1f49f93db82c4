"""What was heard about a purchase, taken into the shop in one transaction: its state, its goods, the books, the order.

Answers to our calls and questions, callbacks and what a person says all end here. Goods and charges are never lost: who
brings them late, twice or out of order finds the place that is left for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from shop_core.cases.cases import MACHINE, CaseKind, close_case, open_case
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.delivery.secure import room_for, take_delivered
from shop_core.kernel.money import Money
from shop_core.kernel.policy import SupplierTerms
from shop_core.kernel.secret import Secret
from shop_core.messaging.queue import NewsKind, queue_message
from shop_core.orders.fulfil import carry_on
from shop_core.orders.models import OrderState
from shop_core.orders.read import OrderView, lock_by_line
from shop_core.orders.topped_up import is_in_vain, take_top_up
from shop_core.stock.put_in import SealedPiece, seal_pieces
from shop_core.supply.asks import Ask, note_ask
from shop_core.supply.books import book_bought, book_kept, book_returned, charged, cost_said
from shop_core.supply.calls import Heard, Trouble, What
from shop_core.supply.costs import landed
from shop_core.supply.health import note_failure, note_silence, note_success, offer_subject
from shop_core.supply.models import PurchaseState
from shop_core.supply.purchases import TOPIC, PurchaseView, as_written, change, lock, move, require_claim
from shop_core.supply.supplier import Accepted, Capabilities, Done, Failed, GoodsKind, No, Partial, Refused
from shop_core.supply.verdict import Step, Verdict, fewer_than_said, judge
from shop_core.supply.wake_ups import was_woken
from shop_core.vault.vault import Vault

TOLD_AFTER: Final = timedelta(minutes=3)
"""A buyer who waits so long for a purchase that nobody knows the end of is told so."""
LONGEST_REF: Final = 120


@dataclass(frozen=True, slots=True)
class Hearing:
    """What was heard, with its goods sealed before any transaction sees them."""

    heard: Heard
    capabilities: Capabilities
    pieces: tuple[SealedPiece, ...] = field(default=(), repr=False)
    receipt: SealedPiece | None = field(default=None, repr=False)
    by: str = MACHINE


def seal_heard(shop: Shop, heard: Heard, capabilities: Capabilities, *, by: str = MACHINE) -> Hearing:
    """Seal what was delivered, and the receipt of a top-up: with whatever words came with it, they are the buyer's."""
    outcome, vault = heard.outcome, shop.get(Vault)
    goods = outcome.goods if isinstance(outcome, Done | Partial) else ()
    receipt = outcome.receipt if isinstance(outcome, Done) else ""
    words = "\n".join([receipt, *(one.reveal() for one in goods)]).strip()
    sealed = seal_pieces(vault, [Secret(words)]) if words else ()
    return Hearing(heard, capabilities, seal_pieces(vault, goods), next(iter(sealed), None), by)


def take_answer(tx: Tx, claimed: PurchaseView, hearing: Hearing) -> PurchaseState:
    """Take in the answer to a call or question of whoever holds the claim.

    Raises:
        Fenced: Somebody else has taken the purchase over. Nothing was changed; goods are brought in by ``take_news``.
    """
    order = lock_by_line(tx, claimed.line_id)
    return _take(tx, order, require_claim(tx, claimed), hearing)


def take_news(tx: Tx, purchase_id: int, line_id: int, hearing: Hearing) -> PurchaseState:
    """Take in what came without a claim: a callback, a person's word, the goods in the hands of a process that was fenced.

    May run any number of times and in any order: it goes by the purchase's state.
    """
    order = lock_by_line(tx, line_id)
    return _take(tx, order, lock(tx, purchase_id), hearing)


def _take(tx: Tx, order: OrderView, purchase: PurchaseView, hearing: Hearing) -> PurchaseState:
    heard = hearing.heard
    note_ask(tx, purchase, Ask(heard.what.value, heard.answer, heard.said, heard.asked_at, heard.answered_at))
    _note_health(tx, purchase, heard)
    facts = _facts(purchase, heard)
    known = as_written(purchase, facts)
    verdict = judge(known, heard, hearing.capabilities, tx.now)
    if verdict.step is Step.DELIVER and known.kind is not GoodsKind.TOP_UP:
        after = _deliver(tx, order, known, hearing, facts)
    else:
        if facts:
            change(tx, purchase, **facts)
        after = _STEPS[verdict.step](tx, order, known, hearing, verdict)
    if verdict.needs_person or (after.state is PurchaseState.UNKNOWN and after.due_at is None):
        ask_person(tx, order, after)
    elif after.state is not purchase.state and not after.is_live:
        close_case(tx, CaseKind.PURCHASE, after.id, by=hearing.by, resolution=after.state.value)
        if is_in_vain(tx, after):
            ask_person(tx, order, after)
    return after.state


def _note_health(tx: Tx, purchase: PurchaseView, heard: Heard) -> None:
    """What the answer says about the supplier and the offer, whatever it says about the purchase."""
    if heard.what not in {What.PLACE, What.QUERY}:
        return
    match heard.outcome:
        case None:
            note_silence(tx, purchase.supplier, heard.said, opens=heard.trouble is Trouble.REFUSES_US)
        case Refused(why=No.BALANCE):
            note_silence(tx, purchase.supplier, heard.said or No.BALANCE.value, opens=True)
        case Refused(why=No.OUT_OF_STOCK | No.OFF_SALE | No.OTHER as why):
            note_success(tx, purchase.supplier)
            note_failure(tx, offer_subject(purchase.offer_id), opens=why is not No.OTHER)
        case _:
            note_success(tx, purchase.supplier, purchase.offer_id)


def _facts(purchase: PurchaseView, heard: Heard) -> dict[str, Any]:
    """The supplier's own number and what it says that it charged, as columns, where they are new: kept whatever follows."""
    outcome = heard.outcome
    ref = outcome.supplier_ref if isinstance(outcome, Accepted | Done | Partial | Failed) else None
    if ref is None or len(ref) > LONGEST_REF:
        ref = purchase.supplier_ref
    cost = cost_said(purchase, heard) or purchase.cost
    if (ref, cost) == (purchase.supplier_ref, purchase.cost):
        return {}
    return {"supplier_ref": ref, "cost_minor": None if cost is None else cost.minor}


# ------------------------------------------------------------------------------------------------------- steps


def _deliver(
    tx: Tx, order: OrderView, purchase: PurchaseView, hearing: Hearing, facts: Mapping[str, Any]
) -> PurchaseView:
    """There are codes: into the vault, for the line or on the shelf, booked, and handed over if that was all.

    Args:
        facts: What else is to be written down, in the same statement.
    """
    room = _room(tx, order, purchase)
    written, cost = dict(facts), Money(0, tx.policy.currency)
    if purchase.booked is None:
        paid = charged(purchase, hearing.heard)
        book_bought(tx, purchase, paid)
        written["booked_minor"] = paid.minor
        terms = tx.policy.suppliers.get(purchase.supplier, SupplierTerms())
        cost = landed(paid, terms, tx.policy.currency)
    brought = take_delivered(tx, purchase, hearing.pieces, cost, room=room)
    written["delivered"] = brought
    is_short = brought < purchase.quantity
    if isinstance(hearing.heard.outcome, Done) and is_short and purchase.is_live:
        verdict = fewer_than_said(purchase, hearing.capabilities)
        return _stay_in(tx, purchase, PurchaseState.UNKNOWN, verdict, **written)
    if purchase.state is PurchaseState.DONE:
        after = change(tx, purchase, **written)
    else:
        after = move(tx, purchase, PurchaseState.DONE, ended_at=tx.now, **written)
    if order.state is OrderState.PAID:
        carry_on(tx, order)
    return after


def _room(tx: Tx, order: OrderView, purchase: PurchaseView) -> int:
    """How many of its pieces the line can use; none where nobody waits for them any more."""
    if order.state is not OrderState.PAID:
        return 0
    quantity = next(line.quantity for line in order.lines if line.id == purchase.line_id)
    return room_for(tx, purchase, quantity)


def _topped_up(
    tx: Tx, order: OrderView, purchase: PurchaseView, hearing: Hearing, _: Verdict
) -> PurchaseView:
    if take_top_up(tx, order, purchase, hearing.heard, hearing.receipt):
        carry_on(tx, order)
    return lock(tx, purchase.id)


def _wait(tx: Tx, _: OrderView, purchase: PurchaseView, __: Hearing, verdict: Verdict) -> PurchaseView:
    return _stay_in(tx, purchase, PurchaseState.ACCEPTED, verdict)


def _doubt(tx: Tx, order: OrderView, purchase: PurchaseView, _: Hearing, verdict: Verdict) -> PurchaseView:
    state = purchase.state if purchase.state is PurchaseState.ACCEPTED else PurchaseState.UNKNOWN
    after = _stay_in(tx, purchase, state, verdict)
    if tx.now - (purchase.sent_at or tx.now) >= TOLD_AFTER:
        queue_message(
            tx,
            order.address,
            NewsKind.ORDER_CHECKED,
            {"order_id": order.id},
            # A direct top-up has one message that goes on telling how long it has been.
            cause=f"order:{order.id}:checked{f':{purchase.attempts}' if purchase.kind is GoodsKind.TOP_UP else ''}",
        )
    return after


def _stay_in(
    tx: Tx,
    purchase: PurchaseView,
    state: PurchaseState,
    verdict: Verdict,
    **values: Any,  # noqa: ANN401 - columns
) -> PurchaseView:
    """Let go of the claim, and come back when the verdict says; at once, if there was news meanwhile."""
    due_at = None if verdict.next_in is None else tx.now + verdict.next_in
    if due_at is not None and was_woken(tx, purchase.id):
        due_at = tx.now
        tx.wake(TOPIC)
    if purchase.state is state:
        return change(tx, purchase, due_at=due_at, token=None, **values)
    return move(tx, purchase, state, due_at=due_at, **values)


def _refuse(
    tx: Tx, order: OrderView, purchase: PurchaseView, hearing: Hearing, verdict: Verdict
) -> PurchaseView:
    """Nothing was bought: the next offer has its turn, or the money goes back."""
    if isinstance(hearing.heard.outcome, Failed):
        book_kept(tx, purchase, hearing.heard.outcome)
    return end_refused(tx, order, purchase, verdict.reason)


def end_refused(tx: Tx, order: OrderView, purchase: PurchaseView, reason: str) -> PurchaseView:
    """End a purchase that brought nothing, and carry its order on. Also before anything was sent."""
    after = move(tx, purchase, PurchaseState.REFUSED, reason=reason, ended_at=tx.now)
    if order.state is OrderState.PAID:
        carry_on(tx, order)
    return after


def _again(tx: Tx, _: OrderView, purchase: PurchaseView, __: Hearing, verdict: Verdict) -> PurchaseView:
    return move(tx, purchase, PurchaseState.PLANNED, due_at=tx.now + (verdict.next_in or timedelta(0)))


def _stay(tx: Tx, _: OrderView, purchase: PurchaseView, __: Hearing, verdict: Verdict) -> PurchaseView:
    due_at = None if verdict.next_in is None else tx.now + verdict.next_in
    return change(tx, purchase, due_at=due_at, token=None)


def _reverse(tx: Tx, _: OrderView, purchase: PurchaseView, hearing: Hearing, __: Verdict) -> PurchaseView:
    if isinstance(hearing.heard.outcome, Failed):
        book_returned(tx, purchase, hearing.heard.outcome)
    return purchase


_STEPS: Final = {
    Step.DELIVER: _topped_up,
    Step.WAIT: _wait,
    Step.DOUBT: _doubt,
    Step.REFUSE: _refuse,
    Step.AGAIN: _again,
    Step.STAY: _stay,
    Step.REVERSE: _reverse,
}


def ask_person(tx: Tx, order: OrderView, purchase: PurchaseView) -> None:
    """Open the case of a purchase that the machine cannot settle, or whose end was taken back."""
    evidence = {"number": order.number, "supplier": purchase.supplier, "purchase": purchase.number}
    open_case(tx, CaseKind.PURCHASE, purchase.id, evidence)
