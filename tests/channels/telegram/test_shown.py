"""Remembering which message shows what, on both databases."""

from shop_core.customers.people import Address
from shop_core.messaging.shown import Place, find_by_message, find_shown, forget_shown, remember_shown
from tests.channels.telegram.stage import an_open_shop

HERE, THERE = Address("telegram", "1"), Address("telegram", "2")


async def test_a_slot_is_in_one_message_and_a_message_shows_one_slot(database_url: str) -> None:
    async with an_open_shop(database_url) as shop:
        await shop.write(remember_shown, HERE, Place("screen", "10"))
        await shop.write(remember_shown, THERE, Place("screen", "10"))
        await shop.write(remember_shown, HERE, Place("order:K", "10", ("9",), has_media=True))
        assert await shop.read(find_shown, HERE, "screen") is None
        order = await shop.read(find_by_message, HERE, "10")
        assert order is not None
        assert order.place == Place("order:K", "10", ("9",), has_media=True)
        assert order.refs == ("9", "10")
        await shop.write(remember_shown, HERE, Place("order:K", "11", is_protected=True))
        moved = await shop.read(find_shown, HERE, "order:K")
        assert moved is not None
        assert moved.place == Place("order:K", "11", is_protected=True)
        assert moved.shown_at >= order.shown_at
        assert await shop.read(find_by_message, HERE, "10") is None


async def test_forgetting_leaves_alone_what_has_moved_on(database_url: str) -> None:
    async with an_open_shop(database_url) as shop:
        await shop.write(remember_shown, HERE, Place("screen", "10"))
        old = await shop.read(find_shown, HERE, "screen")
        assert old is not None
        await shop.write(remember_shown, HERE, Place("screen", "11"))
        await shop.write(forget_shown, HERE, old)
        assert await shop.read(find_shown, HERE, "screen") is not None
        new = await shop.read(find_by_message, HERE, "11")
        assert new is not None
        await shop.write(forget_shown, HERE, new)
        assert await shop.read(find_shown, HERE, "screen") is None
