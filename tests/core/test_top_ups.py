"""Direct top-ups: what the buyer says is checked, sealed and told to one supplier at a time; or staff do it, one of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

import pytest
import pytest_asyncio

from shop_core.cases.cases import CaseKind, list_open
from shop_core.catalog.edit import set_fields
from shop_core.catalog.errors import BadField, BadInput
from shop_core.catalog.goods import Asked, Field, FieldKind, GoodsKind, mask, match_fields, read_input
from shop_core.customers.people import Customer
from shop_core.delivery.inputs import KEEP, find_inputs, forget_inputs
from shop_core.delivery.kinds import GoodsInUse, change_kind
from shop_core.delivery.tasks import CLAIM, TaskTaken, list_tasks, watch_tasks
from shop_core.kernel.secret import Secret
from shop_core.orders.by_hand import (
    Cannot,
    finish_task,
    leave_task,
    look_at_task,
    refuse_task,
    take_task,
)
from shop_core.orders.errors import InputsNeeded
from shop_core.orders.fulfil import sweep_undelivered
from shop_core.orders.models import OrderState
from shop_core.orders.pay import pay_from_wallet
from shop_core.orders.place import Wish, place_order
from shop_core.orders.refund import CodeWasSeen, refund_order, refund_seen_order
from shop_core.orders.reveal import reveal_codes
from shop_core.orders.say import say_inputs
from shop_core.supply.offers import NotAsked, NotSellable, OtherGoods
from shop_core.supply.plan import PurchaseUnderWay
from shop_core.supply.supplier import InputField, Told
from shop_core.vault.vault import Vault
from tests.core.builders import outcomes
from tests.core.test_buying import ON_BOTH
from tests.core.wholesaler import ONLY_QUERY, Trade, Wholesaler, a_trade

PHONE: Final = "13812345678"
MOBILE: Final = InputField("mobile", "手机号", "phone")
ASKED: Final = Field("phone", {"zh": "手机号"}, FieldKind.PHONE)
ANNA, BERT = "tg:7", "tg:8"


@pytest_asyncio.fixture
async def trade(request: pytest.FixtureRequest) -> AsyncIterator[Trade]:
    database = getattr(request, "param", "sqlite")
    async with a_trade(request.getfixturevalue(f"{database}_url")) as made:
        yield made


async def a_top_up(
    trade: Trade, *sellers: Wholesaler, fields: tuple[Field, ...] = (), price: int = 990, ref: str = "A"
) -> int:
    """A variant that is a direct top-up, bought from these; from nobody: staff do it."""
    variant = await trade.market.a_variant(price=price, codes=0)
    await trade.market.shop.write(change_kind, variant, GoodsKind.TOP_UP)
    await trade.market.shop.write(set_fields, variant, fields)
    for priority, seller in enumerate(sellers, start=1):
        await trade.connect(
            variant, seller, priority=priority, ref=ref, kind=GoodsKind.TOP_UP, inputs=(MOBILE,)
        )
    return variant


async def a_paid_top_up(trade: Trade, *sellers: Wholesaler) -> tuple[Customer, str]:
    fields = () if sellers else (ASKED,)
    variant = await a_top_up(trade, *sellers, fields=fields)
    customer = await trade.market.a_customer(balance=990)
    key = "mobile" if sellers else "phone"
    number = await trade.market.place_saying(customer, variant, **{key: PHONE})
    await pay_from_wallet(trade.market.shop, customer, number)
    await trade.market.run_news()
    return customer, number


async def state(trade: Trade, number: str) -> OrderState:
    return (await trade.market.look(number)).state


async def cases(trade: Trade) -> list[CaseKind]:
    return [case.kind for case in await trade.market.shop.read(list_open)]


# -------------------------------------------------------------------------------------------------- what is said


@pytest.mark.parametrize(
    ("kind", "said", "kept", "shown"),
    [
        (FieldKind.PHONE, "１３８ 1234-5678", PHONE, "138****5678"),
        (FieldKind.PHONE, "+7 916 123 45 67", "+79161234567", "+791****4567"),
        (FieldKind.NUMBER, " 100200300 ", "100200300", "10****300"),
        (FieldKind.EMAIL, "anna@example.com", "anna@example.com", "an****@example.com"),
        (FieldKind.TEXT, "小明同学", "小明同学", "小****学"),
    ],
)
def test_an_answer_is_kept_plain_and_shown_masked(kind: FieldKind, said: str, kept: str, shown: str) -> None:
    field = Field("x", {"zh": "x"}, kind)
    answer = read_input(field, said)
    assert answer.reveal() == kept
    assert mask(field, answer) == shown


@pytest.mark.parametrize(
    ("field", "said"),
    [
        (ASKED, "12812345678"),
        (ASKED, "号码"),
        (ASKED, ""),
        (Field("n", {"zh": "n"}, FieldKind.NUMBER), "-5"),
        (Field("n", {"zh": "n"}, FieldKind.NUMBER, shortest=5, longest=10), "1234"),
        (Field("e", {"zh": "e"}, FieldKind.EMAIL), "anna@example"),
        (Field("c", {"zh": "c"}, FieldKind.CHOICE, choices=("一区", "二区")), "三区"),
        (Field("t", {"zh": "t"}), "a\x1bb"),
    ],
)
def test_a_wrong_answer_is_refused_without_being_repeated(field: Field, said: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_input(field, said)
    assert said not in {str(value) for value in refused.value.details.values()} or not said


def test_a_suppliers_words_are_matched_by_name_or_by_the_only_one_of_a_kind() -> None:
    zone = Field("zone", {"zh": "区"}, FieldKind.CHOICE, choices=("一区",))
    fields = (ASKED, zone)
    phone = Asked("mobile", "手机号", "phone", is_required=True)
    assert match_fields(fields, [phone]) == {"mobile": "phone"}
    assert match_fields(fields, [phone, Asked("tel", "备用", "phone", is_required=True)]) is None
    assert match_fields(fields, [Asked("zone", "区", "choice", True, ("一区", "二区"))]) == {"zone": "zone"}
    assert match_fields(fields, [Asked("zone", "区", "choice", True, ("二区",))]) is None
    assert match_fields(fields, [Asked("password", "密码", "password", is_required=True)]) is None
    assert match_fields(fields, [Asked("note", "备注", "text", is_required=False)]) == {}


async def test_offers_are_connected_only_to_what_can_ask_for_them(trade: Trade) -> None:
    secret = InputField("password", "密码", "password")
    codes = await trade.market.a_variant(codes=1)
    top_up = await a_top_up(trade, fields=(ASKED,))
    with pytest.raises(OtherGoods):
        await trade.connect(codes, trade.first, kind=GoodsKind.TOP_UP, inputs=(MOBILE,))
    with pytest.raises(OtherGoods):
        await trade.connect(top_up, trade.first)
    with pytest.raises(NotSellable):
        await trade.connect(top_up, trade.first, kind=GoodsKind.TOP_UP, inputs=(MOBILE, secret))
    name = InputField("name", "姓名", "text")
    with pytest.raises(NotAsked):
        await trade.connect(top_up, trade.first, kind=GoodsKind.TOP_UP, inputs=(MOBILE, name))
    with pytest.raises(GoodsInUse):
        await trade.market.shop.write(change_kind, codes, GoodsKind.TOP_UP)
    await trade.market.shop.write(change_kind, codes, GoodsKind.LINK)
    with pytest.raises(BadField):
        await trade.market.shop.write(set_fields, top_up, (ASKED, ASKED))


@ON_BOTH
async def test_placing_believes_nobody(trade: Trade) -> None:
    market = trade.market
    variant = await a_top_up(trade, trade.first)
    customer, stranger = await market.a_customer(), await market.a_customer()
    before = await market.everything()
    with pytest.raises(BadInput):
        await market.place_saying(customer, variant, mobile="12345")
    with pytest.raises(BadInput):
        await market.place_saying(customer, variant, mobile=PHONE, is_paid="yes")
    with pytest.raises(InputsNeeded):
        await market.place(customer, variant)
    key = market.key()
    his = await say_inputs(market.shop, stranger, variant, key, {"mobile": Secret(PHONE)})
    with pytest.raises(InputsNeeded):
        await place_order(market.shop, customer, Wish(variant, 1, key, his))
    with pytest.raises(InputsNeeded):
        await place_order(market.shop, stranger, Wish(variant, 1, market.key(), his))
    await market.shop.write(set_fields, variant, (ASKED,))
    with pytest.raises(InputsNeeded):
        await place_order(market.shop, stranger, Wish(variant, 1, key, his))
    assert await market.everything() == before


# -------------------------------------------------------------------------------------------------- by a supplier


@ON_BOTH
async def test_a_top_up_is_bought_with_the_buyers_words_and_proved_by_its_receipt(trade: Trade) -> None:
    customer, number = await a_paid_top_up(trade, trade.first, trade.second)
    await trade.work()
    order = await trade.market.look(number)
    assert (order.state, order.lines[0].cost.minor) == (OrderState.DELIVERED, 500)
    [request] = trade.first.placed
    assert {name: said.reveal() for name, said in request.inputs.items()} == {"mobile": PHONE}
    revealed = await reveal_codes(trade.market.shop, customer, number)
    assert [code.reveal() for code in revealed.codes] == [f"receipt-{request.number}"]
    assert [said.reveal() for _, said in revealed.said] == [PHONE]
    assert trade.second.placed == []
    with pytest.raises(CodeWasSeen):
        await refund_order(trade.market.shop, number, by=ANNA)
    await refund_seen_order(trade.market.shop, number, by=ANNA)


async def test_what_the_buyer_said_is_nowhere_in_the_clear(trade: Trade) -> None:
    trade.first.does = ["lost"]
    _, number = await a_paid_top_up(trade, trade.first)
    await trade.work_until_quiet()
    for table, rows in (await trade.market.everything()).items():
        assert PHONE not in str(rows), table
    assert "138****5678" in str(await trade.market.rows("SELECT echo FROM line_inputs"))
    line = (await trade.market.look(number)).lines[0].id
    trade.market.clock.moment += KEEP + timedelta(days=1)
    assert await trade.market.shop.write(forget_inputs) == 1
    kept = await trade.market.shop.read(find_inputs, line)
    assert kept is not None
    assert kept.open(trade.market.shop.get(Vault)) == {}


@ON_BOTH
async def test_wrong_words_are_refused_by_one_supplier_for_all(trade: Trade) -> None:
    trade.first.does = ["refuse:input"]
    customer, number = await a_paid_top_up(trade, trade.first, trade.second)
    await trade.work()
    assert await state(trade, number) is OrderState.REFUNDED
    assert trade.second.placed == []
    assert await trade.market.balance(customer) == 990


async def test_an_unknown_top_up_is_neither_refunded_nor_placed_again(trade: Trade) -> None:
    trade.first.capabilities = ONLY_QUERY
    trade.first.does, trade.first.answers = ["sell_lost"], ["say", "lost", "lost", "lost"]
    _, number = await a_paid_top_up(trade, trade.first, trade.second)
    await trade.work()
    assert await trade.states() == ["first unknown"]
    with pytest.raises(PurchaseUnderWay):
        await refund_order(trade.market.shop, number, by=ANNA)
    await sweep_undelivered(trade.market.shop)
    assert await state(trade, number) is OrderState.PAID
    await trade.work_until_quiet()
    assert await state(trade, number) is OrderState.DELIVERED
    assert len(trade.first.placed) == 1
    assert trade.second.placed == []


async def test_a_part_is_made_whole_by_staff_and_never_by_another_purchase(trade: Trade) -> None:
    trade.first.does = ["part"]
    _, number = await a_paid_top_up(trade, trade.first, trade.second)
    await trade.work_until_quiet()
    assert await state(trade, number) is OrderState.PAID
    assert trade.second.placed == []
    [task] = await trade.market.shop.read(list_tasks, 5)
    assert task.part
    assert task.part_value is not None
    assert task.part_value.minor == 3_000
    await take_task(trade.market.shop, task.id, by=ANNA)
    await finish_task(trade.market.shop, task.id, "", by=ANNA)
    assert await state(trade, number) is OrderState.DELIVERED


async def test_a_top_up_that_comes_after_the_refund_is_a_persons_to_know(trade: Trade) -> None:
    trade.first.does = ["accept"]
    _, number = await a_paid_top_up(trade, trade.first)
    await trade.work()
    [sold] = trade.first.sales
    late = trade.first.finishes(sold)
    await trade.tell(trade.first, Told(sold, outcome=trade.first.fails(sold)))
    assert await state(trade, number) is OrderState.REFUNDED
    await trade.tell(trade.first, Told(sold, outcome=late))
    await trade.tell(trade.first, Told(sold, outcome=late))
    assert await state(trade, number) is OrderState.REFUNDED
    assert await cases(trade) == [CaseKind.PURCHASE]


async def test_a_late_top_up_takes_the_place_of_one_that_is_only_planned(trade: Trade) -> None:
    trade.first.does = ["accept"]
    _, number = await a_paid_top_up(trade, trade.first, trade.second)
    await trade.work()
    [sold] = trade.first.sales
    late = trade.first.finishes(sold)
    await trade.tell(trade.first, Told(sold, outcome=trade.first.fails(sold)))
    assert await trade.states() == ["first refused", "second planned"]
    await trade.tell(trade.first, Told(sold, outcome=late))
    assert await state(trade, number) is OrderState.DELIVERED
    assert trade.second.placed == []


# ------------------------------------------------------------------------------------------------------ by hand


@ON_BOTH
async def test_two_of_the_staff_never_do_the_same_top_up(trade: Trade) -> None:
    customer, number = await a_paid_top_up(trade)
    shop = trade.market.shop
    [task] = await shop.read(list_tasks, 5)
    taken = await outcomes(take_task(shop, task.id, by=ANNA), take_task(shop, task.id, by=BERT))
    assert taken.count(TaskTaken) == 1
    mine, other = (ANNA, BERT) if taken[1] is TaskTaken else (BERT, ANNA)
    for attempt in (
        finish_task(shop, task.id, "", by=other),
        refuse_task(shop, task.id, Cannot.INPUT, by=other),
    ):
        with pytest.raises(TaskTaken):
            await attempt
    with pytest.raises(TaskTaken):
        await look_at_task(shop, task.id, by=other)
    with pytest.raises(TaskTaken):
        await refund_order(shop, number, by=other)
    _, answers = await look_at_task(shop, task.id, by=mine)
    assert [said.reveal() for _, said in answers] == [PHONE]
    looks = await trade.market.rows('SELECT "by" FROM reveals')
    assert [row["by"] for row in looks] == [mine]
    await finish_task(shop, task.id, "流水 778", by=mine)
    assert await state(trade, number) is OrderState.DELIVERED
    revealed = await reveal_codes(shop, customer, number)
    assert [code.reveal() for code in revealed.codes] == ["流水 778"]


async def test_a_claim_is_given_back_or_runs_out(trade: Trade) -> None:
    _, number = await a_paid_top_up(trade)
    shop = trade.market.shop
    [task] = await shop.read(list_tasks, 5)
    await take_task(shop, task.id, by=ANNA)
    await leave_task(shop, task.id, by=ANNA)
    await take_task(shop, task.id, by=BERT)
    trade.market.clock.moment += CLAIM
    assert await watch_tasks(shop) == 1
    assert await cases(trade) == [CaseKind.TASK]
    await take_task(shop, task.id, by=ANNA)
    with pytest.raises(TaskTaken):
        await finish_task(shop, task.id, "", by=BERT)
    await refuse_task(shop, task.id, Cannot.INPUT, by=ANNA)
    assert await state(trade, number) is OrderState.REFUNDED
    assert await cases(trade) == []


async def test_a_refund_withdraws_a_task_that_nobody_is_at(trade: Trade) -> None:
    customer, number = await a_paid_top_up(trade)
    await refund_order(trade.market.shop, number, by=ANNA)
    assert await trade.market.shop.read(list_tasks, 5) == []
    assert await trade.market.balance(customer) == 990
