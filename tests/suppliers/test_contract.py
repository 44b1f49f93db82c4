"""The contract of all suppliers: whatever breaks, nothing is bought twice and nothing bought is taken for not bought.

Each case runs over every protocol that has a driver, against its stand-in, over real HTTP.
"""

import logging
import traceback
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import httpx
import pytest
import stamina

from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.supply.supplier import (
    Accepted,
    BadSupplierSettings,
    Done,
    Failed,
    ForgedSupplierCallback,
    GoodsKind,
    No,
    NotFound,
    Offer,
    Outcome,
    Partial,
    Refused,
    Supplier,
    SupplierRefused,
)
from tests.standins.suppliers.driver import SupplierControl
from tests.standins.suppliers.faults import AFTER, BEFORE, FaultKind
from tests.standins.suppliers.server import running_supplier
from tests.standins.suppliers.world import CARD, TOP_UP
from tests.suppliers.contract import (
    ACCOUNT,
    NUMBER,
    OTHER_NUMBER,
    TLS,
    Driver,
    MovedClock,
    all_drivers,
    as_callback,
    goods_in,
    now,
    ref_of,
    yuan,
)

DRIVERS = all_drivers()
OPENING = 100_000
CARD_PRICE, LATER_PRICE, TOP_UP_PRICE = 990, 2500, 4930
GIVES_UP_S = 0.4


def over(which: Callable[[Driver], bool] = lambda _: True) -> pytest.MarkDecorator:
    """Run over the drivers that a case is about."""
    chosen = [driver for driver in DRIVERS if which(driver)]
    return pytest.mark.parametrize("driver", chosen, ids=lambda driver: driver.protocol)


_NOWHERE = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(404)))


def _may(driver: Driver, name: str) -> bool:
    supplier = driver.supplier("http://127.0.0.1:1", _NOWHERE, MovedClock())
    return bool(getattr(supplier.capabilities, name))


def that(*names: str) -> Callable[[Driver], bool]:
    """Drivers whose adapters promise all of these."""
    return lambda driver: all(_may(driver, name) for name in names)


def that_lack(*names: str) -> Callable[[Driver], bool]:
    """Drivers whose adapters promise none of these."""
    return lambda driver: not any(_may(driver, name) for name in names)


@pytest.fixture(scope="module")
def running() -> Iterator[dict[str, SupplierControl]]:
    controls: dict[str, SupplierControl] = {}
    stands = [(driver.protocol, running_supplier(driver.protocol)) for driver in DRIVERS]
    for protocol, stand in stands:
        controls[protocol] = stand.__enter__()
    yield controls
    for _, stand in stands:
        stand.__exit__(None, None, None)


@pytest.fixture
def vendor(driver: Driver, running: dict[str, SupplierControl]) -> SupplierControl:
    running[driver.protocol].reset()
    return running[driver.protocol]


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    with stamina.set_testing(testing=True, attempts=1):
        async with httpx.AsyncClient(verify=TLS, trust_env=False, timeout=30) as client:
            yield client


@pytest.fixture
async def hasty() -> AsyncIterator[httpx.AsyncClient]:
    """A client that gives up early."""
    timeout = httpx.Timeout(30, read=GIVES_UP_S)
    with stamina.set_testing(testing=True, attempts=1):
        async with httpx.AsyncClient(verify=TLS, trust_env=False, timeout=timeout) as client:
            yield client


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def supplier(
    driver: Driver, vendor: SupplierControl, client: httpx.AsyncClient, clock: MovedClock
) -> Supplier:
    return driver.supplier(vendor.base_url, client, clock)


async def all_pages(supplier: Supplier) -> list[Sequence[Offer]]:
    """The whole list, page by page."""
    page = await supplier.list_offers()
    pages = [page.offers]
    while page.cursor is not None:
        page = await supplier.list_offers(page.cursor)
        pages.append(page.offers)
    return pages


async def final(supplier: Supplier, outcome: Outcome, number: str = NUMBER) -> Outcome:
    """Ask once more where placing has only accepted."""
    if not isinstance(outcome, Accepted):
        return outcome
    return await supplier.query(number, outcome.supplier_ref, placed_at=now())


