"""What a shop of the past had done when it was written down: a bit of everything that there is.

Only the newest past is ever written, so this goes on with the shop; the pasts that are there stay as they are.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from shop_core.catalog.edit import NewProduct, add_category, add_product
from shop_core.conversations import forms, prompts
from shop_core.customers.passwords import set_password
from shop_core.customers.people import Address, Customer
from shop_core.db import inbox
from shop_core.db.tx import Tx
from shop_core.delivery.restock import wish
from shop_core.insight.exposure import ExposureLog, Step
from shop_core.kernel.errors import Unknown
from shop_core.kernel.secret import Secret
from shop_core.messaging.shown import Place, remember_shown
from shop_core.orders.buy import work_on
from shop_core.orders.end import cancel_order, expire_orders
from shop_core.orders.refund import refund_order, return_order
from shop_core.payments.health import note_silence
from shop_core.resale.keys import get_reseller, make_keys
from shop_core.resale.trade import Asked, order_downstream
from shop_core.staff.invitations import invite
from shop_core.staff.members import take_on
from shop_core.staff.roles import Role, Roster
from shop_core.stock.import_codes import AT_ONCE, Import, import_codes, start_import
from shop_core.stock.undo_import import undo_import
from shop_core.supply.floats import read_floats
from shop_core.supply.purchases import claim_purchases
from shop_core.supply.supplier import Outcome, PurchaseRequest
from shop_core.supply.sync import sync_offers
from shop_core.threads.answer import answer_customer
from shop_core.threads.read import list_threads
from shop_core.threads.sealing import Said, SentFile
from shop_core.threads.write import write_to_shop
from tests.core.builders import CLOSED, OWNER, STARS, Market
from tests.core.wholesaler import NOTHING, Trade

ADMIN: Final = "tg:2"
SAID: Final = "在吗？<b>"
PICTURE: Final = b"\x89PNG\r\n\x1a\n a picture"


class Killed(BaseException):
    """The process ends here."""


async def trade(shop: Trade) -> None:
    """All of it."""
    await _sell_and_take_money(shop.market)
    await _take_stars(shop.market)
    await _keep_a_shop(shop.market)
    await _talk(shop.market)
    await _buy(shop)
    await _sell_to_a_shop(shop.market)


async def _sell_and_take_money(market: Market) -> None:
    """Orders in every state, money in every place, news told and untold."""
    card = await market.a_variant(price=990, cost=500, codes=12)
    other = await market.a_variant(price=4800, codes=3, per_person=1)
    rich, buyer = await market.a_customer(balance=20_000), await market.a_customer(channel="tg")
    seen = await market.an_order(buyer, card, quantity=2, paid=True)
    await market.codes_of(buyer, seen.number)
    refunded = await market.an_order(buyer, other, paid=True)
    await refund_order(market.shop, refunded.number, by=OWNER)
    cancelled = await market.an_order(rich, card)
    await cancel_order(market.shop, rich, cancelled.number)
    expired = await market.an_order(rich, card)
    late = await market.ask_money(rich, expired.number)
    market.clock.advance(hours=1)
    await expire_orders(market.shop)
    await market.tell(await market.notice(late))
    await market.run_news()
    waiting = await market.an_order(buyer, card)
    await market.ask_money(buyer, waiting.number)
    await market.tell(await market.notice("ZZZZZZZZ", minor=3000))


async def _take_stars(market: Market) -> None:
    """Money of a gateway with its own currency: asked for, taken, given back, and on its way back."""
    variant = await market.a_variant(price=700, codes=4)
    buyer = await market.a_customer(channel=CLOSED)
    asked = await market.an_order(buyer, variant)
    await market.ask_money(buyer, asked.number, STARS)
    for trouble in (None, Unknown("time-out")):
        paid = await market.an_order(buyer, variant)
        await market.pay_stars(buyer, paid)
        market.stars.trouble = trouble
        await return_order(market.shop, paid.number, by=OWNER)
    market.stars.trouble = None
    kept = await market.an_order(buyer, variant)
    await market.pay_stars(buyer, kept)


async def _keep_a_shop(market: Market) -> None:
    """Staff, a tree of categories, imports whole, undone and half way, people who wait, questions half answered."""
    shop, roster = market.shop, market.shop.get(Roster)
    await shop.write(take_on, roster, ADMIN, Role.ADMIN, by=OWNER)
    await shop.write(invite, roster, Role.SUPPORT, by=OWNER)
    await shop.write(_classify)
    variant = await market.a_variant(codes=0)
    customer = await market.a_customer()
    await shop.write(wish, customer, variant)
    await set_password(shop, customer, Secret("long enough"))
    undone = await import_codes(shop, Import(variant, "wrong.txt", b"WRONG-1\nWRONG-2", ADMIN))
    await undo_import(shop, undone.batch_id, by=ADMIN)
    long = "\n".join(f"LONG-{line:05}" for line in range(AT_ONCE + 1)).encode()
    await start_import(shop, Import(variant, "long.txt", long, ADMIN, key="tg:9", tell=Address("tg", "2")))
    await shop.write(_leave_traces, customer)
    exposure = ExposureLog()
    exposure.note(shop, customer, Step.SHOWN, [await market.one("SELECT min(id) FROM products")])
    await exposure.flush(shop)


def _classify(tx: Tx) -> None:
    outer = add_category(tx, {"zh": "视频", "en": "Video"})
    inner = add_category(tx, {"zh": "会员"}, outer)
    add_product(tx, NewProduct({"zh": "草稿"}, inner, {"zh": "一行\n两行"}, {"地区": "全球"}))


def _leave_traces(tx: Tx, customer: Customer) -> None:
    remember_shown(
        tx, Address(customer.channel, customer.external_id), Place("main", "77", ("76",), has_media=True)
    )
    prompts.ask(tx, channel=customer.channel, external_id=customer.external_id, link="search")
    forms.begin(tx, Address("tg", "2"), "product add", "name", {"zh": "半个"})
    inbox.store(tx, source="tg", external_id="1", lane="tg:9", payload=b'{"update_id": 1}')
    note_silence(tx, "bank", "time-out")


async def _talk(market: Market) -> None:
    """One question answered, one with a picture that waits."""
    customer = await market.a_customer()
    await write_to_shop(market.shop, customer, Said(SAID), key="web:1")
    (thread,) = await market.shop.read(list_threads, limit=5)
    await answer_customer(market.shop, thread.id, Said("在的"), key="tg:1", by=OWNER)
    await write_to_shop(market.shop, customer, Said("", SentFile("a.png", PICTURE)), key="web:2")


async def _buy(shop: Trade) -> None:
    """Purchases in every state; the last ones stay under way."""
    first, second = shop.first, shop.second
    both, only_second = await shop.a_variant(), await shop.a_variant(second)
    await read_floats(shop.market.shop)
    await sync_offers(shop.market.shop)
    for deeds in (["sell"], ["refuse"], ["accept"], ["down"]):
        first.does = list(deeds)
        await shop.a_paid_order(both, quantity=2)
        await shop.work()
        await shop.work()
    first.does, second.does = ["refuse"], ["refuse"]
    await shop.a_paid_order(both)
    while await shop.work():
        await shop.market.run_news()
    second.capabilities, second.does = NOTHING, ["lost"]
    await shop.a_paid_order(only_second)
    await shop.work()
    await shop.a_paid_order(both)
    shop.market.clock.advance(seconds=1)
    await _die_with_the_call(shop)
    await shop.a_paid_order(both)
    # Nobody has heard of the last one yet.
    await shop.market.an_order(await shop.market.a_customer(), both, paid=True)


async def _die_with_the_call(shop: Trade) -> None:
    async def dying(request: PurchaseRequest) -> Outcome:
        raise Killed(request.number)

    place = shop.first.place
    shop.first.place = dying  # type: ignore[method-assign]
    for purchase in await shop.market.shop.write(claim_purchases, 9):
        with suppress(Killed):
            await work_on(shop.market.shop, purchase)
    shop.first.place = place  # type: ignore[method-assign]


async def _sell_to_a_shop(market: Market) -> None:
    """Another shop that has bought, and has not heard of it."""
    person = await market.a_customer(balance=5_000)
    keys = await market.shop.write(make_keys, market.vault, person.person_id, by=OWNER)
    reseller = await market.shop.read(get_reseller, keys.key)
    variant = await market.a_variant(codes=3)
    asked = Asked("DOWN-1", variant, 2, "https://down.example.com/heard")
    await order_downstream(market.shop, reseller, asked)
