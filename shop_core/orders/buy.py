"""Buying: a worker takes a purchase that is due, calls its supplier, and takes the answer in.

Intend, commit, call, record: the purchase stands as ``sent`` before the call leaves us, and every transaction that
finishes work compares the claim's token. Whatever dies, dies in one of four places:

* before ``sent`` is committed: nothing left us; the next worker begins anew under the same number;
* between that commit and the answer: the claim runs out, the purchase is unknown, and is asked about, never placed again
  unless the protocol promises that it stays one purchase;
* before the answer is committed: the same;
* after: the order has gone on in that very transaction.

A process that froze and thaws finds its token gone: whatever it holds then is undone, except goods, which are brought in
like those of a callback.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

import structlog

from shop_core.db.claims import Fenced
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.delivery.inputs import find_inputs
from shop_core.kernel.secret import Secret
from shop_core.orders.heard import ask_person, end_refused, seal_heard, take_answer, take_news
from shop_core.orders.read import OrderView, lock_by_line
from shop_core.supply import calls
from shop_core.supply.asks import Ask, note_ask
from shop_core.supply.calls import Heard, Price, Trouble, What
from shop_core.supply.costs import Earned
from shop_core.supply.health import note_silence, pass_gate
from shop_core.supply.models import PurchaseState
from shop_core.supply.offers import see_offer
from shop_core.supply.plan import has_other_way
from shop_core.supply.purchases import LEASE, PurchaseView, change, move, require_claim
from shop_core.supply.routing import Need
from shop_core.supply.supplier import No, NoSuchSupplier, Offer, PurchaseRequest, Supplier, Suppliers
from shop_core.supply.verdict import Step, Way, again, way_to_ask
from shop_core.vault.vault import Vault

SHORT_WAIT: Final = timedelta(seconds=5)
"""A turn so near is waited for, though another offer had one now."""
PATIENCE: Final = timedelta(minutes=15)
"""So long a paid order waits for a supplier that nobody may call; then another has its turn, or the money goes back."""
FRESH: Final = timedelta(seconds=30)
"""A call leaves us at most so long after its commit: a process that froze in between leaves the purchase unknown."""

log = structlog.get_logger()


async def work_on(shop: Shop, claimed: PurchaseView) -> None:
    """Do what a claimed purchase needs next.

    Raises:
        Fenced: Somebody else has it now; nothing of ours stays.
    """
    try:
        supplier = shop.get(Suppliers).get(claimed.supplier)
    except NoSuchSupplier:
        await shop.write(_without_supplier, claimed)
        return
    match claimed.state:
        case PurchaseState.PLANNED:
            await _buy(shop, supplier, claimed)
        case PurchaseState.SENT:
            await _take(shop, supplier, claimed, _lost(shop, claimed))
        case PurchaseState.UNKNOWN | PurchaseState.ACCEPTED | PurchaseState.REFUSED:
            await _settle(shop, supplier, claimed)
        case PurchaseState.DONE:
            raise Fenced


async def _buy(shop: Shop, supplier: Supplier, claimed: PurchaseView) -> None:
    price = None
    if not supplier.capabilities.guards_price:
        price = await calls.look_at_price(shop.clock, supplier, claimed.offer_ref)
    sent = await shop.write(_begin, claimed, price)
    if sent is None:
        return
    request = await _request(shop, sent)
    if shop.clock.now() - (sent.sent_at or shop.clock.now()) > FRESH:
        log.warning("purchase not sent in time", purchase=sent.number)
        return
    heard = await calls.place(shop.clock, supplier, request)
    await _take(shop, supplier, sent, heard)


async def _settle(shop: Shop, supplier: Supplier, claimed: PurchaseView) -> None:
    """Find out what became of a purchase that has left us."""
    capabilities = supplier.capabilities
    match way_to_ask(capabilities, claimed.supplier_ref):
        case Way.QUERY:
            heard = await calls.query(shop.clock, supplier, claimed)
        case Way.REPEAT if claimed.is_live:
            heard = await calls.place(shop.clock, supplier, await _request(shop, claimed))
        case _:
            await shop.write(_leave_to_person, claimed)
            return
    await _take(shop, supplier, claimed, heard)


def _lost(shop: Shop, claimed: PurchaseView) -> Heard:
    """Whoever sent it has died with the answer, or froze before the call: it may have left us."""
    now = shop.clock.now()
    return Heard(What.CRASH, claimed.sent_at or now, now, trouble=Trouble.UNREADABLE)


async def _take(shop: Shop, supplier: Supplier, claimed: PurchaseView, heard: Heard) -> None:
    hearing = seal_heard(shop, heard, supplier.capabilities)
    try:
        await shop.write(take_answer, claimed, hearing)
    except Fenced:
        if heard.is_good:
            await shop.write(take_news, claimed.id, claimed.line_id, hearing)
        raise


async def _request(shop: Shop, purchase: PurchaseView) -> PurchaseRequest:
    return PurchaseRequest(
        number=purchase.number,
        offer_ref=purchase.offer_ref,
        quantity=purchase.quantity,
        at_most=purchase.limit,
        inputs=await _said(shop, purchase),
        callback_url=shop.get(Suppliers).callback_url(purchase.supplier),
    )


async def _said(shop: Shop, purchase: PurchaseView) -> Mapping[str, Secret]:
    """What the buyer said, under the supplier's names: opened for this call and kept nowhere."""
    if not purchase.inputs:
        return {}
    kept = await shop.read(find_inputs, purchase.line_id)
    said = {} if kept is None else kept.open(shop.get(Vault))
    return {theirs: said[ours] for theirs, ours in purchase.inputs.items() if ours in said}


