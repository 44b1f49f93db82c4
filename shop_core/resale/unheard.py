"""Another shop that does not hear what became of its orders: the case, and telling it once more."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from shop_core.cases.cases import CaseKind, close_case, open_case
from shop_core.db.tx import Tx, View
from shop_core.messaging.queue import count_failed, send_failed_again
from shop_core.resale.keys import NoSuchReseller, ResellerView, find_reseller
from shop_core.resale.trade import Resold


@dataclass(frozen=True, slots=True)
class Unheard:
    """A shop, and how much news has never reached it."""

    reseller: ResellerView
    count: int


def report(tx: Tx, reseller: ResellerView, resold: Resold, problem: str) -> None:
    """It was told for as long as anybody is, and has not heard. One case for a shop, however many of its orders."""
    evidence = {
        "shop": reseller.key,
        "order": resold.order.number,
        # Not the whole address: it is a stranger's, and may have a key of his in it.
        "host": urlsplit(resold.callback_url or "").hostname or "",
        "said": problem,
    }
    open_case(tx, CaseKind.UNHEARD, reseller.id, evidence)


def see_unheard(view: View, reseller_id: int) -> Unheard:
    """What a case is about.

    Raises:
        NoSuchReseller: Nobody.
    """
    reseller = _get(view, reseller_id)
    return Unheard(reseller, count_failed(view, reseller.address))


def tell_again(tx: Tx, reseller_id: int, *, by: str) -> Unheard:
    """Send it all that it never heard, as it stands now, for two days more. Twice finds nothing to send.

    Raises:
        NoSuchReseller: Nobody.
    """
    reseller = _get(tx, reseller_id)
    again = send_failed_again(tx, reseller.address)
    close_case(tx, CaseKind.UNHEARD, reseller.id, by=by, resolution="told again")
    return Unheard(reseller, again)


def _get(view: View, reseller_id: int) -> ResellerView:
    """Its keys may have been taken back: of what it bought it is still told."""
    reseller = find_reseller(view, reseller_id)
    if reseller is None:
        raise NoSuchReseller
    return reseller