async def settled(driver: Driver, supplier: Supplier) -> Outcome:
    """What became of a purchase whose answer was lost, found in the way that the protocol has."""
    may = supplier.capabilities
    if may.finds_our_number:
        return await supplier.query(NUMBER, None, placed_at=now())
    assert may.repeats_safely or may.refuses_repeats
    return await final(supplier, await supplier.place(driver.any()))


# ---------------------------------------------------------------------------------------------- the way it goes


@over()
async def test_offers_are_what_there_is_to_buy(driver: Driver, supplier: Supplier) -> None:
    by_ref = {offer.ref: offer for page in await all_pages(supplier) for offer in page}
    if driver.has_cards:
        card = by_ref[driver.ref(CARD)]
        assert (card.cost, card.kind, card.is_on_sale) == (yuan(CARD_PRICE), GoodsKind.CARD, True)
        assert card.name
        assert card.inputs == ()
    if driver.has_top_ups:
        listed = by_ref[driver.ref(TOP_UP)]
        assert (listed.cost, listed.kind) == (yuan(TOP_UP_PRICE), GoodsKind.TOP_UP)
        top_up = listed if driver.lists_inputs else await supplier.get_offer(listed.ref)
        assert top_up is not None
        assert [field.key for field in top_up.inputs] == [driver.account_field]
    assert all(len(ref) <= 120 for ref in by_ref)


@over(lambda driver: driver.page_count > 0)
async def test_a_long_list_comes_in_pages_and_whole(
    driver: Driver, supplier: Supplier, vendor: SupplierControl
) -> None:
    vendor.stock_up(first=200, count=driver.page_count)
    pages = await all_pages(supplier)
    offers = [offer for page in pages for offer in page]
    refs = [offer.ref for offer in offers]
    assert len(pages) > 1
    assert len(refs) == len(set(refs)) >= driver.page_count
    assert driver.ref("200") in refs


@over()
async def test_one_offer_is_told_as_it_is_now(
    driver: Driver, supplier: Supplier, vendor: SupplierControl
) -> None:
    goods, ref = (CARD if driver.has_cards else TOP_UP), driver.any().offer_ref
    vendor.goods(goods, price=1234)
    offer = await supplier.get_offer(ref)
    assert offer is not None
    assert (offer.ref, offer.cost) == (ref, yuan(1234))
    vendor.goods(goods, on_sale=False)
    offer = await supplier.get_offer(ref)
    assert offer is None or not offer.is_on_sale
    assert await supplier.get_offer(driver.ref("99999")) is None


@over(that("knows_stock"))
async def test_stock_is_told(driver: Driver, supplier: Supplier, vendor: SupplierControl) -> None:
    ref = driver.any().offer_ref
    plenty = await supplier.get_offer(ref)
    vendor.goods(CARD if driver.has_cards else TOP_UP, codes=[])
    none = await supplier.get_offer(ref)
    assert plenty is not None
    assert plenty.stock
    if driver.has_cards:
        assert none is None or none.stock == 0 or not none.is_on_sale


@over(lambda driver: driver.has_cards)
async def test_cards_are_bought_one_for_each_piece(
    driver: Driver, supplier: Supplier, vendor: SupplierControl
) -> None:
    placed = await supplier.place(driver.card(quantity=2))
    assert isinstance(placed, Accepted | Done)
    done = await final(supplier, placed)
    assert goods_in(done) == ["CARD-0001", "CARD-0002"]
    assert isinstance(done, Done)
    assert done.cost in {yuan(2 * CARD_PRICE), None}
    assert ref_of(placed) == vendor.orders[0]["ref"] or ref_of(placed) is not None
    assert vendor.purchases == 1
    assert await supplier.balance() == yuan(OPENING - 2 * CARD_PRICE)


@over(lambda driver: driver.has_cards)
async def test_cards_that_take_time_are_under_way_until_they_are_there(
    driver: Driver, supplier: Supplier, vendor: SupplierControl
) -> None:
    placed = await supplier.place(driver.later())
    assert isinstance(placed, Accepted)
    assert isinstance(await final(supplier, placed), Accepted)
    vendor.finish(NUMBER)
    assert goods_in(await final(supplier, placed)) == ["LATER-0001"]
    assert goods_in(await final(supplier, placed)) == ["LATER-0001"]
    assert vendor.purchases == 1


