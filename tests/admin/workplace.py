"""A shop in which every command of staff has something to do, and a line for each of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from shop_core.catalog.edit import set_fields
from shop_core.catalog.goods import Field, FieldKind, GoodsKind
from shop_core.delivery.kinds import change_kind
from shop_core.delivery.tasks import list_tasks
from shop_core.jobs.runs import Plan, plan_jobs
from shop_core.kernel.money import Money
from shop_core.orders.by_hand import take_task
from shop_core.orders.fulfil import finish_paid
from shop_core.orders.pay import pay_from_wallet
from shop_core.payments.gateway import GatewayRefused, Notice
from shop_core.pricing.follow import follow
from shop_core.pricing.markup import Markup
from shop_core.pricing.reprice import reprice_some
from shop_core.pricing.rules import Scope, Subject, put_rule
from shop_core.reconciliation.counterpart import Counterparts
from shop_core.reconciliation.lines import Line, LineState
from shop_core.reconciliation.rematch import take_reading
from shop_core.resale.keys import make_keys
from shop_core.staff.invitations import invite
from shop_core.staff.members import take_on
from shop_core.staff.roles import Role, Roster
from shop_core.supply.floats import read_floats
from shop_core.supply.offers import keep_offers
from shop_core.supply.supplier import Told
from shop_core.threads.sealing import Said, SentFile
from shop_core.threads.write import write_to_shop
from shop_core.verification.codes import CodeText, confirm_code, send_code
from shop_core.verification.contacts import Kind
from tests.admin.office import Office, staffed
from tests.core.builders import OWNER, Market
from tests.core.wholesaler import STATING, Trade, a_trade

COLLEAGUE = "tg:88"
JOB_PLANS = (Plan("read_floats", timedelta(minutes=5), timedelta(minutes=25)),)


@dataclass
class Workplace:
    """A shop in which every command has something to do."""

    office: Office
    values: Mapping[str, str]

    def line(self, name: str) -> str:
        return LINES[name].format_map(self.values)


LINES: Mapping[str, str] = {
    "home": "home",
    "threads": "threads 1",
    "thread show": "thread show {thread}",
    "thread reply": "thread reply {thread} 已经补发，请查收。",
    "thread done": "thread done {waiting}",
    "thread orders": "thread orders {thread}",
    "thread file": "thread file {picture}",
    "category add": "category add 音乐 --en Music",
    "category list": "category list",
    "product add": 'product add "网易云音乐" 年卡 --en "NetEase Music"',
    "product list": "product list",
    "product show": "product show {product}",
    "product qr": "product qr {product}",
    "product hide": "product hide #{product}",
    "product publish": "product publish {product}",
    "product refund": "product refund {product} wallet",
    "product verify": "product verify {product} either",
    "contact reset": "contact reset {order} phone --yes",
    "variant add": "variant add {product} 48 季卡 --cost 40.5 --per-order 2",
    "price": "price {variant} 15.50 12.3",
    "limits": "limits {variant} 2 0",
    "goods": "goods {top_up} top_up",
    "field add": "field add {top_up} zone 大区 --kind choice --choices 一区,二区 --optional",
    "field remove": "field remove {top_up} zone",
    "queue": "queue",
    "task show": "task show {waits}",
    "task take": "task take {waits}",
    "task look": "task look {waits}",
    "task leave": "task leave {waits}",
    "task done": "task done {mine} 流水 20261128",
    "task cannot": "task cannot {hopeless} input",
    "import": "import {variant} --cost 9 --expires 2027-03-31 --origin 老王",
    "import show": "import show {batch}",
    "import undo": "import undo {batch}",
    "stock": "stock {variant}",
    "form": "form abcdefghij name drop",
    "orders": "orders --state delivered",
    "order": "order {order}",
    "why": "why {order}",
    "ask": "ask {order}",
    "refund": "refund {order}",
    "wallet": "wallet {order} 5.00 晚到补偿",
    "suspense": "suspense",
    "suspense show": "suspense show {receipt}",
    "suspense for": "suspense for {receipt} {order}",
    "suspense pay": "suspense pay {fitting} {unpaid}",
    "suspense credit": "suspense credit {receipt} {order}",
    "suspense return": "suspense return {receipt}",
    "cases": "cases",
    "case show": "case show {case}",
    "case close": "case close {case}",
    "suppliers": "suppliers",
    "supplier show": "supplier show first",
    "supplier read": "supplier read second",
    "offers": "offers first Goods",
    "offer show": "offer show {offer}",
    "offer connect": "offer connect {offer} {variant} --priority 2 --max-cost 9.00",
    "routes": "routes {variant}",
    "price accept": "price accept {jumped} 9.60",
    "price keep": "price keep {dearer}",
    "price stop": "price stop {dearest}",
    "variant hide": "variant hide {variant}",
    "variant publish": "variant publish {variant}",
    "markups": "markups",
    "markup": "markup supplier first --percent 30 --ending 90 --yes",
    "follow": "follow {variant} --yes",
    "unfollow": "unfollow {variant}",
    "markup drop": "markup drop supplier first --yes",
    "offer disconnect": "offer disconnect {offer} {variant}",
    "purchase show": "purchase show {unknown}",
    "purchase ask": "purchase ask {unknown}",
    "purchase bought": "purchase bought {bought}",
    "purchase none": "purchase none {unknown}",
    "purchase known": "purchase known {reversed}",
    "supplier book": "supplier book second",
    "reconcile": "reconcile",
    "reconcile day": "reconcile day {day}",
    "reconcile show": "reconcile show {difference}",
    "reconcile close": "reconcile close {difference} write_off",
    "reconcile sheet": "reconcile sheet {day}",
    "reconcile sign": "reconcile sign {settled_day}",
    "funnel": "funnel 7",
    "audit": "audit 5",
    "verify": "verify",
    "jobs": "jobs",
    "job run": "job run read_floats",
    "staff": "staff",
    "staff show": "staff show {member}",
    "staff invite": "staff invite support",
    "staff uninvite": "staff uninvite {invitation}",
    "staff add": "staff add tg:99 support",
    "staff role": "staff role {member} finance",
    "staff remove": "staff remove {member}",
    "reseller": "reseller",
    "reseller add": "reseller add {order}",
    "reseller remove": "reseller remove {reseller}",
    "reseller tell": "reseller tell {reseller}",
    "web": "web tg:1",
    "web password": "web password",
    "web code": "web code 123456",
    "web leave": "web leave",
    "web close": "web close",
}


async def _some_days(market: Market) -> dict[str, int]:
    """Two days of a supplier's: one with a charge that nobody explains, and one that may be signed off."""
    [first] = market.shop.get(Counterparts)
    stray = Line("NOPE", "U9", Money(70, "CNY"), LineState.DONE, market.clock.now())
    await market.shop.write(take_reading, first, date(2026, 11, 19), [stray])
    await market.shop.write(take_reading, first, date(2026, 11, 18), [])
    return {
        "day": await market.one("SELECT id FROM reconciled_days ORDER BY day DESC LIMIT 1"),
        "settled_day": await market.one("SELECT id FROM reconciled_days ORDER BY day LIMIT 1"),
        "difference": await market.one("SELECT id FROM reconciled_lines WHERE kind = 'theirs_only'"),
    }


