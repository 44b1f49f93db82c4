"""A file sent in the chat goes on the shelf that was asked about, once, and nowhere else."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from admin_cmds.telling import progress_screen
from bot.imports import ImportWork
from handlers.screen import Screen
from shop_core.customers.people import Address
from shop_core.kernel.errors import RetryLater
from shop_core.stock.batches import CHUNK
from tests.admin.office import Office, button, text_of


async def test_a_file_is_imported_after_its_variant_was_chosen(office: Office) -> None:
    variant = await office.market.a_variant(codes=["OLD-1"])
    asked = await office.type(f"/import {variant} --cost 9.50 --expires 2027-03-31 --origin 老王/二店")
    assert asked.prompt is not None
    imported = await office.send("a.txt", b"OLD-1\nNEW-1\nNEW-2\nNEW-2\nbad\x01line\n")
    said = text_of(imported)
    assert "入库 2 张" in said
    assert "1 张以前就有" in said
    assert "重复 1 张" in said
    assert "第 5 行有乱码" in said
    assert "NEW" not in said
    [batch] = await office.market.rows("SELECT * FROM batches WHERE origin <> 'codes.txt'")
    assert (batch["origin"], batch["cost_minor"], str(batch["expires_on"])) == (
        "老王/二店",
        950,
        "2027-03-31",
    )
    assert batch["imported_by"] == "tg:1"


async def test_the_same_file_again_adds_nothing(office: Office) -> None:
    variant = await office.market.a_variant(codes=0)
    await office.press(f"admin/import/{variant}")
    assert "入库 2 张" in text_of(await office.send("a.txt", b"X-1\nX-2\n"))
    await office.press(f"admin/import/{variant}")
    imported = await office.send("a.txt", b"X-1\nX-2\n")
    assert "入库 0 张" in text_of(imported)
    assert "2 张以前就有" in text_of(imported)
    assert await office.market.cards() == {"available": 2}


async def test_a_file_that_nobody_asked_for_is_not_imported(office: Office) -> None:
    await office.market.a_variant(codes=0)
    for prepare in ("admin", "admin/price/1"):
        await office.press(prepare)
        refused = await office.send("a.txt", b"X-1\n")
        assert "先选要入库的规格" in text_of(refused)
    assert await office.market.cards() == {}


async def test_codes_pasted_as_text_are_not_taken_and_the_question_stays(office: Office) -> None:
    variant = await office.market.a_variant(codes=0)
    await office.press(f"admin/import/{variant}")
    refused = await office.type("X-1")
    assert "用 TXT 或 CSV 文件" in text_of(refused)
    assert "X-1" not in str(refused)
    assert "入库 1 张" in text_of(await office.send("a.txt", b"X-1\n"))


async def test_an_unreadable_file_may_be_sent_again(office: Office) -> None:
    variant = await office.market.a_variant(codes=0)
    await office.press(f"admin/import/{variant}")
    assert "读不懂这个文件" in text_of(await office.send("a.xls", b"\xd0\xcf\x00\xff\xff\x00"))
    assert "入库 1 张" in text_of(await office.send("a.txt", b"X-1\n"))


async def test_walking_elsewhere_forgets_the_question(office: Office) -> None:
    variant = await office.market.a_variant(codes=0)
    asked = await office.press(f"admin/import/{variant}")
    await office.press(button(asked, "返回"))
    await office.send("a.txt", b"X-1\n")
    assert await office.market.cards() == {}


async def test_a_question_that_would_not_fit_is_refused(office: Office) -> None:
    refused = await office.type("/product add --description " + "说" * 150)
    assert "写得太长了" in text_of(refused)


# ------------------------------------------------------------------------------------------------- long files


@dataclass
class Chat:
    """A channel that remembers what it was to show."""

    shown: list[tuple[Address, Screen]] = field(default_factory=list)
    trouble: Exception | None = None
    name: str = "tg"

    async def send(self, address: Address, screen: Screen) -> None:
        self.shown.append((address, screen))
        if self.trouble is not None:
            raise self.trouble


class HastyClock:
    """Two seconds go by at each look."""

    def __init__(self, office: Office) -> None:
        self._clock = office.market.clock

    def now(self) -> datetime:
        self._clock.advance(seconds=2)
        return self._clock.now()


LONG = b"\n".join(b"LONG-%05d" % number for number in range(6 * CHUNK))


async def a_long_file_sent(office: Office) -> Screen:
    variant = await office.market.a_variant(codes=0)
    await office.press(f"admin/import/{variant}")
    return await office.send("long.txt", LONG)


def work_of(office: Office, chat: Chat) -> ImportWork:
    office.shop.clock = HastyClock(office)
    return ImportWork(office.shop, {"tg": chat}, progress_screen)  # type: ignore[dict-item]


async def test_a_long_file_is_answered_at_once_and_counts_up_in_one_message(office: Office) -> None:
    answered = await a_long_file_sent(office)
    assert "正在入库 0 / 3,000" in text_of(answered)
    assert answered.clears_upload
    chat = Chat()
    assert await work_of(office, chat).some(asyncio.Event())
    assert chat.shown, "no progress was shown"
    assert {address for address, _ in chat.shown} == {Address("tg", "1")}
    assert {screen.slot for _, screen in chat.shown} == {answered.slot}
    assert not any(screen.news for _, screen in chat.shown)
    assert len(chat.shown) < 6, "not after each part"
    office.market.clock.advance(seconds=10)
    [(_, ended)] = await office.news("tg")
    assert ended is not None
    assert ended.news
    assert ended.slot == answered.slot
    assert "入库 3000 张" in text_of(ended)
    assert "LONG" not in str(ended)
    assert not await work_of(office, chat).some(asyncio.Event())


async def test_a_chat_that_cannot_be_reached_stops_no_import(office: Office) -> None:
    await a_long_file_sent(office)
    assert await work_of(office, Chat(trouble=RetryLater("no page is open"))).some(asyncio.Event())
    assert await office.market.cards() == {"available": 3000}


async def test_a_short_file_is_told_by_its_answer_and_not_again(office: Office) -> None:
    variant = await office.market.a_variant(codes=0)
    await office.press(f"admin/import/{variant}")
    assert (await office.send("a.txt", b"X-1\n")).clears_upload
    office.market.clock.advance(seconds=10)
    assert await office.news("tg") == []


async def test_a_refused_file_stays_in_the_chat(office: Office) -> None:
    variant = await office.market.a_variant(codes=0)
    await office.press(f"admin/import/{variant}")
    assert not (await office.send("a.xls", b"\xd0\xcf\x00\xff\xff\x00")).clears_upload


# ------------------------------------------------------------------------------------------------- taking back


async def test_an_import_is_taken_back_from_its_own_screen(office: Office) -> None:
    market = office.market
    variant = await market.a_variant(codes=0)
    await office.press(f"admin/import/{variant}")
    imported = await office.send("a.txt", b"X-1\nX-2\nX-3\n")
    await market.an_order(await market.a_customer(), variant, paid=True)
    asked = await office.press(button(imported, "收回没卖的"))
    assert "还没卖的 2 张" in text_of(asked)
    assert "1 张已卖出" in text_of(asked)
    assert await market.cards() == {"available": 2, "delivered": 1}, "nothing before it is confirmed"
    undone = await office.press(button(asked, "收回"))
    assert "已收回 2 张" in text_of(undone)
    assert "1 张已卖出或被订单占着，留着不动" in text_of(undone)
    assert await market.cards() == {"delivered": 1}
    [entry] = await office.audit_of("import undo")
    assert (entry.actor, entry.details["removed"], entry.details["kept"]) == ("tg:1", 2, 1)


async def test_a_variants_stock_leads_to_its_imports(office: Office) -> None:
    variant = await office.market.a_variant(codes=["A", "B"])
    stock = await office.press(f"admin/stock/{variant}")
    shown = await office.press(button(stock, "第"))
    assert "入库 2 张" in text_of(shown)
    asked = await office.press(button(shown, "收回没卖的"))
    assert "还没卖的 2 张" in text_of(asked)
    assert "没有这一批" in text_of(await office.type("/import undo 12345"))
    assert "没有这一批" in text_of(await office.type("/import show 12345"))


async def test_the_number_of_a_batch_may_be_typed_after_the_command(office: Office) -> None:
    await office.market.a_variant(codes=["A", "B"])
    batch = await office.market.one("SELECT max(id) FROM batches")
    await office.type("/import undo")
    assert "还没卖的 2 张" in text_of(await office.type(str(batch)))
