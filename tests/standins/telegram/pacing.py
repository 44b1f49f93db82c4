"""Flood control: how many messages the vendor lets through, and for how long it asks a bot to wait."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

CHAT_BURST = 5
"""Messages to one chat that pass at once; the vendor only says that short bursts are tolerated."""
PER_CHAT_S = 1.0
OVERALL_PER_S = 30
GROUP_PER_MINUTE = 20


@dataclass(slots=True)
class Bucket:
    """A token bucket: ``capacity`` at once, ``per_s`` sustained."""

    capacity: float
    per_s: float
    level: float
    at: float

    def wait_s(self, now: float) -> float:
        """How long until one more fits; nothing is taken."""
        self.level = min(self.capacity, self.level + (now - self.at) * self.per_s)
        self.at = now
        return 0.0 if self.level >= 1 else (1 - self.level) / self.per_s

    def take(self) -> None:
        """Count one; call it only when ``wait_s`` was zero."""
        self.level -= 1


@dataclass(slots=True)
class Pace:
    """The limits of one bot: one message a second in a chat, 30 a second over all, 20 a minute in a group.

    New messages count everywhere; edits count over all and in groups, not in a private chat. A refused call
    costs nothing.
    """

    _chats: dict[int, Bucket] = field(default_factory=dict)
    _groups: dict[int, deque[float]] = field(default_factory=dict)
    _overall: Bucket | None = None

    def charge(self, chat_id: int, *, is_edit: bool, now: float) -> int | None:
        """Count one message.

        Returns:
            None where it passes, else the whole seconds to wait.
        """
        if self._overall is None:
            self._overall = Bucket(OVERALL_PER_S, OVERALL_PER_S, OVERALL_PER_S, now)
        buckets = [self._overall]
        if not is_edit:
            fresh = Bucket(CHAT_BURST, PER_CHAT_S, CHAT_BURST, now)
            buckets.append(self._chats.setdefault(chat_id, fresh))
        wait = max(bucket.wait_s(now) for bucket in buckets)
        if chat_id < 0:
            wait = max(wait, self._group_wait_s(chat_id, now))
        if wait > 0:
            return max(1, math.ceil(wait))
        for bucket in buckets:
            bucket.take()
        if chat_id < 0:
            self._groups[chat_id].append(now)
        return None

    def _group_wait_s(self, chat_id: int, now: float) -> float:
        sent = self._groups.setdefault(chat_id, deque())
        while sent and sent[0] <= now - 60:
            sent.popleft()
        return sent[0] + 60 - now if len(sent) >= GROUP_PER_MINUTE else 0.0