async def _something_bought(trade: Trade) -> dict[str, int]:
    """Three purchases, two still open and one that its supplier took back; a float that was topped up."""
    variant = await trade.a_variant(trade.first)
    await read_floats(trade.market.shop)
    trade.first.does = ["sell", "accept", "accept"]
    for _ in range(3):
        await trade.a_paid_order(variant)
        await trade.work()
    taken_back, settled, open_one = (request.number for request in trade.first.placed)
    trade.second.balance_minor += 5_000
    await trade.tell(trade.first, Told(taken_back, outcome=trade.first.fails(taken_back)))
    return {
        "offer": await trade.market.one("SELECT min(id) FROM supply_offers"),
        "bought": await trade.market.one("SELECT id FROM purchases WHERE number = :n", n=settled),
        "unknown": await trade.market.one("SELECT id FROM purchases WHERE number = :n", n=open_one),
        "reversed": await trade.market.one("SELECT id FROM purchases WHERE number = :n", n=taken_back),
    }


async def _prices_that_jumped(trade: Trade) -> dict[str, int]:
    """Three variants whose prices follow, and wait for a person since their cost went up by far."""
    shop = trade.market.shop
    await shop.write(put_rule, Subject(Scope.SUPPLIER, "first"), Markup(percent_bp=2000))
    values = {}
    for name in ("jumped", "dearer", "dearest"):
        values[name] = await trade.market.a_variant(codes=0)
        await trade.connect(values[name], trade.first, ref=name, cost=500)
        await shop.write(follow, values[name])
        await shop.write(keep_offers, "first", [trade.first.sells(name, cost=800)])
    await shop.write(reprice_some, list(values.values()))
    return values


