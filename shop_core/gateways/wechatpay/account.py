"""A merchant's account at WeChat Pay: its numbers and keys, read once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from shop_core.gateways.errors import BadGatewaySettings
from shop_core.gateways.wechatpay import signing
from shop_core.kernel.secret import Secret
from shop_core.wire.address import is_plain, is_web_address, keeps_secrets

if TYPE_CHECKING:
    from collections.abc import Collection

API: Final = "https://api.mch.weixin.qq.com"
CURRENCY: Final = "CNY"


@dataclass(frozen=True, slots=True, kw_only=True)
class WechatPaySettings:
    """One merchant's account.

    Attributes:
        name: The gateway's name in the config.
        app_id: Of the account (公众号, 小程序) that the merchant number is bound to.
        mchid: The merchant's number (商户号).
        serial: Of the merchant's certificate (商户API证书), which WeChat Pay finds our key by.
        key: The merchant's private key, as PEM.
        seal_key: The APIv3 key, 32 characters: what notifications are sealed with.
        public_key_id: Names WeChat Pay's key: ``PUB_KEY_ID_…``, or the platform certificate's serial number.
        public_key: That key, or certificate, as PEM.
        notify_url: Where WeChat Pay tells us; https, without a query.
        inside: Channels whose people have their number of the same ``app_id``: they are asked inside WeChat (JSAPI).
        base_url: Without a path, since the path is signed.
    """

    name: str
    app_id: str
    mchid: str
    serial: str
    key: Secret
    seal_key: Secret
    public_key_id: str
    public_key: str
    notify_url: str
    inside: Collection[str] = ()
    base_url: str = API


class Account:
    """The settings, checked, and the keys in them, read."""

    def __init__(self, settings: WechatPaySettings) -> None:
        """Check and read.

        Raises:
            BadGatewaySettings: One cannot take money like this.
        """
        self.settings = settings
        self._require(keeps_secrets(settings.base_url), "base_url is not https://")
        self._require(
            is_plain(settings.base_url) and settings.base_url.count("/") == _SLASHES, "base_url has a path"
        )
        self._require(is_web_address(settings.notify_url), "notify_url is no web address")
        self._require("?" not in settings.notify_url, "notify_url has a query")
        self.seal_key = settings.seal_key.reveal().encode()
        self._require(len(self.seal_key) == signing.SEAL_KEY_BYTES, "the APIv3 key has not 32 characters")
        try:
            self.key = signing.read_private_key(settings.key.reveal())
            self.public_key = signing.read_public_key(settings.public_key)
        except signing.BadKey as error:
            raise BadGatewaySettings(gateway=settings.name, problem=str(error)) from None

    def _require(self, holds: bool, problem: str) -> None:  # noqa: FBT001 - an assertion with its own error
        if not holds:
            raise BadGatewaySettings(gateway=self.settings.name, problem=problem)


_SLASHES: Final = 2
"""Of ``https://HOST``, and no more."""
