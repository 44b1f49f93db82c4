"""A code that links two channels: made, typed, and confirmed on both."""

from __future__ import annotations

import pytest

from shop_core.customers.passwords import TooManyTries
from shop_core.customers.people import Address, Customer
from shop_core.kernel.numbers import parse_number
from shop_core.messaging.queue import NewsKind
from shop_core.pairing.codes import (
    CODE_LENGTH,
    accept,
    decline,
    display_code,
    find_pairing,
    make_code,
    parse_code,
    purge,
    type_code,
)
from shop_core.pairing.errors import AlreadyOne, BadPairingCode, LentBrowser, PairingOver
from shop_core.pairing.merge import confirm
from shop_core.pairing.part import list_identities
from tests.core.builders import Market, outcomes
from tests.core.pairs import asked, link, now


async def two(market: Market) -> tuple[Customer, Customer]:
    return await market.a_customer(channel="tg"), await market.a_customer(channel="web")


async def channels(market: Market, customer: Customer) -> list[str]:
    found = await market.shop.read(list_identities, await now(market, customer))
    return [one.address.channel for one in found]


async def told(market: Market, news: NewsKind) -> list[tuple[str, str]]:
    rows = await market.rows("SELECT channel, external_id FROM messages WHERE news = :news", news=news.value)
    return [(row["channel"], row["external_id"]) for row in rows]


async def test_two_channels_are_one_once_both_have_said_yes(market: Market) -> None:
    maker, typer = await two(market)
    code = (await make_code(market.shop, maker)).code
    pairing = await type_code(market.shop, typer, display_code(code).lower())
    assert pairing.maker == Address(maker.channel, maker.external_id)
    with pytest.raises(PairingOver):
        await confirm(market.shop, maker, pairing.key)
    await accept(market.shop, typer, pairing.key)
    assert await told(market, NewsKind.PAIRING_ASKED) == [(maker.channel, maker.external_id)]
    with pytest.raises(PairingOver):
        await confirm(market.shop, typer, pairing.key)
    assert await channels(market, typer) == ["web"]
    await confirm(market.shop, maker, pairing.key)
    assert await channels(market, typer) == await channels(market, maker) == ["tg", "web"]
    assert await told(market, NewsKind.PAIRING_ENDED) == [(typer.channel, typer.external_id)]
    with pytest.raises(PairingOver):
        await confirm(market.shop, maker, pairing.key)


async def test_a_code_is_kept_as_a_digest_only(market: Market) -> None:
    maker, _ = await two(market)
    code = (await make_code(market.shop, maker)).code.reveal()
    assert len(code) == CODE_LENGTH
    assert parse_number(code) is None
    assert code[0].isalpha()
    [row] = await market.rows("SELECT * FROM pairings")
    assert code not in repr(row)
    assert code.encode() not in bytes(row["digest"])
    assert parse_code(f" {code[:3].lower()} - {code[3:]}") == code


async def test_a_code_works_for_one_and_for_ten_minutes(market: Market) -> None:
    maker, typer = await two(market)
    third = await market.a_customer()
    code = (await make_code(market.shop, maker)).code.reveal()
    first = await type_code(market.shop, typer, code)
    with pytest.raises(BadPairingCode):
        await type_code(market.shop, third, code)
    assert await type_code(market.shop, typer, code) == first
    market.clock.advance(minutes=10)
    with pytest.raises(BadPairingCode):
        await type_code(market.shop, typer, code)
    with pytest.raises(PairingOver):
        await accept(market.shop, typer, first.key)
    assert await market.shop.write(purge) == 1


async def test_the_makers_yes_may_take_ten_more_minutes(market: Market) -> None:
    maker, typer = await two(market)
    code = (await make_code(market.shop, maker)).code
    market.clock.advance(minutes=9)
    pairing = await type_code(market.shop, typer, code.reveal())
    await accept(market.shop, typer, pairing.key)
    market.clock.advance(minutes=9)
    await confirm(market.shop, maker, pairing.key)
    assert len(await channels(market, typer)) == 2


