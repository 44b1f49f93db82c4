"""What several journeys begin with, and what happens around them."""

from __future__ import annotations

from sqlalchemy import update

from bot.demo.goods import DemoProduct
from shop_core.catalog.models import Variant
from shop_core.catalog.read import list_products
from shop_core.customers.people import find_customer, meet
from shop_core.db.tx import Tx, View
from shop_core.kernel.money import Money
from shop_core.orders.end import expire_orders
from shop_core.orders.pay import pay_from_wallet
from shop_core.orders.place import Wish, place_order
from shop_core.stock.import_codes import Import, import_codes
from shop_core.wallet.balance import adjust
from tests.screens.goods import MONTH
from tests.screens.person import Cast, Person
from tests.screens.stage import NOWHERE


async def at_the_bill(cast: Cast, product: DemoProduct = MONTH) -> Person:
    """A customer who has pressed "buy 1"."""
    person = await cast.customer()
    await person.come()
    await person.press(person.name_of(product))
    await person.press("product.buy")
    return person


async def with_balance(cast: Cast, minor: int) -> Person:
    """A customer with so much in his wallet."""
    person = await cast.customer()
    await person.come()
    address = person.address

    def credit(tx: Tx) -> None:
        known = find_customer(tx, channel=address.channel, external_id=address.external_id)
        assert known is not None
        adjust(tx, known.person_id, Money(minor, tx.policy.currency), key=f"adjust:journey:{known.person_id}")

    await cast.stage.shop.write(credit)
    return person


async def restock(cast: Cast, product: DemoProduct, codes: int) -> None:
    """Put codes of a sold out product on the shelf."""
    [variant_id] = await cast.stage.shop.read(_variants_of, product.zh)
    lines = "".join(f"BACK-{number:04}-AGAIN\n" for number in range(codes))
    await import_codes(cast.stage.shop, Import(variant_id, "codes.txt", lines.encode(), "shell:journey"))


def _variants_of(view: View, name: str) -> list[int]:
    [product] = [
        found for found in list_products(view, category_id=None, limit=99) if found.names["zh"] == name
    ]
    return [variant.id for variant in product.variants]


async def expire(cast: Cast, person: Person) -> None:
    cast.between("16 分钟过去了", "Sixteen minutes pass")
    cast.stage.clock.advance(minutes=16)
    await cast.stage.run(expire_orders)
    await person.look()
    await person.type(person.number)


async def sell_out(cast: Cast, product: DemoProduct) -> None:
    cast.between("别人买走了最后几张", "Others buy the last ones")
    [variant_id] = await cast.stage.shop.read(_variants_of, product.zh)

    def sell(tx: Tx) -> None:
        other = meet(tx, channel=NOWHERE, external_id="others", name="others", language="zh")
        adjust(tx, other.person_id, Money(99_900, tx.policy.currency), key="adjust:journey:others")

    await cast.stage.shop.write(sell)
    other = await cast.stage.shop.read(find_customer, channel=NOWHERE, external_id="others")
    assert other is not None
    number = await place_order(cast.stage.shop, other, Wish(variant_id, 3, "othersbuy1"))
    await pay_from_wallet(cast.stage.shop, other, number)


async def hold_price(cast: Cast, product: DemoProduct) -> None:
    """Have a product's price be checked, as a supplier's leap would."""
    cast.between("进价跳了一大截，店里在核对售价", "Its cost has leapt, and the shop checks the price")
    [variant_id] = await cast.stage.shop.read(_variants_of, product.zh)

    def hold(tx: Tx) -> None:
        tx.execute(update(Variant).where(Variant.id == variant_id).values(price_held=True))

    await cast.stage.shop.write(hold)
