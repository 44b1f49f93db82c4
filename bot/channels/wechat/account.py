"""WeChat's API for one official account: where it is, how it gives tokens, and what its codes mean.

Source: WeChat, global return codes, message/custom/send and stable_token, November 2026: the same token until five minutes
before its end; ``force_refresh`` at most 20 times a day.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from bot.channels.tencent.api import Api, Means
from bot.channels.tencent.calls import Call, Line
from bot.channels.tencent.tokens import Tokens, read_token
from bot.channels.wechat.settings import WeChatSettings
from shop_core.db.shop import Shop

_VENDOR: Final = "wechat"
_MEANS: Final[Mapping[int, Means]] = {
    40001: Means.BAD_TOKEN,
    40014: Means.BAD_TOKEN,
    42001: Means.BAD_TOKEN,
    45015: Means.NO_ALLOWANCE,
    45047: Means.NO_ALLOWANCE,
    40003: Means.NOBODY_THERE,
    43004: Means.NOBODY_THERE,
    43019: Means.NOBODY_THERE,
    48002: Means.NOBODY_THERE,
    -1: Means.SYSTEM_BUSY,
    45009: Means.TOO_MANY,
    45011: Means.TOO_MANY,
    48001: Means.NO_RIGHT,
    48004: Means.NO_RIGHT,
    50002: Means.NO_RIGHT,
}


def open_api(settings: WeChatSettings, shop: Shop) -> Api:
    """The API of an account; connects nothing yet."""
    line = Line.to(_VENDOR, settings.api_base_url, settings.call_s, settings.httpx_kwargs)

    async def request(is_forced: bool) -> tuple[str, timedelta]:  # noqa: FBT001 - as WeChat has it
        body = {
            "grant_type": "client_credential",
            "appid": settings.app_id,
            "secret": settings.app_secret.reveal(),
            "force_refresh": is_forced,
        }
        answer = await line.call(Call("/cgi-bin/stable_token", body))
        return read_token(answer, vendor=_VENDOR, channel=settings.name)

    return Api(settings.name, line, Tokens(settings.name, _VENDOR, shop, request), _MEANS, shop)
