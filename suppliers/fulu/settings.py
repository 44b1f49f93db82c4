"""One account at Fulu, or at a platform that speaks its protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

from shop_core.kernel.secret import Secret
from suppliers.checks import PATIENCE_S, Checks
from suppliers.words import Standing, Words

GATEWAY: Final = "https://openapi.fulu.com/api/getway"
"""Sic. 星权益: ``http://openapi.yunjinshuke.com/api/gateway``."""
SECRET_BYTES: Final = 32

STATES: Final[Mapping[str, Standing]] = MappingProxyType(
    {
        "untreated": Standing.UNDER_WAY,
        "processing": Standing.UNDER_WAY,
        "success": Standing.DONE,
        "failed": Standing.FAILED,
    }
)
REFUSALS: Final = ("3001", "3002", "3003", "3004", "3005", "3008")
"""The codes on which a published client turns to the next product. There is no other table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FuluSettings:
    """What the owner was given by the platform.

    Attributes:
        name: The supplier's name in the config.
        base_url: The platform's only page.
        key: ``AppKey``.
        secret: ``AppSecret``: 32 characters, which also open the cards.
        currency: What the platform's amounts are in.
        plain_http: The platform has no HTTPS (星权益 prints such an address), and the owner lets everybody on the way read
            orders. Cards are under AES all the same; what is signed cannot be changed.
        callback_sign: How callbacks are signed is not confirmed: ``ignored`` takes them as a sign that there is something to
            ask about, ``required`` believes only those that are signed like a request.
        checks_answers: Answers must be signed.
        refusals: Codes of placing that mean that nothing was bought.
        states: An order's state → how it stands; what is not in it is unknown.
        words: What its messages mean.
        patience_s: How long a whole call may take.
    """

    name: str
    key: str
    secret: Secret
    base_url: str = GATEWAY
    currency: str = "CNY"
    plain_http: bool = False
    callback_sign: Literal["ignored", "required"] = "ignored"
    checks_answers: bool = True
    refusals: tuple[str, ...] = REFUSALS
    states: Mapping[str, Standing] = field(default_factory=lambda: STATES)
    words: Words = field(default_factory=Words)
    patience_s: float = PATIENCE_S

    def __post_init__(self) -> None:
        checks = Checks(self.name)
        check = checks.account_anywhere if self.plain_http else checks.account
        check(self.base_url, self.secret, self.currency, self.patience_s)
        checks.given("key", self.key)
        is_a_key = self.secret.reveal().isascii() and len(self.secret.reveal()) == SECRET_BYTES
        checks.require(is_a_key, "secret has not 32 plain characters")
        checks.require(
            self.callback_sign in {"ignored", "required"}, "callback_sign is neither ignored nor required"
        )
