"""What the config says of a customer service account of WeCom (微信客服)."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, PlainValidator

from bot.config_section import Section
from bot.config_values import BaseAddress, InstanceName, Yes, resolve_secret
from bot.config_wechat import AesKey, WechatToken
from shop_core.kernel.secret import Secret

_ID: Final = r"^[A-Za-z0-9_-]{4,64}$"


class WecomConfig(Section):
    """One customer service account."""

    kind: Literal["wecom"] = Field(description='"telegram", "webchat", "wechat" or "wecom"')
    corp_id: str = Field(pattern=_ID, description='the CorpID of WeCom\'s console, in quotes: "ww…"')
    secret: Annotated[Secret, PlainValidator(resolve_secret)] = Field(
        description="the Secret of the app that may call 微信客服, as env:NAME or file:PATH"
    )
    token: WechatToken = Field(description="what WeCom signs with, as env:NAME or file:PATH")
    encoding_aes_key: AesKey = Field(description="what WeCom encrypts with, as env:NAME or file:PATH")
    open_kfid: str = Field(
        pattern=_ID, description='the id of the customer service account, in quotes: "wk…"'
    )
    hand_over: Literal["staff", "agents"] = Field("staff", description='"staff" or "agents"')
    agent: str = Field(
        "",
        pattern=r"^[A-Za-z0-9_.@-]{0,64}$",
        description='the UserID of an agent, in quotes; "" for the waiting pool',
    )
    gateways: tuple[InstanceName, ...] = Field((), description="a list of names of [gateways.*]")
    sells_virtual_goods: Yes = Field(default=False, description="true or false")
    api_base_url: BaseAddress = Field("https://qyapi.weixin.qq.com", description="https://HOST")
