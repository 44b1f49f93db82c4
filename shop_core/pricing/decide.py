"""A price that jumped is held until a person takes it, keeps the old one, or stops selling."""

from __future__ import annotations

from shop_core.cases.cases import CaseKind, close_case
from shop_core.catalog.edit import set_hidden
from shop_core.catalog.read import get_variant
from shop_core.db.tx import Tx, View
from shop_core.kernel.errors import ShopError
from shop_core.kernel.money import Money
from shop_core.pricing.follow import stop_following
from shop_core.pricing.proposals import Proposal, find_proposal
from shop_core.pricing.reprice import set_prices


class PriceMoved(ShopError):
    """It is another price by now, or nobody is asked about it any more. Nothing was changed."""

    code = "pricing.price_moved"


def accept_price(tx: Tx, variant_id: int, price: Money, *, by: str) -> Proposal:
    """A person takes the new price of a held variant; it is sold again, and goes on following.

    Args:
        price: What he was shown.

    Raises:
        PriceMoved: It is another by now, or nobody is asked. Nothing was changed.
    """
    proposal = find_proposal(tx, variant_id)
    if proposal is None or not proposal.is_held or proposal.new_price != price:
        raise PriceMoved
    close_case(tx, CaseKind.PRICE, variant_id, by=by, resolution="accepted")
    set_prices(tx, [proposal])
    return proposal


def keep_price(tx: Tx, variant_id: int, *, by: str) -> None:
    """A person keeps the old price of a held variant: it is sold again, and follows no more.

    Raises:
        PriceMoved: Nobody is asked. Nothing was changed.
    """
    _require_asked(tx, variant_id)
    stop_following(tx, variant_id, by=by, resolution="kept")


def stop_selling(tx: Tx, variant_id: int, *, by: str) -> None:
    """A person takes a held variant off sale: hidden until somebody shows it again.

    Raises:
        PriceMoved: Nobody is asked. Nothing was changed.
    """
    _require_asked(tx, variant_id)
    stop_following(tx, variant_id, by=by, resolution="off sale")
    set_hidden(tx, variant_id, is_hidden=True)


def _require_asked(view: View, variant_id: int) -> None:
    if not get_variant(view, variant_id).price_held:
        raise PriceMoved
