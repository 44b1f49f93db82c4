"""The table ``[verification]``: when people have to show that a contact is theirs, and how codes are sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal

import phonenumbers
from pydantic import AfterValidator, Field, StringConstraints

from bot.config_report import Fault, show
from bot.config_section import Section, Whole
from bot.config_values import SafeAddress, SecretText, SessionSecret, is_loopback, wrong
from shop_core.kernel.money import BadAmount, parse_money
from shop_core.kernel.policy import Ask, Policy, VerificationRules
from shop_core.verification.contacts import parse_email
from shop_core.verification.errors import BadEmail

_RULES: Final = VerificationRules()
_AMOUNT: Final = r"^[0-9]{1,12}(\.[0-9]{1,4})?$"
_ASK: Final = '"phone", "email" or "either"'


def _check_country(code: str) -> str:
    if code not in phonenumbers.SUPPORTED_REGIONS:
        raise wrong(f'"{code}"', 'two large letters: "CN", "HK", "US"')
    return code


def _check_email(address: str) -> str:
    try:
        parse_email(address)
    except BadEmail:
        raise wrong(f'"{address[:60]}"', "an address of e-mail") from None
    return address


Country = Annotated[str, StringConstraints(max_length=2), AfterValidator(_check_country)]
EmailAddress = Annotated[str, AfterValidator(_check_email)]


class SmsConfig(Section):
    """Where codes by SMS are handed over."""

    url: SafeAddress = Field(description="https://HOST/PATH of a receiver of yours")
    secret: SessionSecret = Field(description="what requests are signed with, as env:NAME or file:PATH")
    countries: tuple[Country, ...] | None = Field(
        None, min_length=1, description='a list of countries that codes are sent to: ["CN", "HK"]'
    )


class SmtpConfig(Section):
    """The account that letters go out by."""

    host: str = Field(min_length=1, max_length=200, description="the name of the SMTP server")
    port: Whole = Field(587, ge=1, le=65535, description="a port, 1 to 65535")
    tls: Literal["starttls", "tls", "none"] = Field("starttls", description='"starttls", "tls" or "none"')
    sender: EmailAddress = Field(description="the address that letters come from")
    username: str | None = Field(None, min_length=1, max_length=200, description="the name of the account")
    password: SecretText | None = Field(None, description="its password, as env:NAME or file:PATH")


class VerificationConfig(Section):
    """When contacts are asked for, and how codes are sent."""

    first_contact: Literal["phone", "email", "either"] | None = Field(None, description=_ASK)
    from_total: Annotated[str, Field(strict=True)] | None = Field(
        None, pattern=_AMOUNT, description='an amount in the shop\'s currency, in quotes: "500.00"'
    )
    from_total_asks: Literal["phone", "email", "either"] = Field("either", description=_ASK)
    country: Country = Field(_RULES.country, description='two large letters: "CN"')
    codes_per_hour: Whole = Field(
        _RULES.codes_per_hour, ge=1, le=100_000, description="a whole number, 1 to 100000"
    )
    sms: SmsConfig | None = Field(None, description="a table [verification.sms]")
    smtp: SmtpConfig | None = Field(None, description="a table [verification.smtp]")

    def rules(self, currency: str, owners: tuple[str, ...]) -> VerificationRules:
        """The rules as the shop's transactions know them."""
        return VerificationRules(
            first_contact=Ask(self.first_contact or ""),
            from_total_minor=None
            if self.from_total is None
            else parse_money(self.from_total, currency).minor,
            from_total_asks=Ask(self.from_total_asks),
            country=self.country,
            codes_per_hour=self.codes_per_hour,
            owners=frozenset(owners),
        )


def verification_faults(raw: Mapping[str, Any]) -> Iterator[Fault]:
    """What does not go together; what is asked for on a channel where it cannot be shown."""
    found = raw.get("verification")
    if not isinstance(found, dict):
        return
    yield from _total_faults(found, raw)
    yield from _smtp_faults(found.get("smtp"))
    for key in ("first_contact", "from_total_asks"):
        if key == "from_total_asks" and "from_total" not in found:
            continue
        ask = found.get(key, Ask.EITHER.value if key == "from_total_asks" else None)
        for name, kind in _channels(raw):
            lacks = _lacking(str(ask), kind, has_sms="sms" in found, has_smtp="smtp" in found)
            if lacks:
                yield Fault(f"verification.{key}", f'"{ask}", and channels.{name} is {kind}', lacks)


def _lacking(ask: str, kind: str, *, has_sms: bool, has_smtp: bool) -> str:
    """What has to be set up, so that somebody on a channel can do what is asked; empty: nothing."""
    phone, email = has_sms or kind == "telegram", has_smtp
    match ask:
        case "phone" if not phone:
            return "a table [verification.sms] beside it, because only Telegram tells a number by itself"
        case "email" if not email:
            return "a table [verification.smtp] beside it, so that codes can be sent"
        case "either" if not (phone or email):
            return "a table [verification.sms] or [verification.smtp] beside it, so that codes can be sent"
        case _:
            return ""


def _total_faults(found: Mapping[str, Any], raw: Mapping[str, Any]) -> Iterator[Fault]:
    shop = raw.get("shop")
    currency = shop.get("currency", Policy().currency) if isinstance(shop, dict) else Policy().currency
    text = found.get("from_total")
    if not isinstance(text, str) or not isinstance(currency, str):
        return
    try:
        is_good = parse_money(text, currency).minor > 0
    except BadAmount:
        is_good = False
    if not is_good:
        yield Fault("verification.from_total", show(text), f"an amount of {currency} above zero, in quotes")


def _smtp_faults(smtp: object) -> Iterator[Fault]:
    if not isinstance(smtp, dict):
        return
    if ("username" in smtp) != ("password" in smtp):
        missing = "password" if "username" in smtp else "username"
        yield Fault(f"verification.smtp.{missing}", "nothing", "both username and password, or neither")
    if smtp.get("tls") == "none" and not is_loopback(str(smtp.get("host"))):
        expected = '"starttls" or "tls" ("none" only to this machine itself: anybody could read the codes)'
        yield Fault("verification.smtp.tls", '"none"', expected)


def _channels(raw: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    channels = raw.get("channels")
    for name, channel in channels.items() if isinstance(channels, dict) else ():
        if isinstance(channel, dict) and isinstance(channel.get("kind"), str):
            yield name, channel["kind"]
