"""What this vendor is like: its one merchant, and the quirks in which real sites differ."""

import dataclasses
from collections.abc import Mapping
from typing import Literal, Self, get_args

AnswerMode = Literal["payurl", "qrcode", "urlscheme"]
Duplicates = Literal["return", "refuse"]
MoneyText = Literal["as_sent", "shortest"]

DEFAULT_RETRY_AFTER_S = (0.0, 5.0, 30.0, 120.0, 600.0, 1800.0)


class SettingError(ValueError):
    """A setting has an unknown name or an impossible value; nothing was changed."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One merchant's account at the sandbox site.

    Attributes:
        pid: Merchant number, digits.
        key: Merchant key; never shown by ``repr``.
        merchant_name: Whom the payer's page says the money goes to.
        answer_mode: Which one of the three fields ``mapi.php`` answers with.
        duplicates: A known ``out_trade_no`` is answered with the old order, or refused. Sites do either.
        refunds: Whether the site implements ``act=refund``; many do not.
        success_word: The answer body that ends the repetition of a notification.
        retry_after_s: Wait before each try of one notification, in seconds; the last try is the last entry.
        notify_timeout_s: How long the merchant may take to answer a notification.
        money_text: Notifications repeat the amount as it was ordered (``9.90``) or, as forks that print a
            number do, in its shortest form (``9.9``).
    """

    pid: str
    key: str = dataclasses.field(repr=False)
    merchant_name: str = "卡铺演示店 Kapu Demo"
    answer_mode: AnswerMode = "payurl"
    duplicates: Duplicates = "return"
    refunds: bool = True
    success_word: str = "success"
    retry_after_s: tuple[float, ...] = DEFAULT_RETRY_AFTER_S
    notify_timeout_s: float = 5.0
    money_text: MoneyText = "as_sent"

    def __post_init__(self) -> None:
        """Refuse what would make the vendor behave in a way that no setting names."""
        _check(self.pid.isascii() and self.pid.isdigit(), "pid must be digits")
        _check(bool(self.key), "key must not be empty")
        _check(self.answer_mode in get_args(AnswerMode), "answer_mode must be payurl, qrcode or urlscheme")
        _check(self.duplicates in get_args(Duplicates), "duplicates must be return or refuse")
        _check(self.money_text in get_args(MoneyText), "money_text must be as_sent or shortest")
        _check(bool(self.retry_after_s), "retry_after_s must name at least one try")
        _check(min(self.retry_after_s) >= 0, "retry_after_s must not be negative")
        _check(self.notify_timeout_s > 0, "notify_timeout_s must be positive")

    def changed(self, changes: Mapping[str, object]) -> Self:
        """Return these settings with some quirks changed, values as JSON brings them.

        Raises:
            SettingError: An unknown name, the identity of the merchant, or a value of the wrong kind.
        """
        for name, value in changes.items():
            _check(name in _CHANGEABLE, f"no such setting: {name}")
            _check(_is_of_kind(value, _CHANGEABLE[name]), f"{name} has a value of the wrong kind")
        values = {name: tuple(v) if isinstance(v, list) else v for name, v in changes.items()}
        return dataclasses.replace(self, **values)  # type: ignore[arg-type]

    def shown(self) -> dict[str, object]:
        """Return the changeable settings as JSON may show them: without the key."""
        return {name: getattr(self, name) for name in _CHANGEABLE}


_CHANGEABLE: dict[str, type] = {
    "merchant_name": str,
    "answer_mode": str,
    "duplicates": str,
    "refunds": bool,
    "success_word": str,
    "retry_after_s": list,
    "notify_timeout_s": float,
    "money_text": str,
}


def _is_of_kind(value: object, kind: type) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind is list:
        return isinstance(value, list) and all(_is_of_kind(item, float) for item in value)
    return isinstance(value, kind)


def _check(holds: bool, complaint: str) -> None:  # noqa: FBT001 - an assertion with its own error
    if not holds:
        raise SettingError(complaint)
