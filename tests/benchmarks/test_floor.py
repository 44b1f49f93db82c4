"""The floor that the shop is measured against does what a purchase does: else the ratio would be a lie."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from benchmarks.floor import Floor, PostgresFloor, SqliteFloor
from benchmarks.recording import ADDRESS, KEY, NUMBER, PERSON, Ambiguous, Spoken, generalise
from benchmarks.shop import MeasuredShop, Size, open_shop
from shop_core.invariants.verify import verify
from tests.postgres import PostgresServer

SIZE = Size(codes=300, orders=37)
KNOWN: dict[str, int | str] = {NUMBER: "ABCDEFGH", KEY: "k" * 10, PERSON: 11_000_001, ADDRESS: "buyer-0001"}


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[MeasuredShop]:
    opened = await open_shop(f"sqlite:///{tmp_path / 'shop.db'}", SIZE, buyers=3)
    yield opened
    await opened.close()


async def buy_from(floor: Floor, shop: MeasuredShop, each: int) -> None:
    async def keep_buying(index: int) -> None:
        for _ in range(each):
            await floor.buy(shop.buyers[index])

    try:
        await asyncio.gather(*(keep_buying(index) for index in range(len(shop.buyers))))
    finally:
        await floor.close()


async def test_a_purchase_is_recorded_as_its_two_transactions(shop: MeasuredShop) -> None:
    purchase = await shop.record()
    ordering, paying = purchase.transactions
    assert purchase.statements == len(ordering) + len(paying)
    assert any("INTO orders " in statement.sql for statement in ordering)
    assert any("INTO deliveries " in statement.sql for statement in paying)
    assert not any(statement.sql.startswith(("BEGIN", "SAVEPOINT")) for statement in (*ordering, *paying))


async def test_the_floor_sells_as_many_codes_as_it_says_and_leaves_the_shop_whole(shop: MeasuredShop) -> None:
    floor = SqliteFloor(shop.url, await shop.record())
    sold_before = await shop.count_sold()
    await buy_from(floor, shop, each=7)
    assert await shop.count_sold() - sold_before == 21
    assert await shop.shop.read(verify) == []


async def test_the_shop_can_go_on_selling_after_the_floor(shop: MeasuredShop) -> None:
    await buy_from(SqliteFloor(shop.url, await shop.record()), shop, each=1)
    sold_before = await shop.count_sold()
    await shop.buy(shop.buyers[0])
    assert await shop.count_sold() == sold_before + 1
    assert await shop.shop.read(verify) == []


@pytest.mark.postgresql
async def test_the_floor_of_postgresql_sells_as_many_codes_too(postgres_server: PostgresServer) -> None:
    await postgres_server.create_database("floor")
    shop = await open_shop(postgres_server.url("floor", driver="postgresql"), SIZE, buyers=3)
    try:
        floor = await PostgresFloor.connect(shop.url, await shop.record(), connections=2)
        sold_before = await shop.count_sold()
        await buy_from(floor, shop, each=4)
        assert await shop.count_sold() - sold_before == 12
        assert await shop.shop.read(verify) == []
    finally:
        await shop.close()


def test_what_names_a_purchase_is_filled_in_anew() -> None:
    said = [
        Spoken(
            "INSERT INTO orders (number, person_id) VALUES (?, ?) RETURNING id",
            ("ABCDEFGH", 11_000_001),
            False,
        ),
        Spoken("INSERT INTO messages (cause, price) VALUES (?, ?)", [("order:21000001:paid", 1500)], True),
    ]
    purchase = generalise([said], KNOWN, [21_000_001])
    ordering, telling = purchase.transactions[0]
    assert ordering.returns == "returned 0"
    assert list(ordering.rows[0].fill({NUMBER: "22222222", PERSON: 7})) == ["22222222", 7]
    assert list(telling.rows[0].fill({"returned 0": 5})) == ["order:5:paid", 1500]


def test_a_recording_in_which_two_things_look_alike_is_refused() -> None:
    with pytest.raises(Ambiguous):
        generalise([], KNOWN, [11_000_001])
