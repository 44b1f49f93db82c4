"""Imports of any length: selling goes on beside them, memory does not grow with them, and they can be taken back."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from shop_core.customers.people import Address
from shop_core.messaging.queue import NewsKind
from shop_core.orders.end import cancel_order
from shop_core.orders.refund import refund_order
from shop_core.stock import batches
from shop_core.stock.batches import CHUNK, LEASE, BatchView, count_unsold, forget_keys, get_batch
from shop_core.stock.carry_on import carry_on
from shop_core.stock.codes import read_codes
from shop_core.stock.errors import NoSuchBatch, OutOfStock
from shop_core.stock.import_codes import AT_ONCE, Import, import_codes, start_import
from shop_core.stock.models import BatchState
from shop_core.stock.sealing import seal_part
from shop_core.stock.undo_import import undo_import
from shop_core.vault.vault import Vault
from tests.core.builders import OWNER, VAULT_KEYS, Market, a_market, power_cut
from tests.core.races import run_between

MANY = 20_000


def a_file(lines: int, *, start: int = 0) -> bytes:
    return b"\n".join(b"ABCD-%08d-EFGH" % number for number in range(start, start + lines))


def an_import(variant: int, data: bytes, **about: object) -> Import:
    return Import(variant, "codes.txt", data, OWNER, **about)  # type: ignore[arg-type]


async def silently(batch: BatchView) -> None:
    """Nobody looks on."""


# ------------------------------------------------------------------------------------------------- scale


async def test_a_long_file_comes_in_whole_and_again_adds_nothing(market: Market) -> None:
    variant = await market.a_variant(codes=0)
    data = a_file(MANY) + b"\nbell\x07\n" + a_file(3)
    batch = await import_codes(market.shop, an_import(variant, data))
    assert (batch.added, batch.already_there, batch.twice_in_input, batch.bad) == (
        MANY, 0, 3, ((MANY + 1, "unreadable"),),
    )  # fmt: skip
    again = await import_codes(market.shop, an_import(variant, data))
    assert (again.added, again.already_there, again.twice_in_input) == (0, MANY + 3, 0)
    assert await market.cards() == {"available": MANY}


@pytest.mark.parametrize("name", ["codes.txt", "codes.csv"])
def test_reading_and_sealing_takes_no_more_memory_for_more_lines(name: str) -> None:
    vault = Vault("k1", VAULT_KEYS)

    def peak_kb(lines: int) -> float:
        data = a_file(lines)
        tracemalloc.start()
        chunk = []
        for line in read_codes(data, file_name=name):
            chunk.append(line)
            if len(chunk) == CHUNK:
                # The vault's own work is the same for each part: every twentieth shows it.
                if line.number % (20 * CHUNK) == 0:
                    seal_part(vault, chunk)
                chunk = []
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak / 1024

    few, many = peak_kb(10_000), peak_kb(100_000)
    assert many < 1.3 * few + 64, f"{few:.0f} kB for 10,000 lines, {many:.0f} kB for 100,000"


async def test_a_purchase_completes_between_two_parts_of_an_import(market: Market) -> None:
    variant = await market.a_variant(codes=0)
    bought: list[int] = []

    def at(done: int) -> None:
        if not buying:
            buying.append(asyncio.create_task(buy()))
        seen.append((done, len(bought)))

    async def buy() -> None:
        buyer = await market.a_customer()
        order = await market.an_order(buyer, variant, paid=True)
        assert await market.codes_of(buyer, order.number) == ["ABCD-00000000-EFGH"]
        bought.append(order.id)

    buying: list[asyncio.Task[None]] = []
    seen: list[tuple[int, int]] = []
    batch = await import_codes(market.shop, an_import(variant, a_file(MANY)), on_progress=at)
    await buying[0]
    assert batch.added == MANY
    done_before_the_end = [done for done, sold in seen if sold]
    assert done_before_the_end, "the buyer had his code while parts were still to come"
    assert done_before_the_end[0] < MANY


# ------------------------------------------------------------------------------------------------- workers


async def test_a_long_file_is_left_to_a_worker_who_tells_the_sender(market: Market) -> None:
    variant = await market.a_variant(codes=0)
    order = an_import(variant, a_file(AT_ONCE + 1), key="tg:7", tell=Address("tg", "1"))
    left = await start_import(market.shop, order)
    assert (left.state, left.added, left.lines) == (BatchState.IMPORTING, 0, AT_ONCE + 1)
    told: list[int] = []

    async def tell(batch: BatchView) -> None:
        told.append(batch.done_lines)

    batch = await carry_on(market.shop, tell)
    assert batch is not None
    assert (batch.state, batch.added) == (BatchState.DONE, AT_ONCE + 1)
    assert told == [CHUNK, 2 * CHUNK, AT_ONCE + 1]
    [message] = await market.rows("SELECT channel, external_id, news FROM messages")
    assert message == {"channel": "tg", "external_id": "1", "news": NewsKind.IMPORT_ENDED.value}
    assert await carry_on(market.shop, tell) is None


@pytest.mark.parametrize("lines", [3, AT_ONCE + 1])
async def test_the_same_message_twice_is_one_import(market: Market, lines: int) -> None:
    variant = await market.a_variant(codes=0)
    order = an_import(variant, a_file(lines), key="tg:7")
    first = await start_import(market.shop, order)
    again = await start_import(market.shop, order)
    assert again == first
    await carry_on(market.shop, silently)
    ended = await start_import(market.shop, order)
    assert (ended.batch_id, ended.added, ended.already_there) == (first.batch_id, lines, 0)
    market.clock.advance(days=10)
    assert await market.shop.write(forget_keys) == 1
    assert (await start_import(market.shop, order)).batch_id != first.batch_id


async def test_who_is_stopped_lets_another_go_on_at_once(market: Market) -> None:
    variant = await market.a_variant(codes=0)
    await start_import(market.shop, an_import(variant, a_file(5 * CHUNK)))
    first_part = asyncio.Event()

    async def hang(_: BatchView) -> None:
        first_part.set()
        await asyncio.Event().wait()

    working = asyncio.create_task(carry_on(market.shop, hang))
    await asyncio.wait_for(first_part.wait(), 20)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    batch = await carry_on(market.shop, silently)
    assert batch is not None
    assert (batch.added, batch.twice_in_input) == (5 * CHUNK, 0)


async def test_a_frozen_process_adds_nothing_after_another_took_over(market: Market) -> None:
    variant = await market.a_variant(codes=0)
    await start_import(market.shop, an_import(variant, a_file(3 * CHUNK)))

    async def freeze(batch: BatchView) -> None:
        if batch.done_lines == CHUNK:
            market.clock.advance(seconds=LEASE.total_seconds())
            other = await carry_on(market.shop, silently)
            assert other is not None
            assert other.added == 3 * CHUNK

    batch = await carry_on(market.shop, freeze)
    assert batch is not None
    assert (batch.state, batch.added, batch.already_there, batch.twice_in_input) == (
        BatchState.DONE, 3 * CHUNK, 0, 0,
    )  # fmt: skip
    assert await market.cards() == {"available": 3 * CHUNK}


# ------------------------------------------------------------------------------------------------- taking back


async def test_what_is_sold_or_held_stays_and_the_rest_can_be_imported_again(market: Market) -> None:
    variant = await market.a_variant(codes=0)
    other = await market.a_variant(codes=2)
    batch = await market.stock(variant, ["A", "B", "C", "D", "E"])
    buyer = await market.a_customer()
    sold = await market.an_order(buyer, variant, paid=True)
    held = await market.an_order(buyer, variant)
    taken = await undo_import(market.shop, batch.batch_id, by=OWNER)
    assert (taken.state, taken.removed, taken.kept) == (BatchState.UNDONE, 3, 2)
    assert await market.cards() == {"available": 2, "held": 1, "delivered": 1}
    assert await market.codes_of(buyer, sold.number) == ["A"]
    [line] = await market.rows("SELECT details FROM audit_log WHERE command = 'import undo'")
    assert '"removed": 3' in str(line["details"]).replace("'", '"')
    again = await market.stock(other, ["A", "C", "D", "E"])
    assert (again.added, again.already_there) == (3, 1)
    await cancel_order(market.shop, buyer, held.number)
    assert await market.shop.read(count_unsold, batch.batch_id) == 1
    once_more = await undo_import(market.shop, batch.batch_id, by=OWNER)
    assert (once_more.removed, once_more.kept) == (4, 1)
    with pytest.raises(NoSuchBatch):
        await undo_import(market.shop, 12345, by=OWNER)


async def test_a_refund_before_the_look_after_taking_back_leaves_the_books_whole(market: Market) -> None:
    variant = await market.a_variant(codes=0)
    batch = await market.stock(variant, ["A"])
    order = await market.an_order(await market.a_customer(), variant, paid=True)
    assert (await undo_import(market.shop, batch.batch_id, by=OWNER)).kept == 1
    await refund_order(market.shop, order.number, by=OWNER)
    assert (await undo_import(market.shop, batch.batch_id, by=OWNER)).kept == 0
    assert await market.cards() == {}


async def test_taking_back_stops_an_import_that_is_under_way(market: Market) -> None:
    variant = await market.a_variant(codes=0)
    left = await start_import(market.shop, an_import(variant, a_file(5 * CHUNK)))

    async def undo(batch: BatchView) -> None:
        await undo_import(market.shop, batch.batch_id, by=OWNER)

    batch = await carry_on(market.shop, undo)
    assert batch is not None
    assert (batch.state, batch.added, batch.removed) == (BatchState.UNDONE, CHUNK, CHUNK)
    assert await market.cards() == {}
    assert await market.one("SELECT count(*) FROM batch_files") == 0
    assert await market.one("SELECT count(*) FROM messages") == 0
    assert await carry_on(market.shop, silently) is None
    assert left.batch_id == batch.batch_id


async def test_taking_back_that_died_half_way_is_finished_by_a_worker(market: Market) -> None:
    variant = await market.a_variant(codes=0)
    batch = await market.stock(variant, 3 * CHUNK)
    with power_cut(market.shop, after=2):
        await undo_import(market.shop, batch.batch_id, by=OWNER)
    assert await market.cards() == {"available": 2 * CHUNK}
    market.clock.advance(seconds=LEASE.total_seconds())
    ended = await carry_on(market.shop, silently)
    assert ended is not None
    assert (ended.state, ended.removed) == (BatchState.UNDONE, 3 * CHUNK)
    assert await market.one("SELECT count(*) FROM audit_log WHERE command = 'import undo'") == 1


async def test_buyers_and_taking_back_at_once_share_every_code_out(market: Market) -> None:
    variant = await market.a_variant(codes=0)
    batch = await market.stock(variant, 30)
    crowd = await market.a_crowd(20, balance=1)

    async def buy(place: int) -> bool:
        try:
            await market.place(crowd[place], variant)
        except OutOfStock:
            return False
        return True

    first = [asyncio.create_task(buy(place)) for place in range(10)]
    undoing = asyncio.create_task(undo_import(market.shop, batch.batch_id, by=OWNER))
    rest = [asyncio.create_task(buy(place)) for place in range(10, 20)]
    sold = sum(await asyncio.gather(*first, *rest))
    taken = await undoing
    assert (taken.state, taken.removed, taken.kept) == (BatchState.UNDONE, 30 - sold, sold)
    assert await market.cards() == ({"held": sold} if sold else {})


@pytest_asyncio.fixture
async def on_postgresql(postgresql_url: str) -> AsyncIterator[Market]:
    async with a_market(postgresql_url) as made:
        yield made


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("point", "sold"), [("DELETE FROM cards", True), ("UPDATE batches", True), ("SELECT EXISTS", False)]
)
async def test_a_buyer_between_two_statements_of_taking_back(
    on_postgresql: Market, point: str, sold: bool
) -> None:
    market = on_postgresql
    variant = await market.a_variant(codes=0)
    batch = await market.stock(variant, ["A", "B"])
    buyer = await market.a_customer()
    race = await run_between(
        market.shop.database,
        undo_import(market.shop, batch.batch_id, by=OWNER),
        market.place(buyer, variant),
        point=point,
    )
    assert not race.had_to_wait
    assert (race.second is not OutOfStock) is sold
    assert await market.cards() == ({"held": 1} if sold else {})


@pytest.mark.postgresql
@pytest.mark.parametrize("point", ["WITH picked", "INSERT INTO used_keys", "UPDATE order_lines"])
async def test_taking_back_between_two_statements_of_a_purchase(on_postgresql: Market, point: str) -> None:
    market = on_postgresql
    variant = await market.a_variant(codes=0)
    batch = await market.stock(variant, ["A", "B"])
    buyer = await market.a_customer()
    race = await run_between(
        market.shop.database,
        market.place(buyer, variant),
        undo_import(market.shop, batch.batch_id, by=OWNER),
        point=point,
    )
    kept = (await market.shop.read(get_batch, batch.batch_id)).kept
    assert kept == (0 if race.first is OutOfStock else 1)
    assert await market.cards() == ({"held": 1} if kept else {})


@pytest.mark.postgresql
@pytest.mark.parametrize("point", ["INSERT INTO cards", "UPDATE batches"])
async def test_taking_back_between_two_statements_of_a_part(on_postgresql: Market, point: str) -> None:
    market = on_postgresql
    variant = await market.a_variant(codes=0)
    left = await start_import(market.shop, an_import(variant, a_file(3 * CHUNK)))
    claim = await market.shop.write(batches.claim_batch)
    assert claim is not None
    market.clock.advance(seconds=LEASE.total_seconds())
    await run_between(
        market.shop.database,
        carry_on(market.shop, silently),
        undo_import(market.shop, left.batch_id, by=OWNER),
        point=point,
    )
    assert await market.cards() == {}
    assert (await market.shop.read(get_batch, left.batch_id)).kept == 0
