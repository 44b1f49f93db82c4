"""What one customer service account (客服账号) of WeCom is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from shop_core.kernel.secret import Secret

API: Final = "https://qyapi.weixin.qq.com"


@dataclass(frozen=True, slots=True)
class WeComSettings:
    """One account.

    Attributes:
        name: The channel instance's name in the config.
        corp_id: The company (CorpID); what is encrypted for another one is refused.
        secret: Of the app that may call 微信客服: fetches access tokens.
        token: What WeCom signs with, as both sides have it in their settings.
        aes_key: 43 characters (EncodingAESKey).
        open_kfid: The customer service account.
        has_agents: Who asks for a person gets one in WeCom's own app; else he writes to the staff, wherever they are.
        agent: The one who gets them (UserID); empty: the account's waiting pool.
        beside: Other accounts of the same app → their channels: one address hears for all.
        call_s: So long a call of ours may take, connecting included.
        poll_s: So often messages are looked for that nobody told us of.
        look_s: So often a process looks whether there is something to pull that another one was told of.
        httpx_kwargs: Passed to ``httpx.AsyncClient``: a transport, ``trust_env``.
    """

    name: str
    corp_id: str
    secret: Secret
    token: Secret
    aes_key: Secret
    open_kfid: str
    has_agents: bool = False
    agent: str = ""
    api_base_url: str = API
    call_s: float = 10.0
    poll_s: float = 180.0
    look_s: float = 1.0
    beside: Mapping[str, str] = field(default_factory=dict)
    httpx_kwargs: Mapping[str, Any] = field(default_factory=dict)
