"""A merchant's account at an epay site, and what that site calls differently."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from shop_core.gateways.errors import BadGatewaySettings
from shop_core.kernel.money import minor_digits
from shop_core.kernel.secret import Secret
from shop_core.wire.address import is_plain, is_web_address, keeps_secrets

YUAN_DIGITS: Final = 2

FIELDS: Final = frozenset(
    {"pid", "trade_no", "out_trade_no", "money", "trade_status", "status", "sign", "sign_type"}
)
"""What some fork has another name for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EpaySettings:
    """One merchant's account at one site.

    Attributes:
        name: The gateway's name in the config.
        base_url: Where the site's ``submit.php`` stands. HTTPS: ``api.php`` takes the key in the clear.
        pid: The merchant's number there.
        notify_url: Where the site tells us; without a query, as some sites add theirs with a second ``?``.
        return_url: Where the payer's browser goes afterwards, to be shown something; it proves nothing.
        currency: What the site's amounts are in; of two digits after the point.
        method: ``alipay``, ``wxpay``, ``qqpay`` or what else the site has; empty lets the payer choose on the
            site's page, in mode ``submit`` only.
        mode: ``mapi`` asks the site for a way to pay; ``submit`` makes a signed link to it without asking.
        client_ip: The payer's address that ``mapi.php`` wants to know; a chat does not tell it.
        success_word: What the site wants to hear.
        paid_statuses: Values of ``trade_status`` that mean paid.
        fields: Usual name → the site's, where a fork has renamed a parameter, in whatever we send or read.
    """

    name: str
    base_url: str
    pid: str
    key: Secret
    notify_url: str
    return_url: str
    currency: str = "CNY"
    method: str = "alipay"
    mode: Literal["mapi", "submit"] = "mapi"
    client_ip: str = "127.0.0.1"
    success_word: str = "success"
    paid_statuses: tuple[str, ...] = ("TRADE_SUCCESS",)
    fields: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._require(keeps_secrets(self.base_url), "base_url is not https://")
        self._require(is_plain(self.base_url), "base_url is not a plain address")
        self._require(_is_given(self.pid) and self.pid != "0", "pid is missing")
        self._require(_is_given(self.key.reveal()), "key is missing")
        self._require(is_web_address(self.notify_url), "notify_url is no web address")
        self._require("?" not in self.notify_url, "notify_url has a query")
        self._require(is_web_address(self.return_url), "return_url is no web address")
        self._require(minor_digits(self.currency) == YUAN_DIGITS, "currency has not two digits")
        self._require(bool(self.method) or self.mode == "submit", "method is missing, which mapi needs")
        self._require(self.fields.keys() <= FIELDS, f"fields may rename only {', '.join(sorted(FIELDS))}")
        self._require(len(set(self.fields.values())) == len(self.fields), "fields gives one name twice")

    def _require(self, holds: bool, problem: str) -> None:  # noqa: FBT001 - an assertion with its own error
        if not holds:
            raise BadGatewaySettings(gateway=self.name, problem=problem)

    def theirs(self, name: str) -> str:
        """What this site calls a parameter."""
        return self.fields.get(name, name)


def _is_given(text: str) -> bool:
    return bool(text) and text == text.strip()
