"""Who has himself erased is nobody afterwards, in no row of any table; what the books need stays, and no money is lost."""

from __future__ import annotations

from typing import Final

import pytest
from sqlalchemy import event

from shop_core.catalog.edit import set_fields
from shop_core.catalog.goods import Field, FieldKind, GoodsKind
from shop_core.conversations.forms import begin
from shop_core.customers.passwords import set_password
from shop_core.customers.people import Address, Customer, PersonErased, find_customer, meet
from shop_core.customers.preferences import set_timezone
from shop_core.db.tx import View
from shop_core.delivery.kinds import change_kind
from shop_core.delivery.restock import wish
from shop_core.kernel.secret import Secret
from shop_core.messaging.parcels import pack
from shop_core.messaging.sending import claim_messages, mark_failed
from shop_core.messaging.shown import Place, remember_shown
from shop_core.orders.by_hand import finish_task, take_task
from shop_core.orders.end import cancel_order
from shop_core.orders.errors import NoSuchOrder
from shop_core.orders.models import OrderState
from shop_core.orders.pay import pay_from_wallet
from shop_core.orders.read import list_own
from shop_core.orders.recover import recover_orders
from shop_core.orders.refund import refund_order
from shop_core.orders.reveal import reveal_codes
from shop_core.pairing.codes import make_code
from shop_core.pairing.part import list_identities, part
from shop_core.privacy.erase import erase
from shop_core.privacy.holdings import STAYS
from shop_core.resale.keys import close_keys, get_reseller, make_keys
from shop_core.resale.trade import Asked, look_at_goods, order_downstream
from shop_core.resale.unheard import report
from shop_core.tables import METADATA
from shop_core.threads.answer import answer_customer
from shop_core.threads.errors import NoSuchThread
from shop_core.threads.handovers import note_taken
from shop_core.threads.overheard import Past, keep_overheard
from shop_core.threads.read import get_thread, list_threads
from shop_core.threads.sealing import Said, SentFile
from shop_core.threads.watch import watch_threads
from shop_core.threads.write import write_to_shop
from shop_core.verification.codes import CodeText, confirm_code, send_code
from shop_core.verification.contacts import Kind
from tests.core.builders import OWNER, Market
from tests.core.erased import why_not_yet
from tests.core.pairs import link, now
from tests.core.personal import is_personal

NAME: Final = "欧阳明月"
PHONE: Final = "13812345678"
URL: Final = "https://his-own-shop.test/told"
PNG: Final = b"\x89PNG\r\n\x1a\n"
_MAY_STAY: Final = {("receipts", "payer")}
"""Whom the gateway says that has paid: without it no money could go back."""


async def somebody(market: Market, *, channel: str = "web", balance: int = 0) -> Customer:
    customer = await market.shop.write(
        meet, channel=channel, external_id=f"id-of-{channel}-{market.key()}", name=NAME, language="zh"
    )
    if balance:
        await market.give(customer, balance)
    return customer


def _traces(view: View, words: tuple[str, ...]) -> set[tuple[str, str]]:
    """Where any of these words stands, as table and column."""
    found = set()
    for table in METADATA.sorted_tables:
        for row in view.execute(table.select()).mappings():
            found |= {
                (table.name, str(column))
                for column, value in row.items()
                if any(word in str(value) for word in words)
            }
    return found - _MAY_STAY


async def traces(market: Market, *words: str) -> set[tuple[str, str]]:
    return await market.shop.read(_traces, words)


async def buys_codes(market: Market, him: Customer) -> None:
    """He buys, looks, waits for more, and one of the news never reaches him."""
    variant = await market.a_variant(codes=1)
    order = await market.an_order(him, variant, paid=True)
    await market.codes_of(him, order.number)
    await market.shop.write(wish, him, variant)
    [message, *_] = await market.shop.write(claim_messages, [him.channel], 20)
    await market.shop.write(mark_failed, message, "blocked")


async def tops_up(market: Market, him: Customer) -> None:
    variant = await market.a_variant(codes=0)
    await market.shop.write(change_kind, variant, GoodsKind.TOP_UP)
    await market.shop.write(set_fields, variant, [Field("phone", {"zh": "手机号"}, FieldKind.PHONE)])
    await pay_from_wallet(market.shop, him, await market.place_saying(him, variant, phone=PHONE))
    await market.run_news()
    [task] = await market.rows("SELECT id FROM tasks")
    await take_task(market.shop, task["id"], by=OWNER)
    await finish_task(market.shop, task["id"], f"{PHONE} +100", by=OWNER)