@over(lambda driver: driver.has_top_ups)
async def test_a_top_up_reaches_the_account_that_the_buyer_named(
    driver: Driver, supplier: Supplier, vendor: SupplierControl
) -> None:
    placed = await supplier.place(driver.top_up())
    assert isinstance(placed, Accepted)
    assert ACCOUNT in str(vendor.orders[0]["inputs"])
    vendor.finish(NUMBER)
    done = await final(supplier, placed)
    assert isinstance(done, Done)
    assert done.goods == ()
    assert vendor.balance == OPENING - TOP_UP_PRICE


@over(lambda driver: driver.fails_later)
async def test_what_fails_after_it_was_taken_is_over(
    driver: Driver, supplier: Supplier, vendor: SupplierControl
) -> None:
    placed = await supplier.place(driver.later())
    vendor.finish(NUMBER, "failed")
    outcome = await final(supplier, placed)
    assert isinstance(outcome, Failed)
    assert outcome.returned in {yuan(vendor.orders[0]["cost"]), None}
    assert await supplier.balance() == yuan(OPENING)


@over(lambda driver: driver.can_be_partial)
async def test_of_a_part_that_failed_the_money_is_told(
    driver: Driver, supplier: Supplier, vendor: SupplierControl
) -> None:
    placed = await supplier.place(driver.later(quantity=3 if driver.has_cards else 1))
    vendor.finish(NUMBER, "partial", delivered=1)
    outcome = await final(supplier, placed)
    assert isinstance(outcome, Partial)
    assert outcome.returned in {yuan(vendor.orders[0]["returned"]), None}
    if driver.has_cards:
        assert goods_in(outcome) == ["LATER-0001"]


@over(lambda driver: driver.has_cards)
async def test_no_character_of_a_card_is_lost(
    driver: Driver, supplier: Supplier, vendor: SupplierControl
) -> None:
    vendor.goods(CARD, codes=list(driver.hostile))
    count = len(driver.hostile)
    done = await final(supplier, await supplier.place(driver.card(quantity=count)))
    assert goods_in(done) == list(driver.hostile)


@over(that("states_days"))
async def test_a_days_purchases_are_stated(
    driver: Driver, supplier: Supplier, vendor: SupplierControl
) -> None:
    await supplier.place(driver.any())
    await supplier.place(driver.any(OTHER_NUMBER))
    lines = await supplier.statement(now().date())
    by_number = {line.number: line for line in lines}
    assert set(by_number) == {NUMBER, OTHER_NUMBER}
    assert sum(line.cost.minor for line in lines) == OPENING - vendor.balance


# ------------------------------------------------------------------------------------------------ definite no's


@over(lambda driver: driver.has_cards)
async def test_what_is_out_of_stock_is_refused(
    driver: Driver, supplier: Supplier, vendor: SupplierControl
) -> None:
    vendor.goods(CARD, codes=[])
    outcome = await supplier.place(driver.card())
    assert isinstance(outcome, Refused)
    assert outcome.why is No.OUT_OF_STOCK
    assert (vendor.purchases, vendor.balance) == (0, OPENING)


@over()
async def test_what_is_off_sale_is_refused(
    driver: Driver, supplier: Supplier, vendor: SupplierControl
) -> None:
    vendor.goods(CARD if driver.has_cards else TOP_UP, on_sale=False)
    outcome = await supplier.place(driver.any())
    assert isinstance(outcome, Refused)
    assert outcome.why is No.OFF_SALE
    assert vendor.purchases == 0


@over()
async def test_a_balance_that_is_too_low_is_refused(
    driver: Driver, supplier: Supplier, vendor: SupplierControl
) -> None:
    vendor.set(balance=5)
    outcome = await supplier.place(driver.any())
    assert isinstance(outcome, Refused)
    assert outcome.why is No.BALANCE
    assert (vendor.purchases, vendor.balance) == (0, 5)


@over(that("guards_price"))
async def test_what_costs_more_than_we_would_pay_is_not_bought(
    driver: Driver, supplier: Supplier, vendor: SupplierControl
) -> None:
    request = driver.any()
    cost = TOP_UP_PRICE if not driver.has_cards else CARD_PRICE
    outcome = await supplier.place(driver.any(at_most=yuan(cost - 1)))
    assert isinstance(outcome, Refused)
    assert outcome.why is No.PRICE
    assert vendor.purchases == 0
    assert isinstance(await supplier.place(driver.any(at_most=yuan(cost))), Accepted | Done)
    assert request.number == NUMBER


