"""``python -m bot.sandbox.cashier``: runs the sandbox cashier until it is told to stop."""

import argparse
import datetime as dt
import json
import logging
import os
import sys
from collections.abc import Sequence
from typing import get_args

from bot.sandbox.cashier.desk import Desk
from bot.sandbox.cashier.faults import BreakableHttp
from bot.sandbox.cashier.notify import Notifier
from bot.sandbox.cashier.settings import (
    DEFAULT_RETRY_AFTER_S,
    AnswerMode,
    Duplicates,
    MoneyText,
    SettingError,
    Settings,
)
from bot.sandbox.cashier.web import build_app
from bot.sandbox.process import serve


class JsonLines(logging.Formatter):
    """Writes each log record as one line of JSON, its fields beside the event."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record."""
        line: dict[str, object] = {
            "at": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the cashier; the first line on standard output is JSON and names the address."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    try:
        settings = _settings(chosen)
    except (SettingError, KeyError, ValueError) as error:
        parser.error(str(error))
    _log_to_standard_error()
    serve(build_app(Desk(settings, Notifier())), chosen.port, http=BreakableHttp)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot.sandbox.cashier", description=__doc__)
    parser.add_argument("--port", type=int, default=8001, help="0 takes any free port (default: %(default)s)")
    parser.add_argument("--pid", required=True, help="merchant number")
    key = parser.add_mutually_exclusive_group(required=True)
    key.add_argument("--key", help="merchant key; other users of the machine can see it")
    key.add_argument("--key-env", metavar="NAME", help="environment variable that holds the merchant key")
    parser.add_argument("--merchant-name", help="whom the payer's page names")
    parser.add_argument("--answer-mode", choices=get_args(AnswerMode), help="what mapi.php answers with")
    parser.add_argument("--duplicates", choices=get_args(Duplicates), help="repeated out_trade_no")
    parser.add_argument("--money-text", choices=get_args(MoneyText), help="how notifications write amounts")
    parser.add_argument("--no-refunds", dest="refunds", action="store_false", default=None)
    parser.add_argument("--success-word", help="answer that ends the repetition of a notification")
    schedule = ",".join(f"{wait_s:g}" for wait_s in DEFAULT_RETRY_AFTER_S)
    parser.add_argument("--retry-after", metavar="SECONDS", help=f"wait before each try ({schedule})")
    return parser


def _settings(chosen: argparse.Namespace) -> Settings:
    key = chosen.key
    if chosen.key_env:
        key = os.environ.get(chosen.key_env, "")
        if not key:
            raise SettingError(f"the environment variable {chosen.key_env} is not set")
    quirks = ("merchant_name", "answer_mode", "duplicates", "money_text", "refunds", "success_word")
    changes = {name: getattr(chosen, name) for name in quirks if getattr(chosen, name) is not None}
    if chosen.retry_after:
        changes["retry_after_s"] = [float(wait_s) for wait_s in chosen.retry_after.split(",")]
    return Settings(pid=chosen.pid, key=key).changed(changes)


def _log_to_standard_error() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    # Only our own lines: httpx logs whole addresses at this level.
    logging.getLogger("cashier").setLevel(logging.INFO)


if __name__ == "__main__":
    sys.exit(main())
