"""What one WeChat official account is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from shop_core.kernel.secret import Secret

API: Final = "https://api.weixin.qq.com"


class Mode(StrEnum):
    """How WeChat encrypts what it brings, as the account's console has it (消息加解密方式)."""

    PLAIN = "plain"
    COMPATIBLE = "compatible"
    SAFE = "safe"


class Profile(StrEnum):
    """What the account may do.

    ``service``: a verified service account (认证服务号), which may write to people by itself. ``passive``: any other,
    which may only answer.
    """

    SERVICE = "service"
    PASSIVE = "passive"


@dataclass(frozen=True, slots=True)
class MenuButton:
    """A button: a link of ours, a page outside, or the name above others.

    Attributes:
        key: What comes with the touch: a public link as a payload.
    """

    name: str
    key: str | None = None
    url: str | None = None
    below: tuple[MenuButton, ...] = ()

    def said(self) -> Mapping[str, Any]:
        """As WeChat has it."""
        if self.below:
            return {"name": self.name, "sub_button": [button.said() for button in self.below]}
        if self.url is not None:
            return {"type": "view", "name": self.name, "url": self.url}
        return {"type": "click", "name": self.name, "key": self.key}


@dataclass(frozen=True, slots=True)
class Template:
    """The account's template message.

    Attributes:
        fields: The template's fields, and what each shows: ``state``, ``goods``, ``number`` or ``time`` of an order.
    """

    id: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class WeChatSettings:
    """One account.

    Attributes:
        name: The channel instance's name in the config.
        app_id: As the console shows it (AppID); what is encrypted for another one is refused.
        app_secret: Fetches access tokens.
        token: What WeChat signs with, as both sides have it in their settings.
        aes_key: 43 characters (EncodingAESKey).
        menu: What the account's menu is to be; None: that is somebody else's affair. Empty: there is to be none.
        template: Tells of orders where nothing may be pushed; None: they wait for the person's next word.
        patience_s: So long a request waits for its answer; WeChat hangs up after five seconds.
        call_s: So long a call of ours may take, connecting included.
        httpx_kwargs: Passed to ``httpx.AsyncClient``: a transport, ``trust_env``.
    """

    name: str
    app_id: str
    app_secret: Secret
    token: Secret
    aes_key: Secret
    mode: Mode = Mode.SAFE
    profile: Profile = Profile.PASSIVE
    menu: tuple[MenuButton, ...] | None = None
    template: Template | None = None
    api_base_url: str = API
    patience_s: float = 4.3
    call_s: float = 10.0
    httpx_kwargs: Mapping[str, Any] = field(default_factory=dict)