@over()
async def test_an_offer_that_is_no_reference_of_theirs_is_not_asked_for(
    driver: Driver, supplier: Supplier, vendor: SupplierControl
) -> None:
    request = driver.any()
    for ref in ("", "x", "../../etc", "1:2:3"):
        changed = type(request)(request.number, ref, 1, inputs=request.inputs)
        outcome = await supplier.place(changed)
        assert isinstance(outcome, Refused)
    assert vendor.purchases == 0


# ------------------------------------------------------------------------------------------ who may deal with whom


@over()
async def test_a_wrong_key_needs_a_person(
    driver: Driver, vendor: SupplierControl, client: httpx.AsyncClient, clock: MovedClock
) -> None:
    stranger = driver.supplier(vendor.base_url, client, clock, **driver.wrong_key())
    with pytest.raises(SupplierRefused):
        await stranger.place(driver.any())
    with pytest.raises(SupplierRefused):
        await stranger.balance()
    with pytest.raises(SupplierRefused):
        await stranger.list_offers()
    with pytest.raises((SupplierRefused, Unknown)):
        await stranger.query(NUMBER, "7000001", placed_at=now())
    assert (vendor.purchases, vendor.balance) == (0, OPENING)


@over(lambda driver: driver.checks_clock)
@pytest.mark.parametrize("offset", [timedelta(minutes=-30), timedelta(minutes=30)], ids=["slow", "fast"])
async def test_a_clock_that_is_far_off_needs_a_person(
    driver: Driver, supplier: Supplier, vendor: SupplierControl, clock: MovedClock, offset: timedelta
) -> None:
    clock.offset = offset
    with pytest.raises(SupplierRefused):
        await supplier.place(driver.any())
    with pytest.raises(SupplierRefused):
        await supplier.balance()
    clock.offset = timedelta(seconds=20) if offset > timedelta() else timedelta(seconds=-20)
    assert isinstance(await supplier.place(driver.any()), Accepted | Done)
    assert vendor.purchases == 1


# ------------------------------------------------------------------------------------------------- what is unknown


@over()
@pytest.mark.parametrize("fault", BEFORE)
async def test_a_failure_before_the_effect_is_unknown_and_nothing_was_bought(
    driver: Driver, supplier: Supplier, vendor: SupplierControl, fault: FaultKind
) -> None:
    vendor.fail_next(fault, driver.place_path)
    with pytest.raises(Unknown):
        await supplier.place(driver.any())
    assert vendor.purchases == 0
    if supplier.capabilities.finds_our_number:
        assert isinstance(await supplier.query(NUMBER, None, placed_at=now()), NotFound)
    assert isinstance(await supplier.place(driver.any()), Accepted | Done)
    assert vendor.purchases == 1


@over()
@pytest.mark.parametrize("fault", AFTER)
async def test_a_failure_after_the_effect_is_unknown_and_bought_exactly_once(
    driver: Driver, supplier: Supplier, vendor: SupplierControl, fault: FaultKind
) -> None:
    vendor.fail_next(fault, driver.place_path)
    with pytest.raises(Unknown):
        await supplier.place(driver.any())
    assert vendor.purchases == 1
    if _can_settle(supplier):
        await _settles_as_bought(driver, supplier)
    assert vendor.purchases == 1


@over()
async def test_a_time_out_after_the_effect_is_unknown_and_bought_exactly_once(
    driver: Driver, supplier: Supplier, vendor: SupplierControl, hasty: httpx.AsyncClient, clock: MovedClock
) -> None:
    vendor.fail_next("hang_after", driver.place_path)
    with pytest.raises(Unknown):
        await driver.supplier(vendor.base_url, hasty, clock).place(driver.any())
    assert vendor.purchases == 1
    if _can_settle(supplier):
        await _settles_as_bought(driver, supplier)
    assert vendor.purchases == 1


@over()
async def test_a_time_out_before_a_late_effect_is_never_taken_for_a_no(
    driver: Driver, supplier: Supplier, vendor: SupplierControl, hasty: httpx.AsyncClient, clock: MovedClock
) -> None:
    vendor.fail_next("hang_before", driver.place_path)
    with pytest.raises(Unknown):
        await driver.supplier(vendor.base_url, hasty, clock).place(driver.any())
    # The vendor works once it has noticed that nobody listens any more; asking again comes after that or before it.
    if supplier.capabilities.repeats_safely or supplier.capabilities.refuses_repeats:
        assert isinstance(await supplier.place(driver.any()), Accepted | Done)
        assert vendor.purchases == 1


