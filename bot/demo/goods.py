"""What the demo shop sells. Real kinds of goods, made-up codes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class DemoVariant:
    """A variant, how many codes of it there are, and what one looks like (``#`` becomes a digit, ``@`` a letter).

    ``offer``: what the sandbox's wholesalers call it, of whom it is bought when it is paid for.
    """

    zh: str
    en: str
    price_minor: int
    cost_minor: int
    codes: int
    pattern: str = "@@@@-####-@@@@-####"
    per_person: int | None = None
    expires_in: timedelta | None = None
    offer: str | None = None


@dataclass(frozen=True, slots=True)
class DemoProduct:
    """A product with its variants."""

    zh: str
    en: str
    about_zh: str
    about_en: str
    variants: tuple[DemoVariant, ...]


@dataclass(frozen=True, slots=True)
class DemoCategory:
    """A shelf with shelves and products on it."""

    zh: str
    en: str
    shelves: tuple[DemoCategory, ...] = ()
    products: tuple[DemoProduct, ...] = ()


_YEAR = timedelta(days=365)

SHELVES: tuple[DemoCategory, ...] = (
    DemoCategory(
        "视频会员",
        "Video",
        (
            DemoCategory(
                "国内平台",
                "Chinese platforms",
                (
                    DemoCategory(
                        "爱奇艺",
                        "iQIYI",
                        products=(
                            DemoProduct(
                                "爱奇艺黄金会员 月卡",
                                "iQIYI Gold, 1 month",
                                "一张激活码，手机、平板、电视通用，收到后一年内激活。\n"
                                "付款后几秒内发货。未查看卡密可退，已查看有 7 天质保。",
                                "One activation code for phone, tablet and TV; activate it within a year.\n"
                                "Delivered in seconds. Refundable until you look at the code.",
                                (DemoVariant("", "", 1500, 1230, 128, per_person=5, expires_in=_YEAR),),
                            ),
                            DemoProduct(
                                "爱奇艺白金会员",
                                "iQIYI Platinum",
                                "白金会员多端通用，含体育赛事。",
                                "All devices, sports included.",
                                (
                                    DemoVariant("月卡", "1 month", 2800, 2350, 40),
                                    DemoVariant("季卡", "3 months", 7800, 6700, 25),
                                    DemoVariant("年卡", "1 year", 26800, 23900, 8),
                                ),
                            ),
                        ),
                    ),
                    DemoCategory(
                        "哔哩哔哩",
                        "Bilibili",
                        products=(
                            DemoProduct(
                                "B站大会员 年卡",
                                "Bilibili Premium, 1 year",
                                "兑换码，绑定手机号后使用。",
                                "Redeem code; bind a phone number first.",
                                (DemoVariant("", "", 14800, 12900, 30),),
                            ),
                        ),
                    ),
                ),
            ),
            DemoCategory(
                "海外平台",
                "Worldwide",
                products=(
                    DemoProduct(
                        "YouTube Premium 礼品码",
                        "YouTube Premium gift code",
                        "一个月礼品码，限新会员。",
                        "One month, new members only.",
                        (DemoVariant("", "", 3900, 3100, 3),),
                    ),
                ),
            ),
        ),
    ),
    DemoCategory(
        "游戏点卡",
        "Games",
        (
            DemoCategory(
                "Steam",
                "Steam",
                products=(
                    DemoProduct(
                        "Steam 充值码",
                        "Steam wallet code",
                        "国区钱包充值码，在“添加资金到钱包”里兑换。",
                        "For Chinese accounts; redeem under “Add funds”.",
                        (
                            DemoVariant("50 元", "¥50", 4800, 4600, 60, "@@@@@-@@@@@-@@@@@"),
                            DemoVariant("100 元", "¥100", 9600, 9200, 45, "@@@@@-@@@@@-@@@@@"),
                        ),
                    ),
                ),
            ),
            DemoCategory(
                "任天堂",
                "Nintendo",
                products=(
                    DemoProduct(
                        "任天堂 eShop 港服点数 200 港元",
                        "Nintendo eShop Hong Kong, HK$200",
                        "港服账号使用，十六位兑换码。",
                        "For Hong Kong accounts; 16 characters.",
                        (DemoVariant("", "", 18500, 17600, 20, "@#@@#@@@##@@@#@@"),),
                    ),
                    DemoProduct(
                        "Switch Online 会员 12 个月",
                        "Switch Online, 12 months",
                        "个人会员，全区通用。",
                        "Individual membership, all regions.",
                        (DemoVariant("", "", 12800, 11200, 0),),
                    ),
                ),
            ),
        ),
        (
            DemoProduct(
                "王者荣耀 100 点券",
                "Honor of Kings, 100 tokens",
                "Q 币卡密，兑换到指定 QQ。",
                "Redeem to any QQ account.",
                (DemoVariant("", "", 990, 900, 80, "################"),),
            ),
        ),
    ),
    DemoCategory(
        "音乐与工具",
        "Music and tools",
        products=(
            DemoProduct(
                "网易云音乐 黑胶 年卡",
                "NetEase Music, 1 year",
                "黑胶 VIP 十二个月，兑换后立刻生效。",
                "Twelve months of VIP, effective at once.",
                (DemoVariant("", "", 8800, 7900, 2),),
            ),
            DemoProduct(
                "WPS 超级会员",
                "WPS Super",
                "办公必备，电脑手机通用。",
                "For computer and phone.",
                (
                    DemoVariant("月卡", "1 month", 1900, 1500, 35),
                    DemoVariant("年卡", "1 year", 13900, 11800, 18),
                ),
            ),
            DemoProduct(
                "百度网盘 SVIP 月卡",
                "Baidu Pan SVIP, 1 month",
                "极速下载，兑换码形式。",
                "Fast downloads, as a redeem code.",
                (DemoVariant("", "", 2500, 2100, 50, per_person=2),),
            ),
        ),
    ),
    DemoCategory(
        "上游现买",
        "Bought as you pay",
        products=(
            DemoProduct(
                "Spotify 会员 月卡",
                "Spotify Premium, 1 month",
                "没有库存，付款后现买：先问便宜的上游，它不卖就问下一家。",
                "Not in stock: bought when you pay, from the cheaper upstream first, from the next if it refuses.",
                (DemoVariant("", "", 1590, 1290, 0, offer="101:1101"),),
            ),
            DemoProduct(
                "Xbox 会员 月卡",
                "Xbox Game Pass, 1 month",
                "没有库存，付款后现买，几秒钟到。",
                "Not in stock: bought when you pay, within seconds.",
                (DemoVariant("", "", 4900, 4150, 0, offer="102:1102"),),
            ),
            DemoProduct(
                "Netflix 礼品卡 100 元",
                "Netflix gift card, ¥100",
                "两家上游都说有货，下单都不卖：钱原样退到余额。",
                "Both upstreams list it and neither sells it: the money comes back to your balance.",
                (DemoVariant("", "", 9900, 9300, 0, offer="103:1103"),),
            ),
        ),
    ),
)
