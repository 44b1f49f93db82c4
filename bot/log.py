"""What the program says of itself: structlog's and the standard library's lines, through one chain.

Everything passes the redactor last, exceptions as the text of their tracebacks, without local variables.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Final, TextIO

import structlog
from structlog.typing import Processor

from bot.config import LogConfig
from bot.redaction import Redactor
from shop_core.kernel.secret import Secret

_TAMED: Final[Mapping[str, int]] = {
    # One line a request, with addresses and queries.
    "httpx": logging.WARNING,
    "httpcore": logging.WARNING,
    "uvicorn.access": logging.WARNING,
    # These print whole messages and statements when they debug: codes.
    "aiosqlite": logging.WARNING,
    "sqlalchemy": logging.WARNING,
    "telegram": logging.INFO,
    "uvicorn": logging.INFO,
    "websockets": logging.INFO,
    # How it connects; ``kapu db upgrade`` says what it did.
    "alembic": logging.WARNING,
    # One line a second of "job executed".
    "apscheduler": logging.WARNING,
}
"""Loggers of libraries, and the lowest level they may have here."""


def set_up_logging(
    settings: LogConfig, *, secrets: Iterable[Secret] = (), stream: TextIO | None = None
) -> None:
    """Send every log line of the process through our chain. May be called again; the last call counts.

    A web server must be started without a log setup of its own (uvicorn: ``log_config=None``).

    Args:
        secrets: Masked wherever they turn up: ``Config.secrets()``.
        stream: Where to write; standard error if left out.
    """
    handler = _Handler(stream)
    handler.setFormatter(_formatter(settings, Redactor(secrets), colors=handler.stream.isatty()))
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old, _Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    root.setLevel(level)
    for name, lowest in _TAMED.items():
        logging.getLogger(name).setLevel(max(level, lowest))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_common(),
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    sys.excepthook = _log_crash


def _common() -> list[Processor]:
    """What our own lines and those of libraries have in common."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _formatter(settings: LogConfig, redact: Redactor, *, colors: bool) -> logging.Formatter:
    renderer: Processor
    if settings.format == "json":
        renderer = structlog.processors.JSONRenderer(ensure_ascii=False)
    else:
        # The tracebacks are text by now; a formatter of exceptions would be asked only to warn of that.
        renderer = structlog.dev.ConsoleRenderer(
            colors=colors, exception_formatter=structlog.dev.plain_traceback
        )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_common(),
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            redact,
            renderer,
        ],
    )


class _Handler(logging.StreamHandler[TextIO]):
    """The one handler of the process: to a given stream, or to whatever standard error is at the time."""

    def __init__(self, stream: TextIO | None) -> None:
        super().__init__(stream or sys.stderr)
        self._follows_stderr = stream is None

    def emit(self, record: logging.LogRecord) -> None:
        if self._follows_stderr:
            self.stream = sys.stderr
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the standard library's name
        """Say that a line could not be written; the usual report would print its arguments unmasked."""
        sys.stderr.write(f"a log line could not be written: {record.pathname}:{record.lineno}\n")


def _log_crash(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    """Log what ends the process, so that its text is masked as well."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
        return
    structlog.get_logger("kapu").critical("crashed", exc_info=(kind, error, traceback))
