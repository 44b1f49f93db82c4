"""Staff in a browser: one-time links, and password with TOTP."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest

from shop_core.conversations.sign_in import (
    LINK_LASTS,
    SESSION_LASTS,
    BadCode,
    BadSignIn,
    SignIn,
    acting_as,
    confirm_login,
    enter,
    make_link,
    purge,
    set_login,
    sign_in,
    sign_out,
    sign_out_everywhere,
)
from shop_core.customers.passwords import MOST_TRIES, TooManyTries, WeakPassword
from shop_core.customers.people import Address, find_customer, list_addresses
from shop_core.kernel.secret import Secret
from tests.core.builders import OWNER, Market, outcomes

BROWSER = Address("web", "s1234")
OTHER = Address("web", "s5678")
STEP = timedelta(seconds=30)
PASSWORD = Secret("correct horse battery")


async def who(market: Market, browser: Address = BROWSER) -> str | None:
    return await market.shop.read(acting_as, browser.channel, browser.external_id)


async def an_authenticator(market: Market) -> pyotp.TOTP:
    """What the owner's phone shows once he has a password; its first code is used up."""
    uri = await set_login(market.shop, OWNER, PASSWORD)
    totp = pyotp.parse_uri(uri.reveal())
    assert isinstance(totp, pyotp.TOTP)
    await confirm_login(market.shop, OWNER, totp.at(market.clock.now()))
    market.clock.advance(seconds=30)
    return totp


async def test_a_link_signs_one_browser_in_once(market: Market) -> None:
    token = await market.shop.write(make_link, OWNER)
    assert await who(market) is None
    assert await market.shop.write(enter, BROWSER, token) == OWNER
    assert await who(market) == OWNER
    with pytest.raises(BadSignIn):
        await market.shop.write(enter, OTHER, token)
    assert await who(market, OTHER) is None


async def test_of_two_browsers_at_once_one_gets_in(market: Market) -> None:
    token = await market.shop.write(make_link, OWNER)
    both = [market.shop.write(enter, browser, token) for browser in (BROWSER, OTHER)]
    assert sorted(str(outcome) for outcome in await outcomes(*both)) == sorted([str(BadSignIn), OWNER])


async def test_a_link_is_good_for_ten_minutes(market: Market) -> None:
    token = await market.shop.write(make_link, OWNER)
    market.clock.moment += LINK_LASTS
    with pytest.raises(BadSignIn):
        await market.shop.write(enter, BROWSER, token)
    for bent in ("", "x" * 32, token[:-1], "../" + token):
        with pytest.raises(BadSignIn):
            await market.shop.write(enter, BROWSER, bent)


async def test_a_session_ends_by_itself_by_hand_and_everywhere(market: Market) -> None:
    for browser in (BROWSER, OTHER):
        await market.shop.write(enter, browser, await market.shop.write(make_link, OWNER))
    await market.shop.write(sign_out, BROWSER)
    assert (await who(market), await who(market, OTHER)) == (None, OWNER)
    await market.shop.write(enter, BROWSER, await market.shop.write(make_link, OWNER))
    open_link = await market.shop.write(make_link, OWNER)
    assert await market.shop.write(sign_out_everywhere, OWNER) == 2
    assert (await who(market), await who(market, OTHER)) == (None, None)
    with pytest.raises(BadSignIn):
        await market.shop.write(enter, BROWSER, open_link)
    await market.shop.write(enter, BROWSER, await market.shop.write(make_link, OWNER))
    market.clock.moment += SESSION_LASTS
    assert await who(market) is None
    assert await market.shop.write(purge) == 1
    assert await market.shop.read(find_customer, channel="web", external_id=BROWSER.external_id) is None


async def test_what_the_member_of_staff_is_told_reaches_him_in_the_browser_too(market: Market) -> None:
    await market.shop.write(enter, BROWSER, await market.shop.write(make_link, OWNER))
    owner = await market.shop.read(find_customer, channel="tg", external_id="1")
    assert owner is not None
    assert await market.shop.read(list_addresses, owner.person_id) == [Address("tg", "1"), BROWSER]