async def test_the_makers_yes_comes_too_late(market: Market) -> None:
    maker, typer = await two(market)
    pairing = await asked(market, maker, typer)
    market.clock.advance(minutes=10)
    with pytest.raises(PairingOver):
        await confirm(market.shop, maker, pairing.key)
    assert await channels(market, typer) == ["web"]


async def test_a_new_code_takes_the_place_of_the_old_one(market: Market) -> None:
    maker, typer = await two(market)
    old = (await make_code(market.shop, maker)).code
    new = (await make_code(market.shop, maker)).code
    with pytest.raises(BadPairingCode):
        await type_code(market.shop, typer, old.reveal())
    await type_code(market.shop, typer, new.reveal())


async def test_whoever_guesses_is_locked_out(market: Market) -> None:
    maker, guesser = await two(market)
    code = (await make_code(market.shop, maker)).code
    for _ in range(5):
        with pytest.raises(BadPairingCode):
            await type_code(market.shop, guesser, "222222")
    with pytest.raises(TooManyTries):
        await type_code(market.shop, guesser, code.reveal())
    assert await market.one("SELECT count(*) FROM pairings WHERE typed_person_id IS NULL") == 1


async def test_either_side_says_no_and_whoever_said_yes_is_told(market: Market) -> None:
    maker, typer = await two(market)
    pairing = await asked(market, maker, typer)
    await decline(market.shop, maker, pairing.key)
    await decline(market.shop, maker, pairing.key)
    assert await told(market, NewsKind.PAIRING_ENDED) == [(typer.channel, typer.external_id)]
    again = await asked(market, maker, typer)
    await decline(market.shop, typer, again.key)
    with pytest.raises(PairingOver):
        await confirm(market.shop, maker, again.key)
    assert await channels(market, typer) == ["web"]


async def test_a_strangers_yes_no_and_look_change_nothing(market: Market) -> None:
    maker, typer = await two(market)
    stranger = await market.a_customer()
    pairing = await asked(market, maker, typer)
    await decline(market.shop, stranger, pairing.key)
    for attempt in (accept, confirm):
        with pytest.raises(PairingOver):
            await attempt(market.shop, stranger, pairing.key)
    with pytest.raises(PairingOver):
        await market.shop.read(find_pairing, stranger, pairing.key)
    await confirm(market.shop, maker, pairing.key)


async def test_ones_own_code_links_nothing(market: Market) -> None:
    maker, typer = await two(market)
    code = (await make_code(market.shop, maker)).code
    with pytest.raises(AlreadyOne):
        await type_code(market.shop, maker, code.reveal())
    await link(market, maker, typer)
    code = (await make_code(market.shop, await now(market, maker))).code
    with pytest.raises(AlreadyOne):
        await type_code(market.shop, await now(market, typer), code.reveal())


async def test_a_lent_browser_is_nobodys_channel(market: Market) -> None:
    maker, lent = await two(market)
    await market.sql(
        "INSERT INTO staff_sessions (channel, external_id, actor, until) VALUES ('web', :who, 'tg:1', 1)",
        who=lent.external_id,
    )
    with pytest.raises(LentBrowser):
        await make_code(market.shop, lent)
    code = (await make_code(market.shop, maker)).code
    with pytest.raises(LentBrowser):
        await type_code(market.shop, lent, code.reveal())


async def test_a_code_typed_twice_at_the_same_moment_is_one_persons(market: Market) -> None:
    maker, typer = await two(market)
    other = await market.a_customer()
    code = (await make_code(market.shop, maker)).code.reveal()
    ends = await outcomes(type_code(market.shop, typer, code), type_code(market.shop, other, code))
    assert ends.count(BadPairingCode) == 1


async def test_who_became_somebody_else_meanwhile_has_not_agreed(market: Market) -> None:
    maker, typer = await two(market)
    pairing = await asked(market, maker, typer)
    rich = await market.a_customer(balance=900)
    await market.sql(
        "UPDATE identities SET person_id = :rich WHERE external_id = :who",
        rich=rich.person_id,
        who=typer.external_id,
    )
    with pytest.raises(PairingOver):
        await confirm(market.shop, maker, pairing.key)
    assert await market.balance(rich) == 900