async def _something_to_do(market: Market) -> dict[str, int]:
    """Three direct top-ups that wait for staff: one that nobody has taken, two that the owner has."""
    variant = await market.a_variant(codes=0)
    await market.shop.write(change_kind, variant, GoodsKind.TOP_UP)
    await market.shop.write(set_fields, variant, (Field("phone", {"zh": "手机号"}, FieldKind.PHONE),))
    customer = await market.a_customer(balance=3 * 990)
    for _ in range(3):
        number = await market.place_saying(customer, variant, phone="13812345678")
        paid = await pay_from_wallet(market.shop, customer, number)
        await market.shop.write(finish_paid, paid.id)
    waits, mine, hopeless = (task.id for task in await market.shop.read(list_tasks, 3))
    for task_id in (mine, hopeless):
        await take_task(market.shop, task_id, by=OWNER)
    return {"top_up": variant, "waits": waits, "mine": mine, "hopeless": hopeless}


@asynccontextmanager
async def a_workplace(database_url: str) -> AsyncIterator[Workplace]:
    """A shop with a bit of everything."""
    async with a_trade(database_url, capabilities=STATING) as trade:
        market = trade.market
        office = staffed(market)
        bought = await _something_bought(trade) | await _prices_that_jumped(trade)
        customer = await market.a_customer()
        variant = await market.a_variant(price=1500)
        order = await market.an_order(customer, variant, paid=True)
        for ref, minor in (("T-ODD", 3000), ("T-FIT", 1600)):
            await market.tell(Notice("NOPE", ref, Money(minor, "CNY"), paid=True))
        market.gateway.trouble = GatewayRefused(said="pid")
        other = await market.place(customer, variant)
        with pytest.raises(GatewayRefused):
            await market.ask_money(customer, other)
        market.gateway.trouble = None
        await send_code(
            market.shop, customer, Kind.PHONE, "13812341234", lambda _, code: CodeText("", code, "zh")
        )
        await confirm_code(market.shop, customer, market.post.code)
        roster = market.shop.get(Roster)
        member = await market.shop.write(take_on, roster, COLLEAGUE, Role.SUPPORT, by=OWNER)
        await market.shop.write(make_keys, market.vault, customer.person_id, by=OWNER)
        said = Said("卡密打不开", SentFile("截图.png", b"\x89PNG\r\n\x1a\n picture"))
        picture = await write_to_shop(market.shop, customer, said, key="tg:picture")
        await write_to_shop(market.shop, await market.a_customer(), Said("在吗"), key="tg:hello")
        await market.shop.write(invite, roster, Role.SUPPORT, by=OWNER)
        await market.shop.write(plan_jobs, JOB_PLANS)
        values = {
            "invitation": await market.one("SELECT max(id) FROM staff_invitations"),
            "reseller": await market.one("SELECT id FROM resellers"),
            "member": member.id,
            "batch": await market.one("SELECT min(id) FROM batches"),
            "product": await market.one("SELECT max(id) FROM products"),
            "variant": variant,
            "order": order.number,
            "receipt": await market.one("SELECT id FROM receipts WHERE external_ref = 'T-ODD'"),
            "fitting": await market.one("SELECT id FROM receipts WHERE external_ref = 'T-FIT'"),
            "unpaid": other,
            "case": await market.one("SELECT id FROM cases WHERE kind = 'gateway'"),
            "thread": await market.one("SELECT min(id) FROM threads"),
            "waiting": await market.one("SELECT max(id) FROM threads"),
            "picture": picture,
        }
        values |= bought | await _some_days(market)
        values |= await _something_to_do(market)
        yield Workplace(office, {name: str(value) for name, value in values.items()})