async def test_password_and_code_sign_in(market: Market) -> None:
    totp = await an_authenticator(market)
    await sign_in(market.shop, BROWSER, SignIn(OWNER, PASSWORD, totp.at(market.clock.now())))
    assert await who(market) == OWNER


async def test_a_code_works_once(market: Market) -> None:
    totp = await an_authenticator(market)
    typed = SignIn(OWNER, PASSWORD, totp.at(market.clock.now()))
    at_once = [sign_in(market.shop, browser, typed) for browser in (BROWSER, OTHER)]
    assert sorted(str(outcome) for outcome in await outcomes(*at_once)) == sorted(["None", str(BadSignIn)])
    with pytest.raises(BadSignIn):
        await sign_in(market.shop, BROWSER, typed)


async def test_a_clock_may_be_half_a_minute_wrong_and_not_more(market: Market) -> None:
    totp = await an_authenticator(market)
    market.clock.advance(minutes=5)
    now = market.clock.now()
    with pytest.raises(BadSignIn):
        await sign_in(market.shop, BROWSER, SignIn(OWNER, PASSWORD, totp.at(now - 2 * STEP)))
    await sign_in(market.shop, BROWSER, SignIn(OWNER, PASSWORD, totp.at(now - STEP)))
    await sign_in(market.shop, BROWSER, SignIn(OWNER, PASSWORD, totp.at(now + STEP)))


async def test_without_the_right_password_name_and_code_nobody_gets_in(market: Market) -> None:
    totp = await an_authenticator(market)
    code = totp.at(market.clock.now())
    for name, password, typed in (
        (OWNER, Secret("wrong horse battery"), code),
        (OWNER, PASSWORD, "000000" if code != "000000" else "000001"),
        (OWNER, PASSWORD, "１２３４５６"),
        ("tg:2", PASSWORD, code),
    ):
        with pytest.raises(BadSignIn):
            await sign_in(market.shop, BROWSER, SignIn(name, password, typed))
    assert await who(market) is None


async def test_five_wrong_passwords_lock_the_name(market: Market) -> None:
    totp = await an_authenticator(market)
    for _ in range(MOST_TRIES):
        with pytest.raises(BadSignIn):
            await sign_in(market.shop, BROWSER, SignIn(OWNER, Secret("wrong horse battery"), "123456"))
    with pytest.raises(TooManyTries):
        await sign_in(market.shop, BROWSER, SignIn(OWNER, PASSWORD, totp.at(market.clock.now())))


async def test_a_password_counts_only_once_a_code_has_confirmed_it(market: Market) -> None:
    with pytest.raises(WeakPassword):
        await set_login(market.shop, OWNER, Secret("short"))
    uri = await set_login(market.shop, OWNER, PASSWORD)
    totp = pyotp.parse_uri(uri.reveal())
    assert isinstance(totp, pyotp.TOTP)
    code = totp.at(market.clock.now())
    with pytest.raises(BadSignIn):
        await sign_in(market.shop, BROWSER, SignIn(OWNER, PASSWORD, code))
    with pytest.raises(BadCode):
        await confirm_login(market.shop, OWNER, "12345")
    with pytest.raises(BadCode):
        await confirm_login(market.shop, "tg:2", code)
    await confirm_login(market.shop, OWNER, code)


async def test_the_database_has_neither_password_nor_secret_nor_link_in_it(market: Market) -> None:
    token = await market.shop.write(make_link, OWNER)
    totp = await an_authenticator(market)
    kept = str(await market.rows("SELECT * FROM staff_logins")) + str(
        await market.rows("SELECT * FROM sign_in_links")
    )
    assert token not in kept
    assert totp.secret not in kept
    assert PASSWORD.reveal() not in kept
