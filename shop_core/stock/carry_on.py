"""Going on with imports that nobody is at: left to the workers, or by a process that died."""

from __future__ import annotations

from shop_core.db.shop import Shop
from shop_core.stock.add_lines import OnProgress, add_lines
from shop_core.stock.batches import BatchView, Claim, claim_batch, get_batch, to_the_end
from shop_core.stock.models import BatchState
from shop_core.stock.undo_import import take_back


async def carry_on(shop: Shop, on_progress: OnProgress) -> BatchView | None:
    """Take one import and work on it to its end.

    Args:
        on_progress: Called after each part of a file.

    Returns:
        How it stands; None if nobody is needed.
    """
    claim = await shop.write(claim_batch)
    if claim is None:
        return None
    return await to_the_end(shop, claim, _work(shop, claim, on_progress))


async def _work(shop: Shop, claim: Claim, on_progress: OnProgress) -> BatchView:
    batch = await shop.read(get_batch, claim.batch_id)
    if batch.state is BatchState.UNDOING:
        return await take_back(shop, claim)
    return await add_lines(shop, claim, on_progress)
