"""What one table of the config says about another: names that must be there, things that do not go together.

Read from the raw document, so that these faults are told together with those of single keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from bot.config_report import Fault, show
from bot.config_suppliers import PROTOCOLS
from bot.config_verification import verification_faults
from shop_core.kernel.money import BadAmount, minor_digits
from shop_core.kernel.policy import Policy
from shop_core.vault.vault import FINGERPRINT_KEY

_RULES: Final = Policy()

_RESERVED: Final = {"channels": ("shell", "upstream"), "gateways": ("wallet",)}
"""Names that mean something else already: commands from the shell, other shops, and the wallet as a means of payment."""
_READ_BY: Final = {"telegram": "token", "wecom": "open_kfid"}
"""What may have one reader only."""
_CALLED_PORTS: Final = (443, 80, 88, 8443)
"""The ports that Telegram calls webhooks on (its bots FAQ)."""


def cross_faults(raw: Mapping[str, Any]) -> list[Fault]:
    """All faults that no single key shows. What is of the wrong kind is passed over: the models tell."""
    return [
        *_name_faults(raw),
        *_owner_faults(raw),
        *_rate_faults(raw),
        *_gateway_faults(raw),
        *_stars_faults(raw),
        *_platform_faults(raw),
        *_currency_faults(raw),
        *_wechatpay_faults(raw),
        *_token_faults(raw),
        *_webhook_faults(raw),
        *_wechat_faults(raw),
        *_selling_faults(raw),
        *_vault_faults(raw),
        *verification_faults(raw),
    ]


def _name_faults(raw: Mapping[str, Any]) -> Iterator[Fault]:
    for section, names in _RESERVED.items():
        for name in _table(raw, section).keys() & names:
            yield Fault(f"{section}.{name}", "a name that means something else already", "another name")


def _rate_faults(raw: Mapping[str, Any]) -> Iterator[Fault]:
    """One to one between two currencies would sell everything at a loss, or nothing at all."""
    own = _table(raw, "shop").get("currency", _RULES.currency)
    for name, supplier in _table(raw, "suppliers").items():
        model = PROTOCOLS.get(str(supplier.get("protocol"))) if isinstance(supplier, dict) else None
        if model is None or "rate" in supplier:
            continue  # of no known protocol: the models tell
        theirs = supplier.get("currency", model.model_fields["currency"].default)
        if theirs != own:
            yield Fault(f"suppliers.{name}.rate", "nothing", f"what one unit of {theirs} costs you in {own}")


def _owner_faults(raw: Mapping[str, Any]) -> Iterator[Fault]:
    channels = _table(raw, "channels")
    for owner in _texts(_table(raw, "shop").get("owners")):
        channel, colon, _ = owner.partition(":")
        if colon and channel not in channels:
            yield Fault("shop.owners", show(owner), f"a channel of this config: {_listed(channels)}")


def _gateway_faults(raw: Mapping[str, Any]) -> Iterator[Fault]:
    gateways = _table(raw, "gateways")
    for name, channel in _table(raw, "channels").items():
        for gateway in _texts(channel.get("gateways") if isinstance(channel, dict) else None):
            if gateway not in gateways:
                expected = f"a gateway of this config: {_listed(gateways)}"
                yield Fault(f"channels.{name}.gateways", show(gateway), expected)


def _stars_faults(raw: Mapping[str, Any]) -> Iterator[Fault]:
    """Stars belong to a bot: each bot has a balance of its own, and nobody else can take them or give them back."""
    for name in _gateways_of(raw, "stars"):
        listed = [channel for channel, ways in _shown(raw) if name in ways]
        if len(listed) != 1:
            found = f"Stars that are listed by {_listed(listed) if listed else 'no channel'}"
            yield Fault(
                f"gateways.{name}", found, "one Telegram channel that lists it; a gateway for each bot"
            )
    for name, ways in _shown(raw):
        own = [way for way in ways if way in _gateways_of(raw, "stars")]
        is_telegram = _table(raw, "channels")[name].get("kind") == "telegram"
        if own and not is_telegram:
            yield Fault(f"channels.{name}.gateways", show(own[0]), "no Stars: only Telegram takes them")
        elif len(own) > 1:
            yield Fault(f"channels.{name}.gateways", show(own[1]), f"no other Stars than {show(own[0])}")


def _platform_faults(raw: Mapping[str, Any]) -> Iterator[Fault]:
    """Inside Telegram other ways to pay are shown only if the owner says that he means it."""
    for name, ways in _shown(raw):
        channel = _table(raw, "channels")[name]
        if channel.get("kind") != "telegram" or channel.get("other_ways_to_pay") is True:
            continue
        for way in ways:
            if way in _table(raw, "gateways") and way not in _gateways_of(raw, "stars"):
                expected = (
                    "Stars only, as Telegram's terms for bots want it for digital goods; or, at your own risk,"
                    f" channels.{name}.other_ways_to_pay = true"
                )
                yield Fault(f"channels.{name}.gateways", show(way), expected)


def _wechat_faults(raw: Mapping[str, Any]) -> Iterator[Fault]:
    """What a mode or a profile needs."""
    for name, channel in _table(raw, "channels").items():
        if not isinstance(channel, dict) or channel.get("kind") != "wechat":
            continue
        if channel.get("mode") != "plain" and "encoding_aes_key" not in channel:
            expected = 'env:NAME or file:PATH, because messages come encrypted; or mode = "plain"'
            yield Fault(f"channels.{name}.encoding_aes_key", "nothing", expected)
        if channel.get("profile") == "service" and "app_secret" not in channel:
            expected = 'env:NAME or file:PATH, because profile = "service"; or "passive"'
            yield Fault(f"channels.{name}.app_secret", "nothing", expected)
        if "menu" in channel and "app_secret" not in channel:
            expected = "env:NAME or file:PATH, because a menu is set by it; or no menu"
            yield Fault(f"channels.{name}.app_secret", "nothing", expected)
        if "template_id" in channel and not channel.get("template_fields"):
            expected = 'what each field of the template shows: { thing1 = "goods" }; or no template_id'
            yield Fault(f"channels.{name}.template_fields", "nothing", expected)


def _selling_faults(raw: Mapping[str, Any]) -> Iterator[Fault]:
    """In WeChat goods are sold only by an owner who says that he means it."""
    for name, channel in _table(raw, "channels").items():
        if not isinstance(channel, dict) or channel.get("kind") not in {"wechat", "wecom"}:
            continue
        ways = _texts(channel.get("gateways"))
        if ways and channel.get("sells_virtual_goods") is not True:
            expected = (
                "no way to pay; or, once you have read WeChat's rules on virtual goods and at your own risk,"
                f" channels.{name}.sells_virtual_goods = true"
            )
            yield Fault(f"channels.{name}.gateways", show(ways[0]), expected)


def _gateways_of(raw: Mapping[str, Any], kind: str) -> list[str]:
    gateways = _table(raw, "gateways")
    return [name for name, one in gateways.items() if isinstance(one, dict) and one.get("kind") == kind]


def _shown(raw: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """Each channel and the gateways that it lists."""
    channels = _table(raw, "channels")
    return [
        (name, _texts(channel.get("gateways")))
        for name, channel in channels.items()
        if isinstance(channel, dict)
    ]


def _currency_faults(raw: Mapping[str, Any]) -> Iterator[Fault]:
    """Epay writes amounts with two digits after the point, and names no currency."""
    currency = _table(raw, "shop").get("currency")
    if not isinstance(currency, str) or _has_two_digits(currency):
        return
    for name, gateway in _table(raw, "gateways").items():
        if isinstance(gateway, dict) and gateway.get("kind") == "epay":
            expected = "a currency with two digits after the point, or no epay"
            yield Fault(f"gateways.{name}.kind", f"epay in a shop that counts in {currency}", expected)


def _wechatpay_faults(raw: Mapping[str, Any]) -> Iterator[Fault]:
    """WeChat Pay counts in yuan and has to find the shop. Inside WeChat it asks the people of one account: its own."""
    names = _gateways_of(raw, "wechatpay")
    currency = _table(raw, "shop").get("currency", _RULES.currency)
    for name in names:
        if currency != "CNY":
            expected = 'shop.currency = "CNY", or no WeChat Pay'
            yield Fault(f"gateways.{name}.kind", f"WeChat Pay in a shop that counts in {currency}", expected)
    if names and _table(raw, "http").get("public_url") is None:
        yield Fault(
            "http.public_url", "nothing", f"https://HOST, because WeChat Pay (gateways.{names[0]}) calls it"
        )
    for channel_name, ways in _shown(raw):
        channel = _table(raw, "channels")[channel_name]
        for way in ways:
            if way not in names or channel.get("kind") != "wechat":
                continue
            if channel.get("profile") != "service":
                expected = (
                    f'profile = "service": only a verified service account takes WeChat Pay; or not "{way}"'
                )
                yield Fault(f"channels.{channel_name}.gateways", show(way), expected)
            elif channel.get("app_id") != _table(raw, "gateways")[way].get("app_id"):
                expected = f"the app_id of channels.{channel_name}, by which its customers are known"
                yield Fault(f"gateways.{way}.app_id", "another account's", expected)


def _has_two_digits(currency: str) -> bool:
    try:
        return minor_digits(currency) == 2  # noqa: PLR2004 - see above
    except BadAmount:
        return True  # unknown: the models tell


def _token_faults(raw: Mapping[str, Any]) -> Iterator[Fault]:
    """One bot, or one account, is one channel: Telegram would give each of two half, WeCom both everything."""
    seen: dict[str, str] = {}
    for name, channel in _table(raw, "channels").items():
        key = _READ_BY.get(str(channel.get("kind"))) if isinstance(channel, dict) else None
        value = None if key is None else channel.get(key)
        if isinstance(value, str) and seen.setdefault(value, name) != name:
            yield Fault(f"channels.{name}.{key}", f"the {key} of channels.{seen[value]}", "one of its own")


def _webhook_faults(raw: Mapping[str, Any]) -> Iterator[Fault]:
    """Telegram has to find the shop, and to prove itself there; polling needs neither."""
    public_url = _table(raw, "http").get("public_url")
    for name, channel in _table(raw, "channels").items():
        if not isinstance(channel, dict) or channel.get("mode") != "webhook":
            continue
        if channel.get("kind") != "telegram":
            continue  # no key of that channel: the models tell
        if "webhook_secret" not in channel:
            expected = 'env:NAME or file:PATH, because mode = "webhook"; `kapu vault new-key` makes good ones'
            yield Fault(f"channels.{name}.webhook_secret", "nothing", expected)
        if public_url is None:
            expected = f'https://HOST, because channels.{name} has mode = "webhook"; or "polling" there'
            yield Fault("http.public_url", "nothing", expected)
        elif "api_base_url" not in channel and isinstance(public_url, str) and not _is_called(public_url):
            expected = (
                f"https on port {_listed(map(str, _CALLED_PORTS))}: no other does Telegram call; or polling"
            )
            yield Fault(f"channels.{name}.mode", f'"webhook" with {show(public_url)}', expected)


def _is_called(public_url: str) -> bool:
    """Whether Telegram calls there; a Bot API server of one's own calls anywhere."""
    try:
        parts = urlsplit(public_url)
        return parts.scheme == "https" and (parts.port or _CALLED_PORTS[0]) in _CALLED_PORTS
    except ValueError:
        return True  # unreadable: the models tell


def _vault_faults(raw: Mapping[str, Any]) -> Iterator[Fault]:
    vault = _table(raw, "vault")
    keys, active = vault.get("keys"), vault.get("active_key")
    if not isinstance(keys, dict):
        return
    if FINGERPRINT_KEY not in keys:
        yield Fault(f"vault.keys.{FINGERPRINT_KEY}", "nothing", "a key, as `kapu vault new-key` makes them")
    if active == FINGERPRINT_KEY:
        yield Fault(
            "vault.active_key", show(active), "another key: this one finds duplicates and seals nothing"
        )
    elif isinstance(active, str) and active not in keys:
        yield Fault("vault.active_key", show(active), f"a key of [vault.keys]: {_listed(keys)}")


def _table(raw: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = raw.get(name)
    return table if isinstance(table, dict) else {}


def _texts(values: object) -> list[str]:
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "there is none"