@over()
async def test_a_byte_at_a_time_ends_and_is_unknown(
    driver: Driver, vendor: SupplierControl, client: httpx.AsyncClient, clock: MovedClock, supplier: Supplier
) -> None:
    vendor.fail_next("drip", driver.place_path)
    with pytest.raises(Unknown):
        await driver.supplier(vendor.base_url, client, clock, patience_s=GIVES_UP_S).place(driver.any())
    assert vendor.purchases == 1
    if _can_settle(supplier):
        await _settles_as_bought(driver, supplier)
    assert vendor.purchases == 1


@over()
@pytest.mark.parametrize("fault", [*BEFORE, *AFTER])
async def test_a_question_without_an_answer_says_nothing(
    driver: Driver, supplier: Supplier, vendor: SupplierControl, fault: FaultKind
) -> None:
    placed = await supplier.place(driver.later())
    vendor.fail_next(fault, driver.query_path)
    with pytest.raises(Unknown):
        await supplier.query(NUMBER, ref_of(placed), placed_at=now())
    assert isinstance(await supplier.query(NUMBER, ref_of(placed), placed_at=now()), Accepted)


@over()
async def test_who_is_asked_too_often_or_cannot_be_reached_was_not_asked(
    driver: Driver, supplier: Supplier, vendor: SupplierControl, client: httpx.AsyncClient, clock: MovedClock
) -> None:
    vendor.fail_next("too_often", driver.place_path)
    with pytest.raises(RetryLater):
        await supplier.place(driver.any())
    nobody = driver.supplier("http://127.0.0.1:1", client, clock)
    with pytest.raises(RetryLater):
        await nobody.place(driver.any())
    with pytest.raises(RetryLater):
        await nobody.balance()
    assert vendor.purchases == 0


def _can_settle(supplier: Supplier) -> bool:
    may = supplier.capabilities
    return may.finds_our_number or may.repeats_safely or may.refuses_repeats


async def _settles_as_bought(driver: Driver, supplier: Supplier) -> None:
    if supplier.capabilities.finds_our_number or supplier.capabilities.repeats_safely:
        outcome = await settled(driver, supplier)
        assert isinstance(outcome, Accepted | Done)
        if driver.has_cards:
            assert goods_in(await final(supplier, outcome)) == ["CARD-0001"]
    else:
        # Known to be bought, and no way to fetch it: for a person.
        assert await supplier.place(driver.any()) == Accepted()


# -------------------------------------------------------------------------------------------- the same number again


@over(that("repeats_safely"))
async def test_a_repeat_is_the_same_purchase(
    driver: Driver, supplier: Supplier, vendor: SupplierControl
) -> None:
    first = await supplier.place(driver.any())
    again = await supplier.place(driver.any())
    assert ref_of(first) == ref_of(again)
    assert vendor.purchases == 1


@over(that("refuses_repeats"))
async def test_a_repeat_that_is_refused_says_that_the_first_arrived(
    driver: Driver, supplier: Supplier, vendor: SupplierControl
) -> None:
    await supplier.place(driver.any())
    again = await supplier.place(driver.any())
    assert isinstance(again, Accepted)
    assert vendor.purchases == 1


@over(that_lack("repeats_safely", "refuses_repeats"))
async def test_a_repeat_that_nobody_has_described_never_says_that_nothing_was_bought(
    driver: Driver, supplier: Supplier, vendor: SupplierControl
) -> None:
    await supplier.place(driver.any())
    try:
        again = await supplier.place(driver.any())
    except Unknown:
        return
    assert isinstance(again, Accepted | Done)
    assert vendor.purchases == 1


@over(that("finds_our_number"))
async def test_our_number_alone_finds_a_purchase_and_no_other(
    driver: Driver, supplier: Supplier, vendor: SupplierControl
) -> None:
    await supplier.place(driver.later())
    assert isinstance(await supplier.query(NUMBER, None, placed_at=now()), Accepted)
    assert isinstance(await supplier.query(OTHER_NUMBER, None, placed_at=now()), NotFound)
    vendor.finish(NUMBER)
    assert isinstance(await supplier.query(NUMBER, None, placed_at=now()), Done)


