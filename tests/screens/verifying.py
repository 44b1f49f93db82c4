"""Showing that a number or an address is one's own: by one touch in Telegram, by a code on the web."""

from __future__ import annotations

from functools import partial

from shop_core.catalog.edit import set_verify
from shop_core.catalog.read import list_products
from shop_core.db.tx import Tx
from shop_core.kernel.policy import Ask
from tests.screens.goods import MONTH
from tests.screens.on_telegram import TelegramPerson
from tests.screens.person import Cast, Person
from tests.screens.registry import journey

NUMBER = "138 1234 1234"
ADDRESS = "ming@example.com"


def _ask_for_a_number(tx: Tx, name: str) -> None:
    [product] = [one for one in list_products(tx, category_id=None, limit=99) if one.names["zh"] == name]
    set_verify(tx, product.id, Ask.PHONE)


async def _at_the_question(cast: Cast) -> Person:
    """A customer who has pressed "buy 1" on what is sold to verified numbers alone."""
    await cast.stage.shop.write(partial(_ask_for_a_number, name=MONTH.zh))
    person = await cast.customer()
    await person.come()
    await person.press(person.name_of(MONTH))
    await person.press("product.buy")
    return person


@journey(
    "verify-touch",
    "商品要验证手机号：点一下就好",
    "Goods for verified phones: one touch",
    channels=("telegram",),
)
async def by_a_touch(cast: Cast) -> None:
    person = await _at_the_question(cast)
    assert isinstance(person, TelegramPerson)
    await person.share_number("8613812341234")
    await person.pay()
    await person.press("order.reveal")


@journey(
    "verify-sms",
    "商品要验证手机号：短信验证码",
    "Goods for verified phones: a code by SMS",
    channels=("web",),
    first_contact="",
)
async def by_sms(cast: Cast) -> None:
    person = await _at_the_question(cast)
    await person.type("138 1234")
    await person.type(NUMBER)
    code = _read_sms(cast)
    await person.type("000000" if code != "000000" else "111111", is_secret=True)
    await person.type(code, is_secret=True)
    await person.pay()
    await person.press("order.reveal")


@journey(
    "verify-email",
    "进店先验证邮箱：邮件验证码",
    "An address before anything else: a code by e-mail",
    channels=("web",),
    first_contact="email",
)
async def by_email(cast: Cast) -> None:
    person = await cast.customer()
    await person.come()
    await person.type(ADDRESS)
    await person.type(_read_letter(cast), is_secret=True)
    await person.press(person.name_of(MONTH))


def _read_sms(cast: Cast) -> str:
    assert cast.stage.arrivals is not None
    code, text = cast.stage.arrivals.newest_sms()
    cast.between(f"短信：{text}", f"An SMS: {text}")
    return code


def _read_letter(cast: Cast) -> str:
    assert cast.stage.arrivals is not None
    code, text = cast.stage.arrivals.newest_letter()
    cast.between(f"邮件：{text}", f"An e-mail: {text}")
    return code
