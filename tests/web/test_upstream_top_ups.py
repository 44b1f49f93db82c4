"""Other shops buy direct top-ups here: the form, what is said in it, and telling what became of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest

from shop_core.catalog.edit import NewVariant, add_variant, set_fields
from shop_core.catalog.goods import Field, FieldKind, GoodsKind
from shop_core.catalog.read import get_variant
from shop_core.delivery.inputs import find_inputs
from shop_core.delivery.kinds import change_kind
from shop_core.delivery.tasks import list_tasks
from shop_core.orders.by_hand import Cannot, finish_task, look_at_task, refuse_task, take_task
from shop_core.supply.supplier import ENOUGH, Accepted, Done, Failed, InputField, No, Refused
from tests.core.builders import Market, a_market
from tests.suppliers.contract import goods_in, ref_of, yuan
from tests.web.test_upstream import Buyer, a_buyer, tell

PHONE: Final = "13812345678"
PHONE_FIELD: Final = Field("phone", {"zh": "手机号", "en": "Phone"}, FieldKind.PHONE)
UID: Final = Field("uid", {"zh": "游戏号"}, FieldKind.NUMBER, shortest=6, longest=9)
ZONE: Final = Field("zone", {"zh": "区"}, FieldKind.CHOICE, choices=("一区", "二区"))
ANNA: Final = "tg:7"


@pytest.fixture
async def market(database_url: str) -> AsyncIterator[Market]:
    async with a_market(database_url) as made:
        yield made


@pytest.fixture
async def buyer(market: Market) -> AsyncIterator[Buyer]:
    async with a_buyer(market) as made:
        yield made


async def a_top_up(market: Market, *fields: Field) -> int:
    """A variant that staff top up."""
    variant = await market.a_variant(price=990, codes=0)
    await market.shop.write(change_kind, variant, GoodsKind.TOP_UP)
    await market.shop.write(set_fields, variant, fields or (PHONE_FIELD,))
    return variant


async def the_task(market: Market) -> int:
    """The one that waits, taken by Anna."""
    await market.run_news()
    (task,) = await market.shop.read(list_tasks, 5)
    await take_task(market.shop, task.id, by=ANNA)
    return task.id


async def test_another_shop_buys_a_top_up_by_the_products_form(market: Market, buyer: Buyer) -> None:
    variant = await a_top_up(market)
    supplier = buyer.supplier(finds_numbers=True)
    (offer,) = (await supplier.list_offers()).offers
    assert (offer.kind, offer.stock, offer.is_on_sale) == (GoodsKind.TOP_UP, ENOUGH, True)
    assert offer.inputs == (InputField("phone", "手机号", "phone"),)

    placed = await supplier.place(buyer.request(variant, phone=PHONE))
    assert isinstance(placed, Accepted)
    assert await market.balance(buyer.person) == 10_000 - 990
    pending = await supplier.query("K7M29QXD", placed.supplier_ref, placed_at=market.clock.now())
    assert isinstance(pending, Accepted)

    task = await the_task(market)
    _, said = await look_at_task(market.shop, task, by=ANNA)
    assert [answer.reveal() for _, answer in said] == [PHONE]
    await finish_task(market.shop, task, "receipt 0001", by=ANNA)
    await tell(market)
    told = json.loads(buyer.letters[-1].body)
    assert (told["event"], told["fulfillment"]["payload"]) == ("order.fulfilled", "receipt 0001")
    assert supplier.read_callback(buyer.letters[-1]).number == "K7M29QXD"
    done = await supplier.query("K7M29QXD", None, placed_at=market.clock.now())
    assert isinstance(done, Done)
    assert goods_in(done) == ["receipt 0001"]
    for table, rows in (await market.everything()).items():
        assert PHONE not in str(rows), table
        assert "receipt 0001" not in str(rows), table


async def test_a_top_up_without_a_receipt_is_done_all_the_same(market: Market, buyer: Buyer) -> None:
    variant = await a_top_up(market)
    supplier = buyer.supplier()
    placed = await supplier.place(buyer.request(variant, phone=PHONE))
    await finish_task(market.shop, await the_task(market), "", by=ANNA)
    done = await supplier.query("K7M29QXD", ref_of(placed), placed_at=market.clock.now())
    assert done == Done((), ref_of(placed), yuan(990))


BAD_FORMS: Final[list[Any]] = [
    None,
    {},
    {"phone": ""},
    {"phone": "12812345678"},
    {"phone": 13812345678},
    {"phone": PHONE, "is_paid": "yes"},
    {"mobile": PHONE},
    {"phone": {"value": PHONE}},
    [PHONE],
    PHONE,
]


async def test_an_account_that_is_none_is_refused_and_nothing_is_kept(market: Market, buyer: Buyer) -> None:
    variant = await a_top_up(market)
    before = await market.everything()
    for form in BAD_FORMS:
        answer = await buyer.order(variant, manual_form_data=form)
        assert (answer.status_code, answer.json()["error_code"]) == (400, "invalid_request"), form
        assert PHONE not in answer.text
    refused = await buyer.supplier().place(buyer.request(variant, phone="12345"))
    assert isinstance(refused, Refused)
    assert refused.why is No.INPUT
    assert await market.everything() == before
    assert await market.one("SELECT count(*) FROM downstream_orders") == 0


async def test_what_may_have_been_escaped_for_a_page_is_refused(market: Market, buyer: Buyer) -> None:
    variant = await a_top_up(market, Field("name", {"zh": "账号"}))
    escaped = await buyer.order(variant, manual_form_data={"name": "Tom&#39;s"})
    assert escaped.json()["error_code"] == "invalid_request"
    plain = await buyer.order(variant, manual_form_data={"name": "Tom's & co"})
    assert plain.json()["ok"] is True


async def test_the_same_number_at_the_same_time_is_one_top_up(market: Market, buyer: Buyer) -> None:
    variant = await a_top_up(market)
    form = {"phone": PHONE}
    answers = await asyncio.gather(*(buyer.order(variant, manual_form_data=form) for _ in range(5)))
    assert len({answer.json()["order_id"] for answer in answers}) == 1
    assert await market.one("SELECT count(*) FROM orders") == 1
    assert await market.balance(buyer.person) == 10_000 - 990


async def test_a_repeat_finds_its_order_though_other_things_are_asked_by_now(
    market: Market, buyer: Buyer
) -> None:
    """A no to a repeat would be taken for: nothing was bought. The buyer would have his money and the credit."""
    variant = await a_top_up(market)
    first = (await buyer.order(variant, manual_form_data={"phone": PHONE})).json()
    await market.shop.write(set_fields, variant, (UID,))
    assert (await buyer.order(variant, manual_form_data={"phone": PHONE})).json() == first
    assert (await buyer.order(variant, manual_form_data={"phone": "1"})).json() == first
    assert (await buyer.order(variant)).json() == first
    line = await market.one("SELECT id FROM order_lines")
    kept = await market.shop.read(find_inputs, line)
    assert kept is not None
    assert kept.open(market.vault)["phone"].reveal() == PHONE


async def test_a_top_up_that_fails_is_refunded_to_the_wallet_and_told(market: Market, buyer: Buyer) -> None:
    variant = await a_top_up(market)
    supplier = buyer.supplier()
    placed = await supplier.place(buyer.request(variant, phone=PHONE))
    await refuse_task(market.shop, await the_task(market), Cannot.INPUT, by=ANNA)
    assert await market.balance(buyer.person) == 10_000
    await tell(market)
    assert json.loads(buyer.letters[-1].body)["status"] == "refunded"
    told = supplier.read_callback(buyer.letters[-1])
    assert isinstance(told.outcome, Failed)
    outcome = await supplier.query("K7M29QXD", ref_of(placed), placed_at=market.clock.now())
    assert outcome == Failed(ref_of(placed), yuan(990), "refunded")


async def test_a_form_is_told_so_that_nothing_of_an_answer_is_lost(market: Market, buyer: Buyer) -> None:
    variant = await a_top_up(market, UID, ZONE)
    (offer,) = (await buyer.supplier().list_offers()).offers
    assert [(field.key, field.kind, field.choices) for field in offer.inputs] == [
        ("uid", "number", ()),
        ("zone", "choice", ("一区", "二区")),
    ]
    placed = await buyer.supplier().place(buyer.request(variant, uid="007007", zone="二区"))
    assert isinstance(placed, Accepted)
    _, said = await look_at_task(market.shop, await the_task(market), by=ANNA)
    assert [answer.reveal() for _, answer in said] == ["007007", "二区"]


async def test_a_variant_that_asks_something_else_than_its_product_is_not_on_sale(
    market: Market, buyer: Buyer
) -> None:
    first = await a_top_up(market)
    product = (await market.shop.read(get_variant, first)).product_id
    others = {}
    for name, fields in {"alike": (PHONE_FIELD,), "other": (UID,), "none": ()}.items():
        others[name] = await market.shop.write(add_variant, NewVariant(product, 990, names={"zh": name}))
        await market.shop.write(change_kind, others[name], GoodsKind.TOP_UP)
        await market.shop.write(set_fields, others[name], fields)
    on_sale = {offer.ref: offer.is_on_sale for offer in (await buyer.supplier().list_offers()).offers}
    assert on_sale == {
        f"{product}:{first}": True,
        f"{product}:{others['alike']}": True,
        f"{product}:{others['other']}": False,
        f"{product}:{others['none']}": False,
    }
