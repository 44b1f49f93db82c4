"""Keeps what must stay secret out of the lines that the HTTP client logs by itself."""

from __future__ import annotations

import logging
import re
from typing import Final

_QUERY: Final = re.compile(r"(https?://[^\s\"?]*)\?[^\s\"]*")


class _WithoutQuery(logging.Filter):
    """Cuts the query off the addresses that httpx logs."""

    def filter(self, record: logging.LogRecord) -> bool:
        # The text, not the arguments: another filter of this logger may have put them together already.
        record.msg, record.args = _QUERY.sub(r"\1", record.getMessage()), ()
        return True


_without_query: Final = _WithoutQuery()
"""One object: adding the same filter again changes nothing."""


def log_no_queries() -> None:
    """From now on httpx, which logs every address at INFO, does so without the query: it may hold a key."""
    logging.getLogger("httpx").addFilter(_without_query)
