"""Three families of trouble, and nothing else.

    Exception
    ├── ShopError     a refusal: the person can be told; ``code`` finds the words, ``details`` fill them
    ├── RetryLater    trouble outside, certainly without effect: try again after ``retry_after_s``
    └── Unknown       trouble outside after sending: ask by our own number before doing anything else

Everything else is a bug and ends the request loudly.
"""

from __future__ import annotations

from typing import ClassVar


class ShopError(Exception):
    """A refusal. Raising it inside a transaction leaves nothing behind; ``code`` is a key of the word catalogues."""

    code: ClassVar[str] = "shop.refused"

    def __init__(self, **details: str | int) -> None:
        super().__init__(self.code, details)
        self.details = details

    def __str__(self) -> str:
        listed = ", ".join(f"{name}={value}" for name, value in self.details.items())
        return f"{self.code} ({listed})" if listed else self.code


class RetryLater(Exception):
    """Trouble outside that certainly had no effect: refused connections, 429, "try again"."""

    def __init__(self, reason: str, *, retry_after_s: int = 5) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after_s = retry_after_s


class Unknown(Exception):
    """A request left us and no readable answer came back. It may have had its effect: ask, do not repeat."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
