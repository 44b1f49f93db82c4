"""The log: whatever is said, and whoever says it, no secret is in the line."""

import io
import json
import logging
import sys

import pytest
import structlog

from bot.config import LogConfig
from bot.log import set_up_logging
from bot.redaction import MASK, Redactor, is_secret_name
from shop_core.kernel.secret import Secret

pytestmark = pytest.mark.usefixtures("logging_as_before")

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
KNOWN = "correct horse battery staple"


@pytest.fixture(params=["console", "json"])
def written(request: pytest.FixtureRequest) -> io.StringIO:
    """What the log wrote, in either format, at its most talkative."""
    stream = io.StringIO()
    settings = LogConfig(level="debug", format=request.param)
    set_up_logging(settings, secrets=[Secret(KNOWN)], stream=stream)
    return stream


def fail_with(text: str) -> None:
    raise ValueError(text)


# ------------------------------------------------------------------------------------- every way into the log


def test_a_token_in_a_line_is_masked(written: io.StringIO) -> None:
    structlog.get_logger("kapu").info(
        f"asked https://api.telegram.org/bot{TOKEN}/getMe", reason=f"because {TOKEN}"
    )
    assert TOKEN not in written.getvalue()
    assert f"https://api.telegram.org/bot{MASK}/getMe" in written.getvalue()


def test_a_token_in_an_exception_is_masked(written: io.StringIO) -> None:
    try:
        fail_with(f"no answer from https://api.telegram.org/bot{TOKEN}/getMe?timeout=1")
    except ValueError:
        structlog.get_logger("kapu").exception("request failed")
    assert "ValueError: no answer from" in written.getvalue()
    assert "fail_with" in written.getvalue()
    assert TOKEN not in written.getvalue()
    assert "timeout=1" not in written.getvalue()


def test_a_token_in_the_cause_of_an_exception_is_masked(written: io.StringIO) -> None:
    try:
        try:
            fail_with(TOKEN)
        except ValueError as error:
            raise RuntimeError("above") from error
    except RuntimeError:
        logging.getLogger("library").exception("failed")
    assert "RuntimeError: above" in written.getvalue()
    assert TOKEN not in written.getvalue()


def test_a_token_in_the_arguments_of_a_librarys_line_is_masked(written: io.StringIO) -> None:
    logging.getLogger("library").warning(
        "HTTP %s %s", "POST", f"https://api.telegram.org/bot{TOKEN}/sendMessage"
    )
    assert "HTTP POST" in written.getvalue()
    assert TOKEN not in written.getvalue()


def test_local_variables_are_not_shown(written: io.StringIO) -> None:
    def deliver() -> None:
        card = "ABCD-EFGH-JKLM"
        fail_with(f"{len(card)} characters")

    try:
        deliver()
    except ValueError:
        structlog.get_logger("kapu").exception("failed")
    assert "14 characters" in written.getvalue()
    assert "ABCD-EFGH-JKLM" not in written.getvalue()


def test_a_crash_is_masked_too(written: io.StringIO) -> None:
    try:
        fail_with(TOKEN)
    except ValueError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    assert "ValueError" in written.getvalue()
    assert TOKEN not in written.getvalue()


def test_a_secret_in_use_is_masked_anywhere(written: io.StringIO) -> None:
    logging.getLogger("library").error("refused: <%s>", KNOWN)
    structlog.get_logger("kapu").error("refused", answer={"text": [f"you said {KNOWN}"]})
    assert KNOWN not in written.getvalue()


def test_values_under_secret_names_are_masked_at_any_depth(written: io.StringIO) -> None:
    structlog.get_logger("kapu").info("stored", code="ABCD-EFGH", parts=[{"api_key": "k-17", "count": 3}])
    said = written.getvalue()
    assert "ABCD-EFGH" not in said
    assert "k-17" not in said
    assert "count" in said


