"""That a number or an address is somebody's own: asked for where it has to be, shown once, and nobody else's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from shop_core.cases.cases import CaseKind, list_open
from shop_core.catalog.edit import set_verify
from shop_core.customers.people import Customer
from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.kernel.policy import Ask, VerificationRules
from shop_core.resale.keys import get_reseller, make_keys
from shop_core.resale.trade import Asked, order_downstream
from shop_core.verification.codes import (
    LASTS,
    MOST_TRIES,
    PAUSE,
    CodeState,
    CodeText,
    CodeView,
    confirm_code,
    find_code,
    purge,
    send_again,
    send_code,
)
from shop_core.verification.contacts import Kind, parse_email, parse_phone
from shop_core.verification.errors import (
    BadEmail,
    BadPhone,
    CodeOver,
    ContactTaken,
    NotACode,
    NotHisOwn,
    NoWay,
    StillNeeded,
    TooManyCodes,
    VerificationNeeded,
    WrongCode,
)
from shop_core.verification.keep import ContactView, give_up, list_contacts, reset, take_shared
from shop_core.verification.pacing import MOST_OF_A_PERSON, MOST_TO_ONE, Sent, see_sent
from shop_core.verification.sender import CodeRefused
from tests.core.builders import OWNER, Market, a_market, outcomes
from tests.core.pairs import link
from tests.core.races import run_between

MINE = "138 1234 1234"
OTHER = "13912341234"
RULES = VerificationRules(owners=frozenset({OWNER}))


@pytest_asyncio.fixture
async def market(database_url: str) -> AsyncIterator[Market]:
    async with a_market(
        database_url, verification=RULES, contact_channels=frozenset({"tg"}), unpaid_cap=50
    ) as made:
        yield made


def compose(_kind: Kind, code: str) -> CodeText:
    return CodeText("Kapu", f"your code is {code}", "en")


async def send(market: Market, customer: Customer, typed: str = MINE) -> CodeView:
    kind = Kind.EMAIL if "@" in typed else Kind.PHONE
    return await send_code(market.shop, customer, kind, typed, compose)


async def verify(market: Market, customer: Customer, typed: str = MINE) -> ContactView:
    await send(market, customer, typed)
    return await confirm_code(market.shop, customer, market.post.code)


async def shown(market: Market, customer: Customer) -> list[str]:
    return [one.echo for one in await market.shop.read(list_contacts, customer.person_id)]


def wrong(market: Market) -> str:
    return f"{(int(market.post.code) + 1) % 1_000_000:06}"


# ------------------------------------------------------------------------------------------------ what is typed


@pytest.mark.parametrize(
    "typed", ["138 1234 1234", "138-1234-1234", "１３８１２３４１２３４", "+86 13812341234"]
)
def test_a_number_is_the_same_however_it_is_written(typed: str) -> None:
    contact = parse_phone(typed, "CN")
    assert (contact.value.reveal(), contact.echo, contact.country) == ("+8613812341234", "138****1234", "CN")


def test_a_number_from_elsewhere_shows_where_it_is_from() -> None:
    contact = parse_phone("+44 7400 123456", "CN")
    assert (contact.value.reveal(), contact.echo) == ("+447400123456", "+44 ****3456")


@pytest.mark.parametrize(
    "typed", ["", "hello", "12345", "1381234123", "010 8888 8888", "+888 0123 4567", "400 800 8820"]
)
def test_what_is_no_number_of_a_person_is_refused(typed: str) -> None:
    with pytest.raises(BadPhone):
        parse_phone(typed, "CN")


def test_an_address_is_kept_in_small_letters_and_masked() -> None:
    contact = parse_email(" Anna.K@Example.COM ")
    assert (contact.value.reveal(), contact.echo) == ("anna.k@example.com", "a***@example.com")
    for typed in ("anna", "a@b", "a@[1.2.3.4]", "a b@example.com", f"{'a' * 60}@{'b' * 60}.com"):
        with pytest.raises(BadEmail):
            parse_email(typed)


# --------------------------------------------------------------------------------------------- sending and typing


async def test_the_code_that_came_there_makes_a_number_his(market: Market) -> None:
    him = await market.a_customer()
    view = await send(market, him)
    assert (view.state, view.echo, view.is_fresh) == (CodeState.SENT, "138****1234", True)
    [message] = market.post.sent
    assert message.to.reveal() == "+8613812341234"
    assert message.code.reveal() in message.text.reveal()
    spaced = f"{market.post.code[:3]} {market.post.code[3:]}"
    contact = await confirm_code(market.shop, him, spaced)
    assert await shown(market, him) == [contact.echo] == ["138****1234"]


async def test_neither_number_nor_code_stands_anywhere_in_clear(market: Market) -> None:
    him = await market.a_customer()
    await verify(market, him)
    for table in ("verified_contacts", "contact_codes", "code_counts"):
        kept = repr(await market.rows(f"SELECT * FROM {table}"))
        assert "13812341234" not in kept
        assert market.post.code not in kept
    assert market.post.code not in repr(market.post.sent)


async def test_a_repeated_message_sends_nothing_and_verifies_nothing_twice(market: Market) -> None:
    him = await market.a_customer()
    first = await send(market, him)
    again = await send(market, him)
    assert (again.echo, again.is_fresh, len(market.post.sent)) == (first.echo, False, 1)
    code = market.post.code
    done = await confirm_code(market.shop, him, code)
    assert await confirm_code(market.shop, him, code) == done


async def test_a_used_code_does_not_bring_back_what_was_removed(market: Market) -> None:
    him = await market.a_customer()
    await verify(market, him)
    await give_up(market.shop, him, Kind.PHONE)
    with pytest.raises(CodeOver):
        await confirm_code(market.shop, him, market.post.code)
    assert await shown(market, him) == []


async def test_five_wrong_codes_end_it_and_what_is_no_code_is_not_counted(market: Market) -> None:
    him = await market.a_customer()
    await send(market, him)
    with pytest.raises(NotACode):
        await confirm_code(market.shop, him, "where is it?")
    for left in range(MOST_TRIES - 1, 0, -1):
        with pytest.raises(WrongCode) as refusal:
            await confirm_code(market.shop, him, wrong(market))
        assert refusal.value.details == {"left": left}
    for typed in (wrong(market), market.post.code):
        with pytest.raises(CodeOver):
            await confirm_code(market.shop, him, typed)
    assert await shown(market, him) == []


async def test_a_code_is_good_for_ten_minutes_and_only_for_whom_it_was_sent(market: Market) -> None:
    him, other = await market.a_customer(), await market.a_customer()
    await send(market, him)
    await send(market, other, OTHER)
    for_him = market.post.sent[0].code.reveal()
    if for_him != market.post.code:
        with pytest.raises(WrongCode):
            await confirm_code(market.shop, other, for_him)
    market.clock.advance(seconds=LASTS.total_seconds())
    with pytest.raises(CodeOver):
        await confirm_code(market.shop, him, for_him)
    assert await market.shop.write(purge) == 2


async def test_a_newer_code_takes_the_place_of_the_older(market: Market) -> None:
    him = await market.a_customer()
    await send(market, him)
    with pytest.raises(CodeOver):
        await send_again(market.shop, await market.a_customer(), compose)
    market.clock.advance(seconds=PAUSE.total_seconds())
    await send_again(market.shop, him, compose)
    older, newer = (message.code.reveal() for message in market.post.sent)
    if older != newer:
        with pytest.raises(WrongCode):
            await confirm_code(market.shop, him, older)
    await confirm_code(market.shop, him, newer)


async def test_a_person_is_sent_so_many_codes_an_hour(market: Market) -> None:
    him = await market.a_customer()
    for number in range(MOST_OF_A_PERSON):
        await send(market, him, f"a{number}@example.com")
    with pytest.raises(TooManyCodes) as refusal:
        await send(market, him, "one.more@example.com")
    assert refusal.value.details == {"whose": "person"}
    assert len(market.post.sent) == MOST_OF_A_PERSON
    market.clock.advance(hours=1)
    await send(market, him, "one.more@example.com")


async def test_a_number_is_sent_so_many_codes_a_day_whoever_asks(market: Market) -> None:
    for _ in range(MOST_TO_ONE):
        await send(market, await market.a_customer())
    with pytest.raises(TooManyCodes) as refusal:
        await send(market, await market.a_customer())
    assert refusal.value.details == {"whose": "contact"}


async def test_the_shop_sends_so_many_codes_an_hour(database_url: str) -> None:
    async with a_market(database_url, verification=replace(RULES, codes_per_hour=2)) as market:
        for typed in (MINE, OTHER):
            await send(market, await market.a_customer(), typed)
        with pytest.raises(TooManyCodes) as refusal:
            await send(market, await market.a_customer(), "a@example.com")
        assert refusal.value.details == {"whose": "shop"}
        assert len(market.post.sent) == 2


async def test_staff_hear_once_that_the_shop_sends_no_more_codes(database_url: str) -> None:
    async with a_market(database_url, verification=replace(RULES, codes_per_hour=2)) as market:
        crowd = [await market.a_customer() for _ in range(4)]
        for him, typed in zip(crowd, (MINE, OTHER), strict=False):
            await send(market, him, typed)
        assert await market.shop.read(list_open) == []
        for him in crowd[2:]:
            with pytest.raises(TooManyCodes):
                await send(market, him, "a@example.com")
        [case] = await market.shop.read(list_open)
        assert (case.kind, case.evidence) == (CaseKind.CODES, {"most": 2})
        assert await market.shop.read(see_sent) == Sent(2, 2)
        await market.shop.write(purge)
        assert len(await market.shop.read(list_open)) == 1, "it is not over"
        market.clock.advance(hours=1)
        await send(market, crowd[2], "a@example.com")
        assert await market.shop.read(list_open) == []
        await send(market, crowd[3], "b@example.com")
        with pytest.raises(TooManyCodes):
            await send(market, crowd[0], "c@example.com")
        assert len(await market.shop.read(list_open)) == 1
        market.clock.advance(hours=1)
        await market.shop.write(purge)
        assert await market.shop.read(list_open) == [], "nobody asks any more"
        assert await market.one("SELECT count(*) FROM cases") == 2


async def test_one_persons_limit_is_no_news_to_staff(market: Market) -> None:
    him = await market.a_customer()
    for number in range(MOST_OF_A_PERSON):
        await send(market, him, f"a{number}@example.com")
    with pytest.raises(TooManyCodes):
        await send(market, him, "one.more@example.com")
    assert await market.shop.read(list_open) == []


async def test_no_code_is_sent_to_a_far_country(market: Market) -> None:
    him = await market.a_customer()
    with pytest.raises(NoWay):
        await send(market, him, "+44 7400 123456")
    assert market.post.sent == []


@pytest.mark.parametrize(
    ("trouble", "state"),
    [
        (CodeRefused("blocked"), CodeState.REFUSED),
        (RetryLater("no line"), CodeState.UNSENT),
        (Unknown("no answer"), CodeState.UNKNOWN),
    ],
)
async def test_what_became_of_sending_is_known(market: Market, trouble: Exception, state: CodeState) -> None:
    him = await market.a_customer()
    market.post.trouble = trouble
    assert (await send(market, him)).state is state
    assert (await market.shop.read(find_code, him)).state is state
    # Whoever has it all the same has read it there.
    await confirm_code(market.shop, him, market.post.code)


async def test_a_code_is_written_down_before_it_is_sent(market: Market) -> None:
    him = await market.a_customer()
    market.post.trouble = KeyError("the process dies here")
    with pytest.raises(KeyError):
        await send(market, him)
    assert (await market.shop.read(find_code, him)).state is CodeState.SENDING
    await confirm_code(market.shop, him, market.post.code)


# ------------------------------------------------------------------------------------------------- whose it is


async def test_a_number_verifies_one_person_and_that_is_told_only_to_whom_it_belongs(market: Market) -> None:
    first, second = await market.a_customer(), await market.a_customer()
    await verify(market, first)
    view = await send(market, second)
    assert view.state is CodeState.SENT
    with pytest.raises(ContactTaken):
        await confirm_code(market.shop, second, market.post.code)
    assert (await shown(market, first), await shown(market, second)) == (["138****1234"], [])
    await give_up(market.shop, first, Kind.PHONE)
    await confirm_code(market.shop, second, market.post.code)


async def test_a_new_number_takes_the_place_of_the_old_which_is_free_again(market: Market) -> None:
    him, other = await market.a_customer(), await market.a_customer()
    await verify(market, him)
    await verify(market, him, "a@example.com")
    await verify(market, him, OTHER)
    assert await shown(market, him) == ["139****1234", "a***@example.com"]
    await verify(market, other)


async def test_a_refused_new_number_leaves_the_old_one(market: Market) -> None:
    him, other = await market.a_customer(), await market.a_customer()
    await verify(market, him)
    await verify(market, other, OTHER)
    with pytest.raises(ContactTaken):
        await verify(market, him, OTHER)
    assert await shown(market, him) == ["138****1234"]


async def test_a_channel_that_knows_his_number_tells_it(market: Market) -> None:
    him = await market.a_customer(channel="tg")
    contact = await take_shared(market.shop, him, "8613812341234", is_his_own=True)
    assert (contact.echo, contact.how) == ("138****1234", "shared")
    # No message is sent for it: it may be from anywhere.
    contact = await take_shared(market.shop, him, "+447400123456", is_his_own=True)
    assert await shown(market, him) == ["+44 ****3456"]


async def test_somebody_elses_contact_and_another_channels_word_are_refused(market: Market) -> None:
    for customer, is_his_own in (
        (await market.a_customer(channel="tg"), False),
        (await market.a_customer(channel="web"), True),
    ):
        with pytest.raises(NotHisOwn):
            await take_shared(market.shop, customer, "8613812341234", is_his_own=is_his_own)
        assert await shown(market, customer) == []


async def test_two_at_once_with_one_number_and_one_has_it(market: Market) -> None:
    people = [await market.a_customer(channel="tg") for _ in range(2)]
    ends = await outcomes(
        *(take_shared(market.shop, one, "8613812341234", is_his_own=True) for one in people)
    )
    assert ends.count(ContactTaken) == 1
    assert sorted([len(await shown(market, one)) for one in people]) == [0, 1]


async def test_the_right_code_twice_at_once_is_one_contact(market: Market) -> None:
    him = await market.a_customer()
    await send(market, him)
    ends = await outcomes(*(confirm_code(market.shop, him, market.post.code) for _ in range(3)))
    assert len({one.verified_at for one in ends}) == 1
    assert await shown(market, him) == ["138****1234"]


@pytest.mark.postgresql
@pytest.mark.parametrize("point", ["FROM people", "INTO verified_contacts"])
async def test_two_at_once_with_one_number_whichever_is_first(postgresql_url: str, point: str) -> None:
    async with a_market(postgresql_url, contact_channels=frozenset({"tg"})) as market:
        one, two = await market.a_customer(channel="tg"), await market.a_customer(channel="tg")
        race = await run_between(
            market.shop.database,
            take_shared(market.shop, one, "8613812341234", is_his_own=True),
            take_shared(market.shop, two, "8613812341234", is_his_own=True),
            point=point,
        )
        assert [race.first, race.second].count(ContactTaken) == 1


async def test_two_persons_who_become_one_keep_the_number_verified_last(market: Market) -> None:
    maker, typer = await market.a_customer(channel="tg"), await market.a_customer()
    third = await market.a_customer()
    await verify(market, maker)
    market.clock.advance(minutes=1)
    await verify(market, typer, OTHER)
    await verify(market, typer, "a@example.com")
    await send(market, maker, "b@example.com")
    united = await link(market, maker, typer)
    assert await shown(market, united) == ["139****1234", "a***@example.com"]
    with pytest.raises(CodeOver):
        await confirm_code(market.shop, united, market.post.code)
    await verify(market, third)


async def test_what_the_shop_asks_of_everybody_is_changed_not_removed(database_url: str) -> None:
    rules = replace(RULES, first_contact=Ask.EITHER)
    async with a_market(database_url, verification=rules) as market:
        him = await market.a_customer()
        await verify(market, him)
        await verify(market, him, "a@example.com")
        await give_up(market.shop, him, Kind.PHONE)
        with pytest.raises(StillNeeded):
            await give_up(market.shop, him, Kind.EMAIL)
        assert await shown(market, him) == ["a***@example.com"]
        # Staff may, whatever asks for it.
        had = await market.shop.write(reset, him.person_id, Kind.EMAIL)
        assert had is not None
        assert await shown(market, him) == []


# --------------------------------------------------------------------------------------------- what asks for it


async def test_a_product_may_ask_for_a_number(market: Market) -> None:
    him = await market.a_customer(balance=5000)
    variant = await market.a_variant()
    product = await market.one("SELECT product_id FROM variants WHERE id = :id", id=variant)
    await market.shop.write(set_verify, product, Ask.PHONE)
    await verify(market, him, "a@example.com")
    before = await market.everything()
    with pytest.raises(VerificationNeeded) as refusal:
        await market.place(him, variant)
    assert refusal.value.details == {"ask": "phone"}
    assert await market.everything() == before
    await verify(market, him)
    await market.place(him, variant)


async def test_what_was_placed_before_it_was_asked_for_goes_on(market: Market) -> None:
    him = await market.a_customer()
    variant = await market.a_variant()
    key = market.key()
    number = await market.place(him, variant, key=key)
    product = await market.one("SELECT product_id FROM variants WHERE id = :id", id=variant)
    await market.shop.write(set_verify, product, Ask.PHONE)
    assert await market.place(him, variant, key=key) == number
    await market.ask_money(him, number)
    await market.tell(await market.notice(number))
    assert len(await market.codes_of(him, number)) == 1


async def test_an_order_asks_from_its_total_on(database_url: str) -> None:
    rules = replace(RULES, from_total_minor=3000, from_total_asks=Ask.PHONE)
    async with a_market(database_url, verification=rules) as market:
        him, variant = await market.a_customer(), await market.a_variant(price=1000)
        await market.place(him, variant, 2)
        with pytest.raises(VerificationNeeded):
            await market.place(him, variant, 3)
        await verify(market, him)
        await market.place(him, variant, 3)


async def test_the_shop_may_ask_everybody_but_its_staff_and_programs(database_url: str) -> None:
    rules = replace(RULES, first_contact=Ask.EITHER)
    async with a_market(database_url, verification=rules) as market:
        variant = await market.a_variant()
        him = await market.a_customer(balance=5000)
        with pytest.raises(VerificationNeeded):
            await market.place(him, variant)
        channel, _, external_id = OWNER.partition(":")
        owner = Customer(him.person_id, channel, external_id, "zh", "店主")
        assert await market.place(owner, variant)
        keys = await market.shop.write(make_keys, market.vault, him.person_id, by=OWNER)
        reseller = await market.shop.read(get_reseller, keys.key)
        resold = await order_downstream(market.shop, reseller, Asked("N1", variant, 1))
        assert resold.order.number
        await verify(market, him, "a@example.com")
        await market.place(him, variant)
