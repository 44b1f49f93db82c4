"""What the shop of the journeys sells: few things, one very long name, or two thousand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, Final

from sqlalchemy import insert

from bot.demo.goods import DemoCategory, DemoProduct, DemoVariant
from bot.demo.seed import seed_shelves
from shop_core.catalog.edit import add_category
from shop_core.catalog.folding import fold_all
from shop_core.catalog.models import Product, Variant
from shop_core.catalog.read import ProductState
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx
from shop_core.stock.import_codes import Import, import_codes

MONTH: Final = DemoProduct(
    "爱奇艺黄金会员 月卡",
    "iQIYI Gold, 1 month",
    "一张激活码，手机、平板、电视通用，2027-03-31 前激活。\n付款后几秒内发货，未查看卡密前可以退款。",
    "One activation code for phone, tablet and TV; activate it by 2027-03-31.\n"
    "Delivered in seconds; refundable until you look at the code.",
    (DemoVariant("", "", 1500, 1230, 40, per_person=5),),
)
STEAM: Final = DemoProduct(
    "Steam 钱包充值码",
    "Steam wallet code",
    "国区账号使用，在“充值”里兑换。",
    "For Chinese accounts; redeem under “Add funds”.",
    (
        DemoVariant("50 元", "¥50", 4800, 4600, 30, "@@@@@-@@@@@-@@@@@"),
        DemoVariant("100 元", "¥100", 9600, 9200, 12, "@@@@@-@@@@@-@@@@@"),
    ),
)
TOKENS: Final = DemoProduct(
    "王者荣耀 100 点券",
    "Honor of Kings, 100 tokens",
    "Q 币卡密，兑换到指定 QQ。",
    "Redeem to any QQ account.",
    (DemoVariant("", "", 990, 900, 3, "################"),),
)
MUSIC: Final = DemoProduct(
    "网易云音乐 黑胶年卡",
    "NetEase Music, 1 year",
    "黑胶 VIP 十二个月，兑换后立刻生效。",
    "Twelve months of VIP, effective at once.",
    (DemoVariant("", "", 8800, 7900, 0),),
)
FEW: Final = (DemoCategory("视频、游戏、音乐", "Everything", products=(MONTH, STEAM, TOKENS, MUSIC)),)

LONG_NAME: Final = (
    "腾讯视频超级影视会员全平台通用电视手机平板电脑一年十二个月"
    "官方直充兑换码自动发货永久有效支持续费叠加七天质保假一赔十送礼"
)
"""Sixty Chinese characters, as sellers write them."""
_LONG: Final = DemoProduct(
    LONG_NAME,
    "Tencent Video Super VIP for all platforms: TV, phone, tablet, computer; a whole year, official code, instant",
    "名字很长的商品也要看得清价格和库存。",
    "Long names too leave price and stock in sight.",
    (DemoVariant("", "", 33800, 31000, 8),),
)
LONG_VARIANTS: Final = DemoProduct(
    LONG_NAME[::-1],
    "Super VIP the other way round, for all platforms: TV, phone, tablet, computer; a whole year, official, instant",
    "",
    "",
    (
        DemoVariant(LONG_NAME, "For a whole year " * 4, 33800, 31000, 8),
        DemoVariant("月卡", "1 month", 3000, 2500, 0),
    ),
)
LONG: Final = (
    DemoCategory(LONG_NAME[:30], "Category of long names", products=(_LONG, LONG_VARIANTS, MUSIC)),
)

MANY: Final = 2_000
_BRANDS: Final = (
    "爱奇艺",
    "优酷视频",
    "腾讯视频",
    "网易云音乐",
    "百度网盘",
    "喜马拉雅",
    "任天堂",
    "美团外卖",
    "滴滴出行",
    "京东",
)
_KINDS: Final = ("日卡", "周卡", "月卡", "季卡", "年卡")


@dataclass(frozen=True, slots=True)
class Goods:
    """What is on the shelves when a journey begins."""

    shelves: Sequence[DemoCategory] = ()
    many: int = 0


GOODS: Final[Mapping[str, Goods]] = {
    "none": Goods(),
    "few": Goods(FEW),
    "long": Goods(LONG),
    "many": Goods(many=MANY),
}


async def stock(shop: Shop, goods: Goods) -> None:
    """Fill an empty shop. The codes are the same in every run."""
    await seed_shelves(shop, goods.shelves, Random(7))
    if goods.many:
        for variant_id in (await shop.write(_add_many, goods.many))[::80]:
            codes = "".join(f"MANY-{variant_id:04}-{number}\n" for number in range(6))
            await import_codes(shop, Import(variant_id, "codes.txt", codes.encode(), "shell:screens"))


def _add_many(tx: Tx, count: int) -> Sequence[int]:
    """A large catalogue, written row by row at once: the use cases take ten times as long. Returns the variants."""
    brands = [
        add_category(tx, {"zh": brand, "en": f"Brand {number}"}, None)
        for number, brand in enumerate(_BRANDS, start=1)
    ]
    products = [_product(place, brands, tx.now) for place in range(count)]
    tx.execute(insert(Product), products)
    variants = [_variant(place, product["id"]) for place, product in enumerate(products)]
    tx.execute(insert(Variant), variants)
    return [variant["id"] for variant in variants]


def _product(place: int, brands: Sequence[int], now: datetime) -> dict[str, Any]:
    brand, number = divmod(place, MANY // len(_BRANDS))
    names = {
        "zh": f"{_BRANDS[brand]} {_KINDS[number % len(_KINDS)]} {number + 1:03}",
        "en": f"Brand {brand + 1} card {number + 1:03}",
    }
    return {
        "id": place + 1,
        "category_id": brands[brand],
        "names": names,
        "descriptions": {},
        "attributes": {},
        "state": ProductState.PUBLISHED.value,
        "position": place + 1,
        "since": now,
        "search_names": fold_all(names.values()),
        "search_rest": fold_all([_BRANDS[brand]]),
    }


def _variant(place: int, product_id: int) -> dict[str, Any]:
    return {
        "id": place + 1,
        "product_id": product_id,
        "names": {},
        "price_minor": 500 + 10 * (place % 200),
        "cost_minor": 0,
        "sell_until_days": 0,
        "position": 1,
        "hidden": False,
    }
