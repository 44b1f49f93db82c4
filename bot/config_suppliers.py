"""The tables ``[suppliers.NAME]``: what every supplier has, and what each protocol needs beside."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints

from bot.config_section import Frozen, Section, Whole
from bot.config_values import AnyAddress, BaseAddress, Currency, FilePath, Rate, SecretText, Timezone
from shop_core.kernel.policy import SupplierTerms

_TERMS: Final = SupplierTerms()
_NAMES: Final = (
    "dujiao_next",
    "acg_faka",
    "kasushou",
    "fulu",
    "reloadly",
    "dayuanren",
    "kakayun",
    "declarative",
)
_ONE_OF: Final = f"one of {', '.join(_NAMES)}, in quotes"


Part = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, min_length=1, max_length=60)]
"""A part of what a site says. Never empty: that would be a part of everything."""
Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
WordsTable = Annotated[Mapping[Literal["unsure", "known", "not_us", "not_found"], tuple[Part, ...]], Frozen]
StatesTable = Annotated[Mapping[Code, Literal["under_way", "done", "failed"]], Frozen]
RefusalsTable = Annotated[
    Mapping[Code, Literal["out_of_stock", "off_sale", "price", "balance", "input", "other"]], Frozen
]
_WORDS: Final = "a table: unsure, known, not_us or not_found = a list of parts of messages"
_STATES: Final = 'a table: their state = "under_way", "done" or "failed"'
_REFUSALS: Final = 'a table: their code = "out_of_stock", "off_sale", "price", "balance", "input" or "other"'


def _nothing_more() -> Mapping[Any, Any]:
    return MappingProxyType({})


class SupplierSection(Section):
    """One account at one supplier."""

    protocol: str = Field(description=_ONE_OF)
    key: str = Field(min_length=1, max_length=200, description="what the supplier knows you by, in quotes")
    secret: SecretText = Field(description="what requests are signed with, as env:NAME or file:PATH")
    currency: Currency = Field("CNY", description='the code of the currency you are charged in: "CNY"')
    rate: Rate = Field(
        _TERMS.rate, description='what one unit of that costs you in the shop\'s currency, in quotes: "7.2"'
    )
    at_once: Whole = Field(_TERMS.at_once, ge=1, le=200, description="a whole number, 1 to 200")
    per_minute: Whole = Field(_TERMS.per_minute, ge=1, le=60_000, description="a whole number, 1 to 60000")
    timezone: Timezone = Field(
        _TERMS.timezone, description='the name of a time zone, in quotes: "Asia/Shanghai"'
    )

    def terms(self) -> SupplierTerms:
        """The terms as the shop's transactions know them."""
        return SupplierTerms(self.rate, self.at_once, self.per_minute, self.timezone)


class SiteSection(SupplierSection):
    """One whose address is the owner's to say."""

    base_url: BaseAddress = Field(description="https://HOST/PATH of the supplier")


class DujiaoNextConfig(SiteSection):
    """A dujiao-next site, or another Kapu."""

    protocol: Literal["dujiao_next"] = Field(description=_ONE_OF)
    finds_numbers: bool = Field(
        default=False, strict=True, description="true for a Kapu shop, false for dujiao-next"
    )
    refusals: RefusalsTable = Field(default_factory=_nothing_more, description=_REFUSALS)


class AcgFakaConfig(SiteSection):
    """An acg-faka shop that lends its stock."""

    protocol: Literal["acg_faka"] = Field(description=_ONE_OF)
    contact: str = Field("", max_length=60, description="what the shop notes as the buyer's contact")
    pending: tuple[Part, ...] = Field((), description="a list of parts of what stands in place of the cards")
    words: WordsTable = Field(default_factory=_nothing_more, description=_WORDS)


class KasushouConfig(SiteSection):
    """A kasushou site (卡速售)."""

    protocol: Literal["kasushou"] = Field(description=_ONE_OF)
    safe_price_is: Literal["piece", "total"] = Field("piece", description='"piece" or "total"')
    states: StatesTable = Field(default_factory=_nothing_more, description=_STATES)
    words: WordsTable = Field(default_factory=_nothing_more, description=_WORDS)


