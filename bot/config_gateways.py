"""What the config says of ways to get money."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, PlainValidator, ValidationInfo, field_validator

from bot.config_section import Frozen, Section
from bot.config_values import BaseAddress, EpayField, SecretText, resolve_secret, wrong
from shop_core.gateways.wechatpay import signing
from shop_core.kernel.secret import Secret

_SEAL_KEY: Final = re.compile(rf"[A-Za-z0-9]{{{signing.SEAL_KEY_BYTES}}}")

KINDS: Final = '"epay", "wechatpay" or "stars"'
Stars = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
VariantId = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,17}$")]


class EpayConfig(Section):
    """One merchant's account at a site that speaks epay V1 (易支付)."""

    kind: Literal["epay"] = Field(description=KINDS)
    base_url: BaseAddress = Field(description="https://HOST/PATH of the site, without submit.php")
    pid: str = Field(pattern=r"^[1-9][0-9]{0,19}$", description='the merchant number, in quotes: "1000"')
    key: SecretText = Field(description="the merchant key, as env:NAME or file:PATH")
    mode: Literal["mapi", "submit"] = Field("mapi", description='"mapi" or "submit"')
    type: str = Field(
        "alipay",
        pattern=r"^[a-z0-9_.]{0,20}$",
        description='"alipay", "wxpay" or what else the site calls it',
    )
    success_word: str = Field(
        "success", pattern=r"^\S{1,20}$", description="one word, as the site wants to hear it"
    )
    fields: Annotated[Mapping[EpayField, str], Frozen] = Field(
        default_factory=lambda: MappingProxyType({}),
        description="a table: the usual name of a field = the site's name for it",
    )

    @field_validator("type")
    @classmethod
    def _a_type_unless_the_payer_chooses(cls, type_: str, info: ValidationInfo) -> str:
        if not type_ and info.data.get("mode") == "mapi":
            raise wrong('"" with mode = "mapi"', 'a type, or mode = "submit", where the payer chooses')
        return type_


class StarsConfig(Section):
    """Telegram Stars, taken by the one bot that lists this gateway."""

    kind: Literal["stars"] = Field(description=KINDS)
    rate: Annotated[str, Field(strict=True)] = Field(
        pattern=r"^[0-9]{1,9}(\.[0-9]{1,9})?$",
        description='what one Star is worth in the shop\'s currency, in quotes: "0.10"',
    )
    rate_source: str = Field(
        min_length=1, max_length=80, description="where the rate was read, in a few words"
    )
    rate_at: Annotated[date, Field(strict=True)] = Field(
        description="the day on which it was read: 2026-11-28"
    )
    prices: Annotated[Mapping[VariantId, Stars], Frozen] = Field(
        default_factory=lambda: MappingProxyType({}), description="a table: variant = whole Stars for one"
    )

    @field_validator("rate")
    @classmethod
    def _above_zero(cls, rate: str) -> str:
        if not Decimal(rate):
            raise wrong(f'"{rate}"', "more than 0")
        return rate

    @property
    def worth(self) -> Decimal:
        """What one Star is worth."""
        return Decimal(self.rate)

    @property
    def read_at(self) -> datetime:
        """When the rate was read."""
        return datetime.combine(self.rate_at, time(), UTC)

    def hand_set(self) -> dict[int, int]:
        """The owner's own prices."""
        return {int(variant): stars for variant, stars in self.prices.items()}


def _check_seal_key(key: Secret) -> Secret:
    if not _SEAL_KEY.fullmatch(key.reveal()):
        raise wrong(
            "something else (not shown)", "the 32 letters and digits that you set as APIv3 key (APIv3密钥)"
        )
    return key


def _is_read_by(read: Callable[[str], object], expected: str) -> AfterValidator:
    def check(pem: Secret) -> Secret:
        try:
            read(pem.reveal())
        except signing.BadKey as error:
            raise wrong(f"{error} (not shown)", expected) from None
        return pem

    return AfterValidator(check)


SealKey = Annotated[Secret, PlainValidator(resolve_secret), AfterValidator(_check_seal_key)]
MerchantKey = Annotated[
    Secret,
    PlainValidator(resolve_secret),
    _is_read_by(signing.read_private_key, "the merchant's private key, as WeChat Pay's tool made it"),
]
PlatformKey = Annotated[
    Secret,
    PlainValidator(resolve_secret),
    _is_read_by(signing.read_public_key, "WeChat Pay's public key, or the platform certificate"),
]


class WechatPayConfig(Section):
    """One merchant's account at WeChat Pay (微信支付)."""

    kind: Literal["wechatpay"] = Field(description=KINDS)
    app_id: str = Field(
        pattern=r"^[A-Za-z0-9_-]{4,32}$", description='the AppID that the merchant number is bound to: "wx…"'
    )
    mchid: str = Field(pattern=r"^[0-9]{6,32}$", description='the merchant number, in quotes: "1900000001"')
    serial: str = Field(
        pattern=r"^[0-9A-Fa-f]{8,64}$",
        description="the serial number of the merchant's certificate, in quotes",
    )
    key: MerchantKey = Field(description="the merchant's private key, as file:apiclient_key.pem")
    api_v3_key: SealKey = Field(description="the APIv3 key, as env:NAME or file:PATH")
    public_key_id: str = Field(
        pattern=r"^[A-Za-z0-9_]{8,64}$",
        description='"PUB_KEY_ID_…", or the platform certificate\'s serial number',
    )
    public_key: PlatformKey = Field(description="WeChat Pay's public key, as file:pub_key.pem")
    api_base_url: BaseAddress = Field("https://api.mch.weixin.qq.com", description="https://HOST")
