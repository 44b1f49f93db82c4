"""A shop to measure: production's database settings, twenty variants, buyers with money, and a past."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from random import SystemRandom
from typing import Any, Final, TypeAlias

from sqlalchemy import text

from benchmarks.history import CHANNEL, COST_MINOR, CURRENCY, PRICE_MINOR, Past, make_past
from benchmarks.recording import ADDRESS, KEY, NUMBER, PERSON, Purchase, Recorder, Spoken, generalise
from shop_core.catalog.edit import NewProduct, NewVariant, add_product, add_variant, set_state
from shop_core.catalog.read import ProductState
from shop_core.conversations import keys
from shop_core.customers.people import Customer, meet
from shop_core.db.connect import backend_of, connect
from shop_core.db.shop import Shop
from shop_core.db.tx import Surroundings, Tx, View
from shop_core.kernel.clock import SystemClock
from shop_core.kernel.money import Money
from shop_core.kernel.policy import Policy
from shop_core.migrations.upgrade import upgrade
from shop_core.orders.pay import pay_from_wallet
from shop_core.orders.place import Wish, place_order
from shop_core.payments.gateway import Gateways
from shop_core.subscriptions import SUBSCRIPTIONS
from shop_core.wallet.balance import adjust

VARIANTS: Final = 20
_FORTUNE_MINOR: Final = 10**12
POLICY: Final = Policy(currency=CURRENCY)
Services: TypeAlias = Mapping[type[Any], object]


@dataclass(frozen=True, slots=True)
class Size:
    """How many codes are in stock, half of them of the variant that is bought, and how many orders were delivered."""

    codes: int
    orders: int


@dataclass(frozen=True, slots=True)
class MeasuredShop:
    """An open shop. Buyers buy the first variant."""

    url: str
    shop: Shop
    variant_id: int
    buyers: tuple[Customer, ...]
    size: Size

    @property
    def database(self) -> str:
        return backend_of(self.url)

    async def buy(self, buyer: Customer) -> None:
        """One purchase: placed, paid from the wallet, delivered, its news queued."""
        await _buy(self.shop, buyer, self.wish())

    async def record(self) -> Purchase:
        """Record one purchase, after one that warmed everything up.

        Over a connection of its own: an engine that was once listened to is a little slower ever after.
        """
        buyer, wish = self.buyers[0], self.wish()
        shop = _connect(self.url)
        try:
            await _buy(shop, buyer, self.wish())
            with Recorder(shop.database.sync_engines()) as recorder:
                number = await _buy(shop, buyer, wish)
        finally:
            await shop.database.close()
        known: dict[str, int | str] = {
            NUMBER: number,
            KEY: wish.key,
            PERSON: buyer.person_id,
            ADDRESS: buyer.external_id,
        }
        returned = await self.shop.read(_returned_ids, recorder.transactions)
        return generalise(recorder.transactions, known, returned)

    async def count_sold(self) -> int:
        """Codes that have been handed over, of the past too."""
        return await self.shop.read(_count_sold)

    async def close(self) -> None:
        await self.shop.database.close()

    def wish(self) -> Wish:
        """One code, by a button that nobody has pressed."""
        return Wish(self.variant_id, 1, keys.new_key(self.shop.random))


async def open_shop(url: str, size: Size, *, buyers: int, services: Services | None = None) -> MeasuredShop:
    """Make the schema, the goods, the past and the buyers in an empty database, and open it.

    Args:
        services: Wired in, if more than buying from the wallet is measured; that needs no gateway.
    """
    await upgrade(url)
    shop = _connect(url)
    first = await shop.write(_stock_catalogue)
    await shop.database.close()
    past = Past(size.codes, size.orders, first, VARIANTS)
    await make_past(url, past)
    shop = _connect(url, services)
    people = [await shop.write(_enrich, f"buyer-{number:04}") for number in range(buyers)]
    return MeasuredShop(url, shop, first, tuple(people), size)


def _connect(url: str, services: Services | None = None) -> Shop:
    clock = SystemClock()
    database = connect(url, clock, Surroundings(POLICY, SystemRandom(), SUBSCRIPTIONS))
    return Shop(database, clock, POLICY, services or {Gateways: Gateways({}, {})})


async def _buy(shop: Shop, buyer: Customer, wish: Wish) -> str:
    number = await place_order(shop, buyer, wish)
    await pay_from_wallet(shop, buyer, number)
    return number


def _stock_catalogue(tx: Tx) -> int:
    ids = []
    for number in range(VARIANTS):
        product = add_product(
            tx, NewProduct({"zh": f"黄金会员 {number}", "en": f"Gold member {number}"}, None)
        )
        ids.append(
            add_variant(tx, NewVariant(product, PRICE_MINOR, {"zh": "月卡", "en": "month"}, COST_MINOR))
        )
        set_state(tx, product, ProductState.PUBLISHED)
    return ids[0]


def _enrich(tx: Tx, external_id: str) -> Customer:
    buyer = meet(tx, channel=CHANNEL, external_id=external_id, name="顾客", language="zh-hans")
    adjust(tx, buyer.person_id, Money(_FORTUNE_MINOR, CURRENCY), key=f"adj:{external_id}")
    return buyer


def _returned_ids(view: View, transactions: list[list[Spoken]]) -> list[int]:
    """The ids that the recorded statements returned: nobody else wrote, so they are the last of their tables."""
    said = chain.from_iterable(transactions)
    tables = [table for spoken in said if (table := spoken.returns_id_of) is not None]
    latest = {table: _last_ids(view, table, tables.count(table)) for table in tables}
    return [latest[table].pop() for table in tables]


def _last_ids(view: View, table: str, count: int) -> list[int]:
    newest_first = text(f"SELECT id FROM {table} ORDER BY id DESC LIMIT {count}")  # noqa: S608 - a table of ours
    return list(view.execute(newest_first).scalars())


def _count_sold(view: View) -> int:
    return int(view.execute(text("SELECT count(*) FROM cards WHERE state = 'delivered'")).scalar_one())
