"""Every invariant finds what breaks it: one row is corrupted by SQL, and ``verify`` names it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import Connection, make_url
from sqlalchemy.ext.asyncio import create_async_engine

from shop_core.catalog.edit import set_fields
from shop_core.catalog.goods import Field, FieldKind, GoodsKind
from shop_core.customers.people import Address
from shop_core.db.tx import View
from shop_core.delivery.kinds import change_kind
from shop_core.delivery.tasks import list_tasks, watch_tasks
from shop_core.invariants.check import Finding
from shop_core.invariants.verify import CHECKS, CODE_CHECK, MOST_PER_CHECK, NUMBER_CHECK, verify_codes
from shop_core.kernel.errors import Unknown
from shop_core.kernel.money import Money
from shop_core.kernel.policy import Policy
from shop_core.kernel.secret import Secret
from shop_core.messaging.pulls import open_pull
from shop_core.migrations.upgrade import upgrade
from shop_core.orders.by_hand import finish_task, take_task
from shop_core.orders.end import cancel_order, expire_orders
from shop_core.orders.pay import pay_from_wallet, top_up_difference
from shop_core.orders.refund import refund_order, refund_seen_order, return_order
from shop_core.orders.suspense import credit_to_buyer, mark_returned
from shop_core.reconciliation.close import Way, settle, sign_off
from shop_core.reconciliation.counterpart import Counterparts
from shop_core.reconciliation.days import after, day_of
from shop_core.reconciliation.lines import Line, LineState
from shop_core.reconciliation.rematch import take_reading
from shop_core.supply.supplier import Told
from shop_core.threads.answer import answer_customer
from shop_core.threads.handovers import end, note_taken
from shop_core.threads.overheard import Past, keep_overheard
from shop_core.threads.sealing import Said
from shop_core.threads.watch import watch_threads
from shop_core.threads.write import write_to_shop
from shop_core.vault.vault import Vault
from shop_core.verification.codes import CodeText, confirm_code, send_code
from shop_core.verification.contacts import Kind
from tests.core.builders import CLOSED, EPAY, OTHER_GATEWAY, OWNER, START, VAULT_KEYS, Market
from tests.core.pairs import link
from tests.core.whole import find_all
from tests.core.wholesaler import STATING, Trade, a_trade
from tests.postgres import PostgresServer

ONE_ORDER_IN: Final = "(SELECT min(id) FROM orders WHERE state = '{}')"
LINE_OF_ORDER_IN: Final = (
    "(SELECT min(l.id) FROM order_lines l JOIN orders o ON o.id = l.order_id WHERE o.state = '{}')"
)
SEEN_LINE: Final = (
    "(SELECT min(d.line_id) FROM deliveries d JOIN order_lines l ON l.id = d.line_id"
    " JOIN orders o ON o.id = l.order_id WHERE d.revealed_at IS NOT NULL AND o.state = 'delivered')"
)


def order_in(state: str) -> str:
    return ONE_ORDER_IN.format(state)


def line_in(state: str) -> str:
    return LINE_OF_ORDER_IN.format(state)


def drop_entry(state: str, step: str) -> tuple[str, ...]:
    key = f"(SELECT 'order:' || min(id) || ':{step}' FROM orders WHERE state = '{state}')"
    return (
        f"DELETE FROM ledger_postings WHERE entry_id = (SELECT id FROM ledger_entries WHERE key = {key})",
        f"DELETE FROM ledger_entries WHERE key = {key}",
    )


MERGED: Final = "(SELECT max(id) FROM people WHERE merged_into IS NOT NULL)"
DONE: Final = "(SELECT min(id) FROM purchases WHERE state = 'done')"

CORRUPTIONS: Final[dict[str, tuple[str, ...]]] = {
    "purchase_has_known_state": ("UPDATE purchases SET state = 'lost' WHERE state = 'refused'",),
    "line_has_one_purchase_at_a_time": (
        "DROP INDEX uq_purchases_live",
        "UPDATE purchases SET state = 'unknown' WHERE state = 'refused'",
    ),
    "purchase_under_way_has_paid_order": (
        ("UPDATE orders SET state = 'refunded' WHERE id = (SELECT l.order_id FROM order_lines l"
        " JOIN purchases p ON p.line_id = l.id WHERE p.state = 'accepted')"),
    ),
    "purchase_under_way_is_seen_to": ("UPDATE purchases SET due_at = NULL WHERE state = 'accepted'",),
    "purchase_that_left_us_says_when": ("UPDATE purchases SET sent_at = NULL WHERE state = 'done'",),
    "purchase_counts_its_codes": ("UPDATE purchases SET delivered = 3 WHERE state = 'done'",),
    "line_has_no_more_cards_than_it_wants": (
        f"UPDATE order_lines SET quantity = 1 WHERE id = (SELECT line_id FROM purchases WHERE id = {DONE})",
    ),
    "purchase_with_goods_is_booked": ("UPDATE purchases SET booked_minor = NULL WHERE state = 'done'",),
    "purchase_is_booked_as_it_says": ("UPDATE purchases SET booked_minor = 7 WHERE state = 'done'",),
    "purchase_is_given_back_as_it_says": ("UPDATE purchases SET returned_minor = 7 WHERE state = 'done'",),
    "signed_day_is_settled": ("UPDATE reconciled_lines SET closed_at = NULL WHERE way = 'correct'",),
    "line_of_ours_stands_in_one_group": (
        ("UPDATE reconciled_lines SET our_subject = (SELECT our_subject FROM reconciled_lines WHERE way = 'correct')"
        " WHERE kind = 'theirs_only'"),
    ),
    "line_written_off_is_booked": (
        "UPDATE ledger_entries SET key = 'elsewhere', kind = 'adjustment' WHERE kind = 'reconciled'",
    ),
    "entry_of_reconciliation_has_settled_line": (
        "UPDATE reconciled_lines SET way = 'known' WHERE way = 'write_off'",
    ),
    "purchase_is_corrected_as_it_says": ("UPDATE purchases SET corrected_minor = 8 WHERE state = 'done'",),
    "entries_of_purchases_are_as_many": (
        "INSERT INTO ledger_entries (key, kind, at) VALUES ('purchase:99:bought', 'purchase_bought', 0)",
    ),
    "delivered_top_up_has_its_proof": ("DELETE FROM top_up_proofs",),
    "proof_has_paid_top_up": (
        f"INSERT INTO top_up_proofs (line_id, done_by, at) VALUES ({line_in('cancelled')}, 'tg:1', 0)",
    ),
    "top_up_knows_what_its_buyer_said": ("DELETE FROM line_inputs",),
    "open_task_has_paid_order": ("INSERT INTO tasks (line_id, state, opened_at) VALUES (123456, 'open', 0)",),
    "task_has_known_state": ("UPDATE tasks SET state = 'lost' WHERE state = 'done'",),
    "top_up_holds_no_card": (
        ("UPDATE cards SET state = 'held', line_id = (SELECT max(line_id) FROM tasks)"
        " WHERE id = (SELECT min(id) FROM cards WHERE state = 'available')"),
    ),
    "case_of_a_task_is_about_one_that_waits": ("UPDATE tasks SET state = 'withdrawn' WHERE state = 'open'",),
    "entry_balances": (
        ("UPDATE ledger_postings SET amount_minor = amount_minor + 1"
        " WHERE id = (SELECT max(id) FROM ledger_postings WHERE account = 'sales')"),
    ),
    "entry_has_postings": ("INSERT INTO ledger_entries (key, kind, at) VALUES ('stray', 'adjustment', 0)",),
    "account_is_in_chart": (
        ("UPDATE ledger_postings SET account = 'petty_cash'"
        " WHERE id = (SELECT max(id) FROM ledger_postings WHERE account = 'sales')"),
    ),
    "balance_is_sum_of_postings": (
        ("UPDATE ledger_balances SET amount_minor = amount_minor + 1"
        " WHERE account = (SELECT min(account) FROM ledger_balances)"),
    ),
    "wallet_has_balance": (
        "DELETE FROM ledger_balances WHERE account = (SELECT min(account) FROM ledger_balances WHERE amount_minor > 0)",
    ),
    "balance_is_not_negative": (
        "UPDATE ledger_balances SET amount_minor = -1 WHERE account = (SELECT min(account) FROM ledger_balances)",
    ),
    "orders_account_is_paid_orders": ("UPDATE orders SET total_minor = total_minor + 1 WHERE state = 'paid'",),
    "suspense_account_is_open_receipts": (
        ("UPDATE receipts SET amount_minor = amount_minor + 1"
        " WHERE id = (SELECT min(id) FROM receipts WHERE state = 'suspense')"),
    ),
    "gateway_account_is_receipts": ("DELETE FROM receipts WHERE id = (SELECT max(id) FROM receipts)",),
    "order_paid_entry": drop_entry("delivered", "paid"),
    "order_delivered_entry": drop_entry("delivered", "delivered"),
    "order_refunded_entry": drop_entry("refunded", "refunded"),
    "order_entry_amount": (
        ("UPDATE ledger_postings SET amount_minor = 2 * amount_minor WHERE entry_id ="
        " (SELECT min(id) FROM ledger_entries WHERE kind = 'order_delivered')"),
    ),
    "order_entries_are_as_many_as_orders": (
        "INSERT INTO ledger_entries (key, kind, at) VALUES ('order:123456:paid', 'order_paid', 0)",
    ),
    "order_lines_sum_to_total": (
        f"UPDATE order_lines SET paid_minor = 1, list_minor = 1 WHERE id = {line_in('awaiting')}",
    ),
    "line_adds_up": (f"UPDATE order_lines SET discount_minor = 7 WHERE id = {line_in('awaiting')}",),
    "line_cost_is_cost_of_cards": (
        f"UPDATE order_lines SET cost_minor = cost_minor + 1 WHERE id = {line_in('delivered')}",
    ),
    "order_belongs_to_person": (f"UPDATE order_lines SET person_id = 99 WHERE id = {line_in('delivered')}",),
    "delivered_order_is_announced": (
        f"DELETE FROM messages WHERE cause = 'order:' || {order_in('delivered')} || ':delivered'",
    ),
    "used_key_names_order": ("UPDATE used_keys SET result = 123456 WHERE result = (SELECT min(id) FROM orders)",),
    NUMBER_CHECK: (f"UPDATE orders SET number = '22222223' WHERE id = {order_in('cancelled')}",),
    "awaiting_order_holds_its_cards": (
        f"UPDATE cards SET state = 'available', line_id = NULL WHERE line_id = {line_in('awaiting')}",
    ),
    "delivered_order_has_its_cards": (
        f"UPDATE cards SET state = 'available', line_id = NULL WHERE line_id = {line_in('delivered')}",
    ),
    "delivered_order_has_its_delivery": (f"DELETE FROM deliveries WHERE line_id = {line_in('delivered')}",),
    "ended_order_holds_nothing": (
        (f"UPDATE cards SET state = 'held', line_id = {line_in('expired')}"
        " WHERE id = (SELECT min(id) FROM cards WHERE state = 'available')"),
    ),
    "undelivered_order_has_no_delivery": (
        f"INSERT INTO deliveries (line_id, quantity, delivered_at) VALUES ({line_in('awaiting')}, 1, 0)",
    ),
    "delivery_has_line": ("INSERT INTO deliveries (line_id, quantity, delivered_at) VALUES (123456, 1, 0)",),
    "refund_restocks_what_nobody_saw": (
        "UPDATE deliveries SET returned_at = NULL WHERE returned_at IS NOT NULL",
    ),
    "seen_code_never_returns": (
        f"UPDATE cards SET state = 'available', line_id = NULL WHERE line_id = {SEEN_LINE}",
    ),
    "look_is_on_record": (f"DELETE FROM reveals WHERE line_id = {SEEN_LINE}",),
    "held_card_has_waiting_order": (
        ("UPDATE cards SET state = 'held', line_id = 123456"
        " WHERE id = (SELECT min(id) FROM cards WHERE state = 'available')"),
    ),
    "delivered_card_has_delivered_order": (
        (f"UPDATE cards SET state = 'delivered', line_id = {line_in('cancelled')}"
        " WHERE id = (SELECT min(id) FROM cards WHERE state = 'available')"),
    ),
    "available_card_is_free": (
        "UPDATE cards SET state = 'available' WHERE id = (SELECT min(id) FROM cards WHERE state = 'delivered')",
    ),
    "card_has_known_state": (
        "UPDATE cards SET state = 'lost' WHERE id = (SELECT min(id) FROM cards WHERE state = 'available')",
    ),
    "card_is_of_its_batch": ("UPDATE cards SET cost_minor = 7 WHERE id = (SELECT min(id) FROM cards)",),
    "returning_account_is_refunds_under_way": (
        "UPDATE receipts SET amount_minor = amount_minor + 1 WHERE state = 'returning'",
    ),
    "refund_and_receipt_agree": ("UPDATE receipts SET state = 'applied' WHERE state = 'returned' AND payer IS NOT NULL",),
    "returning_receipt_has_refund": ("UPDATE refunds SET state = 'refused', due_at = NULL WHERE state = 'intended'",),
    "refund_under_way_is_due": ("UPDATE refunds SET due_at = NULL WHERE state = 'intended'",),
    "refund_is_of_refunded_order": (
        f"UPDATE refunds SET order_id = {order_in('delivered')} WHERE order_id IS NOT NULL",
    ),
    "tender_is_whole": ("UPDATE payments SET tender_source = NULL WHERE tender_currency IS NOT NULL",),
    "receipt_is_worth_what_was_asked": (
        "UPDATE receipts SET tender_currency = 'CNY' WHERE tender_currency IS NOT NULL AND state = 'applied'",
    ),
    "batch_counts_its_cards": (
        "UPDATE batches SET removed = removed + 1 WHERE id = (SELECT min(id) FROM batches)",
    ),
    "file_is_kept_while_importing": (
        "INSERT INTO batch_files (batch_id, name, place, sealed) SELECT min(id), 'a.txt', 'p', 'x' FROM batches",
    ),
    "batch_under_way_is_due": (
        "UPDATE batches SET state = 'undoing' WHERE id = (SELECT max(id) FROM batches)",
    ),
    "settled_payment_has_receipt": (
        "DELETE FROM receipts WHERE id = (SELECT min(id) FROM receipts WHERE state = 'applied')",
    ),
    "applied_receipt_settles_payment": (
        "UPDATE payments SET state = 'open' WHERE id = (SELECT min(id) FROM payments WHERE state = 'settled')",
    ),
    "paid_order_has_its_receipt": (
        f"UPDATE orders SET paid_with = 'bank' WHERE paid_with = '{EPAY}' AND state = 'delivered'",
    ),
    "credited_receipt_reached_wallet": (
        "UPDATE receipts SET person_id = 123456 WHERE id = (SELECT min(id) FROM receipts WHERE state = 'credited')",
    ),
    "suspense_has_open_case": (
        "UPDATE cases SET closed_at = 0 WHERE kind = 'suspense' AND closed_at IS NULL",
    ),
    "suspense_case_has_receipt": (
        "UPDATE cases SET closed_at = NULL WHERE kind = 'suspense' AND closed_at IS NOT NULL",
    ),
    "nothing_belongs_to_a_merged_person": (
        f"UPDATE orders SET person_id = {MERGED} WHERE id = (SELECT min(id) FROM orders)",
    ),
    "merged_wallet_is_empty": (
        f"UPDATE ledger_balances SET amount_minor = 7 WHERE account = 'wallet:' || {MERGED}",
    ),
    "merged_person_leads_to_one_who_is_not": (
        "UPDATE people SET merged_into = 123456 WHERE merged_into IS NOT NULL",
    ),
    "merge_is_in_the_journal": ("DELETE FROM person_changes",),
    "nothing_says_who_an_erased_person_was": (
        "UPDATE people SET erased_at = 1 WHERE id = (SELECT min(person_id) FROM identities)",
    ),
    "nothing_is_owed_to_an_erased_person": (
        "UPDATE people SET erased_at = 1 WHERE id IN (SELECT person_id FROM orders WHERE state IN ('awaiting', 'paid'))",
    ),
    "contact_is_one_persons": (
        "DROP INDEX uq_verified_contacts_fingerprint",
        "UPDATE verified_contacts SET fingerprint = (SELECT fingerprint FROM verified_contacts LIMIT 1)",
    ),
    "person_has_one_contact_of_a_kind": (
        "DROP INDEX uq_verified_contacts_person_kind",
        "UPDATE verified_contacts SET kind = 'phone'",
    ),
    "contact_is_of_a_known_kind": ("UPDATE verified_contacts SET how = 'guessed'",),
    "code_is_tried_so_often": ("UPDATE contact_codes SET tries = 6",),
    "message_is_sealed_for_its_person": (f"UPDATE thread_messages SET sealed_for = 123456 WHERE sealed_for = {MERGED}",),
    "thread_waits_for_its_first_unsettled": (
        "UPDATE threads SET waiting_since = waiting_since + 1 WHERE waiting_since IS NOT NULL",
    ),
    "answer_is_the_shops_own": ("UPDATE thread_messages SET answer_id = id WHERE answer_id IS NOT NULL",),
    "answer_is_announced": ("DELETE FROM messages WHERE news = 'thread_answered'",),
    "overheard_is_of_a_handover_of_its_channel": ("UPDATE handovers SET channel = 'elsewhere'",),
    "overheard_waits_for_nobody": ("UPDATE thread_messages SET seen_at = NULL WHERE handover_id IS NOT NULL",),
    "handover_goes_forward": ("UPDATE handovers SET ended_at = asked_at - 1",),
    "every_pull_is_due_some_time": ("UPDATE pulls SET due_at = NULL",),
    "case_of_a_customer_is_about_one_who_waits": (
        "UPDATE cases SET closed_at = NULL WHERE kind = 'thread' AND closed_at IS NOT NULL",
    ),
}  # fmt: skip
"""One for each check: the statements that break it."""


async def populate(market: Market) -> None:
    """Bring a shop into every state that an honest shop can be in."""
    shop, clock = market.shop, market.clock
    buyer, other = await market.a_customer(balance=5000), await market.a_customer()
    variant = await market.a_variant(price=990, codes=12, cost=300)
    scarce = await market.a_variant(price=500, codes=1)
    seen, unseen = [await market.an_order(buyer, variant, quantity=2, paid=True) for _ in range(2)]
    await market.codes_of(buyer, seen.number)
    await pay_from_wallet(shop, buyer, await market.place(buyer, variant))
    await cancel_order(shop, buyer, (await market.an_order(buyer, variant)).number)
    for refund in (refund_order, refund_seen_order):
        order = await market.an_order(other, variant, paid=True)
        if refund is refund_seen_order:
            await market.codes_of(other, order.number)
        await refund(shop, order.number, by=OWNER)
    # Money that is late, with and without a code left; short, over, double.
    late, missed = await market.an_order(other, variant), await market.an_order(other, scarce)
    for order in (late, missed):
        await market.ask_money(other, order.number)
    clock.advance(minutes=16)
    await expire_orders(shop)
    await market.an_order(buyer, scarce, paid=True)
    await market.tell(await market.notice(late.number))
    await market.tell(await market.notice(missed.number))
    over = await market.an_order(buyer, variant)
    await market.ask_money(buyer, over.number)
    await market.tell(await market.notice(over.number, minor=980))
    await market.tell(await market.notice(over.number, minor=1000))
    await market.tell(await market.notice(over.number))
    # Money without a place: waiting, returned, credited.
    for _ in range(3):
        await market.tell(await market.notice("ZZZZZZZZ", minor=100), gateway=OTHER_GATEWAY)
    receipts = [
        row["id"] for row in await market.rows("SELECT id FROM receipts WHERE state = 'suspense' ORDER BY id")
    ]
    await mark_returned(shop, receipts[0], by=OWNER)
    await credit_to_buyer(shop, receipts[1], unseen.number, by=OWNER)
    # A top-up that finishes its order, an order that waits, and one whose code was lost after it was paid.
    poor = await market.a_customer(balance=100)
    number = await market.place(poor, variant)
    payment = await top_up_difference(shop, poor, number, EPAY, title="Kapu")
    await market.tell(await market.notice(payment.number, minor=890))
    stuck = await market.an_order(other, variant)
    await market.sql(
        f"UPDATE cards SET state = 'available', line_id = NULL WHERE line_id = {stuck.lines[0].id}"
    )
    await market.ask_money(other, stuck.number)
    await market.tell(await market.notice(stuck.number))
    await market.an_order(buyer, variant)
    await populate_stars(market, variant)
    # One who was answered late, and one who waits.
    await write_to_shop(shop, buyer, Said("在吗"), key="web:1")
    clock.advance(minutes=31)
    await watch_threads(shop)
    await answer_customer(
        shop, await market.one("SELECT id FROM threads"), Said("在的"), key="tg:1", by=OWNER
    )
    await write_to_shop(shop, other, Said("在吗"), key="web:2")
    await _overhear(market)
    # One who has shown an address and a number, and one who was sent a code.
    for kind, typed in ((Kind.EMAIL, "a@example.com"), (Kind.PHONE, "13812341234")):
        await send_code(shop, buyer, kind, typed, lambda _, code: CodeText("", code, "zh"))
        await confirm_code(shop, buyer, market.post.code)
    # Two who turned out to be one.
    older, younger = await market.a_customer(channel="tg"), await market.a_customer(balance=50)
    await write_to_shop(shop, younger, Said("是我"), key="web:3")
    await link(market, older, younger)


async def _overhear(market: Market) -> None:
    """One whose conversation an agent had, on a channel that is pulled."""
    talker = await market.a_customer(channel="kf")
    there = Address(talker.channel, talker.external_id)
    await market.shop.write(note_taken, there, "zhangsan")
    for key, agent in (("kf:1", "zhangsan"), ("kf:2", None)):
        await keep_overheard(market.shop, talker, Said("好的"), key=key, past=Past(1, agent))
    await market.shop.write(end, there)
    await market.shop.write(open_pull, talker.channel)


async def populate_stars(market: Market, variant: int) -> None:
    """Money in a currency of its own: kept, given back, refused, on its way back."""
    stars = [await market.a_customer(channel=CLOSED) for _ in range(4)]
    await market.stock(variant, 4)
    orders = [await market.an_order(customer, variant) for customer in stars]
    for customer, order in zip(stars, orders, strict=True):
        await market.pay_stars(customer, order)
    await return_order(market.shop, orders[1].number, by=OWNER)
    market.stars.no = "BALANCE_TOO_LOW"
    await return_order(market.shop, orders[2].number, by=OWNER)
    market.stars.trouble = Unknown("no answer")
    await return_order(market.shop, orders[3].number, by=OWNER)


async def buy_something(trade: Trade) -> None:
    """One purchase done and taken back by its supplier, one under way, one refused."""
    variant = await trade.a_variant()
    await trade.a_paid_order(variant, quantity=2)
    await trade.work()
    [done] = trade.first.placed
    await trade.tell(trade.first, Told(done.number, outcome=trade.first.fails(done.number)))
    trade.first.does, trade.second.does = ["refuse"], ["accept"]
    await trade.a_paid_order(variant)
    await trade.work()
    await trade.work()
    assert await trade.states() == ["first done", "first refused", "second accepted"]


async def reconcile_days(trade: Trade) -> None:
    """A signed day with a purchase that was corrected and a charge that was written off; the next with one still open."""
    shop, clock = trade.market.shop, trade.market.clock
    [first] = shop.get(Counterparts)
    [purchase] = await trade.market.rows("SELECT * FROM purchases WHERE state = 'done'")
    day = day_of(clock.now(), first.zone)
    at = clock.now()
    bought = Line(purchase["number"], "U1", Money(7, "CNY"), LineState.DONE, at)
    stray = Line("NOPE", "U9", Money(70, "CNY"), LineState.DONE, at)
    await shop.write(take_reading, first, day, [bought, stray])
    await shop.write(take_reading, first, after(day), [stray])
    for way in (Way.CORRECT, Way.WRITE_OFF):
        kind = {Way.CORRECT: "amount", Way.WRITE_OFF: "theirs_only"}[way]
        statement = "SELECT min(id) FROM reconciled_lines WHERE kind = :kind"
        line = await trade.market.one(statement, kind=kind)
        await shop.write(settle, shop.get(Counterparts), line, way, by=OWNER)
    signed = await trade.market.one("SELECT id FROM reconciled_days WHERE day = :day", day=day)
    await shop.write(sign_off, signed, by=OWNER)


async def top_up_by_hand(trade: Trade) -> None:
    """One direct top-up that staff have done, one that waits for them too long."""
    market = trade.market
    variant = await market.a_variant(codes=0)
    await market.shop.write(change_kind, variant, GoodsKind.TOP_UP)
    await market.shop.write(set_fields, variant, (Field("phone", {"zh": "手机号"}, FieldKind.PHONE),))
    customer = await market.a_customer(balance=1980)
    for phone in ("13812345678", "13912345678"):
        number = await market.place_saying(customer, variant, phone=phone)
        await pay_from_wallet(market.shop, customer, number)
        await market.run_news()
    first, _ = await market.shop.read(list_tasks, 5)
    await take_task(market.shop, first.id, by=OWNER)
    await finish_task(market.shop, first.id, "", by=OWNER)
    market.clock.advance(minutes=31)
    await watch_tasks(market.shop)


def run_apart(work: Callable[[], Any]) -> None:
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(lambda: asyncio.run(work())).result()


async def fill(url: str) -> None:
    await upgrade(url)
    async with a_trade(url, capabilities=STATING) as trade:
        await populate(trade.market)
        await buy_something(trade)
        await reconcile_days(trade)
        await top_up_by_hand(trade)


@pytest.fixture(scope="module")
def rich_sqlite_url(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("rich") / "kapu.db"
    shutil.copyfile(sqlite_template, path)
    url = f"sqlite+aiosqlite:///{path}"
    run_apart(lambda: fill(url))
    return url


@pytest.fixture(scope="module")
def rich_postgresql_url(postgres_server: PostgresServer, request: pytest.FixtureRequest) -> str:
    worker = getattr(request.config, "workerinput", {"workerid": "alone"})["workerid"]
    made: list[str] = []

    async def prepare() -> None:
        made.append(await postgres_server.create_database(f"rich_{worker}"))
        await fill(made[0])

    run_apart(prepare)
    return made[0]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def rich_url(request: pytest.FixtureRequest) -> str:
    """A shop with a past. Whoever changes something in it takes it back."""
    url: str = request.getfixturevalue(f"rich_{request.param}_url")
    return url


@asynccontextmanager
async def corruptible(url: str) -> AsyncIterator[Callable[[Callable[[Connection], Any]], Any]]:
    """Run functions over a connection that minds neither checks nor references; nothing of it is kept."""
    driver = "postgresql+asyncpg" if url.startswith("postgresql") else "sqlite+aiosqlite"
    engine = create_async_engine(make_url(url).set(drivername=driver))
    try:
        async with engine.connect() as conn:
            if driver.startswith("postgresql"):
                await conn.exec_driver_sql("SET session_replication_role = replica")
                await conn.exec_driver_sql(
                    "ALTER TABLE ledger_balances DROP CONSTRAINT ck_ledger_balances_not_negative"
                )
            else:
                await conn.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
            yield conn.run_sync
            await conn.rollback()
    finally:
        await engine.dispose()


def verify_on(conn: Connection) -> list[Finding]:
    return find_all(View(conn, START, Policy()))


def break_and_verify(conn: Connection, statements: tuple[str, ...]) -> list[Finding]:
    for statement in statements:
        changed = conn.exec_driver_sql(statement).rowcount
        assert changed > 0 or statement.startswith("DROP"), f"nothing to corrupt: {statement}"
    return verify_on(conn)


async def test_a_shop_with_a_past_is_whole(rich_url: str) -> None:
    async with corruptible(rich_url) as run:
        assert await run(verify_on) == []
        assert (
            await run(lambda conn: verify_codes(View(conn, START, Policy()), Vault("k1", VAULT_KEYS))) == []
        )


def test_every_check_has_its_corruption() -> None:
    names = [check.name for check in CHECKS]
    assert len(set(names)) == len(names)
    assert set(CORRUPTIONS) == {*names, NUMBER_CHECK}


@pytest.mark.parametrize("check", CORRUPTIONS)
async def test_a_corrupted_row_is_named(rich_url: str, check: str) -> None:
    async with corruptible(rich_url) as run:
        found = await run(lambda conn: break_and_verify(conn, CORRUPTIONS[check]))
    named = [finding for finding in found if finding.check == check]
    assert named, f"verify found {found}"
    assert all(finding.subject and finding.explanation for finding in named)


async def test_a_hundred_thousand_of_a_kind_are_not_all_listed(rich_url: str) -> None:
    more = "INSERT INTO ledger_entries (key, kind, at) VALUES " + ",".join(
        f"('stray:{n}', 'adjustment', 0)" for n in range(MOST_PER_CHECK + 5)
    )
    async with corruptible(rich_url) as run:
        found = await run(lambda conn: break_and_verify(conn, (more,)))
    assert len(found) == MOST_PER_CHECK + 1
    assert found[-1].subject == "more"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cards SET sealed = (SELECT sealed FROM cards WHERE id = 2) WHERE id = 1",
        "UPDATE cards SET fingerprint = sealed WHERE id = 1",
    ],
    ids=["moved", "fingerprint"],
)
async def test_a_code_that_does_not_open_is_named(rich_url: str, statement: str) -> None:
    def codes(conn: Connection) -> list[Finding]:
        conn.exec_driver_sql(statement)
        return verify_codes(View(conn, START, Policy()), Vault("k1", VAULT_KEYS))

    async with corruptible(rich_url) as run:
        found = await run(codes)
    assert [(finding.check, finding.subject) for finding in found] == [(CODE_CHECK, "card 1")]


async def test_a_code_under_another_fingerprint_key_is_named(rich_url: str) -> None:
    keys = VAULT_KEYS | {"fingerprint": Secret("MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA=")}
    async with corruptible(rich_url) as run:
        found = await run(lambda conn: verify_codes(View(conn, START, Policy()), Vault("k1", keys), every=5))
    assert {finding.check for finding in found} == {CODE_CHECK}
    assert all(int(finding.subject.split()[1]) % 5 == 0 for finding in found)
