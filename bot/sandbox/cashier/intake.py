"""What a merchant sends to ``mapi.php`` and ``submit.php``, checked as a strict site would check it."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from bot.sandbox.cashier import signing
from bot.sandbox.cashier.orders import METHODS, OUT_TRADE_NO_LIMIT, Draft, Refused, cut_name, fen_of
from bot.sandbox.cashier.settings import Settings

MAPI_FIELDS = ("pid", "type", "out_trade_no", "notify_url", "name", "money", "clientip", "sign", "sign_type")
SUBMIT_FIELDS = ("pid", "out_trade_no", "notify_url", "return_url", "name", "money", "sign", "sign_type")

_OUT_TRADE_NO = re.compile(rf"[A-Za-z0-9._|-]{{1,{OUT_TRADE_NO_LIMIT}}}")


def read_draft(params: Mapping[str, str], required: tuple[str, ...], settings: Settings) -> Draft:
    """Check a signed order request and return what it asks for.

    Args:
        params: Decoded form or query values.
        required: Names that must be there and not empty, in the order in which they are complained about.
        settings: The merchant that may ask.

    Raises:
        Refused: Something is missing, from somebody else, wrongly signed, or not an order.
    """
    for name in required:
        _demand(bool(params.get(name)), f"缺少参数 {name}")
    _demand(params["pid"] == settings.pid, "商户不存在")
    _demand(params["sign_type"] == signing.SIGN_TYPE, "签名类型不支持")
    _demand(signing.is_genuine(params, settings.key), "签名校验失败")
    method = params.get("type", "")
    return_url = params.get("return_url", "")
    _demand(method in ("", *METHODS), "支付方式不存在")
    _demand(_OUT_TRADE_NO.fullmatch(params["out_trade_no"]) is not None, "商户订单号格式不正确")
    _demand(_is_web_address(params["notify_url"]), "通知地址不正确")
    _demand(not return_url or _is_web_address(return_url), "跳转地址不正确")
    fen_of(params["money"])
    return Draft(
        out_trade_no=params["out_trade_no"],
        method=method,
        name=cut_name(params["name"]),
        money=params["money"],
        notify_url=params["notify_url"],
        return_url=return_url,
        param=params.get("param", ""),
    )


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:  # for instance an unclosed bracket in the host
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def _demand(holds: bool, msg: str) -> None:  # noqa: FBT001 - an assertion with its own error
    if not holds:
        raise Refused(msg)