def test_a_line_that_cannot_be_formatted_does_not_print_its_arguments(
    written: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    # Without pytest's own handlers, which pass on what fails in them.
    root.handlers[:] = [handler for handler in root.handlers if getattr(handler, "stream", None) is written]
    logging.getLogger("library").warning("%d", TOKEN)
    assert TOKEN not in written.getvalue()
    said = capsys.readouterr().err
    assert "could not be written" in said
    assert TOKEN not in said


def test_request_lines_of_libraries_are_left_out(written: io.StringIO) -> None:
    for name in ("httpx", "httpcore.connection", "uvicorn.access", "sqlalchemy.engine.Engine", "aiosqlite"):
        logging.getLogger(name).info("a line about a request")
    for name in ("websockets.server", "telegram.Bot", "uvicorn.error"):
        logging.getLogger(name).debug("a whole message")
    assert written.getvalue() == ""


# ----------------------------------------------------------------------------------------- what it looks like


def test_json_lines_have_time_level_logger_and_values() -> None:
    stream = io.StringIO()
    set_up_logging(LogConfig(format="json"), stream=stream)
    structlog.get_logger("kapu.orders").info("order paid", number="K7M2-9QXD", amount=1500)
    logging.getLogger("library").warning("slow: %d ms", 900)
    ours, theirs = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert ours["timestamp"].endswith("Z")
    assert {**ours, "timestamp": ""} == {
        "event": "order paid",
        "number": "K7M2-9QXD",
        "amount": 1500,
        "level": "info",
        "logger": "kapu.orders",
        "timestamp": "",
    }
    assert (theirs["event"], theirs["level"], theirs["logger"]) == ("slow: 900 ms", "warning", "library")


def test_the_level_holds_for_ours_and_for_libraries() -> None:
    stream = io.StringIO()
    set_up_logging(LogConfig(level="error"), stream=stream)
    structlog.get_logger("kapu").warning("ours")
    logging.getLogger("library").warning("theirs")
    logging.getLogger("httpx").warning("tamed")
    assert stream.getvalue() == ""


def test_setting_up_again_replaces_the_first() -> None:
    first, second = io.StringIO(), io.StringIO()
    set_up_logging(LogConfig(), stream=first)
    set_up_logging(LogConfig(), stream=second)
    structlog.get_logger("kapu").info("once")
    assert first.getvalue() == ""
    assert second.getvalue().count("once") == 1


# ----------------------------------------------------------------------------------------- the redactor alone


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"/bot{TOKEN}/getUpdates", f"/bot{MASK}/getUpdates"),
        ("https://api.telegram.org/bot123:abc/getMe", f"https://api.telegram.org/bot{MASK}/getMe"),
        (f"bot{TOKEN}", f"bot{MASK}"),
        (f"token {TOKEN} was rejected", f"token {MASK} was rejected"),
        (
            "https://pay.example.com/api.php?act=order&key=x done",
            f"https://pay.example.com/api.php?{MASK} done",
        ),
        ("https://shop.example.com/#x=1", f"https://shop.example.com/#{MASK}"),
        ('"GET /gateways/a/callback?sign=1 HTTP/1.1"', f'"GET /gateways/a/callback?{MASK} HTTP/1.1"'),
        ("postgresql://kapu:pw@db/kapu", f"postgresql://{MASK}@db/kapu"),
        ("Authorization: Bearer abcdefgh", f"Authorization: {MASK} {MASK}"),
        ("password=hunter2, host=db", f"password={MASK}, host=db"),
        ("{'secret': 'hunter2'}", f"{{'secret': '{MASK}'}}"),
        ("[SQL: INSERT]\n[parameters: ('code', 1)]", f"[SQL: INSERT]\n[parameters: {MASK}]"),
        ("DETAIL:  Key (number)=(K7M2) already exists.", f"DETAIL:  Key (number)= ({MASK}) already exists."),
        ("order K7M2-9QXD paid at 12:30:15, is it?", "order K7M2-9QXD paid at 12:30:15, is it?"),
        ("1001:1234567", "1001:1234567"),
    ],
)
def test_texts_are_masked_where_secrets_stand(text: str, shown: str) -> None:
    assert Redactor().mask_text(text) == shown


def test_bytes_are_counted_not_shown() -> None:
    assert Redactor().mask({"payload": b"secret!"}) == {"payload": "<7 bytes>"}


def test_a_wrapped_secret_stays_wrapped() -> None:
    assert "hunter2" not in str(Redactor().mask([Secret("hunter2")]))


@pytest.mark.parametrize(
    "name", ["token", "api_key", "X-Secret", "cardCodes", "APIKey", "Set-Cookie", "code", "sealed"]
)
def test_secret_names_are_known(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", ["event", "number", "status_code", "keyboard", "codec", "amount", "channel"])
def test_other_names_are_left_alone(name: str) -> None:
    assert not is_secret_name(name)
