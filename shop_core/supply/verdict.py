"""What follows from what was heard about a purchase: a pure function from state and answer to what is to be done.

The one place that decides whether something was bought. Only a definite *no* ends a purchase without goods; whatever is not
sure stays unknown, is asked about again as far as the protocol can, and then asked of a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from shop_core.supply.calls import Heard, Trouble, What
from shop_core.supply.models import PurchaseState
from shop_core.supply.purchases import PurchaseView
from shop_core.supply.supplier import (
    Accepted,
    Capabilities,
    Done,
    Failed,
    NotFound,
    Partial,
    Refused,
)

TRIES: Final = 3
"""So often a purchase is sent when the supplier cannot be reached; then another has its turn."""
ASK_PERSON_AFTER: Final = timedelta(minutes=10)
"""An unknown purchase that the machine could not settle by then needs a person."""
SLOW_AFTER: Final = timedelta(hours=1)
"""An accepted one likewise: some goods take their time."""
WATCHED_FOR: Final = timedelta(days=3)
"""So long goods are looked for that a supplier announced too late."""
FIRST_ASK: Final = timedelta(seconds=5)
FIRST_REPEAT: Final = timedelta(seconds=60)
"""Where only a repeat can tell, the first call gets time to arrive; where the time is signed it is refused when older."""
LONGEST_PAUSE: Final = timedelta(minutes=5)


class Way(StrEnum):
    """How the machine can find out what became of a purchase."""

    QUERY = "query"
    REPEAT = "repeat"


class Step(StrEnum):
    """What is to be done with the purchase."""

    DELIVER = "deliver"
    """There are goods, and that was all: done."""
    KEEP_GOODS = "keep_goods"
    """There are goods, and it is not clear whether that was all."""
    WAIT = "wait"
    """Bought and under way."""
    REFUSE = "refuse"
    """Nothing was bought: the next offer may be tried."""
    AGAIN = "again"
    """Nothing was sent: it may be, under the same number."""
    DOUBT = "doubt"
    """Not known."""
    STAY = "stay"
    """Nothing new."""
    REVERSE = "reverse"
    """Done, and the supplier takes it back."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows.

    Attributes:
        reason: Of a refusal, as ``Purchase.reason`` keeps it.
        next_in: When to ask again; None: the machine cannot.
        needs_person: A person is asked, whatever the machine goes on doing.
    """

    step: Step
    reason: str = ""
    next_in: timedelta | None = None
    needs_person: bool = False


def way_to_ask(capabilities: Capabilities, supplier_ref: str | None) -> Way | None:
    """How the machine may ask about a purchase without any risk of buying it twice."""
    if capabilities.finds_our_number or supplier_ref is not None:
        return Way.QUERY
    if capabilities.repeats_safely or capabilities.refuses_repeats:
        return Way.REPEAT
    return None


def judge(purchase: PurchaseView, heard: Heard, capabilities: Capabilities, now: datetime) -> Verdict:
    """Decide.

    Args:
        purchase: As it stands, locked.
        heard: The answer to our call or question, a callback, or what a person says.
    """
    if heard.outcome is None:
        return _in_trouble(purchase, heard, capabilities, now)
    match heard.outcome:
        case Done() | Partial():
            # Goods are never turned away: not those that come late, nor those that come twice.
            return Verdict(Step.DELIVER)
        case Accepted():
            return _accepted(purchase, heard.outcome, capabilities, now)
        case Refused():
            return _refused(purchase, heard, heard.outcome, capabilities, now)
        case Failed():
            is_done = purchase.state is PurchaseState.DONE
            return Verdict(Step.REVERSE, needs_person=True) if is_done else _no(purchase, "failed")
        case NotFound():
            return _not_found(purchase, capabilities, now)


def _no(purchase: PurchaseView, reason: str) -> Verdict:
    """A definite no. To a purchase that is over already it says nothing new."""
    return Verdict(Step.REFUSE, reason) if purchase.is_live else Verdict(Step.STAY)


def fewer_than_said(purchase: PurchaseView, capabilities: Capabilities) -> Verdict:
    """It says that all is there, and fewer pieces came than were bought: neither a yes nor a no to the rest."""
    asks = way_to_ask(capabilities, purchase.supplier_ref) is Way.QUERY
    pause = _pause(purchase.attempts) if asks else None
    return Verdict(Step.KEEP_GOODS, next_in=pause, needs_person=True)


def _accepted(
    purchase: PurchaseView, outcome: Accepted, capabilities: Capabilities, now: datetime
) -> Verdict:
    way = way_to_ask(capabilities, outcome.supplier_ref or purchase.supplier_ref)
    if purchase.state is PurchaseState.REFUSED:
        # Late: it was bought after all. Its goods are asked for, never repeated: that could buy what is not wanted any more.
        pause = _pause(purchase.attempts)
        return Verdict(Step.STAY, next_in=pause if way is Way.QUERY else None, needs_person=True)
    if not purchase.is_live:
        return Verdict(Step.STAY)
    is_slow = _is_slow(purchase, now)
    if way is None or (way is Way.REPEAT and not capabilities.repeats_safely):
        is_left = is_slow or not capabilities.calls_back
        return Verdict(Step.WAIT, next_in=None if is_left else SLOW_AFTER, needs_person=is_left)
    polls = purchase.attempts if purchase.state is PurchaseState.ACCEPTED else 0
    return Verdict(Step.WAIT, next_in=_pause(polls), needs_person=is_slow)


def _refused(
    purchase: PurchaseView, heard: Heard, outcome: Refused, capabilities: Capabilities, now: datetime
) -> Verdict:
    was_repeated = heard.what is What.PLACE and purchase.state in {
        PurchaseState.UNKNOWN,
        PurchaseState.ACCEPTED,
    }
    is_early = now - (purchase.sent_at or purchase.planned_at) < FIRST_REPEAT
    if was_repeated and (is_early or not capabilities.repeats_safely):
        # The repeat was refused for a reason of its own: it proves nothing about the first, which may even arrive after it.
        return _doubt(purchase, capabilities, now)
    return _no(purchase, outcome.why.value)


def _not_found(purchase: PurchaseView, capabilities: Capabilities, now: datetime) -> Verdict:
    if not purchase.is_live:
        return Verdict(Step.STAY)
    sent_at = purchase.sent_at or purchase.planned_at
    absent_after_s = capabilities.absent_after_s
    is_over = purchase.state is not PurchaseState.ACCEPTED and absent_after_s is not None
    if is_over and now - sent_at >= timedelta(seconds=absent_after_s or 0):
        return _no(purchase, "not_found")
    return _doubt(purchase, capabilities, now)


def _in_trouble(purchase: PurchaseView, heard: Heard, capabilities: Capabilities, now: datetime) -> Verdict:
    if not purchase.is_live:
        return _watched(purchase, now)
    if purchase.state is PurchaseState.SENT and heard.what is What.PLACE:
        if heard.trouble is Trouble.REFUSES_US:
            return _no(purchase, "refuses_us")
        if heard.trouble is Trouble.NO_EFFECT:
            return again(purchase, heard.retry_after_s)
    return _doubt(purchase, capabilities, now)


def _watched(purchase: PurchaseView, now: datetime) -> Verdict:
    """A refused purchase that was said to be under way after all goes on being asked about, for some days."""
    is_watched = purchase.state is PurchaseState.REFUSED and purchase.due_at is not None
    if not is_watched or now - (purchase.sent_at or now) >= WATCHED_FOR:
        return Verdict(Step.STAY)
    return Verdict(Step.STAY, next_in=_pause(purchase.attempts), needs_person=True)


def again(purchase: PurchaseView, retry_after_s: int) -> Verdict:
    """It could not be reached: once more a little later, or another's turn."""
    if purchase.tries >= TRIES:
        return _no(purchase, "unreachable")
    return Verdict(Step.AGAIN, next_in=max(timedelta(seconds=retry_after_s), _pause(purchase.tries)))


def _doubt(purchase: PurchaseView, capabilities: Capabilities, now: datetime) -> Verdict:
    """Still not known: when the machine asks next, and whether a person is asked."""
    way = way_to_ask(capabilities, purchase.supplier_ref)
    if way is None:
        return Verdict(Step.DOUBT, needs_person=True)
    asked = 0 if purchase.state is PurchaseState.SENT else purchase.attempts
    pause = _pause(asked)
    if way is Way.REPEAT and not capabilities.repeats_safely:
        pause = max(pause, FIRST_REPEAT)
    return Verdict(Step.DOUBT, next_in=pause, needs_person=_is_slow(purchase, now))


def _is_slow(purchase: PurchaseView, now: datetime) -> bool:
    after = SLOW_AFTER if purchase.state is PurchaseState.ACCEPTED else ASK_PERSON_AFTER
    return now - (purchase.sent_at or purchase.planned_at) >= after


def _pause(asked: int) -> timedelta:
    pause: timedelta = FIRST_ASK * 2 ** min(asked, 10)
    return min(pause, LONGEST_PAUSE)