async def sells_on(market: Market, him: Customer) -> str:
    """A shop of his buys here, is told of it where it wants to be, and its keys are taken back. The key."""
    keys = await market.shop.write(make_keys, market.vault, him.person_id, by=OWNER)
    reseller = await market.shop.read(get_reseller, keys.key)
    asked = Asked("HIS-NUMBER", await market.a_variant(), 1, callback_url=URL)
    resold = await order_downstream(market.shop, reseller, asked)
    await market.shop.write(look_at_goods, reseller, resold)
    await market.shop.write(report, reseller, resold, "silence")
    await market.shop.write(close_keys, keys.key)
    return keys.key


async def talks(market: Market, him: Customer) -> int:
    """He writes, and waits for so long that it is a case. The thread."""
    await write_to_shop(market.shop, him, Said("我是欧阳", SentFile("me.png", PNG)), key=him.external_id)
    market.clock.advance(hours=1)
    await watch_threads(market.shop)
    [thread] = await market.shop.read(list_threads, limit=5)
    await answer_customer(market.shop, thread.id, Said(f"您好，{NAME}"), key="k2", by=OWNER)
    await write_to_shop(market.shop, him, Said("谢谢"), key=f"{him.external_id}:2")
    return thread.id


async def is_handed_over(market: Market, him: Customer) -> None:
    """An agent has his conversation in the vendor's own app, and something was sent to him there."""
    there = Address(him.channel, him.external_id)
    await market.shop.write(pack, there, f"answer:{him.external_id}", "p1", messages=(1,), keep=None)
    await market.shop.write(note_taken, there, "zhangsan")
    handover = await market.one("SELECT id FROM handovers")
    for key, agent in (("o1", None), ("o2", "zhangsan")):
        past = Past(handover, agent)
        await keep_overheard(market.shop, him, Said(NAME), key=f"{him.channel}:{key}", past=past)


async def test_no_row_of_any_table_says_who_he_was(market: Market) -> None:
    older, left, him = (
        await somebody(market, channel="tg"),
        await somebody(market, channel="tg"),
        await somebody(market, balance=9900),
    )
    ids = [older.external_id, him.external_id]
    him = await link(market, older, him)
    older = await now(market, older)
    await link(market, older, left)
    await buys_codes(market, him)
    await tops_up(market, him)
    await buys_codes(market, await now(market, left))
    ids.append(await sells_on(market, him))
    thread = await talks(market, him)
    await is_handed_over(market, older)
    await set_password(market.shop, him, Secret("correct horse"))
    await send_code(market.shop, him, Kind.PHONE, PHONE, lambda _, code: CodeText("", code, "zh"))
    await confirm_code(market.shop, him, market.post.code)
    browser = await somebody(market)
    ids.append(browser.external_id)
    await write_to_shop(market.shop, browser, Said("where are my orders?"), key="k3")
    [bought, *_] = await market.shop.read(list_own, him.person_id, limit=5)
    await recover_orders(market.shop, browser, bought.number, Secret("correct horse"))
    [gone] = [
        one
        for one in await market.shop.read(list_identities, him)
        if one.address.external_id == left.external_id
    ]
    await part(market.shop, him, gone.id)
    await market.shop.write(set_timezone, him.person_id, "Asia/Tokyo")
    chat = Address(him.channel, him.external_id)
    await market.shop.write(begin, chat, "x", "y", {"said": NAME})
    await market.shop.write(remember_shown, chat, Place("screen", "42"))
    await make_code(market.shop, him)
    await market.run_news()
    await market.give(him, -(await market.balance(him)))
    his = (*ids, PHONE, "****5678", URL, "HIS-NUMBER")
    assert len({table for table, _ in await traces(market, NAME, *his)}) > 12, "there is something to erase"

    await erase(market.shop, him)

    assert await traces(market, *his) == {("resellers", "key")}, "it opens nothing"
    [named] = await market.rows(f"SELECT id FROM people WHERE name = '{NAME}'")
    assert named["id"] not in {him.person_id, older.person_id}, "who left before is somebody else"
    assert await traces(market, NAME) == {("people", "name")}
    assert await traces(market, left.external_id) <= {
        ("identities", "external_id"),
        ("messages", "external_id"),
    }
    for sealed in ("thread_messages", "line_inputs", "thread_files", "resellers", "top_up_proofs"):
        column = "sealed_secret" if sealed == "resellers" else "sealed"
        assert await market.rows(f"SELECT {column} FROM {sealed} WHERE length({column}) > 0") == []
    with pytest.raises(NoSuchThread):
        await market.shop.read(get_thread, thread)
    assert (await market.look(bought.number)).state is OrderState.DELIVERED, "the books stay"
    assert await market.rows("SELECT id FROM cases WHERE closed_at IS NULL AND kind <> 'stock'") == []
    assert await market.verify() == []


