"""Two persons become one: what becomes of everything that both had, and how an identity leaves again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import update

from shop_core.catalog.edit import set_fields
from shop_core.catalog.goods import Field, FieldKind, GoodsKind
from shop_core.conversations.forms import begin
from shop_core.conversations.prompts import ask
from shop_core.customers.passwords import find_digest, is_right, set_password
from shop_core.customers.people import Address, Customer, PersonMerged, mark_unreachable, set_language
from shop_core.db.inbox import LaneRow, store
from shop_core.db.tx import Tx
from shop_core.delivery.kinds import change_kind
from shop_core.delivery.restock import is_wished, wish
from shop_core.invariants.people import _OWNED
from shop_core.kernel.errors import Unknown
from shop_core.kernel.secret import Secret
from shop_core.messaging.choices import offer
from shop_core.messaging.elsewhere import find_last_used, tell_also, tell_elsewhere
from shop_core.messaging.queue import NewsKind, QueuedMessage
from shop_core.messaging.sending import claim_messages
from shop_core.orders.end import cancel_order, expire_orders
from shop_core.orders.errors import NoSuchOrder, OverPersonLimit, TooManyUnpaid
from shop_core.orders.give_back import send_refunds
from shop_core.orders.pay import pay_from_wallet
from shop_core.orders.read import list_own
from shop_core.orders.refund import refund_order, return_order
from shop_core.orders.reveal import reveal_codes
from shop_core.orders.spend import spendable
from shop_core.orders.take_payment import Taken
from shop_core.pairing.belongings import KEPT, MOVED, WEIGHED
from shop_core.pairing.errors import LastIdentity, NoSuchIdentity
from shop_core.pairing.merge import confirm
from shop_core.pairing.part import hear_all, list_identities, part
from shop_core.resale.keys import get_reseller, make_keys
from shop_core.resale.trade import Asked, find_by_number, order_downstream
from shop_core.staff.roles import Role, Roster
from shop_core.tables import METADATA
from shop_core.threads.answer import answer_customer, settle
from shop_core.threads.read import get_thread, is_for, list_messages, list_threads, open_file
from shop_core.threads.sealing import Said, SentFile
from shop_core.threads.watch import watch_threads
from shop_core.threads.write import write_to_shop
from shop_core.vault.vault import Vault
from tests.core.builders import CLOSED, OWNER, STARS, Market
from tests.core.pairs import asked, link, now


async def two(market: Market, **balances: int) -> tuple[Customer, Customer]:
    """The older on ``tg``, the younger on ``web``."""
    older = await market.a_customer(channel="tg", balance=balances.get("older", 0))
    return older, await market.a_customer(channel="web", balance=balances.get("younger", 0))


def _columns_that_name_persons() -> set[tuple[str, str]]:
    """By foreign key, and by name: most have no key, since the row they point at is never deleted."""
    names = ("person_id", "customer_id", "owner_id", "buyer_id", "merged_into", "said_by", "sealed_for")
    return {
        (table.name, column.name)
        for table in METADATA.tables.values()
        for column in table.columns
        if any(key.column.table.name == "people" for key in column.foreign_keys)
        or column.name.endswith(names)
        or (table.name == "person_changes" and column.name == "other_id")
    }


def test_everything_that_names_a_person_is_covered_by_the_merge() -> None:
    covered = {(column.class_.__tablename__, column.key) for column in (*MOVED, *WEIGHED, *KEPT)}
    assert _columns_that_name_persons() == covered


def test_verify_looks_at_everything_that_a_merge_gives_away() -> None:
    assert {(column.class_.__tablename__, column.key) for column in (*MOVED, *WEIGHED)} == set(_OWNED)


# ------------------------------------------------------------------------------------------------------- trade


async def test_codes_bought_on_one_channel_open_on_the_other_only_when_linked(market: Market) -> None:
    older, younger = await two(market)
    order = await market.an_order(younger, paid=True)
    with pytest.raises(NoSuchOrder):
        await reveal_codes(market.shop, older, order.number)
    assert await market.shop.read(list_own, older.person_id, limit=5) == []
    await asked(market, older, younger)
    with pytest.raises(NoSuchOrder):
        await reveal_codes(market.shop, older, order.number)
    await link(market, older, younger)
    (code,) = await market.codes_of(older, order.number)
    assert [code] == await market.codes_of(await now(market, younger), order.number)
    [found] = await market.shop.read(list_own, older.person_id, limit=5)
    assert found.address == Address(younger.channel, younger.external_id)


async def test_the_older_person_goes_on_whoever_typed_the_code(market: Market) -> None:
    older, younger = await two(market)
    third = await market.a_customer()
    assert (await link(market, younger, older)).person_id == older.person_id
    assert (await link(market, third, await now(market, younger))).person_id == older.person_id
    assert len(await market.shop.read(list_identities, await now(market, third))) == 3
    rows = await market.rows("SELECT id, merged_into FROM people WHERE merged_into IS NOT NULL ORDER BY id")
    assert [row["merged_into"] for row in rows] == [older.person_id] * 2


async def test_who_was_merged_leads_to_whom_the_other_is_merged_into(market: Market) -> None:
    oldest = await market.a_customer()
    older, younger = await two(market)
    await link(market, older, younger)
    await link(market, await now(market, younger), oldest)
    rows = await market.rows("SELECT merged_into FROM people WHERE merged_into IS NOT NULL")
    assert [row["merged_into"] for row in rows] == [oldest.person_id] * 2


async def test_two_balances_become_one_by_an_entry_of_the_books(market: Market) -> None:
    older, younger = await two(market, older=300, younger=450)
    await link(market, older, younger)
    assert await market.balance(older) == 750
    assert await market.balance(younger) == 0
    key = f"merge:{younger.person_id}:wallet"
    entry = await market.one("SELECT id FROM ledger_entries WHERE key = :key", key=key)
    moved = await market.rows(
        "SELECT account, amount_minor FROM ledger_postings WHERE entry_id = :entry ORDER BY amount_minor",
        entry=entry,
    )
    assert [tuple(row.values()) for row in moved] == [
        (f"wallet:{older.person_id}", -450),
        (f"wallet:{younger.person_id}", 450),
    ]
    order = await market.an_order(older, await market.a_variant(price=750))
    await pay_from_wallet(market.shop, await now(market, younger), order.number)


async def test_both_open_orders_stay_open_and_each_can_be_paid_from_either_side(market: Market) -> None:
    older, younger = await two(market)
    first, second = await market.an_order(older), await market.an_order(younger)
    payment = await market.ask_money(younger, second.number)
    await link(market, older, younger)
    assert await market.tell(await market.notice(payment)) is Taken.APPLIED
    assert await market.codes_of(older, second.number)
    await cancel_order(market.shop, await now(market, younger), first.number)


async def test_money_that_comes_late_for_one_who_is_gone_is_the_others(market: Market) -> None:
    older, younger = await two(market)
    variant = await market.a_variant(codes=1)
    order = await market.an_order(younger, variant)
    payment = await market.ask_money(younger, order.number)
    market.clock.advance(minutes=16)
    await expire_orders(market.shop)
    await market.an_order(older, variant, paid=True)
    await link(market, older, younger)
    assert await market.tell(await market.notice(payment)) is Taken.CREDITED
    assert await market.balance(older) == 990


async def test_a_refund_that_the_gateway_refuses_after_the_merge_is_the_others(market: Market) -> None:
    older = await market.a_customer(channel="tg")
    younger = await market.a_customer(channel=CLOSED)
    order = await market.an_order(younger)
    await market.pay_stars(younger, order)
    market.stars.trouble = Unknown("no answer")
    await return_order(market.shop, order.number, by=OWNER)
    await link(market, older, younger)
    market.stars.trouble, market.stars.no = None, "BALANCE_TOO_LOW"
    market.clock.advance(hours=2)
    await send_refunds(market.shop)
    assert await market.balance(older) == 990


async def test_what_was_credited_before_stays_explained_after(market: Market) -> None:
    older, younger = await two(market)
    order = await market.an_order(younger, paid=True)
    await market.tell(await market.notice(order.number))
    await refund_order(market.shop, order.number, by=OWNER)
    assert await market.balance(younger) == 1980
    await link(market, older, younger)
    assert await market.balance(older) == 1980


async def test_limits_count_what_both_have_bought(market: Market) -> None:
    older, younger = await two(market)
    variant = await market.a_variant(per_person=2)
    for buyer in (older, younger):
        await market.an_order(buyer, variant, paid=True)
    await link(market, older, younger)
    with pytest.raises(OverPersonLimit):
        await market.place(await now(market, younger), variant)


async def test_unpaid_orders_of_both_count(market: Market) -> None:
    older, younger = await two(market)
    variant = await market.a_variant(codes=9)
    for buyer in (older, younger, younger):
        await market.place(buyer, variant)
    await link(market, older, younger)
    with pytest.raises(TooManyUnpaid):
        await market.place(older, variant)


async def test_an_old_button_shows_the_order_that_it_placed(market: Market) -> None:
    older, younger = await two(market)
    variant, key = await market.a_variant(), market.key()
    number = await market.place(younger, variant, key=key)
    same_key = await market.place(older, variant, key=key)
    await link(market, older, younger)
    assert await market.place(await now(market, younger), variant, key=key) == same_key
    second = market.key()
    with pytest.raises(PersonMerged):
        await market.place(younger, variant, key=second)
    assert number != same_key


async def test_money_of_other_ways_does_not_become_spendable_where_it_may_not_be(market: Market) -> None:
    older = await market.a_customer(channel=CLOSED)
    younger = await market.a_customer(channel="web")
    order = await market.an_order(younger, paid=True)
    await refund_order(market.shop, order.number, by=OWNER)
    await link(market, older, younger)
    assert (await market.shop.read(spendable, older.person_id, frozenset({STARS}))).minor == 0
    assert (await market.shop.read(spendable, older.person_id, None)).minor == 990


async def test_another_shops_keys_go_on_buying_from_the_one_balance(market: Market) -> None:
    older, younger = await two(market, older=500, younger=500)
    keys = [
        await market.shop.write(make_keys, market.vault, one.person_id, by=OWNER) for one in (older, younger)
    ]
    variant = await market.a_variant()
    before = await market.shop.read(get_reseller, keys[1].key)
    await link(market, older, younger)
    placed = await order_downstream(market.shop, before, Asked("A1", variant, 1))
    assert await market.balance(older) == 10
    other = await market.shop.read(get_reseller, keys[0].key)
    assert await market.shop.read(find_by_number, other, "A1") is None
    assert placed.order.person_id == older.person_id


async def test_what_was_said_for_a_top_up_still_opens(market: Market) -> None:
    older, younger = await two(market)
    variant = await market.a_variant(codes=0)
    await market.shop.write(change_kind, variant, GoodsKind.TOP_UP)
    await market.shop.write(set_fields, variant, (Field("phone", {"zh": "手机号"}, FieldKind.PHONE),))
    number = await market.place_saying(younger, variant, phone="13812345678")
    await link(market, older, younger)
    revealed = await reveal_codes(market.shop, older, number)
    assert [said.reveal() for _, said in revealed.said] == ["13812345678"]


# ---------------------------------------------------------------------------------------------- what else he has


async def test_of_two_passwords_the_one_set_last_is_kept(market: Market) -> None:
    older, younger = await two(market)
    third = await market.a_customer()
    await set_password(market.shop, younger, Secret("the younger one"))
    market.clock.advance(minutes=1)
    await set_password(market.shop, older, Secret("the older one"))
    await link(market, older, younger)
    digest = await market.shop.read(find_digest, older.person_id)
    assert digest is not None
    assert await is_right(Secret("the older one"), digest)
    market.clock.advance(minutes=1)
    await set_password(market.shop, third, Secret("the last one"))
    await link(market, await now(market, younger), third)
    digest = await market.shop.read(find_digest, older.person_id)
    assert digest is not None
    assert await is_right(Secret("the last one"), digest)
    with pytest.raises(PersonMerged):
        await set_password(market.shop, younger, Secret("of one who is gone"))


async def test_of_two_wishes_for_the_same_the_one_that_waits_longest_is_kept(market: Market) -> None:
    older, younger = await two(market)
    both, one = await market.a_variant(codes=0), await market.a_variant(codes=0)
    for who, what in ((younger, both), (younger, one), (older, both)):
        await market.shop.write(wish, who, what)
        market.clock.advance(minutes=1)
    await link(market, older, younger)
    rows = await market.rows("SELECT variant_id, channel FROM restock_wishes ORDER BY variant_id")
    assert [tuple(row.values()) for row in rows] == [(both, "web"), (one, "web")]
    assert await market.shop.read(is_wished, older.person_id, both)
    with pytest.raises(PersonMerged):
        await market.shop.write(wish, younger, one)


async def test_the_language_is_that_of_whoever_goes_on(market: Market) -> None:
    older, younger = await two(market)
    await market.shop.write(set_language, younger.person_id, "en")
    assert (await link(market, older, younger)).language == "zh"


async def test_a_name_is_better_than_none(market: Market) -> None:
    older, younger = await two(market)
    await market.sql("UPDATE people SET name = '' WHERE id = :who", who=older.person_id)
    assert (await link(market, older, younger)).name == "小明"


async def test_a_role_stays_with_the_channel_that_it_was_given_to(market: Market) -> None:
    owner = await market.a_customer(channel="tg")
    await market.sql(
        "UPDATE identities SET external_id = '1' WHERE external_id = :who", who=owner.external_id
    )
    owner = await now(market, replace(owner, external_id="1"))
    younger = await market.a_customer(channel="web")
    await link(market, owner, younger)
    roster = market.shop.get(Roster)
    assert await market.shop.read(roster.role_of, "tg:1") is Role.OWNER
    assert await market.shop.read(roster.role_of, f"web:{younger.external_id}") is None


# ---------------------------------------------------------------------------------------------- conversations


async def say(market: Market, who: Customer, text: str, file: SentFile | None = None) -> int:
    market.clock.advance(minutes=1)
    return await write_to_shop(market.shop, who, Said(text, file), key=f"{who.channel}:{text}")


async def texts(market: Market, person_id: int) -> list[str]:
    said = await market.shop.read(list_messages, market.shop.get(Vault), person_id=person_id, limit=50)
    return [message.text for message in said]


async def test_two_conversations_become_one_in_the_order_of_time(market: Market) -> None:
    older, younger = await two(market)
    for who, text in ((older, "a"), (younger, "b"), (older, "c"), (younger, "d")):
        await say(market, who, text)
    first, second = sorted(one.id for one in await market.shop.read(list_threads, limit=5))
    market.clock.advance(minutes=40)
    await watch_threads(market.shop)
    await answer_customer(market.shop, first, Said("to a and c"), key="tg:1", by=OWNER)
    await link(market, older, younger)
    assert await texts(market, older.person_id) == ["a", "b", "c", "d", "to a and c"]
    [thread] = await market.shop.read(list_threads, limit=5)
    assert thread.id == second
    # Whoever answers by an old notice answers the conversation that there is.
    assert (await market.shop.read(get_thread, first)).id == second
    await answer_customer(market.shop, first, Said("to all"), key="tg:2", by=OWNER)
    assert (await texts(market, older.person_id))[-1] == "to all"
    assert not await settle(market.shop, first, by=OWNER)
    await say(market, await now(market, younger), "thanks")
    assert len(await texts(market, older.person_id)) == 7


@pytest.mark.parametrize("writer", [0, 1])
async def test_the_only_conversation_goes_along_with_its_files(market: Market, writer: int) -> None:
    both = await two(market)
    await say(market, both[writer], "look", SentFile("a.png", b"\x89PNG\r\n\x1a\n picture"))
    await link(market, *both)
    [said] = await market.shop.read(
        list_messages, market.shop.get(Vault), person_id=both[0].person_id, limit=5
    )
    assert said.file is not None
    assert said.file.name == "a.png"
    opened = await market.shop.read(open_file, market.shop.get(Vault), said)
    assert opened.content.endswith(b"picture")


async def test_a_message_of_one_who_is_gone_is_handled_again(market: Market) -> None:
    older, younger = await two(market)
    await link(market, older, younger)
    with pytest.raises(PersonMerged):
        await say(market, younger, "late")
    assert await texts(market, older.person_id) == []
    await say(market, await now(market, younger), "late")


# ------------------------------------------------------------------------------------------------- the journal


async def test_a_merge_is_an_entry_of_the_journal(market: Market) -> None:
    older, younger = await two(market, younger=450)
    await market.an_order(younger, paid=True)
    await link(market, older, younger)
    [entry] = await market.rows("SELECT * FROM person_changes")
    assert (entry["kind"], entry["person_id"], entry["other_id"]) == (
        "merged",
        older.person_id,
        younger.person_id,
    )
    assert entry["by"] == f"tg:{older.external_id}"
    assert entry["asked_by"] == f"web:{younger.external_id}"
    assert younger.external_id in str(entry["identities"])
    assert '"balance_minor": 450' in str(entry["details"]).replace("'", '"')
    assert '"orders": 1' in str(entry["details"]).replace("'", '"')


async def test_nothing_of_a_merge_is_kept_if_it_dies(market: Market, monkeypatch: pytest.MonkeyPatch) -> None:
    older, younger = await two(market, older=5, younger=450)
    await market.an_order(younger, paid=True)
    await say(market, older, "a")
    await say(market, younger, "b")
    pairing = await asked(market, older, younger)
    before = await market.everything()

    def dies(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("shop_core.pairing.merge._move_balance", dies)
    with pytest.raises(RuntimeError):
        await confirm(market.shop, older, pairing.key)
    assert await market.everything() == before
    monkeypatch.undo()
    await confirm(market.shop, older, pairing.key)
    assert await market.balance(older) == 455


# -------------------------------------------------------------------------------------------------- leaving


async def leave(market: Market, who: Customer, leaving: Customer) -> Customer:
    identities = await market.shop.read(list_identities, await now(market, who))
    there = Address(leaving.channel, leaving.external_id)
    [identity] = [one for one in identities if one.address == there]
    await part(market.shop, await now(market, who), identity.id)
    return await now(market, leaving)


async def test_an_identity_that_leaves_begins_anew_and_everything_stays(market: Market) -> None:
    older, younger = await two(market, younger=450)
    order = await market.an_order(younger, paid=True)
    await say(market, younger, "b")
    await link(market, older, younger)
    fresh = await leave(market, older, younger)
    assert fresh.person_id not in {older.person_id, younger.person_id}
    assert await market.balance(fresh) == 0
    assert await market.shop.read(list_own, fresh.person_id, limit=5) == []
    with pytest.raises(NoSuchOrder):
        await reveal_codes(market.shop, fresh, order.number)
    assert await market.codes_of(older, order.number)
    assert await market.balance(older) == 450
    assert await texts(market, older.person_id) == ["b"]
    assert await texts(market, fresh.person_id) == []
    kinds = await market.rows("SELECT kind, other_id FROM person_changes ORDER BY id")
    assert [tuple(row.values()) for row in kinds] == [
        ("merged", younger.person_id),
        ("parted", fresh.person_id),
    ]
    told = await market.rows("SELECT channel FROM messages WHERE news = 'pairing_ended' ORDER BY id")
    assert [row["channel"] for row in told] == ["web", "web"]


async def test_who_leaves_himself_is_not_told(market: Market) -> None:
    older, younger = await two(market)
    await link(market, older, younger)
    await leave(market, younger, younger)
    assert await market.one("SELECT count(*) FROM messages WHERE news = 'pairing_ended'") == 1


async def test_the_last_channel_stays_and_a_strangers_is_not_there(market: Market) -> None:
    older, younger = await two(market)
    [identity] = await market.shop.read(list_identities, older)
    with pytest.raises(LastIdentity):
        await part(market.shop, older, identity.id)
    with pytest.raises(NoSuchIdentity):
        await part(market.shop, younger, identity.id)


async def test_news_of_an_order_goes_where_he_was_last_once_its_channel_has_left(market: Market) -> None:
    older, younger = await two(market)
    third = await market.a_customer(channel="wechat")
    order = await market.an_order(younger)
    payment = await market.ask_money(younger, order.number)
    await say(market, younger, "b")
    await link(market, older, younger)
    await link(market, older, third)
    market.clock.advance(minutes=1)
    await market.shop.write(_wrote, older)
    fresh = await leave(market, third, younger)
    assert await market.tell(await market.notice(payment)) is Taken.APPLIED
    to = await market.rows("SELECT channel, external_id FROM messages WHERE news = 'order_delivered'")
    assert [tuple(row.values()) for row in to] == [(older.channel, older.external_id)]
    [thread] = await market.shop.read(list_threads, limit=5)
    answer = await answer_customer(market.shop, thread.id, Said("yes"), key="tg:1", by=OWNER)
    there = Address(fresh.channel, fresh.external_id)
    assert not await market.shop.read(is_for, answer, there, fresh.person_id)


async def test_what_waits_to_be_told_moves_along(market: Market) -> None:
    older, younger = await two(market)
    await market.an_order(younger, paid=True)
    await link(market, older, younger)
    await leave(market, older, younger)
    queued = await market.rows(
        "SELECT channel FROM messages WHERE news = 'order_delivered' AND due_at IS NOT NULL"
    )
    assert [row["channel"] for row in queued] == ["tg"]


async def test_what_a_chat_was_in_the_middle_of_is_forgotten(market: Market) -> None:
    older, younger = await two(market)
    await link(market, older, younger)
    here = Address(younger.channel, younger.external_id)
    await market.shop.write(ask, channel=here.channel, external_id=here.external_id, link="support")
    await market.shop.write(begin, here, "top_up", "0", {"sealed": ""})
    await market.shop.write(offer, here, b"pages")
    await leave(market, older, younger)
    for table in ("prompts", "forms", "choices"):
        assert await market.one(f"SELECT count(*) FROM {table}") == 0


async def test_a_pair_may_part_and_become_one_again(market: Market) -> None:
    older, younger = await two(market, younger=100)
    await link(market, older, younger)
    fresh = await leave(market, older, younger)
    await market.give(fresh, 20)
    await link(market, fresh, older)
    assert await market.balance(older) == 120


async def test_news_that_one_channel_will_never_take_goes_to_another(market: Market) -> None:
    older, younger = await two(market)
    await market.an_order(younger, paid=True)
    await link(market, older, younger)
    [message] = [
        one for one in await market.shop.write(claim_messages, ["web"], 9) if one.news == "order_delivered"
    ]
    await market.shop.write(mark_unreachable, message.address)
    await market.shop.write(tell_elsewhere, message, "unreachable")
    assert await market.one("SELECT count(*) FROM cases WHERE kind = 'message'") == 0
    to = "SELECT channel FROM messages WHERE news = 'order_delivered' AND state = 'queued'"
    assert [row["channel"] for row in await market.rows(to)] == ["tg"]


async def test_where_there_is_no_other_channel_it_is_a_case_as_before(market: Market) -> None:
    _, younger = await two(market)
    await market.an_order(younger, paid=True)
    [message] = await market.shop.write(claim_messages, ["web"], 9)
    await market.shop.write(tell_elsewhere, message, "unreachable")
    assert await market.one("SELECT count(*) FROM cases WHERE kind = 'message'") == 1


async def test_the_channel_used_last_is_the_one_that_was_answered_last(market: Market) -> None:
    older, younger = await two(market)
    await link(market, older, younger)
    for who in (younger, older):
        market.clock.advance(minutes=1)
        await market.shop.write(_wrote, who)
    found = await market.shop.read(find_last_used, older.person_id)
    assert found == Address(older.channel, older.external_id)


def _wrote(tx: Tx, who: Customer) -> None:
    lane = f"{who.channel}:{who.external_id}"
    store(tx, source=who.channel, external_id=f"{lane}:{tx.now}", lane=lane, payload=b"")
    tx.execute(update(LaneRow).where(LaneRow.lane == lane).values(leased_until=tx.now))


# ------------------------------------------------------------------------------------- which channels hear what


async def its_delivery(market: Market) -> QueuedMessage:
    """The news of it, in the hands of a sender of the web chat."""
    due = await market.shop.write(claim_messages, ["web"], 50)
    [delivered] = [message for message in due if message.news is NewsKind.ORDER_DELIVERED]
    return delivered


async def test_what_is_told_on_one_channel_is_told_once_on_those_that_hear_everything(market: Market) -> None:
    older, younger = await two(market)
    younger = await link(market, older, younger)
    stranger = await market.a_customer(channel="tg")
    where = {one.address.channel: one for one in await market.shop.read(list_identities, younger)}
    await market.an_order(younger, paid=True)
    await market.run_news()
    delivered = await its_delivery(market)
    await market.shop.write(claim_messages, ["tg"], 50)
    await market.shop.write(tell_also, delivered)
    assert await market.shop.write(claim_messages, ["tg"], 50) == [], "nobody asked for it"

    with pytest.raises(NoSuchIdentity):
        await market.shop.write(hear_all, stranger, where["tg"].id, is_on=True)
    await market.shop.write(hear_all, younger, where["tg"].id, is_on=True)
    for _ in range(2):
        await market.shop.write(tell_also, delivered)
    [copy] = await market.shop.write(claim_messages, ["tg"], 50)
    assert (copy.address, copy.news, copy.args) == (where["tg"].address, delivered.news, delivered.args)
    await market.shop.write(tell_also, copy)
    assert await market.one("SELECT count(*) AS n FROM messages WHERE news = :kind", kind=delivered.news) == 2

    await market.shop.write(mark_unreachable, where["tg"].address)
    await market.an_order(younger, paid=True)
    await market.run_news()
    for message in await market.shop.write(claim_messages, ["web"], 50):
        await market.shop.write(tell_also, message)
    assert await market.shop.write(claim_messages, ["tg"], 50) == []


async def test_a_channel_that_left_hears_nothing_of_whom_it_was(market: Market) -> None:
    older, younger = await two(market)
    younger = await link(market, older, younger)
    [leaving] = [one for one in await market.shop.read(list_identities, younger) if not one.is_here]
    await market.shop.write(hear_all, younger, leaving.id, is_on=True)
    await part(market.shop, younger, leaving.id)
    [alone] = await market.shop.read(list_identities, await now(market, older))
    assert not alone.hears_all
    await market.an_order(younger, paid=True)
    await market.run_news()
    delivered = await its_delivery(market)
    await market.shop.write(tell_also, delivered)
    told = await market.shop.write(claim_messages, ["tg"], 50)
    assert {message.news for message in told} == {NewsKind.PAIRING_ASKED, NewsKind.PAIRING_ENDED}
