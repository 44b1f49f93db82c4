"""Reloadly: its tokens, its reports, and what its document of 2022 leaves open."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.kernel.money import Money
from shop_core.kernel.secret import Secret
from shop_core.supply.supplier import (
    Accepted,
    BadSupplierSettings,
    Done,
    Failed,
    ForgedSupplierCallback,
    GoodsKind,
    No,
    NotFound,
    PurchaseRequest,
    Refused,
    SupplierRefused,
)
from shop_core.wire.callback import RawCallback
from shop_core.wire.reading import read_facts, read_json
from suppliers.reloadly import translate
from suppliers.reloadly.adapter import ReloadlySupplier
from suppliers.reloadly.settings import PRODUCTION, SANDBOX, ReloadlySettings
from tests.standins.suppliers.driver import SupplierControl
from tests.standins.suppliers.reloadly.site import CURRENCY, KEY, SECRET
from tests.standins.suppliers.server import running_supplier
from tests.standins.suppliers.world import CARD
from tests.suppliers.contract import ACCOUNT, NUMBER, OTHER_NUMBER, MovedClock, goods_in, now, ref_of, yuan
from tests.suppliers.drivers.reloadly import hosts_at

CARD_REF, LATER_REF, AIRTIME_REF = "g/101/15", "g/102/58", "t/103/49.3/CN"
PHONE = {"phone": Secret(ACCOUNT)}
TOKEN = {"access_token": "tok", "expires_in": 3600}


@pytest.fixture(scope="module")
def _site() -> Iterator[SupplierControl]:
    with running_supplier("reloadly") as site:
        yield site


@pytest.fixture
def site(_site: SupplierControl) -> SupplierControl:
    _site.reset()
    return _site


Connect = Callable[..., ReloadlySupplier]
SEEN: list[str] = []


@pytest.fixture
async def connect(site: SupplierControl) -> AsyncIterator[Connect]:
    """Connects to the running site; ``SEEN`` has the path of each request."""
    SEEN.clear()

    async def remember(request: httpx.Request) -> None:
        SEEN.append(request.url.path)

    async with httpx.AsyncClient(trust_env=False, event_hooks={"request": [remember]}) as client:

        def connected(clock: MovedClock | None = None, **changes: Any) -> ReloadlySupplier:
            given = {"name": "rl", "key": KEY, "secret": Secret(SECRET), "currency": CURRENCY, **changes}
            settings = ReloadlySettings(hosts=hosts_at(site.base_url), **given)
            return ReloadlySupplier(settings, client, clock or MovedClock())

        yield connected


def answering(answers: dict[str, Any], **changes: Any) -> ReloadlySupplier:
    """Answers by the end of the path: JSON, or a status with JSON."""

    def answer(request: httpx.Request) -> httpx.Response:
        found = TOKEN if request.url.path == "/oauth/token" else answers[request.url.path]
        status, told = found if isinstance(found, tuple) else (200, found)
        return httpx.Response(status, json=told)

    given = {"name": "rl", "key": "k", "secret": Secret("s"), **changes}
    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return ReloadlySupplier(ReloadlySettings(**given), client, MovedClock())


# ----------------------------------------------------------------------------------------------------------- tokens


async def test_one_token_a_service_serves_all_calls(connect: Connect) -> None:
    supplier = connect()
    await asyncio.gather(
        *(supplier.balance() for _ in range(5)), *(supplier.get_offer(CARD_REF) for _ in range(5))
    )
    assert SEEN.count("/auth/oauth/token") == 2


async def test_a_token_that_is_not_known_any_more_is_renewed_once_and_bought_with_once(
    site: SupplierControl, connect: Connect
) -> None:
    supplier = connect()
    await supplier.get_offer(CARD_REF)
    site.set(options={"forget_tokens": True})
    SEEN.clear()
    assert goods_in(await supplier.place(PurchaseRequest(NUMBER, CARD_REF, 1))) == ["CARD-0001"]
    assert SEEN[:3] == ["/giftcards/orders", "/auth/oauth/token", "/giftcards/orders"]
    assert site.purchases == 1


async def test_tokens_that_are_never_accepted_need_a_person(site: SupplierControl, connect: Connect) -> None:
    site.set(options={"is_deaf": True})
    with pytest.raises(SupplierRefused):
        await connect().place(PurchaseRequest(NUMBER, CARD_REF, 1))
    assert SEEN.count("/giftcards/orders") == 2
    assert site.purchases == 0


async def test_a_token_is_used_until_shortly_before_its_end(site: SupplierControl, connect: Connect) -> None:
    site.set(options={"lives_s": 3600})
    clock = MovedClock()
    supplier = connect(clock)
    for minutes, tokens in ((0, 1), (58, 1), (59.5, 2)):
        clock.offset = timedelta(minutes=minutes)
        await supplier.balance()
        assert SEEN.count("/auth/oauth/token") == tokens


@pytest.mark.parametrize("fault", ["error_500", "drop_before", "drop_after", "half_body", "no_json"])
async def test_without_a_token_nothing_was_bought_for_certain(
    site: SupplierControl, connect: Connect, fault: Any
) -> None:
    site.fail_next(fault, "/oauth/token")
    with pytest.raises(RetryLater):
        await connect().place(PurchaseRequest(NUMBER, CARD_REF, 1))
    assert site.purchases == 0


@pytest.mark.parametrize(
    "token", [{}, {"access_token": "x\r\nHost: y", "expires_in": 60}, {"access_token": "x"}]
)
async def test_a_token_that_cannot_be_used_is_none(token: dict[str, Any]) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=token))
    settings = ReloadlySettings(name="rl", key="k", secret=Secret("s"))
    with pytest.raises(RetryLater):
        await ReloadlySupplier(settings, httpx.AsyncClient(transport=transport), MovedClock()).balance()


# --------------------------------------------------------------------------------- what is not confirmed, both ways


@pytest.mark.parametrize("status", ["FAILED", "REFUNDED", "PENDING", "", "successful"])
async def test_a_status_that_is_not_confirmed_is_under_way(
    site: SupplierControl, connect: Connect, status: str
) -> None:
    site.set(options={"statuses": {"failed": status}})
    supplier = connect()
    for number, ref in ((NUMBER, LATER_REF), (OTHER_NUMBER, AIRTIME_REF)):
        placed = await supplier.place(PurchaseRequest(number, ref, 1, inputs=PHONE))
        site.finish(number, "failed")
        assert isinstance(await supplier.query(number, ref_of(placed), placed_at=now()), Accepted)


async def test_a_status_that_the_connection_knows_as_failed_is_over(
    site: SupplierControl, connect: Connect
) -> None:
    supplier = connect(failed_statuses=("FAILED", "REFUNDED"))
    for number, ref, cost in ((NUMBER, LATER_REF, 2500), (OTHER_NUMBER, AIRTIME_REF, 4930)):
        placed = await supplier.place(PurchaseRequest(number, ref, 1, inputs=PHONE))
        assert isinstance(placed, Accepted)
        site.finish(number, "failed")
        outcome = await supplier.query(number, placed.supplier_ref, placed_at=now())
        assert isinstance(outcome, Failed)
        assert outcome.returned == yuan(cost)
    assert [(it.cost, it.is_final, it.is_success) for it in await supplier.statement(now().date())] == [
        (yuan(0), True, False)
    ] * 2


@pytest.mark.parametrize("zone_h", [-12, 0, 14])
@pytest.mark.parametrize(
    "form", [{}, {"bare": True}, {"bare": True, "ignores_pages": True}, {"ignores_filter": True}]
)
async def test_a_purchase_is_found_by_our_number_in_a_report_of_any_form(
    site: SupplierControl, connect: Connect, form: dict[str, bool], zone_h: int
) -> None:
    site.set(options={**form, "zone_h": zone_h})
    supplier = connect()
    await supplier.place(PurchaseRequest(OTHER_NUMBER, CARD_REF, 1))
    site.fail_next("drop_after", "/giftcards/orders")
    with pytest.raises(Unknown):
        await supplier.place(PurchaseRequest(NUMBER, CARD_REF, 1))
    assert goods_in(await supplier.query(NUMBER, None, placed_at=now())) == ["CARD-0002"]
    assert isinstance(await supplier.query("ZZZZZZZZ", None, placed_at=now()), NotFound)


@pytest.mark.parametrize("form", [{}, {"bare": True}, {"bare": True, "ignores_pages": True}])
async def test_a_list_of_any_form_is_read_to_its_end(
    site: SupplierControl, connect: Connect, form: dict[str, bool]
) -> None:
    site.stock_up(first=200, count=230)
    site.set(options=form)
    supplier, refs, cursor = connect(), [], None
    while True:
        page = await supplier.list_offers(cursor)
        refs += [offer.ref for offer in page.offers]
        cursor = page.cursor
        if cursor is None:
            break
    assert len(refs) == len(set(refs)) == 233
    assert refs[-1] == AIRTIME_REF


@pytest.mark.parametrize("told", [{"content": None}, {}, "x", None, {"content": {}}])
async def test_an_answer_without_a_list_is_not_an_empty_list(told: object) -> None:
    supplier = answering({"/products": told, "/reports/transactions": told})
    with pytest.raises(Unknown):
        await supplier.list_offers()
    with pytest.raises(Unknown):
        await supplier.query(NUMBER, None, placed_at=now())


async def test_two_orders_of_one_number_are_for_a_person() -> None:
    order = {"transactionId": 7, "customIdentifier": NUMBER, "status": "SUCCESSFUL"}
    supplier = answering(
        {"/reports/transactions": {"content": [order, {**order, "transactionId": 8}], "last": True}}
    )
    with pytest.raises(Unknown):
        await supplier.query(NUMBER, None, placed_at=now())


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "This customIdentifier has already been used"),
        (400, "Custom Identifier must be unique"),
        (400, "System busy, please try again later"),
        (400, ""),
        (404, "Product not found"),
        (409, "Conflict"),
    ],
)
async def test_what_is_no_plain_refusal_of_the_order_is_unknown(status: int, message: str) -> None:
    for ref, path in ((CARD_REF, "/orders"), (AIRTIME_REF, "/topups")):
        supplier = answering({path: (status, {"message": message, "errorCode": None})})
        with pytest.raises(Unknown):
            await supplier.place(PurchaseRequest(NUMBER, ref, 1, inputs=PHONE))


@pytest.mark.parametrize(
    ("code", "message", "why"),
    [
        (None, "Invalid price. Please ensure you selected the right price.", No.PRICE),
        ("INVALID_RECIPIENT_PHONE", "Recipient phone number is not valid", No.INPUT),
        ("INSUFFICIENT_BALANCE", "Top up your account", No.BALANCE),
    ],
)
async def test_a_refusal_says_why(code: str | None, message: str, why: No) -> None:
    supplier = answering({"/orders": (400, {"message": message, "errorCode": code})})
    outcome = await supplier.place(PurchaseRequest(NUMBER, CARD_REF, 1))
    assert isinstance(outcome, Refused)
    assert outcome.why is why


# -------------------------------------------------------------------------------------------------------- the goods


@pytest.mark.parametrize("one_card", [True, False])
async def test_codes_that_come_as_numbers_keep_every_digit(
    site: SupplierControl, connect: Connect, one_card: bool
) -> None:
    site.set(options={"as_numbers": True, "one_card": one_card})
    site.goods(CARD, codes=["6120200345149064123456789"])
    done = await connect().place(PurchaseRequest(NUMBER, CARD_REF, 1))
    assert goods_in(done) == ["卡号：6120200345149064123456789\n卡密：5821"]


async def test_codes_that_cannot_be_fetched_yet_are_fetched_later(
    site: SupplierControl, connect: Connect
) -> None:
    site.fail_next("error_500", "/cards")
    supplier = connect()
    placed = await supplier.place(PurchaseRequest(NUMBER, CARD_REF, 2))
    assert placed == Accepted("g/7000001", yuan(1980))
    done = await supplier.query(NUMBER, "g/7000001", placed_at=now())
    assert goods_in(done) == ["CARD-0001", "CARD-0002"]
    assert isinstance(done, Done)
    assert (done.cost, site.purchases) == (yuan(1980), 1)


@pytest.mark.parametrize(
    "told", [b"[]", b"{}", b'[{"cardNumber": "1"}, 2]', b'[{"cardNumber": ""}]', b"null"]
)
def test_cards_that_are_none_are_not_taken_for_some(told: bytes) -> None:
    assert translate.cards_of(read_json(told)) is None


async def test_airtime_by_code_brings_the_code() -> None:
    told = {
        "transactionId": 4602843,
        "status": "SUCCESSFUL",
        "customIdentifier": NUMBER,
        "operatorTransactionId": "72979:OrderConfirmed",
        "requestedAmount": 3168.4,
        "discount": 63.368,
        "requestedAmountCurrencyCode": "USD",
        "pinDetail": {"serial": 558111, "code": 773709733097662},
    }
    done = await answering({"/topups": told}).place(
        PurchaseRequest(NUMBER, "t/535/3168.4/GB", 1, inputs=PHONE)
    )
    assert done == Done(
        (Secret("773709733097662"),), "t/4602843", Money(310504, "USD"), receipt="72979:OrderConfirmed"
    )


async def test_an_answer_about_another_number_is_unknown() -> None:
    told = {"transactionId": 1, "status": "SUCCESSFUL", "customIdentifier": OTHER_NUMBER}
    for ref, path in ((CARD_REF, "/orders"), (AIRTIME_REF, "/topups")):
        with pytest.raises(Unknown):
            await answering({path: told}).place(PurchaseRequest(NUMBER, ref, 1, inputs=PHONE))


@pytest.mark.parametrize("said", [None, "", "abc", "1234", "+86 138<script>", "1" * 40])
async def test_airtime_without_a_phone_is_not_asked_for(said: str | None) -> None:
    inputs = {"phone": Secret(said)} if said is not None else {}
    outcome = await answering({}).place(PurchaseRequest(NUMBER, AIRTIME_REF, 1, inputs=inputs))
    assert isinstance(outcome, Refused)
    assert outcome.why is No.INPUT


def test_a_phone_is_sent_as_digits() -> None:
    assert translate.phone_of(Secret(" +86 138-0013-8000 ")) == "8613800138000"


def test_amounts_are_sent_as_they_are_written() -> None:
    ref = translate.gift_ref("g/12/0.1")
    assert ref is not None
    body = translate.gift_order(ref, NUMBER, 3, '卡铺 "shop"', "a@example.com")
    assert b'"unitPrice":0.1,' in body
    assert json.loads(body) == {
        "productId": 12,
        "quantity": 3,
        "unitPrice": 0.1,
        "senderName": '卡铺 "shop"',
        "customIdentifier": NUMBER,
        "recipientEmail": "a@example.com",
    }


# ------------------------------------------------------------------------------------------------------- the offers


def a_product(**changes: Any) -> Any:
    product = {
        "productId": 1,
        "productName": "PetSupplies",
        "senderFee": 0.5,
        "discountPercentage": 7.5,
        "denominationType": "FIXED",
        "recipientCurrencyCode": "USD",
        "senderCurrencyCode": "CNY",
        "fixedRecipientToSenderDenominationsMap": [{"25.00": 180.00}, {"50.00": 360.01}],
    }
    return read_facts(json.dumps({**product, **changes}).encode())


def test_a_fixed_gift_card_costs_its_price_less_the_discount_with_the_fee() -> None:
    first, second = translate.gift_offers(a_product(), "CNY", ())
    assert (first.ref, first.cost, first.face) == ("g/1/25", yuan(16700), Money(2500, "USD"))
    assert (second.ref, second.cost) == ("g/1/50", yuan(33351))
    as_table = a_product(fixedRecipientToSenderDenominationsMap={"25.00": 180, "50": 360.01})
    assert list(translate.gift_offers(as_table, "CNY", ())) == [first, second]


def test_a_gift_card_of_a_range_is_offered_in_the_amounts_that_the_owner_wants() -> None:
    ends = {"minRecipientDenomination": 10, "maxRecipientDenomination": 100}
    ranged = a_product(
        denominationType="RANGE", **ends, minSenderDenomination=71.9, maxSenderDenomination=720, senderFee=0
    )
    offers = list(translate.gift_offers(ranged, "CNY", ("5", "20", "100", "100.01")))
    assert [(offer.ref, offer.cost) for offer in offers] == [
        ("g/1/20", yuan(13320)),
        ("g/1/100", yuan(66600)),
    ]
    assert list(translate.gift_offers(ranged, "CNY", ())) == []


@pytest.mark.parametrize(
    "changes",
    [{"senderCurrencyCode": "NGN"}, {"productId": None}, {"productName": ""}, {"denominationType": "OTHER"}],
)
def test_a_product_that_cannot_be_priced_is_no_offer(changes: dict[str, Any]) -> None:
    assert list(translate.gift_offers(a_product(**changes), "CNY", ("20",))) == []


def test_airtime_costs_what_the_smaller_discount_leaves() -> None:
    operator = {
        "operatorId": 88,
        "name": "Movistar",
        "denominationType": "RANGE",
        "senderCurrencyCode": "USD",
        "internationalDiscount": 4.42,
        "localDiscount": 2.0,
        "minAmount": 5.00,
        "maxAmount": 50,
        "pin": True,
        "country": {"isoName": "CO"},
    }
    facts = read_facts(json.dumps(operator).encode())
    (offer,) = translate.airtime_offers(facts, "USD", ("7", "70"))
    assert (offer.ref, offer.cost, offer.kind, offer.most) == (
        "t/88/7/CO",
        Money(686, "USD"),
        GoodsKind.CARD,
        1,
    )
    assert list(translate.airtime_offers({**facts, "country": {}}, "USD", ("7",))) == []


@given(cents=st.integers(1, 10**8), zeros=st.integers(0, 3))
def test_an_amount_is_the_same_goods_however_it_is_written(cents: int, zeros: int) -> None:
    amount = Decimal(cents) / 100
    faces = [f"{amount}", f"{amount:f}{'0' * zeros if amount % 1 else ''}"]
    refs = {
        offer.ref
        for face in faces
        for offer in translate.gift_offers(
            a_product(fixedRecipientToSenderDenominationsMap={face: 1}), "CNY", ()
        )
    }
    assert len(refs) == 1
    named = translate.gift_ref(refs.pop())
    assert named is not None
    assert Decimal(named.unit_price) == amount


# ------------------------------------------------------------------------------------------------------ the account


async def test_what_the_shop_does_not_want_is_not_asked_for(connect: Connect) -> None:
    cards, airtime = connect(sells=("gift_cards",)), connect(sells=("airtime",))
    assert {offer.ref[0] for offer in (await cards.list_offers()).offers} == {"g"}
    assert {offer.ref[0] for offer in (await airtime.list_offers()).offers} == {"t"}
    SEEN.clear()
    assert isinstance(await airtime.query(NUMBER, None, placed_at=now()), NotFound)
    assert not any(path.startswith("/giftcards") for path in SEEN)


async def test_an_account_in_another_currency_needs_a_person(connect: Connect) -> None:
    with pytest.raises(SupplierRefused):
        await connect(currency="USD").balance()


def test_nobody_calls_back() -> None:
    with pytest.raises(ForgedSupplierCallback):
        answering({}).read_callback(RawCallback("POST", {}, {}, {}, b"{}"))


@pytest.mark.parametrize(
    "changes",
    [
        {"key": ""},
        {"sells": ()},
        {"sells": ("utilities",)},
        {"amounts": ("ten",)},
        {"currency": "XXX"},
        {"failed_statuses": ("SUCCESSFUL",)},
        {"sender_name": ""},
    ],
    ids=str,
)
def test_settings_that_cannot_work_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(BadSupplierSettings):
        answering({}, **changes)


def test_the_sandbox_is_another_place_with_the_same_door() -> None:
    assert SANDBOX.auth == PRODUCTION.auth
    assert SANDBOX.gift_cards != PRODUCTION.gift_cards