# ------------------------------------------------------------------------------------------------ transactions


def _begin(tx: Tx, claimed: PurchaseView, price: Price | None) -> PurchaseView | None:
    """Commit that it is sent, if it may be: the order still waits, the price holds, and it has a turn at the supplier.

    Returns:
        The purchase as sent; None: it is not, and what follows from that is done.

    Raises:
        Fenced: Not ours any more.
    """
    order = lock_by_line(tx, claimed.line_id)
    purchase = require_claim(tx, claimed)
    if price is not None and not _price_holds(tx, order, purchase, price):
        return None
    terms = tx.policy.suppliers.get(purchase.supplier)
    if terms is None:
        end_refused(tx, order, purchase, "not_set_up")
        return None
    wait = pass_gate(tx, purchase.supplier, purchase.offer_id, terms)
    if wait is not None:
        _wait_for_turn(tx, order, purchase, wait)
        return None
    seen = None if price is None or price.offer is None else price.offer.cost * purchase.quantity
    sent = replace(
        purchase,
        state=PurchaseState.SENT,
        sent_at=tx.now,
        due_at=tx.now + LEASE,
        tries=purchase.tries + 1,
        attempts=0,
        expected=seen,
    )
    move(
        tx,
        purchase,
        sent.state,
        sent_at=sent.sent_at,
        due_at=sent.due_at,
        token=sent.token,
        tries=sent.tries,
        expected_minor=None if seen is None else seen.minor,
    )
    return sent


def _price_holds(tx: Tx, order: OrderView, purchase: PurchaseView, price: Price) -> bool:
    """Take in what the offer looks like now. False: it is not to be bought, and what follows from that is done."""
    heard = price.heard
    note_ask(
        tx, purchase, Ask(heard.what.value, _seen_as(price), heard.said, heard.asked_at, heard.answered_at)
    )
    if heard.trouble is not None:
        _no_price(tx, order, purchase, heard)
        return False
    # A price list that answers says nothing about ordering: only an answer to that closes a breaker.
    see_offer(tx, purchase.supplier, purchase.offer_ref, price.offer)
    reason = _reason_against(purchase, price.offer)
    if reason is not None:
        end_refused(tx, order, purchase, reason.value)
    return reason is None


def _seen_as(price: Price) -> str:
    if price.heard.trouble is not None:
        return price.heard.trouble.value
    return "gone" if price.offer is None else price.offer.cost.decimal_text()


def _no_price(tx: Tx, order: OrderView, purchase: PurchaseView, heard: Heard) -> None:
    """The look at the price failed: nothing was bought, whatever kind of trouble it was."""
    refuses_us = heard.trouble is Trouble.REFUSES_US
    note_silence(tx, purchase.supplier, heard.said, opens=refuses_us)
    verdict = again(purchase, heard.retry_after_s)
    if refuses_us or verdict.step is Step.REFUSE:
        end_refused(tx, order, purchase, "refuses_us" if refuses_us else verdict.reason)
        return
    due_at = tx.now + (verdict.next_in or FRESH)
    change(tx, purchase, due_at=due_at, token=None, tries=purchase.tries + 1)


def _reason_against(purchase: PurchaseView, offer: Offer | None) -> No | None:
    """Why not to buy, in the words in which a supplier would refuse."""
    if offer is None or not offer.is_on_sale:
        return No.OFF_SALE
    if offer.stock is not None and offer.stock < purchase.quantity:
        return No.OUT_OF_STOCK
    if not {one.key for one in offer.inputs if one.is_required} <= purchase.inputs.keys():
        # It asks for more than it did when the buyer was asked.
        return No.OFF_SALE
    total = offer.cost * purchase.quantity
    is_dearer = total.currency != purchase.limit.currency or not total <= purchase.limit
    return No.PRICE if is_dearer else None


def _wait_for_turn(tx: Tx, order: OrderView, purchase: PurchaseView, wait: timedelta) -> None:
    """Too fast for the supplier's caps, or it is left alone: another offer that has a turn now, or a later moment."""
    line = next(line for line in order.lines if line.id == purchase.line_id)
    need = Need(line.id, line.variant_id, purchase.quantity, Earned(line.paid, line.quantity))
    if (wait > SHORT_WAIT and has_other_way(tx, need)) or tx.now - purchase.planned_at > PATIENCE:
        end_refused(tx, order, purchase, "no_turn")
    else:
        change(tx, purchase, due_at=tx.now + wait, token=None)


def _leave_to_person(tx: Tx, claimed: PurchaseView) -> None:
    """The machine has no way to ask what became of it."""
    order = lock_by_line(tx, claimed.line_id)
    purchase = require_claim(tx, claimed)
    change(tx, purchase, due_at=None, token=None)
    ask_person(tx, order, purchase)


def _without_supplier(tx: Tx, claimed: PurchaseView) -> None:
    """The supplier is not in the config any more. What was not sent goes on elsewhere; what was, nobody can ask about."""
    if claimed.state is not PurchaseState.PLANNED:
        _leave_to_person(tx, claimed)
        return
    order = lock_by_line(tx, claimed.line_id)
    end_refused(tx, order, require_claim(tx, claimed), "not_set_up")