@over(that_lack("finds_our_number"))
async def test_without_their_number_such_a_protocol_cannot_be_asked(
    driver: Driver, supplier: Supplier
) -> None:
    await supplier.place(driver.any())
    with pytest.raises(Unknown):
        await supplier.query(NUMBER, None, placed_at=now())


# -------------------------------------------------------------------------------------------------------- callbacks


@over(that("calls_back"))
async def test_a_callback_tells_of_its_purchase_however_often_and_in_whatever_order(
    driver: Driver, supplier: Supplier, vendor: SupplierControl
) -> None:
    await supplier.place(driver.later())
    early = vendor.letter(NUMBER)
    vendor.finish(NUMBER)
    late = vendor.letter(NUMBER)
    told = [supplier.read_callback(as_callback(letter)) for letter in (late, early, late)]
    assert {news.number for news in told} == {NUMBER}
    assert told[0] == told[2]
    assert isinstance(told[1].outcome, Accepted | None)
    assert isinstance(told[0].outcome, Done | None)
    assert supplier.callback_answer


@over(that("calls_back"))
async def test_a_callback_about_a_failure_never_tells_of_goods(
    driver: Driver, supplier: Supplier, vendor: SupplierControl
) -> None:
    await supplier.place(driver.later())
    vendor.finish(NUMBER, "failed")
    told = supplier.read_callback(as_callback(vendor.letter(NUMBER)))
    assert told.number == NUMBER
    assert isinstance(told.outcome, Failed | None)


@over(that("calls_back"))
async def test_a_forged_callback_is_not_believed(
    driver: Driver, supplier: Supplier, vendor: SupplierControl
) -> None:
    await supplier.place(driver.later())
    vendor.finish(NUMBER)
    genuine = vendor.letter(NUMBER)
    tampered = as_callback(genuine, genuine.body.replace(NUMBER.encode(), OTHER_NUMBER.encode()))
    unsigned = as_callback(genuine, b"{}")
    forged = as_callback(vendor.letter(NUMBER, is_forged=True))
    for callback in (forged, tampered, unsigned, as_callback(genuine, b"")):
        with pytest.raises(ForgedSupplierCallback):
            supplier.read_callback(callback)
    assert supplier.read_callback(as_callback(genuine)).number == NUMBER


# ---------------------------------------------------------------------------------------------------------- secrets


@over()
async def test_no_secret_and_no_code_is_seen_in_a_log_an_error_or_a_repr(
    driver: Driver, vendor: SupplierControl, client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    supplier = driver.supplier(vendor.base_url, client, MovedClock())
    for name in (None, "httpx", "httpcore"):
        caplog.set_level(logging.DEBUG, logger=name)
    seen = [await _trouble(supplier.balance)]
    seen.append(await _trouble(supplier.place, driver.any()))
    for fault in ("half_body", "no_json", "error_500_after"):
        vendor.fail_next(fault, driver.place_path)
        seen.append(await _trouble(supplier.place, driver.any(OTHER_NUMBER)))
    stranger = driver.supplier(vendor.base_url, client, MovedClock(), **driver.wrong_key())
    seen += [await _trouble(stranger.balance), repr(supplier), repr(vars(supplier)), repr(driver.any())]
    everything = caplog.text + "".join(seen)
    assert "httpcore" in {record.name.partition(".")[0] for record in caplog.records}
    for secret in (*driver.secrets, "not-the-secret", "CARD-0001", ACCOUNT):
        assert secret not in everything


async def _trouble(call: Callable[..., Any], *args: Any) -> str:
    """Whatever a call shows of itself: its result as it prints, or its error with every line of its trace."""
    try:
        return repr(await call(*args))
    except (RetryLater, Unknown, SupplierRefused) as error:
        return "".join(traceback.format_exception(error))


@over()
def test_settings_show_no_secret_and_refuse_what_cannot_work(
    driver: Driver, client: httpx.AsyncClient
) -> None:
    supplier = driver.supplier("https://up.example.com", client, MovedClock())
    assert not any(secret in repr(vars(supplier)) for secret in driver.secrets)
    for address in (
        "",
        "ftp://up.example.com",
        "https://up.example.com/?a=1",
        "https://me:pw@up.example.com",
    ):
        with pytest.raises(BadSupplierSettings):
            driver.supplier(address, client, MovedClock())