async def test_who_comes_back_is_a_stranger(market: Market) -> None:
    him = await somebody(market)
    order = await market.an_order(him, await market.a_variant(), paid=True)
    await erase(market.shop, him)
    there = {"channel": him.channel, "external_id": him.external_id}
    assert await market.shop.read(find_customer, **there) is None
    again = await market.shop.write(meet, **there, name=NAME, language="zh")
    assert again.person_id != him.person_id
    assert await market.shop.read(list_own, again.person_id, limit=5) == []
    for who in (again, him):
        with pytest.raises(NoSuchOrder):
            await reveal_codes(market.shop, who, order.number)
    with pytest.raises(PersonErased):
        await market.place(him, await market.a_variant())
    with pytest.raises(PersonErased):
        await erase(market.shop, him)


async def test_nothing_is_erased_before_everything_is_settled(market: Market) -> None:
    him = await somebody(market, balance=990)
    assert await why_not_yet(market, him) == "balance"
    order = await market.an_order(him, await market.a_variant())
    assert await why_not_yet(market, him) == "order"
    await cancel_order(market.shop, him, order.number)
    keys = await market.shop.write(make_keys, market.vault, him.person_id, by=OWNER)
    assert await why_not_yet(market, him) == "keys"
    await market.shop.write(close_keys, keys.key)
    assert await why_not_yet(market, him) == "balance"
    await market.sql(
        "INSERT INTO staff (actor, role, granted_by, granted_at) VALUES (:who, 'support', 'x', 0)",
        who=f"{him.channel}:{him.external_id}",
    )
    assert await why_not_yet(market, him) == "staff"
    assert await now(market, him) == him


async def test_staff_give_nothing_to_who_was_erased(market: Market) -> None:
    him = await somebody(market)
    order = await market.an_order(him, await market.a_variant(), paid=True)
    await write_to_shop(market.shop, him, Said("hello"), key="k1")
    [thread] = await market.shop.read(list_threads, limit=5)
    await erase(market.shop, him)
    with pytest.raises(PersonErased):
        await refund_order(market.shop, order.number, by=OWNER)
    with pytest.raises(PersonErased):
        await market.shop.write(make_keys, market.vault, him.person_id, by=OWNER)
    with pytest.raises(NoSuchThread):
        await answer_customer(market.shop, thread.id, Said("hello?"), key="k2", by=OWNER)
    assert await market.shop.read(list_threads, limit=5) == []
    assert (await market.look(order.number)).state is OrderState.DELIVERED


async def test_the_next_conversation_is_not_taken_for_one_that_was_erased(market: Market) -> None:
    """SQLite gives the highest number again; notices of staff name conversations and messages by theirs."""
    him, other = await somebody(market), await somebody(market)
    first = await write_to_shop(market.shop, him, Said("hello"), key="k1")
    [thread] = await market.shop.read(list_threads, limit=5)
    await erase(market.shop, him)
    assert await write_to_shop(market.shop, other, Said("hello"), key="k2") != first
    [fresh] = await market.shop.read(list_threads, limit=5)
    assert fresh.id != thread.id
    told = await market.rows("SELECT cause FROM messages WHERE news = 'thread_written'")
    assert len(told) == 2, "staff hear of him"


async def test_a_trace_that_is_left_is_found(market: Market) -> None:
    him = await somebody(market)
    await market.an_order(him, await market.a_variant(), paid=True)
    await erase(market.shop, him)
    await market.sql("UPDATE orders SET external_id = 'id-of-web'")
    assert {one.check for one in await market.verify()} == {"nothing_says_who_an_erased_person_was"}
    await market.sql("UPDATE orders SET external_id = 'erased-1'")


async def test_every_table_that_can_name_somebody_is_erased_or_stays_for_a_reason(market: Market) -> None:
    him = await somebody(market)
    await market.an_order(him, await market.a_variant(), paid=True)
    keys = await market.shop.write(make_keys, market.vault, him.person_id, by=OWNER)
    await market.shop.write(close_keys, keys.key)
    await write_to_shop(market.shop, him, Said("hello"), key="k1")
    touched: set[str] = set()

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        match statement.split(maxsplit=3):
            case ["UPDATE", table, *_] | ["DELETE", "FROM", table, *_]:
                touched.add(table)
            case _:
                pass

    for engine in market.shop.database.sync_engines():
        event.listen(engine, "before_cursor_execute", note)
    await erase(market.shop, him)
    personal = {table.name for table in METADATA.tables.values() if any(map(is_personal, table.columns))}
    assert personal - touched == {model.__tablename__ for model in STAYS}
    assert all(STAYS.values())
