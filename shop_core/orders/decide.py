"""A person decides what the machine cannot know: ask once more, it was bought, it was not."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from shop_core.cases.cases import CaseKind, close_case
from shop_core.db.claims import Fenced
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.kernel.errors import ShopError
from shop_core.kernel.secret import Secret
from shop_core.orders.buy import work_on
from shop_core.orders.heard import Hearing, seal_heard, take_news
from shop_core.orders.read import lock_by_line
from shop_core.staff import audit
from shop_core.stock.put_in import count_of_purchase
from shop_core.supply.calls import Heard, What
from shop_core.supply.models import PurchaseState
from shop_core.supply.purchases import NoSuchPurchase, PurchaseView, claim_one, find_purchase, lock
from shop_core.supply.supplier import Capabilities, Done, Failed, GoodsKind

_UNDECIDED = frozenset({PurchaseState.UNKNOWN, PurchaseState.ACCEPTED})


class AlreadyDecided(ShopError):
    """Its end is known, or it is being asked about this very moment. Nothing was changed."""

    code = "supply.already_decided"


class WrongNumberOfCodes(ShopError):
    """As many codes as are missing have to be given: with fewer the buyer would lack some, with more somebody errs."""

    code = "supply.wrong_number"


async def ask_again(shop: Shop, purchase_id: int, *, by: str) -> PurchaseView:
    """Ask the supplier now. Safe at any time: it is the machine's own question, only sooner.

    Raises:
        NoSuchPurchase: Not there.
        AlreadyDecided: Nothing to ask.
    """
    claimed = await shop.write(_claim, purchase_id, by)
    # Fenced: somebody else has heard more meanwhile, and that is what is shown.
    with suppress(Fenced):
        await work_on(shop, claimed)
    return await shop.read(get_purchase, purchase_id)


async def say_bought(shop: Shop, purchase_id: int, codes: Sequence[Secret], *, by: str) -> PurchaseView:
    """A person has seen at the supplier that it was bought, and gives its codes; none for a top-up.

    May run twice: the second finds it decided.

    Raises:
        NoSuchPurchase: Not there.
        AlreadyDecided: Its end is known.
        WrongNumberOfCodes: Nothing was changed.
    """
    now = shop.clock.now()
    heard = Heard(What.PERSON, now, now, Done(tuple(codes)))
    return await shop.write(_bought, purchase_id, seal_heard(shop, heard, Capabilities(), by=by))


async def say_not_bought(shop: Shop, purchase_id: int, *, by: str) -> PurchaseView:
    """A person has seen at the supplier that nothing was bought: the next offer has its turn, or the money goes back.

    Raises:
        NoSuchPurchase: Not there.
        AlreadyDecided: Its end is known.
    """
    now = shop.clock.now()
    hearing = Hearing(Heard(What.PERSON, now, now, Failed()), Capabilities(), by=by)
    return await shop.write(_not_bought, purchase_id, hearing)


async def know_reversed(shop: Shop, purchase_id: int, *, by: str) -> None:
    """A person has taken note of a purchase that the supplier took back after it was done, or announced too late."""
    await shop.write(_known, purchase_id, by)


def get_purchase(view: View, purchase_id: int) -> PurchaseView:
    """A purchase by its id.

    Raises:
        NoSuchPurchase: Not there.
    """
    purchase = find_purchase(view, purchase_id)
    if purchase is None:
        raise NoSuchPurchase
    return purchase


def count_missing(view: View, purchase: PurchaseView) -> int:
    """How many codes a person has to give for it."""
    if purchase.kind is GoodsKind.TOP_UP:
        return 0
    return max(purchase.quantity - count_of_purchase(view, purchase.id), 0)


def _claim(tx: Tx, purchase_id: int, by: str) -> PurchaseView:
    get_purchase(tx, purchase_id)
    claimed = claim_one(tx, purchase_id)
    if claimed is None:
        raise AlreadyDecided
    audit.record(tx, actor=by, command="purchase ask", details={"purchase": claimed.number})
    return claimed


def _bought(tx: Tx, purchase_id: int, hearing: Hearing) -> PurchaseView:
    purchase = _undecided(tx, purchase_id)
    before = count_of_purchase(tx, purchase.id)
    missing = count_missing(tx, purchase)
    if len(hearing.pieces) != missing:
        raise WrongNumberOfCodes(missing=missing, given=len(hearing.pieces))
    take_news(tx, purchase.id, purchase.line_id, hearing)
    if count_of_purchase(tx, purchase.id) - before != missing:
        # The shop has some of them already, from elsewhere: they cannot be what was bought.
        raise WrongNumberOfCodes(missing=missing, given=count_of_purchase(tx, purchase.id) - before)
    audit.record(tx, actor=hearing.by, command="purchase bought", details={"purchase": purchase.number})
    return get_purchase(tx, purchase_id)


def _not_bought(tx: Tx, purchase_id: int, hearing: Hearing) -> PurchaseView:
    purchase = _undecided(tx, purchase_id)
    take_news(tx, purchase.id, purchase.line_id, hearing)
    audit.record(tx, actor=hearing.by, command="purchase none", details={"purchase": purchase.number})
    return get_purchase(tx, purchase_id)


def _known(tx: Tx, purchase_id: int, by: str) -> None:
    purchase = get_purchase(tx, purchase_id)
    if purchase.is_live or not close_case(tx, CaseKind.PURCHASE, purchase.id, by=by, resolution="known"):
        raise AlreadyDecided
    audit.record(tx, actor=by, command="purchase known", details={"purchase": purchase.number})


def _undecided(tx: Tx, purchase_id: int) -> PurchaseView:
    """A purchase whose end only a person knows. Its order is locked before it, as everywhere."""
    purchase = get_purchase(tx, purchase_id)
    lock_by_line(tx, purchase.line_id)
    purchase = lock(tx, purchase_id)
    if purchase.state not in _UNDECIDED:
        raise AlreadyDecided
    return purchase
