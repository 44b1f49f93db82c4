"""The owner's config: one TOML file, read once, checked whole, never changed while the shop runs.

``config.example.toml`` explains every key to the owner; the models below say the same to the program. The
``description`` of a field is what ``kapu check-config`` says was expected there.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError

from bot.config_cross import cross_faults
from bot.config_gateways import EpayConfig, StarsConfig, WechatPayConfig
from bot.config_report import ConfigErrors, Fault, Known, Place, read_faults
from bot.config_section import Frozen, Section, Whole
from bot.config_suppliers import PROTOCOLS, SupplierConfig, SupplierSection
from bot.config_values import (
    BaseAddress,
    Currency,
    DatabaseUrl,
    InstanceName,
    KeyId,
    Languages,
    Owner,
    SafeAddress,
    SecretText,
    SessionSecret,
    Sources,
    TextsFolder,
    Timezone,
    VaultKeys,
    Yes,
)
from bot.config_verification import SmsConfig, SmtpConfig, VerificationConfig
from bot.config_webchat import ThemeConfig, WebchatConfig
from bot.config_wechat import WechatConfig
from bot.config_wecom import WecomConfig
from shop_core.kernel.policy import Policy
from shop_core.kernel.secret import Secret
from shop_core.vault.vault import FINGERPRINT_KEY

_RULES: Final = Policy()


class ShopConfig(Section):
    """The shop's own rules."""

    name: str = Field(_RULES.name, min_length=1, max_length=40, description="a name of 1 to 40 characters")
    currency: Currency = Field(_RULES.currency, description='the code of a currency, in quotes: "CNY"')
    timezone: Timezone = Field(
        _RULES.timezone, description='the name of a time zone, in quotes: "Asia/Shanghai"'
    )
    languages: Languages = Field(
        ("zh", "en"),
        min_length=1,
        description='a list of "zh" and "en", the first for whoever speaks neither',
    )
    texts: TextsFolder | None = Field(None, description="the name of a folder with texts of your own")
    owners: tuple[Owner, ...] = Field((), description='a list of "CHANNEL:ID", such as "telegram:12345678"')
    hold_minutes: Whole = Field(
        _RULES.hold // timedelta(minutes=1), ge=1, le=1440, description="a whole number of minutes, 1 to 1440"
    )
    unpaid_cap: Whole = Field(_RULES.unpaid_cap, ge=1, le=100, description="a whole number, 1 to 100")
    low_stock: Whole = Field(_RULES.low_stock, ge=0, le=1000, description="a whole number, 0 to 1000")
    margin_percent: Whole = Field(
        _RULES.margin_percent, ge=0, le=1000, description="a whole number of percent, 0 to 1000"
    )
    price_jump_percent: Whole = Field(
        _RULES.price_jump_percent, ge=1, le=1000, description="a whole number of percent, 1 to 1000"
    )

    def policy(self) -> Policy:
        """The rules as the shop's transactions know them."""
        return Policy(
            name=self.name,
            currency=self.currency,
            timezone=self.timezone,
            languages=self.languages,
            hold=timedelta(minutes=self.hold_minutes),
            unpaid_cap=self.unpaid_cap,
            low_stock=self.low_stock,
            margin_percent=self.margin_percent,
            price_jump_percent=self.price_jump_percent,
        )


class DatabaseConfig(Section):
    """Where everything is kept. The URL is a secret because it may hold a password."""

    url: DatabaseUrl = Field(
        Secret("sqlite:///kapu.db"), description="sqlite:///FILE or postgresql://USER@HOST/NAME"
    )


class VaultConfig(Section):
    """The keys that codes are sealed with."""

    active_key: KeyId = Field(description="the name of the key in [vault.keys] that seals new codes")
    keys: VaultKeys = Field(
        description=f'a table of keys; one is named "{FINGERPRINT_KEY}", one is the active key'
    )


class HttpConfig(Section):
    """The web server: callbacks, the web chat, health and metrics."""

    host: str = Field("127.0.0.1", min_length=1, description="an address of this machine to listen on")
    port: Whole = Field(8000, ge=0, le=65535, description="a port, 1 to 65535 (0: any that is free)")
    public_url: BaseAddress | None = Field(None, description="https://HOST, as the world reaches this shop")

    @property
    def base_url(self) -> str:
        """How the world reaches this shop, or else this machine."""
        return self.public_url or f"http://127.0.0.1:{self.port}"


