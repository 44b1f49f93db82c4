"""What suppliers say only in words, or in codes that each site may change: a few words of the settings tell it apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

Group = Literal["unsure", "known", "not_us", "not_found"]


class Standing(StrEnum):
    """How a purchase stands, whatever a site calls it."""

    UNDER_WAY = "under_way"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Parts of a site's messages, in lower case, by what they mean. The first group that fits counts.

    Attributes:
        unsure: It does not know either: whatever was asked may have happened.
        known: Our number is taken: an earlier request arrived.
        not_us: It does not deal with us: keys, signature, clock, account.
        not_found: It knows no such purchase.
    """

    unsure: tuple[str, ...] = (
        "系统",
        "繁忙",
        "异常",
        "超时",
        "稍后",
        "system",
        "busy",
        "timeout",
        "try again",
    )
    known: tuple[str, ...] = ("已存在", "已经存在", "已提交", "重复", "already", "duplicate")
    not_us: tuple[str, ...] = (
        "签名", "验签", "密钥", "时间戳", "白名单", "商户不存在", "商户id不存在", "用户不存在", "账户被禁", "账号被禁",
        "signature", "apikey", "api key", "timestamp", "unauthorized",
    )  # fmt: skip
    not_found: tuple[str, ...] = ("订单不存在", "未找到订单", "没有找到", "无此订单", "order not found")

    def beside(self, more: Mapping[Group, tuple[str, ...]]) -> Words:
        """The same with more parts of messages, by the names of the groups."""
        return replace(self, **{group: (*getattr(self, group), *parts) for group, parts in more.items()})

    def is_unsure(self, text: str) -> bool:
        """Tell whether nothing follows from the message."""
        return _has(text, self.unsure)

    def is_known(self, text: str) -> bool:
        """Tell whether the message says that our number is taken."""
        return _has(text, self.known)

    def is_not_us(self, text: str) -> bool:
        """Tell whether the message refuses to deal with us at all."""
        return _has(text, self.not_us)

    def is_not_found(self, text: str) -> bool:
        """Tell whether the message says that there is no such purchase."""
        return _has(text, self.not_found)


def _has(text: str, words: Iterable[str]) -> bool:
    lowered = text.lower()
    return any(word in lowered for word in words)
