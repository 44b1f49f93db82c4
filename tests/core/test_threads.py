"""Messages between customers and the shop: kept once, sealed, told, answered, and nobody else's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import select

from shop_core.cases.cases import CaseKind, list_open
from shop_core.conversations import prompts
from shop_core.customers.people import Address, Customer
from shop_core.db.tx import Tx, View
from shop_core.kernel.errors import ShopError
from shop_core.messaging.queue import NewsKind
from shop_core.messaging.sending import claim_messages, mark_failed, mark_sent
from shop_core.staff.audit import list_recent
from shop_core.staff.roles import Roster
from shop_core.tables import METADATA
from shop_core.threads import answer, write
from shop_core.threads.answer import answer_customer, settle
from shop_core.threads.errors import (
    FileTooLarge,
    NoSuchMessage,
    NoSuchThread,
    NothingSaid,
    TooFast,
    TooLong,
    TooManyWaiting,
)
from shop_core.threads.read import (
    count_unseen,
    count_waiting,
    get_message,
    get_own_message,
    list_messages,
    list_threads,
    mark_seen,
    open_file,
    usual_wait,
)
from shop_core.threads.sealing import LARGEST_FILE, LONGEST_TEXT, Said, SentFile, picture_type, seal
from shop_core.threads.watch import KEEP_FILES, WAITS_TOO_LONG, purge_files, watch_threads
from shop_core.threads.write import MOST_A_MINUTE, MOST_WAITING, write_to_shop
from shop_core.vault.vault import CannotOpen, Vault
from tests.core.builders import OWNER, Market

WORDS = 'if (a<b && c>"d") { 🎁 }\n\n  第二行'
PNG = b"\x89PNG\r\n\x1a\n a secret picture"
TABLES = ("threads", "thread_messages", "thread_files", "messages", "cases", "audit_log")


class Dies(Exception):
    """The process, at this line."""


async def rows_of(market: Market) -> dict[str, object]:
    return {table: await market.rows(f"SELECT * FROM {table} ORDER BY 1") for table in TABLES}


async def write_once(market: Market, customer: Customer, text: str = WORDS, key: str = "web:1") -> int:
    return await write_to_shop(market.shop, customer, Said(text), key=key)


async def the_thread(market: Market) -> int:
    (thread,) = await market.shop.read(list_threads, limit=5)
    return thread.id


async def queued(market: Market, news: NewsKind) -> int:
    return int(await market.one(f"SELECT count(*) FROM messages WHERE news = '{news.value}'"))


async def texts(market: Market, customer: Customer) -> list[tuple[bool, str]]:
    vault = market.shop.get(Vault)
    said = await market.shop.read(list_messages, vault, person_id=customer.person_id, limit=50)
    return [(message.by_shop, message.text) for message in said]


async def everything_kept(market: Market) -> bytes:
    """All that is in the database, as one text."""

    def look(view: View) -> bytes:
        found = b""
        for table in METADATA.sorted_tables:
            for row in view.execute(select(table)):
                found += b"".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
        return found

    return await market.shop.read(look)


# ------------------------------------------------------------------------------------------------- there and back


async def test_a_message_is_kept_and_told_to_the_staff_once_however_often_it_comes(market: Market) -> None:
    customer = await market.a_customer()
    first = await write_once(market, customer)
    before = await rows_of(market)
    assert await write_once(market, customer) == first
    assert await rows_of(market) == before
    assert await texts(market, customer) == [(False, WORDS)]
    assert await queued(market, NewsKind.THREAD_WRITTEN) == 1
    assert await market.rows("SELECT args FROM messages") == [{"args": _json({"message_id": first}, market)}]


async def test_an_answer_settles_what_waits_and_is_told_once_however_often_it_comes(market: Market) -> None:
    customer = await market.a_customer()
    await write_once(market, customer)
    await write_once(market, customer, "还在吗", "web:2")
    assert await market.shop.read(count_waiting) == 1
    thread = await the_thread(market)
    for _ in range(2):
        await answer_customer(market.shop, thread, Said("在的 <b>"), key="tg:9", by=OWNER)
    assert await texts(market, customer) == [(False, WORDS), (False, "还在吗"), (True, "在的 <b>")]
    assert await market.shop.read(count_waiting) == 0
    assert await queued(market, NewsKind.THREAD_ANSWERED) == 1
    assert await queued(market, NewsKind.THREAD_SETTLED) == 2
    (entry,) = await market.shop.read(list_recent)
    assert (entry.actor, entry.command) == (OWNER, "thread reply")
    assert set(entry.details) == {"thread", "message"}


async def test_what_needs_no_answer_is_settled_without_one(market: Market) -> None:
    customer = await market.a_customer()
    await write_once(market, customer, "谢谢")
    thread = await the_thread(market)
    assert await settle(market.shop, thread, by=OWNER)
    before = await rows_of(market)
    assert not await settle(market.shop, thread, by=OWNER)
    assert await rows_of(market) == before
    assert await queued(market, NewsKind.THREAD_ANSWERED) == 0
    assert [entry.command for entry in await market.shop.read(list_recent)] == ["thread done"]


async def test_who_waits_longest_is_listed_first_and_who_was_answered_last(market: Market) -> None:
    people = [await market.a_customer() for _ in range(3)]
    for number, customer in enumerate(people):
        await write_once(market, customer, key=f"web:{number}")
        market.clock.advance(minutes=1)
    first = (await market.shop.read(list_threads, limit=5))[0]
    assert first.person_id == people[0].person_id
    await answer_customer(market.shop, first.id, Said("好"), key="tg:1", by=OWNER)
    listed = await market.shop.read(list_threads, limit=5)
    assert [thread.person_id for thread in listed] == [people[place].person_id for place in (1, 2, 0)]


async def test_the_usual_wait_is_the_middle_of_what_answers_took(market: Market) -> None:
    assert await market.shop.read(usual_wait) is None
    for number, minutes in enumerate((1, 5, 60)):
        customer = await market.a_customer()
        await write_once(market, customer, key=f"web:{number}")
        waiting = (await market.shop.read(list_threads, limit=1))[0]
        market.clock.advance(minutes=minutes)
        await answer_customer(market.shop, waiting.id, Said("好"), key=f"tg:{number}", by=OWNER)
    wait = await market.shop.read(usual_wait)
    assert wait is not None
    assert wait.total_seconds() == 300


# --------------------------------------------------------------------------------------------------- nothing lost


async def test_an_answer_that_was_neither_sent_nor_read_is_counted_until_it_is(market: Market) -> None:
    customer = await market.a_customer()
    await write_once(market, customer)
    thread = await the_thread(market)
    await answer_customer(market.shop, thread, Said("一"), key="tg:1", by=OWNER)
    await answer_customer(market.shop, thread, Said("二"), key="tg:2", by=OWNER)
    assert await market.shop.read(count_unseen, customer.person_id) == 2
    first, _ = await market.shop.write(claim_messages, [customer.channel], 10)
    await market.shop.write(mark_sent, first)
    assert await market.shop.read(count_unseen, customer.person_id) == 1
    await market.shop.write(mark_seen, customer.person_id)
    assert await market.shop.read(count_unseen, customer.person_id) == 0


@pytest.mark.parametrize("step", ["write", "answer"])
async def test_dying_before_the_commit_leaves_nothing_and_the_next_try_everything(
    market: Market, step: str
) -> None:
    customer = await market.a_customer()
    roster, vault = market.shop.get(Roster), market.shop.get(Vault)
    await write_once(market, customer)
    thread = await the_thread(market)

    def die(tx: Tx) -> None:
        sealed = seal(vault, customer.person_id, "k:1", Said("说过的话"))
        if step == "write":
            write._write(tx, customer, sealed, None, roster)
        else:
            answer._answer(tx, thread, sealed, OWNER, roster)
        raise Dies

    before = await rows_of(market)
    with pytest.raises(Dies):
        await market.shop.write(die)
    assert await rows_of(market) == before
    if step == "write":
        await write_once(market, customer, "说过的话", "k:1")
    else:
        await answer_customer(market.shop, thread, Said("说过的话"), key="k:1", by=OWNER)
    assert (await texts(market, customer))[-1] == (step == "answer", "说过的话")


async def test_who_waits_too_long_becomes_a_case_that_an_answer_closes(market: Market) -> None:
    customer = await market.a_customer()
    await write_once(market, customer)
    assert await watch_threads(market.shop) == 0
    market.clock.advance(seconds=WAITS_TOO_LONG.total_seconds())
    for _ in range(2):
        assert await watch_threads(market.shop) == 1
    (case,) = await market.shop.read(list_open)
    thread = await the_thread(market)
    assert (case.kind, case.subject_id, case.evidence) == (CaseKind.THREAD, thread, {"name": "小明"})
    await answer_customer(market.shop, thread, Said("来了"), key="tg:1", by=OWNER)
    assert await market.shop.read(list_open) == []
    assert await watch_threads(market.shop) == 0


async def test_a_colleague_who_cannot_be_reached_is_no_case_of_its_own(market: Market) -> None:
    await write_once(market, await market.a_customer())
    (notice,) = await market.shop.write(claim_messages, ["tg"], 10)
    await market.shop.write(mark_failed, notice, "blocked")
    assert await market.shop.read(list_open) == []


async def test_what_is_offered_does_not_take_the_word_from_what_was_asked(market: Market) -> None:
    where: dict[str, Any] = {"channel": "tg", "external_id": "7"}
    await market.shop.write(prompts.ask, link="n/1/abcdefghij", **where)
    await market.shop.write(prompts.offer, link="support", **where)
    assert await market.shop.read(prompts.asked, **where) == "n/1/abcdefghij"
    market.clock.advance(minutes=31)
    await market.shop.write(prompts.offer, link="support", **where)
    assert await market.shop.read(prompts.asked, **where) == "support"


# ------------------------------------------------------------------------------------------------------- refusals


async def test_too_much_is_refused_and_nothing_kept(market: Market) -> None:
    customer = await market.a_customer()
    large = Said("", SentFile("a.bin", bytes(LARGEST_FILE + 1)))
    refused: list[tuple[Said, type[ShopError]]] = [
        (Said(" \n"), NothingSaid),
        (Said("", SentFile("空.txt", b"")), NothingSaid),
        (Said("长" * (LONGEST_TEXT + 1)), TooLong),
        (large, FileTooLarge),
    ]
    before = await rows_of(market)
    for said, error in refused:
        with pytest.raises(error):
            await write_to_shop(market.shop, customer, said, key="web:1")
    assert await rows_of(market) == before
    await write_once(market, customer, "长" * LONGEST_TEXT)


async def test_who_writes_faster_than_people_do_is_asked_to_wait(market: Market) -> None:
    customer = await market.a_customer()
    for number in range(MOST_A_MINUTE):
        await write_once(market, customer, key=f"web:{number}")
    with pytest.raises(TooFast):
        await write_once(market, customer, key="web:more")
    assert await write_once(market, customer, key="web:0"), "a repeat is no message more"
    market.clock.advance(minutes=1)
    await write_once(market, customer, key="web:more")


async def test_so_many_wait_at_most(market: Market) -> None:
    customer = await market.a_customer()
    for number in range(MOST_WAITING):
        await write_once(market, customer, key=f"web:{number}")
        market.clock.advance(seconds=10)
    with pytest.raises(TooManyWaiting):
        await write_once(market, customer, key="web:more")
    await answer_customer(market.shop, await the_thread(market), Said("好"), key="tg:1", by=OWNER)
    await write_once(market, customer, key="web:more")


async def test_a_thread_that_nobody_wrote_in_cannot_be_answered(market: Market) -> None:
    tries: list[Callable[[], Awaitable[object]]] = [
        lambda: answer_customer(market.shop, 99, Said("?"), key="tg:1", by=OWNER),
        lambda: settle(market.shop, 99, by=OWNER),
    ]
    before = await rows_of(market)
    for attempt in tries:
        with pytest.raises(NoSuchThread):
            await attempt()
    assert await rows_of(market) == before


# ---------------------------------------------------------------------------------------------------- nobody else


async def test_nothing_that_was_said_can_be_read_in_the_database(market: Market) -> None:
    customer = await market.a_customer()
    said = Said("我的密码是 hunter2-plain", SentFile("身份证-plain.png", PNG))
    message = await write_to_shop(market.shop, customer, said, key="web:1")
    await answer_customer(market.shop, await the_thread(market), Said("answer-plain"), key="tg:1", by=OWNER)
    kept = await everything_kept(market)
    for needle in ("hunter2", "身份证", "plain", "secret picture"):
        assert needle.encode() not in kept
    vault = market.shop.get(Vault)
    opened = await market.shop.read(get_message, vault, message)
    file = await market.shop.read(open_file, vault, opened)
    assert (opened.text, file.view.name, file.content) == (said.text, "身份证-plain.png", PNG)
    assert "plain" not in repr((opened, file, said))


async def test_another_persons_message_is_as_if_it_were_not_there(market: Market) -> None:
    victim, thief = await market.a_customer(), await market.a_customer()
    message = await write_to_shop(market.shop, victim, Said("", SentFile("a.png", PNG)), key="web:1")
    await write_once(market, thief, key="web:2")
    vault = market.shop.get(Vault)
    for unknown in (message, 2**40):
        with pytest.raises(NoSuchMessage):
            await market.shop.read(get_own_message, vault, thief.person_id, unknown)
    assert (await market.shop.read(get_own_message, vault, victim.person_id, message)).file is not None


async def test_a_text_moved_into_another_row_does_not_open(market: Market) -> None:
    one, other = await market.a_customer(), await market.a_customer()
    first = await write_once(market, one, "悄悄话", "web:1")
    second = await write_once(market, other, "你好", "web:2")
    sealed = f"(SELECT sealed FROM thread_messages WHERE id = {first})"
    await market.sql(f"UPDATE thread_messages SET sealed = {sealed} WHERE id = {second}")
    with pytest.raises(CannotOpen):
        await texts(market, other)
    # The whole row in another's thread does not open either.
    await market.sql(
        f"UPDATE thread_messages SET thread_id = (SELECT max(id) FROM threads) WHERE id = {first}"
    )
    with pytest.raises(CannotOpen):
        await market.shop.read(get_message, market.shop.get(Vault), first)
    await market.sql("DELETE FROM thread_messages")
    await market.sql("UPDATE threads SET waiting_since = NULL")


async def test_what_pictures_show_is_forgotten_after_its_time_and_that_there_was_one_is_not(
    market: Market,
) -> None:
    customer = await market.a_customer()
    message = await write_to_shop(market.shop, customer, Said("看", SentFile("a.png", PNG)), key="web:1")
    assert await market.shop.write(purge_files) == 0
    market.clock.advance(days=KEEP_FILES.days, seconds=1)
    assert await market.shop.write(purge_files) == 1
    vault = market.shop.get(Vault)
    opened = await market.shop.read(get_message, vault, message)
    assert opened.text == "看"
    assert opened.file is not None
    assert (opened.file.name, opened.file.is_kept) == ("a.png", False)
    with pytest.raises(NoSuchMessage):
        await market.shop.read(open_file, vault, opened)


async def test_a_person_can_be_erased(market: Market) -> None:
    customer = await market.a_customer()
    await write_to_shop(market.shop, customer, Said("看", SentFile("a.png", PNG)), key="web:1")
    for table in ("thread_files", "thread_messages", "threads"):
        await market.sql(f"DELETE FROM {table}")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0 jpeg", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8", "image/webp"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>", None),
        (b"<html>", None),
        (b"", None),
    ],
)
def test_only_what_runs_nothing_is_a_picture(content: bytes, kind: str | None) -> None:
    assert picture_type(content) == kind


async def test_the_answer_goes_where_the_customer_wrote_last(market: Market) -> None:
    customer = await market.a_customer()
    await write_once(market, customer)
    await answer_customer(market.shop, await the_thread(market), Said("好"), key="tg:1", by=OWNER)
    (message,) = await market.shop.write(claim_messages, [customer.channel], 10)
    assert message.address == Address(customer.channel, customer.external_id)
    assert message.news is NewsKind.THREAD_ANSWERED


def _json(value: dict[str, int], market: Market) -> object:
    """As a raw look into the database shows it."""
    return value if market.file is None else str(value).replace("'", '"')
