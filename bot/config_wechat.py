"""What the config says of a WeChat official account."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, PlainValidator

from bot.config_section import Section
from bot.config_values import BaseAddress, InstanceName, Yes, resolve_secret, wrong
from shop_core.kernel.secret import Secret

_TOKEN: Final = re.compile(r"[A-Za-z0-9]{3,32}")
_AES_KEY: Final = re.compile(r"[A-Za-z0-9+/]{43}")
_KEY_BYTES: Final = 32


def _check_token(token: Secret) -> Secret:
    if not _TOKEN.fullmatch(token.reveal()):
        raise wrong(
            "something else (not shown)", "3 to 32 letters and digits, the same as in WeChat's console"
        )
    return token


def _check_aes_key(key: Secret) -> Secret:
    expected = "the 43 letters and digits of EncodingAESKey, as WeChat's console makes them"
    if not _AES_KEY.fullmatch(key.reveal()):
        raise wrong("something else (not shown)", expected)
    try:
        is_whole = len(base64.b64decode(key.reveal() + "=")) == _KEY_BYTES
    except binascii.Error:
        is_whole = False
    if not is_whole:
        raise wrong("something else (not shown)", expected)
    return key


WechatToken = Annotated[Secret, PlainValidator(resolve_secret), AfterValidator(_check_token)]
AesKey = Annotated[Secret, PlainValidator(resolve_secret), AfterValidator(_check_aes_key)]


class WechatConfig(Section):
    """One WeChat official account."""

    kind: Literal["wechat"] = Field(description='"telegram", "webchat" or "wechat"')
    app_id: str = Field(
        pattern=r"^[A-Za-z0-9_-]{4,64}$", description='the AppID of WeChat\'s console, in quotes: "wx…"'
    )
    token: WechatToken = Field(description="what WeChat signs with, as env:NAME or file:PATH")
    mode: Literal["plain", "compatible", "safe"] = Field(
        "safe", description='"plain", "compatible" or "safe"'
    )
    encoding_aes_key: AesKey | None = Field(
        None, description="what WeChat encrypts with, as env:NAME or file:PATH"
    )
    profile: Literal["service", "passive"] = Field("passive", description='"service" or "passive"')
    app_secret: Annotated[Secret, PlainValidator(resolve_secret)] | None = Field(
        None, description="the AppSecret of WeChat's console, as env:NAME or file:PATH"
    )
    gateways: tuple[InstanceName, ...] = Field((), description="a list of names of [gateways.*]")
    sells_virtual_goods: Yes = Field(default=False, description="true or false")
    api_base_url: BaseAddress = Field("https://api.weixin.qq.com", description="https://HOST")
