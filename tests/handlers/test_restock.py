"""Sold out, and told when it is back: who is, when, and how often."""

from __future__ import annotations

from shop_core.delivery.restock import MOST_IN_A_WAVE, PEOPLE_PER_CODE, WAVE_EVERY, tell_waves
from tests.core.builders import Market
from tests.handlers.street import ONE_WAY, Street, Visitor


async def waiting(street: Street, product: int, how_many: int) -> list[Visitor]:
    """People who asked, in the order of asking."""
    people = []
    for _ in range(how_many):
        visitor = street.a_visitor()
        await visitor.hello()
        await visitor.follow(f"p/{product}")
        await visitor.press("到货提醒")
        street.market.clock.advance(seconds=1)
        people.append(visitor)
    return people


async def told(street: Street, people: list[Visitor]) -> list[Visitor]:
    """Who has news waiting."""
    await street.market.run_news()
    rows = await street.market.rows(
        "SELECT external_id FROM messages WHERE channel = :on AND news = 'restocked' AND state = 'queued' ORDER BY id",
        on=ONE_WAY,
    )
    await street.market.sql("UPDATE messages SET state = 'sent', due_at = NULL")
    news = [row["external_id"] for row in rows]
    return sorted((visitor for visitor in people if visitor.external_id in news), key=people.index)


async def wave(market: Market) -> int:
    return await tell_waves(market.shop)


async def test_one_tap_asks_another_takes_it_back(street: Street) -> None:
    product, [variant] = await street.a_product(codes=0)
    (visitor,) = await waiting(street, product, 1)
    assert "一到货就告诉你" in visitor.text
    assert not visitor.has("到货提醒")
    await visitor.press("已订提醒")
    assert "不再提醒" in visitor.text
    assert visitor.has("到货提醒")
    await street.market.stock(variant, 1)
    assert await wave(street.market) == 0


async def test_who_asked_is_told_once_and_buys_from_the_news(street: Street) -> None:
    product, [variant] = await street.a_product(codes=0)
    (visitor,) = await waiting(street, product, 1)
    assert await wave(street.market) == 0
    await street.market.stock(variant, 3)
    assert await wave(street.market) == 1
    (screen,) = await visitor.news()
    assert screen.news
    visitor.screen = screen
    assert visitor.text.startswith("到货了：爱奇艺黄金会员")
    street.market.clock.moment += WAVE_EVERY
    assert await wave(street.market) == 0
    await visitor.press("买 1 张")
    assert visitor.number


async def test_who_asks_again_is_told_again(street: Street) -> None:
    product, [variant] = await street.a_product(codes=0)
    (visitor,) = await waiting(street, product, 1)
    await street.market.stock(variant, 1)
    assert await wave(street.market) == 1
    assert await told(street, [visitor]) == [visitor]
    other = street.a_visitor()
    await other.hello()
    await other.follow(f"p/{product}")
    await other.press("买 1 张")
    await visitor.follow(f"p/{product}")
    await visitor.press("到货提醒")
    street.market.clock.moment += WAVE_EVERY
    await street.market.stock(variant, 1)
    assert await wave(street.market) == 1
    assert await told(street, [visitor]) == [visitor]


async def test_people_are_told_in_waves_oldest_first(street: Street) -> None:
    product, [variant] = await street.a_product(codes=0)
    people = await waiting(street, product, 7)
    await street.market.stock(variant, 2)
    first = 2 * PEOPLE_PER_CODE
    assert await wave(street.market) == first
    assert await wave(street.market) == 0
    assert await told(street, people) == people[:first]
    street.market.clock.moment += WAVE_EVERY
    assert await wave(street.market) == 3
    assert await told(street, people) == people[first:]


async def test_two_waves_at_the_same_moment_are_one(street: Street) -> None:
    product, [variant] = await street.a_product(codes=0)
    people = await waiting(street, product, 3)
    await street.market.stock(variant, 10)
    await wave(street.market)
    await wave(street.market)
    assert await told(street, people) == people
    assert await street.market.one("SELECT count(*) FROM messages WHERE news = 'restocked'") == 3


async def test_a_wave_is_never_larger_than_a_hundred(street: Street) -> None:
    product, [variant] = await street.a_product(codes=0)
    await waiting(street, product, 1)
    await street.market.sql(
        "INSERT INTO restock_wishes (variant_id, person_id, channel, external_id, asked_at) "
        "SELECT :variant, 1000 + m.id * 20 + n.id, 'tg', 'x' || (1000 + m.id * 20 + n.id), 1 "
        "FROM (SELECT 1 AS id UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6) m, "
        "(SELECT 1 AS id UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5 UNION SELECT 6 UNION "
        "SELECT 7 UNION SELECT 8 UNION SELECT 9 UNION SELECT 10 UNION SELECT 11 UNION SELECT 12 UNION "
        "SELECT 13 UNION SELECT 14 UNION SELECT 15 UNION SELECT 16 UNION SELECT 17 UNION SELECT 18) n",
        variant=variant,
    )
    await street.market.stock(variant, 190)
    assert await wave(street.market) == MOST_IN_A_WAVE


async def test_of_hidden_goods_nobody_is_told(street: Street) -> None:
    product, [variant] = await street.a_product(codes=0)
    await waiting(street, product, 1)
    await street.market.sql("UPDATE products SET state = 'hidden' WHERE id = :id", id=product)
    await street.market.stock(variant, 3)
    assert await wave(street.market) == 0


async def test_an_old_button_for_what_is_there_says_so(street: Street) -> None:
    _, [variant] = await street.a_product(codes=1)
    visitor = street.a_visitor()
    await visitor.hello()
    await visitor.follow(f"v/{variant}/tell")
    assert "已经有货了" in visitor.text
    assert visitor.has("买 1 张")
    assert await street.market.one("SELECT count(*) FROM restock_wishes") == 0


async def test_news_of_what_is_sold_out_again_says_so_and_offers_to_wait_on(street: Street) -> None:
    product, [variant] = await street.a_product(codes=0)
    (visitor,) = await waiting(street, product, 1)
    await street.market.stock(variant, 1)
    await wave(street.market)
    other = street.a_visitor()
    await other.hello()
    await other.follow(f"p/{product}")
    await other.press("买 1 张")
    (screen,) = await visitor.news()
    visitor.screen = screen
    assert "又卖完了" in visitor.text
    await visitor.press("到货提醒")
    assert "一到货就告诉你" in visitor.text
