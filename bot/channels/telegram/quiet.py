"""Keeping the token, and what people are sent, out of the libraries' logs."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Mapping
from typing import Any, Final

from telegram.error import TelegramError
from telegram.request import HTTPXRequest

from shop_core.wire.certificates import certificates

_TOKEN: Final = re.compile(r"(/bot)\d+(?::|%3A)[\w-]+", re.IGNORECASE)
"""In the address of a method the colon stands as it is, in that of a file it is quoted."""


def keep_logs_quiet() -> None:
    """Filter the loggers whose records would hold secrets, whatever their level. Twice is like once.

    httpx logs the address of every request, and Telegram's hold the token. python-telegram-bot logs, for
    debugging, its addresses and every argument of every call: codes.
    """
    # Without it the library warns at every 429 that retry_after will become a timedelta.
    os.environ["PTB_TIMEDELTA"] = "1"
    logging.getLogger("httpx").addFilter(_hide_token)
    logging.getLogger("telegram.Bot").addFilter(_drop_debugging)


def _hide_token(record: logging.LogRecord) -> bool:
    record.msg, record.args = _TOKEN.sub(r"\1…", record.getMessage()), ()
    return True


def _drop_debugging(record: logging.LogRecord) -> bool:
    return record.levelno > logging.DEBUG


class QuietRequest(HTTPXRequest):
    """The library's request, which would log an answer it cannot read; that one may repeat a code we sent."""

    def __init__(
        self, httpx_kwargs: Mapping[str, Any], *, read_timeout: float, connection_pool_size: int = 256
    ) -> None:
        super().__init__(
            connection_pool_size=connection_pool_size,
            read_timeout=read_timeout,
            httpx_kwargs={"verify": certificates(), **httpx_kwargs},
        )

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """The answer as JSON.

        Raises:
            TelegramError: Not JSON.
        """
        try:
            answer: dict[str, Any] = json.loads(payload)
        except ValueError:
            raise TelegramError("Invalid server response") from None
        return answer
