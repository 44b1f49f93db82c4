"""What the config says of a WeChat official account."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Annotated, Final, Literal
from unicodedata import east_asian_width

from pydantic import AfterValidator, Field, PlainValidator, StringConstraints

from bot.channels.wechat.settings import MenuButton
from bot.config_report import show
from bot.config_section import Section
from bot.config_values import BaseAddress, InstanceName, Yes, resolve_secret, wrong
from handlers.deep_links import menu_key_of
from shop_core.kernel.secret import Secret

_TOKEN: Final = re.compile(r"[A-Za-z0-9]{3,32}")
_AES_KEY: Final = re.compile(r"[A-Za-z0-9+/]{43}")
_KEY_BYTES: Final = 32
MOST_ON_TOP: Final = 3
MOST_BELOW: Final = 5
_WIDEST_ON_TOP: Final = 8
_WIDEST_BELOW: Final = 16
"""Letters, of which a Chinese character is two: WeChat cuts what is wider."""


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


def _check_menu(menu: object) -> tuple[MenuButton, ...]:
    """Names and where they lead, as WeChat takes them: what it would refuse or cut is said here."""
    if not isinstance(menu, Mapping):
        raise wrong(show(menu), "a table of names and places")
    if len(menu) > MOST_ON_TOP:
        raise wrong(
            f"{len(menu)} buttons", f"at most {MOST_ON_TOP}; each may be a table of up to {MOST_BELOW}"
        )
    return tuple(_on_top(name, leads_to) for name, leads_to in menu.items())


def _on_top(name: str, leads_to: object) -> MenuButton:
    _check_name(name, _WIDEST_ON_TOP)
    if not isinstance(leads_to, Mapping):
        return _button(name, leads_to)
    if not 1 <= len(leads_to) <= MOST_BELOW:
        raise wrong(f"{len(leads_to)} buttons below {name}", f"1 to {MOST_BELOW}")
    for below in leads_to:
        _check_name(below, _WIDEST_BELOW)
    return MenuButton(name, below=tuple(_button(below, one) for below, one in leads_to.items()))


def _button(name: str, leads_to: object) -> MenuButton:
    text = leads_to if isinstance(leads_to, str) else ""
    if text.startswith("https://"):
        return MenuButton(name, url=text)
    key = menu_key_of(text)
    if key is None:
        places = "home, all/1, orders, balance, support, help, pickup, p/12"
        raise wrong(show(leads_to), f"for {name} a place of the shop ({places}) or https://…")
    return MenuButton(name, key=key)


def _check_name(name: str, widest: int) -> None:
    width = sum(2 if east_asian_width(char) in "WF" else 1 for char in name)
    if not name.strip() or width > widest:
        raise wrong(show(name), f"a name of at most {widest // 2} Chinese characters, or {widest} letters")


WechatToken = Annotated[Secret, PlainValidator(resolve_secret), AfterValidator(_check_token)]
AesKey = Annotated[Secret, PlainValidator(resolve_secret), AfterValidator(_check_aes_key)]


TemplateField = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{1,32}$")]


class WechatConfig(Section):
    """One WeChat official account."""

    kind: Literal["wechat"] = Field(description='"telegram", "webchat", "wechat" or "wecom"')
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
    menu: Annotated[tuple[MenuButton, ...], PlainValidator(_check_menu)] | None = Field(
        None, description='a table of names and places of the shop: { "买东西" = "all/1" }'
    )
    template_id: str | None = Field(
        None, pattern=r"^[A-Za-z0-9_-]{10,64}$", description="the id of a template of the account's own list"
    )
    template_fields: dict[TemplateField, Literal["state", "goods", "number", "time"]] | None = Field(
        None, description='the template\'s fields: { thing1 = "goods" }; "state", "goods", "number" or "time"'
    )
    gateways: tuple[InstanceName, ...] = Field((), description="a list of names of [gateways.*]")
    sells_virtual_goods: Yes = Field(default=False, description="true or false")
    api_base_url: BaseAddress = Field("https://api.weixin.qq.com", description="https://HOST")
