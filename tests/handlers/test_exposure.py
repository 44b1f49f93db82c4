"""How far products get with people: collected by the screens, written many at a time."""

from __future__ import annotations

from datetime import timedelta

from shop_core.insight.exposure import KEEP_AT_MOST, ExposureLog, Step, funnel
from tests.core.builders import START
from tests.handlers.street import Street


async def counts(street: Street) -> dict[str, int]:
    """The funnel from the beginning, what is still in memory included."""
    await street.market.shop.get(ExposureLog).flush(street.market.shop)
    return dict(await street.market.shop.read(funnel, START - timedelta(days=1)))


async def test_a_purchase_is_counted_from_shown_to_delivered(street: Street) -> None:
    for name in ("甲", "乙"):
        await street.a_product(name)
    visitor = street.a_visitor()
    await visitor.hello()
    seen = dict.fromkeys(["shown", "opened", "started", "ordered", "paid", "delivered"], 0)
    assert await counts(street) == seen | {"shown": 2}
    await visitor.press("甲")
    assert await counts(street) == seen | {"shown": 2, "opened": 1}
    await visitor.press("买 1 张")
    assert await counts(street) == seen | {"shown": 2, "opened": 1, "started": 1, "ordered": 1}
    await street.pay(visitor.number)
    assert await counts(street) == seen | {
        "shown": 2,
        "opened": 1,
        "started": 1,
        "ordered": 1,
        "paid": 1,
        "delivered": 1,
    }


async def test_rows_say_who_met_what_where_and_when(street: Street) -> None:
    product, _ = await street.a_product()
    visitor = street.a_visitor()
    await visitor.type("爱奇艺")
    street.market.clock.advance(seconds=5)
    await visitor.follow(f"p/{product}")
    log = street.market.shop.get(ExposureLog)
    assert await log.flush(street.market.shop) == 2
    assert await log.flush(street.market.shop) == 0
    rows = await street.market.rows("SELECT product_id, channel, step FROM exposures ORDER BY id")
    assert rows == [
        {"product_id": product, "channel": visitor.channel, "step": step} for step in ("shown", "opened")
    ]
    since = await street.market.shop.read(funnel, START + timedelta(seconds=5))
    assert (since["shown"], since["opened"]) == (0, 1)


async def test_what_is_collected_does_not_grow_for_ever(street: Street) -> None:
    product, _ = await street.a_product()
    visitor = street.a_visitor()
    await visitor.hello()
    log, shop = street.market.shop.get(ExposureLog), street.market.shop
    customer = await street.market.a_customer()
    for _ in range(3):
        log.note(shop, customer, Step.SHOWN, [product] * KEEP_AT_MOST)
    assert await log.flush(shop) == KEEP_AT_MOST
