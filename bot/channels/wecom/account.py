"""WeCom's API for one account: where it is, how it gives tokens, and what its codes mean.

Source: WeCom, gettoken and global return codes, November 2026. The codes from 95000 on are those of 微信客服 as
third parties list them; a code that is not here refuses what was asked, and is in the log.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from bot.channels.tencent.api import Api, Means
from bot.channels.tencent.calls import Call, Line
from bot.channels.tencent.tokens import Tokens, read_token
from bot.channels.wecom.settings import WeComSettings
from shop_core.db.shop import Shop

VENDOR: Final = "wecom"
BAD_HINT: Final = 95007
"""The token of a callback is too old, or is none."""
NO_SUCH_MEDIA: Final = 40007
_MEANS: Final[Mapping[int, Means]] = {
    40001: Means.BAD_TOKEN,
    40014: Means.BAD_TOKEN,
    42001: Means.BAD_TOKEN,
    95001: Means.NO_ALLOWANCE,
    95002: Means.NO_ALLOWANCE,
    95013: Means.WRONG_STATE,
    95018: Means.WRONG_STATE,
    40096: Means.NOBODY_THERE,
    -1: Means.SYSTEM_BUSY,
    45009: Means.TOO_MANY,
    45033: Means.TOO_MANY,
    48002: Means.NO_RIGHT,
    60011: Means.NO_RIGHT,
    60020: Means.NO_RIGHT,
    95011: Means.NO_RIGHT,
    95012: Means.NO_RIGHT,
    95017: Means.NO_RIGHT,
}


def open_api(settings: WeComSettings, shop: Shop) -> Api:
    """The API of an account; connects nothing yet."""
    line = Line.to(VENDOR, settings.api_base_url, settings.call_s, settings.httpx_kwargs)

    async def request(is_forced: bool) -> tuple[str, timedelta]:  # noqa: ARG001, FBT001 - WeCom knows of no force
        who = {"corpid": settings.corp_id, "corpsecret": settings.secret.reveal()}
        answer = await line.call(Call("/cgi-bin/gettoken", query=who))
        return read_token(answer, vendor=VENDOR, channel=settings.name)

    return Api(settings.name, line, Tokens(settings.name, VENDOR, shop, request), _MEANS, shop)