class LogConfig(Section):
    """What the program says of itself, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description='"debug", "info", "warning" or "error"'
    )
    format: Literal["console", "json"] = Field("console", description='"console" or "json"')


class TelegramConfig(Section):
    """One Telegram bot."""

    kind: Literal["telegram"] = Field(description='"telegram", "webchat", "wechat" or "wecom"')
    token: SecretText = Field(description="the bot's token from @BotFather, as env:NAME or file:PATH")
    gateways: tuple[InstanceName, ...] = Field((), description="a list of names of [gateways.*]")
    api_base_url: SafeAddress = Field(
        "https://api.telegram.org/bot", description="https://HOST/bot; the token is added right behind it"
    )
    other_ways_to_pay: Yes = Field(default=False, description="true or false")
    mode: Literal["polling", "webhook"] = Field("polling", description='"polling" or "webhook"')
    webhook_secret: SessionSecret | None = Field(
        None, description="what Telegram proves itself with, as env:NAME or file:PATH"
    )


ChannelConfig = Annotated[
    TelegramConfig | WebchatConfig | WechatConfig | WecomConfig, Field(discriminator="kind")
]
GatewayConfig = Annotated[EpayConfig | WechatPayConfig | StarsConfig, Field(discriminator="kind")]


class Config(Section):
    """The whole config."""

    shop: ShopConfig = ShopConfig()
    database: DatabaseConfig = DatabaseConfig()
    vault: VaultConfig
    http: HttpConfig = HttpConfig()
    log: LogConfig = LogConfig()
    channels: Annotated[Mapping[InstanceName, ChannelConfig], Frozen] = Field(
        min_length=1, description="at least one table [channels.NAME]"
    )
    gateways: Annotated[Mapping[InstanceName, GatewayConfig], Frozen] = Field(
        default_factory=lambda: MappingProxyType({}), description="tables [gateways.NAME]"
    )
    suppliers: Annotated[Mapping[InstanceName, SupplierConfig], Frozen] = Field(
        default_factory=lambda: MappingProxyType({}), description="tables [suppliers.NAME]"
    )

    verification: VerificationConfig = VerificationConfig()

    def secrets(self) -> Iterator[Secret]:
        """Every secret in use, so that the log can mask it wherever it turns up."""
        yield from self.vault.keys.values()
        for section in (*self.channels.values(), *self.gateways.values(), *self.suppliers.values()):
            yield from (value for _, value in section if isinstance(value, Secret))
        if self.verification.sms is not None:
            yield self.verification.sms.secret
        if self.verification.smtp is not None and self.verification.smtp.password is not None:
            yield self.verification.smtp.password


_CHANNEL_KINDS: Final[Mapping[str, type[Section]]] = {
    "telegram": TelegramConfig,
    "webchat": WebchatConfig,
    "wechat": WechatConfig,
    "wecom": WecomConfig,
}
_GATEWAY_KINDS: Final[Mapping[str, type[Section]]] = {
    "epay": EpayConfig,
    "wechatpay": WechatPayConfig,
    "stars": StarsConfig,
}
_SECTIONS: Final[Mapping[str, type[Section]]] = {
    "shop": ShopConfig,
    "database": DatabaseConfig,
    "vault": VaultConfig,
    "http": HttpConfig,
    "log": LogConfig,
    "verification": VerificationConfig,
}


def load_config(path: Path, *, environ: Mapping[str, str] = os.environ) -> Config:
    """Read, check and resolve a config file.

    Args:
        path: The TOML file; ``file:`` secrets are looked for relative to its folder.
        environ: Where ``env:`` secrets are.

    Raises:
        ConfigErrors: Naming every wrong or missing key.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        way_on = "a config: copy config.example.toml there and fill it in, or name another by --config"
        raise ConfigErrors(
            path, [Fault("the file", f"nothing readable ({error.strerror})", way_on)]
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigErrors(path, [Fault("the file", f"a mistake in its form ({error})", "TOML")]) from None
    return _check(path, raw, Sources(environ, path.parent))


def _check(path: Path, raw: Mapping[str, Any], sources: Sources) -> Config:
    faults = cross_faults(raw)
    try:
        config = Config.model_validate({"vault": {}, **raw}, context=sources)
    except ValidationError as error:
        # Not chained: the original error holds what was found, secrets included.
        raise ConfigErrors(path, read_faults(error.errors(include_url=False), _look_up) + faults) from None
    if faults:
        raise ConfigErrors(path, faults)
    return config


def _look_up(place: Place) -> Known:
    """Find what the models know about a place, which pydantic gives with the kind after a channel's or gateway's name."""
    model, rest = _model_at(place)
    field = model.model_fields.get(str(rest[0])) if rest else None
    return Known(field.description if field else None, tuple(model.model_fields))


def _model_at(place: Place) -> tuple[type[Section], Place]:
    """The model of the table that a place is in, and the place within that table."""
    match place:
        case ("channels", _, "webchat", "theme", *rest) if rest:
            return ThemeConfig, tuple(rest)
        case ("verification", "sms", *rest) if rest:
            return SmsConfig, tuple(rest)
        case ("verification", "smtp", *rest) if rest:
            return SmtpConfig, tuple(rest)
        case (("channels" | "gateways" | "suppliers") as section, _, *rest):
            return _instance_at(section, rest)
        case (str(section), *rest) if section in _SECTIONS:
            return _SECTIONS[section], tuple(rest)
        case _:
            return Config, place


def _instance_at(section: str, rest: Sequence[int | str]) -> tuple[type[Section], Place]:
    """The same within a table that has a name: its kind, which pydantic puts before the place, says which model."""
    models, any_model, key = _INSTANCES[section]
    model = models.get(str(rest[0])) if rest else None
    return (any_model, (key,)) if model is None else (model, tuple(rest[1:]))


_INSTANCES: Final[Mapping[str, tuple[Mapping[str, type[Section]], type[Section], str]]] = {
    "channels": (_CHANNEL_KINDS, TelegramConfig, "kind"),
    "gateways": (_GATEWAY_KINDS, EpayConfig, "kind"),
    "suppliers": (PROTOCOLS, SupplierSection, "protocol"),
}
"""Section → its models by kind, one that tells what a kind can be, and the key that says the kind."""