class FuluConfig(SupplierSection):
    """Fulu (福禄), or a platform that speaks its protocol (星权益)."""

    protocol: Literal["fulu"] = Field(description=_ONE_OF)
    base_url: AnyAddress = Field(
        "https://openapi.fulu.com/api/getway", description="https://HOST/PATH of the platform's only page"
    )
    plain_http: bool = Field(
        default=False, strict=True, description="true allows http://: everybody on the way reads orders"
    )
    callback_sign: Literal["ignored", "required"] = Field("ignored", description='"ignored" or "required"')
    checks_answers: bool = Field(default=True, strict=True, description="true or false")
    refusals: tuple[Code, ...] = Field((), description="a list of codes by which the platform refuses")
    states: StatesTable = Field(default_factory=_nothing_more, description=_STATES)
    words: WordsTable = Field(default_factory=_nothing_more, description=_WORDS)


class ReloadlyConfig(SupplierSection):
    """Reloadly: gift cards and airtime."""

    protocol: Literal["reloadly"] = Field(description=_ONE_OF)
    currency: Currency = Field("USD", description='the code of the currency you are charged in: "USD"')
    timezone: Timezone = Field("UTC", description='the name of a time zone, in quotes: "UTC"')
    sandbox: bool = Field(default=False, strict=True, description="true for its test system")
    sells: tuple[Literal["gift_cards", "airtime"], ...] = Field(
        ("gift_cards", "airtime"), min_length=1, description='a list of "gift_cards" and "airtime"'
    )
    sender_name: str = Field("Kapu", min_length=1, max_length=40, description="a name of 1 to 40 characters")
    recipient_email: str = Field("", max_length=100, description="an e-mail address")
    amounts: tuple[str, ...] = Field((), description='a list of amounts in quotes: ["5", "10"]')
    failed_statuses: tuple[str, ...] = Field((), description="a list of statuses")


class FileProtocolConfig(SupplierSection):
    """An upstream whose protocol stands in a file."""

    base_url: AnyAddress = Field(description="https://HOST/PATH of the supplier")
    plain_http: bool = Field(
        default=False, strict=True, description="true allows http://: everybody on the way reads the codes"
    )

    states: Annotated[Mapping[str, str], Frozen] = Field(
        default_factory=lambda: MappingProxyType({}), description="a table: their state = ours"
    )
    promises: Annotated[Mapping[str, bool | int], Frozen] = Field(
        default_factory=lambda: MappingProxyType({}),
        description="a table: a promise = true, false or a number",
    )
    refusals: tuple[str, ...] = Field((), description="a list of codes by which the site refuses")


class DayuanrenConfig(FileProtocolConfig):
    """A dayuanren site (大猿人)."""

    protocol: Literal["dayuanren"] = Field(description=_ONE_OF)


class KakayunConfig(FileProtocolConfig):
    """A kakayun site (卡卡云)."""

    protocol: Literal["kakayun"] = Field(description=_ONE_OF)


class DeclarativeConfig(FileProtocolConfig):
    """An upstream that the owner has described."""

    protocol: Literal["declarative"] = Field(description=_ONE_OF)
    file: FilePath = Field(
        description="the protocol's TOML file; a relative path starts at this file's folder"
    )


PROTOCOLS: Final[Mapping[str, type[SupplierSection]]] = {
    "dujiao_next": DujiaoNextConfig,
    "acg_faka": AcgFakaConfig,
    "kasushou": KasushouConfig,
    "fulu": FuluConfig,
    "reloadly": ReloadlyConfig,
    "dayuanren": DayuanrenConfig,
    "kakayun": KakayunConfig,
    "declarative": DeclarativeConfig,
}
"""Protocol → its table. A new one: a class above, a line here, its factory in ``bot.wiring_suppliers.SUPPLIERS``."""

SupplierConfig = Annotated[
    DujiaoNextConfig
    | AcgFakaConfig
    | KasushouConfig
    | FuluConfig
    | ReloadlyConfig
    | DayuanrenConfig
    | KakayunConfig
    | DeclarativeConfig,
    Field(discriminator="protocol"),
]
