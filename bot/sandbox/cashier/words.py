"""The words of the payer's pages, in Chinese and English."""

import dataclasses
from collections.abc import Mapping


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language."""

    tag: str
    banner: str
    title: str
    pay_to: str
    goods: str
    order_no: str
    trade_no: str
    method: str
    choose_method: str
    pay: str
    paid: str
    paid_at: str
    back: str
    close: str
    refused: str
    not_found: str
    mischief: str
    mischief_hint: str
    twice: str
    short: str
    late: str
    late_unit: str
    lost: str
    forged: str
    methods: Mapping[str, str]
    notes: Mapping[str, str]


CHINESE = Words(
    tag="zh-CN",
    banner="沙盒收银台 · 不会真的扣款",
    title="收银台",
    pay_to="付款给",
    goods="商品",
    order_no="商户订单号",
    trade_no="交易号",
    method="付款方式",
    choose_method="选择付款方式",
    pay="支付",
    paid="支付成功",
    paid_at="付款时间",
    back="返回商家",
    close="可以关闭此页，回到聊天查看。",
    refused="无法发起支付",
    not_found="没有找到这笔订单。",
    mischief="捣乱一下",
    mischief_hint="看看商家遇到意外时怎么办。",
    twice="付两次",
    short="少付 ¥1.00",
    late="晚到的通知",
    late_unit="秒后",
    lost="付款，但通知丢失",
    forged="不付款，伪造一个通知",
    methods={
        "alipay": "支付宝",
        "wxpay": "微信支付",
        "qqpay": "QQ 钱包",
        "usdt": "USDT",
        "bank": "云闪付",
    },
    notes={
        "twice": "付了两次：商家会收到两笔不同的交易。",
        "short": "少付了 ¥1.00：商家收到的金额与订单不符。",
        "late": "钱已付，通知会晚一点才到商家。",
        "lost": "钱已付，但商家不会收到通知，只能自己来查。",
        "forged": "伪造的通知已发给商家，这笔订单仍未付款。",
    },
)

ENGLISH = Words(
    tag="en",
    banner="Sandbox · no real money",
    title="Checkout",
    pay_to="Pay to",
    goods="Item",
    order_no="Order no.",
    trade_no="Trade no.",
    method="Method",
    choose_method="Choose how to pay",
    pay="Pay",
    paid="Paid",
    paid_at="Paid at",
    back="Back to the shop",
    close="You can close this page and go back to the chat.",
    refused="This payment cannot be started",
    not_found="There is no such order.",
    mischief="Make mischief",
    mischief_hint="See what the shop does when things go wrong.",
    twice="Pay twice",
    short="Pay ¥1.00 too little",
    late="Notify late, after",
    late_unit="seconds",
    lost="Pay, but lose the callback",
    forged="Do not pay, forge a callback",
    methods={
        "alipay": "Alipay",
        "wxpay": "WeChat Pay",
        "qqpay": "QQ Wallet",
        "usdt": "USDT",
        "bank": "UnionPay",
    },
    notes={
        "twice": "Paid twice: the shop hears of two different trades.",
        "short": "Paid ¥1.00 too little: the amount does not match the order.",
        "late": "Paid; the callback will reach the shop later.",
        "lost": "Paid, but the shop gets no callback and has to ask.",
        "forged": "A forged callback is on its way; this order is still unpaid.",
    },
)


def words_for(accept_language: str) -> Words:
    """Choose by the browser's ``Accept-Language``: English if it is preferred to Chinese, else Chinese."""
    weights = {"zh": 0.0, "en": 0.0}
    for entry in accept_language.split(","):
        tag, _, quality = entry.strip().partition(";q=")
        language = tag.partition("-")[0].lower()
        if language in weights:
            weights[language] = max(weights[language], _weight(quality))
    return ENGLISH if weights["en"] > weights["zh"] else CHINESE


def _weight(quality: str) -> float:
    try:
        return float(quality) if quality else 1.0
    except ValueError:
        return 0.0
