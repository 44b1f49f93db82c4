"""Stars as a gateway: prices, the bot's statement, refunds; against the stand-in, without any shop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import LabeledPrice

from bot.channels.telegram import statement
from bot.channels.telegram.stars import StarsGateway, StarsSettings
from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.kernel.money import Money
from shop_core.kernel.secret import Secret
from shop_core.payments.gateway import ForgedCallback, GatewayRefused, GivesBack, HasOwnCurrency, Return
from shop_core.wire.callback import RawCallback
from tests.standins.telegram import TelegramStandIn, TelegramUser

AT = datetime(2026, 11, 28, tzinfo=UTC)


def settings_of(tg: TelegramStandIn | None = None, *, rate: str = "0.09", **changes: object) -> StarsSettings:
    where = {} if tg is None else {"api_base_url": tg.base_url, "token": Secret(tg.token)}
    about: dict[str, object] = {"name": "stars", "token": Secret("1:x"), "rate": Decimal(rate)}
    about |= {"rate_source": "Fragment", "rate_at": AT, "httpx_kwargs": {"trust_env": False}}
    return StarsSettings(**(about | where | changes))  # type: ignore[arg-type]  # named just above


@pytest.fixture
async def stars(tg: TelegramStandIn) -> AsyncIterator[StarsGateway]:
    gateway = StarsGateway(settings_of(tg))
    yield gateway
    await gateway.aclose()


async def sell(stars: StarsGateway, user: TelegramUser, number: str, price: int = 150) -> str:
    """A payment as it is in Telegram; its charge."""
    link = await stars.bot.create_invoice_link("x", "x", number, "XTR", [LabeledPrice("x", price)])
    checkout = user.pay(link=link, forge=True)
    return next(state.charge_id for state in user.checkouts if state.id == checkout)


# ---------------------------------------------------------------------------------------------------------- prices


@given(minor=st.integers(1, 10**12), rate=st.decimals("0.000001", "9999", places=6))
def test_a_price_is_never_less_than_the_shops_and_less_than_a_star_more(minor: int, rate: Decimal) -> None:
    tender = StarsGateway(settings_of(rate=str(rate))).tender(Money(minor, "CNY"), {})
    price, worth = Decimal(minor) / 100, tender.amount.minor * rate
    assert price <= worth < price + rate
    assert (tender.amount.currency, tender.rate, tender.source, tender.at) == (
        "XTR",
        str(rate),
        "Fragment",
        AT,
    )


def test_a_price_set_by_hand_counts_where_every_variant_has_one() -> None:
    gateway = StarsGateway(settings_of(rate="1", prices={7: 40, 8: 3}))
    by_hand = gateway.tender(Money(1500, "CNY"), {7: 2, 8: 1})
    assert (by_hand.amount.minor, by_hand.rate, by_hand.source, by_hand.at) == (83, None, "set by hand", None)
    assert gateway.tender(Money(1500, "CNY"), {7: 2, 9: 1}).amount.minor == 15
    assert gateway.tender(Money(1500, "CNY"), {}).amount.minor == 15, "a difference has no price of its own"


def test_it_does_what_gateways_may_do() -> None:
    gateway = StarsGateway(settings_of())
    assert isinstance(gateway, HasOwnCurrency)
    assert isinstance(gateway, GivesBack)
    with pytest.raises(ForgedCallback):
        gateway.read_callback(RawCallback("GET", {}, {"number": "K7M29QXD", "paid": "1"}, {}, b""))


# ------------------------------------------------------------------------------------------------------- the statement


async def test_a_payment_is_found_by_its_number(tg: TelegramStandIn, stars: StarsGateway) -> None:
    user = tg.user()
    user.start()
    assert await stars.query("K7M29QXD") is None
    charge = await sell(stars, user, "K7M29QXD")
    await sell(stars, user, "K7M29QX9", 3)
    found = await stars.query("K7M29QXD")
    assert found is not None
    assert (found.external_ref, found.amount, found.payer) == (charge, Money(150, "XTR"), str(user.id))
    assert found.paid


async def test_what_went_back_is_not_paid(tg: TelegramStandIn, stars: StarsGateway) -> None:
    user = tg.user()
    user.start()
    charge = await sell(stars, user, "K7M29QXD")
    assert await stars.query("K7M29QXD") is not None
    await stars.give_back(Return(charge, str(user.id), Money(150, "XTR")))
    assert await stars.query("K7M29QXD") is None


@pytest.mark.parametrize("there", [1, 99, 100, 101, 250])
async def test_a_long_statement_is_read_from_its_end(
    tg: TelegramStandIn, stars: StarsGateway, there: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statement, "STEP_BACK", 120)
    user = tg.user()
    user.start()
    for place in range(there):
        await sell(stars, user, f"N{place:07}")
    for place in (there - 1, max(0, there - 120)):
        assert await stars.query(f"N{place:07}") is not None
    if there > 120:
        assert await stars.query("N0000000") is None, "older than anything that is still asked about"
    calls = len(tg.calls_to("getStarTransactions"))
    await sell(stars, user, "LATEST00")
    assert await stars.query("LATEST00") is not None
    assert len(tg.calls_to("getStarTransactions")) == calls + 1


async def test_many_questions_at_once_share_a_reading(tg: TelegramStandIn, stars: StarsGateway) -> None:
    user = tg.user()
    user.start()
    await sell(stars, user, "K7M29QXD")
    await stars.query("K7M29QXD")
    tg.forget_calls()
    found = await asyncio.gather(*(stars.query("K7M29QXD") for _ in range(20)))
    assert all(found)
    assert len(tg.calls_to("getStarTransactions")) <= 2


@pytest.mark.parametrize(
    ("kind", "trouble"),
    [("429", RetryLater), ("500", Unknown), ("drop_before", Unknown), ("drop_after", Unknown)],
)
async def test_trouble_outside_is_told_as_such(
    tg: TelegramStandIn, stars: StarsGateway, kind: str, trouble: type[Exception]
) -> None:
    user = tg.user()
    user.start()
    charge = await sell(stars, user, "K7M29QXD")
    tg.fail("getStarTransactions", kind)
    with pytest.raises(trouble):
        await stars.query("K7M29QXD")
    assert await stars.query("K7M29QXD") is not None
    tg.fail("refundStarPayment", kind)
    wanted = Return(charge, str(user.id), Money(150, "XTR"))
    with pytest.raises(trouble):
        await stars.give_back(wanted)
    await stars.give_back(wanted)
    await stars.give_back(wanted)
    assert await stars.query("K7M29QXD") is None


@pytest.mark.parametrize("kind", ["400", "403"])
async def test_a_definite_no_is_one(tg: TelegramStandIn, stars: StarsGateway, kind: str) -> None:
    user = tg.user()
    user.start()
    charge = await sell(stars, user, "K7M29QXD")
    tg.fail("refundStarPayment", kind)
    with pytest.raises(GatewayRefused):
        await stars.give_back(Return(charge, str(user.id), Money(150, "XTR")))
    with pytest.raises(GatewayRefused):
        await stars.give_back(Return("stx-unknown", str(user.id), Money(150, "XTR")))
