"""Masking what must not be read in a log: values under secret names, tokens, queries, whole traceback texts.

The last line of defence, not the first: secrets are ``Secret`` objects and codes are not logged at all. What
libraries say and errors carry is beyond us, and goes through here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from structlog.typing import EventDict, WrappedLogger

from shop_core.kernel.secret import Secret

MASK: Final = "***"

_SECRET_ENDINGS: Final = (
    "token", "key", "secret", "password", "passwd", "code", "sealed", "authorization", "cookie", "signature",
)  # fmt: skip
_HARMLESS: Final = frozenset({"status_code", "error_code", "exit_code", "key_id", "active_key"})
_WORD: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+")

_SHORTEST_KNOWN: Final = 6
"""A known secret shorter than this would mask ordinary words."""

_QUERY_ENDS: Final = r"\s\"'<>`"
_PATTERNS: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    # A bot's token: in the path of Telegram's addresses, and alone.
    (re.compile(r"(?<=/bot)\d+:[^/\s\"'`]+"), MASK),
    (re.compile(r"(?<!\d)\d{5,}:[A-Za-z0-9_-]{20,}"), MASK),
    # Addresses: who logs in, and everything behind the path.
    (re.compile(r"(?<=://)[^/\s@\"']+@"), f"{MASK}@"),
    (re.compile(rf"(\w://[^?#{_QUERY_ENDS}]*[?#])[^{_QUERY_ENDS}]+"), rf"\1{MASK}"),
    (re.compile(rf"((?<=[\s\"'])/[^?{_QUERY_ENDS}]*\?)[^{_QUERY_ENDS}]+"), rf"\1{MASK}"),
    # Headers and assignments, as they stand in other people's error texts.
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), rf"\1 {MASK}"),
    (
        re.compile(
            r"(?i)((?:token|secret|passw(?:or)?d|authorization|cookie|api_?key|sign(?:ature)?)\b[\"']?\s*[=:]\s*[\"']?)"
            r"[^\s\"',;&)\]}]+"
        ),
        rf"\1{MASK}",
    ),
    # What SQLAlchemy and PostgreSQL add to an error: the values of the statement, and of the row.
    (re.compile(r"\[parameters: .*"), f"[parameters: {MASK}]"),
    (re.compile(r"(Failing row contains|Key \([^)]*\)=) ?\(.*\)"), rf"\1 ({MASK})"),
)


class Redactor:
    """Masks secrets in what is about to be logged: as a structlog processor, right before the renderer."""

    def __init__(self, known: Iterable[Secret] = ()) -> None:
        """Take secrets in use: they are masked wherever they turn up, whatever stands around them."""
        values = {value for secret in known if len(value := secret.reveal()) >= _SHORTEST_KNOWN}
        longest_first = sorted(values, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        """Mask an event."""
        return {key: MASK if is_secret_name(key) else self.mask(value) for key, value in event.items()}

    def mask(self, value: object) -> object:
        """A value that can be shown: a text with its secrets masked, a container with its parts masked."""
        match value:
            case None | bool() | int() | float():
                return value
            case str():
                return self.mask_text(value)
            case bytes() | bytearray() | memoryview():
                return f"<{len(value)} bytes>"
            case Mapping():
                return {
                    str(key): MASK if is_secret_name(str(key)) else self.mask(part)
                    for key, part in value.items()
                }
            case list() | tuple() | set() | frozenset():
                return [self.mask(part) for part in value]
            case _:
                return self.mask_text(str(value))

    def mask_text(self, text: str) -> str:
        """A text with its secrets masked."""
        if self._known is not None:
            text = self._known.sub(MASK, text)
        for pattern, replacement in _PATTERNS:
            text = pattern.sub(replacement, text)
        return text


def is_secret_name(name: str) -> bool:
    """Whether what stands under this name is not to be shown: ``api_key``, ``X-Secret``, ``cardCodes``."""
    if name.lower() in _HARMLESS:
        return False
    return any(word.lower().removesuffix("s").endswith(_SECRET_ENDINGS) for word in _WORD.findall(name))
