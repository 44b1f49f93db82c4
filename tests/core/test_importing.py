"""Putting codes on the shelf: each once, whatever is imported how often, and out again as it was."""

from __future__ import annotations

from datetime import date

import pytest

from shop_core.catalog.errors import NoSuchVariant
from shop_core.stock.batches import CHUNK, LEASE, BatchView, list_batches
from shop_core.stock.carry_on import carry_on
from shop_core.stock.errors import BadFile
from shop_core.stock.import_codes import Import, import_codes
from shop_core.stock.models import BatchState
from tests.core.builders import OWNER, Market, power_cut

STRANGE = [
    '<&>"',
    "🎮 <b>x</b> 🎁",
    'it\'s "quoted"',
    "a,b;c|d",
    "%(x)s {y} \\n",
    "'; DROP TABLE cards; --",
    "卡密：一二三",
]


async def silently(batch: BatchView) -> None:
    """Nobody looks on."""


async def test_an_import_says_what_became_of_each_line(market: Market) -> None:
    variant = await market.a_variant(codes=["A", "B"])
    result = await market.stock(variant, ["B", "C", "C", "", "bell\x07", "D", "C"])
    assert (result.added, result.already_there, result.twice_in_input) == (2, 1, 2)
    assert result.bad == ((5, "unreadable"),)
    assert await market.cards() == {"available": 4}


async def test_a_code_is_there_once_across_batches_and_variants(market: Market) -> None:
    await market.a_variant(codes=["A", "B"])
    other = await market.a_variant(codes=["B", "C"])
    again = await market.stock(other, ["A", "B", "C"])
    assert (again.added, again.already_there) == (0, 3)
    assert await market.cards() == {"available": 3}
    assert [batch.added for batch in await market.shop.read(list_batches, other, 9)] == [1], (
        "an import of nothing new is not listed"
    )


async def test_a_sold_code_is_not_imported_again(market: Market) -> None:
    variant = await market.a_variant(codes=["A"])
    await market.an_order(await market.a_customer(), variant, paid=True)
    assert (await market.stock(variant, ["A"])).already_there == 1


async def test_an_import_that_died_half_way_is_gone_on_with(market: Market) -> None:
    variant = await market.a_variant(codes=0)
    file = [f"CODE-{n % (2 * CHUNK)}" for n in range(3 * CHUNK)] + ["bad\x07"] + ["CODE-LAST"] * 9
    with power_cut(market.shop, after=2):
        await market.stock(variant, file)
    assert await market.cards() == {"available": CHUNK}
    assert await carry_on(market.shop, silently) is None, "its process may still be at it"
    market.clock.advance(seconds=LEASE.total_seconds())
    batch = await carry_on(market.shop, silently)
    assert batch is not None
    assert batch.state is BatchState.DONE
    assert (batch.added, batch.already_there, batch.twice_in_input) == (2 * CHUNK + 1, 0, CHUNK + 8)
    assert batch.bad == ((3 * CHUNK + 1, "unreadable"),)
    assert await market.cards() == {"available": 2 * CHUNK + 1}
    assert await market.one("SELECT count(*) FROM batch_files") == 0


async def test_a_strange_code_comes_out_as_it_was(market: Market) -> None:
    variant = await market.a_variant(codes=STRANGE)
    buyer = await market.a_customer()
    order = await market.an_order(buyer, variant, quantity=len(STRANGE), paid=True)
    assert await market.codes_of(buyer, order.number) == STRANGE


async def test_a_file_from_chinese_windows_sells_like_any_other(market: Market) -> None:
    variant = await market.a_variant(codes=0)
    data = "卡号,密码\r\n甲001,密一\r\n".encode("gb18030")
    result = await import_codes(market.shop, Import(variant, "卡密.csv", data, OWNER))
    assert result.added == 1
    buyer = await market.a_customer()
    order = await market.an_order(buyer, variant, paid=True)
    assert await market.codes_of(buyer, order.number) == ["甲001 密一"]


async def test_no_code_lies_in_clear_in_any_table(market: Market) -> None:
    variant = await market.a_variant(codes=["SECRET-TEXT", "SECRET-TEXT", "bad SECRET-TEXT\x07"])
    buyer = await market.a_customer()
    order = await market.an_order(buyer, variant, paid=True)
    await market.codes_of(buyer, order.number)
    tables = [*(await market.everything()).values(), await market.rows("SELECT * FROM audit_log")]
    assert "SECRET-TEXT" not in str(tables)


async def test_nothing_is_imported_for_a_variant_that_is_not_there_or_from_no_text(market: Market) -> None:
    with pytest.raises(NoSuchVariant):
        await market.stock(123456, ["A"])
    variant = await market.a_variant(codes=0)
    with pytest.raises(BadFile):
        await import_codes(market.shop, Import(variant, "codes.txt", b"\x00\x01", OWNER))
    assert await market.cards() == {}


async def test_a_batch_remembers_cost_origin_and_expiry(market: Market) -> None:
    variant = await market.a_variant(codes=0, cost=300)
    await market.stock(variant, ["A"], expires_on=date(2027, 1, 31), origin="wholesale")
    await market.stock(variant, ["B"], cost_minor=250)
    batches = await market.rows("SELECT origin, cost_minor, imported_by FROM batches ORDER BY id")
    assert batches == [
        {"origin": "wholesale", "cost_minor": 300, "imported_by": OWNER},
        {"origin": "codes.txt", "cost_minor": 250, "imported_by": OWNER},
    ]
    order = await market.an_order(await market.a_customer(), variant, quantity=2)
    assert order.lines[0].cost.minor == 550


async def test_progress_is_told_line_by_line(market: Market) -> None:
    variant = await market.a_variant(codes=0)
    told: list[int] = []
    data = "\n".join(f"C{n}" for n in range(CHUNK + 1)).encode()
    await import_codes(market.shop, Import(variant, "codes.txt", data, OWNER), on_progress=told.append)
    assert told == [CHUNK, CHUNK + 1]
