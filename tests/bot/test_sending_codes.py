"""Codes on their way out: by SMS through somebody's receiver, by e-mail through somebody's server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from email import message_from_string, policy

import httpx
import pytest
import pytest_asyncio

from bot.verification.sms import SmsWebhook
from bot.verification.smtp import SmtpLetters, SmtpSettings, Tls
from bot.verification.watched import Watched
from shop_core.kernel.clock import SystemClock
from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.kernel.secret import Secret
from shop_core.verification.sender import CodeMessage, CodeRefused, CodeSender
from shop_core.wire.certificates import certificates
from tests.standins.sms import SmsReceiver, an_sms_receiver
from tests.standins.smtp import SmtpServer, an_smtp_server

SECRET = "a-secret-that-both-sides-know-0123456789"
CODE = "042137"


def a_message(to: str) -> CodeMessage:
    text = Secret(f"【云卡小铺】验证码 {CODE}，10 分钟内有效。")
    return CodeMessage("abcdefghij", Secret(to), Secret(CODE), "云卡小铺 的验证码", text, "zh")


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[SmsReceiver]:
    async with an_sms_receiver(SECRET) as opened:
        yield opened


@pytest_asyncio.fixture
async def smtp() -> AsyncIterator[SmtpServer]:
    async with an_smtp_server() as opened:
        yield opened


async def by_sms(receiver: SmsReceiver, secret: str = SECRET) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        await SmsWebhook(receiver.url, Secret(secret), client, SystemClock()).send(
            a_message("+8613812341234")
        )


def letters(smtp: SmtpServer, *, tls: Tls = "none", password: str | None = None) -> CodeSender:
    settings = SmtpSettings(
        host="127.0.0.1",
        port=smtp.port,
        sender="shop@example.com",
        sender_name="云卡小铺",
        username=None if password is None else "shop",
        password=None if password is None else Secret(password),
        tls=tls,
    )
    return SmtpLetters(settings, SystemClock(), certificates())


async def test_a_code_reaches_a_receiver_that_knows_only_what_the_document_says(
    receiver: SmsReceiver,
) -> None:
    for _ in range(2):
        await by_sms(receiver)
    [told] = receiver.sent.values()
    assert told == {
        "id": "abcdefghij",
        "to": "+8613812341234",
        "code": CODE,
        "text": f"【云卡小铺】验证码 {CODE}，10 分钟内有效。",
        "language": "zh",
        "expires_in": 600,
    }
    assert receiver.forged == 0


@pytest.mark.parametrize(
    ("status", "raised"),
    [
        (400, CodeRefused),
        (422, CodeRefused),
        (404, RetryLater),
        (429, RetryLater),
        (500, Unknown),
        (0, Unknown),
    ],
)
async def test_what_a_receiver_answers_is_understood(
    receiver: SmsReceiver, status: int, raised: type[Exception]
) -> None:
    receiver.status = status
    with pytest.raises(raised) as caught:
        await by_sms(receiver)
    assert CODE not in str(caught.value)
    assert "1381234" not in str(caught.value)


async def test_another_secret_is_not_believed(receiver: SmsReceiver) -> None:
    with pytest.raises(RetryLater):
        await by_sms(receiver, secret="x" * 40)
    assert (receiver.sent, receiver.forged) == ({}, 1)


async def test_nobody_listens(receiver: SmsReceiver) -> None:
    receiver.port = 1
    with pytest.raises(RetryLater):
        await by_sms(receiver)


async def test_a_letter_arrives_as_it_was_written(smtp: SmtpServer) -> None:
    await letters(smtp, password="s3cret").send(a_message("anna@example.com"))
    [raw] = smtp.letters
    letter = message_from_string(raw.removesuffix("\r\n.\r\n"), policy=policy.default)
    assert letter["To"] == "anna@example.com"
    assert letter["From"] == "云卡小铺 <shop@example.com>"
    assert letter["Subject"] == "云卡小铺 的验证码"
    assert letter["Message-ID"] == "<abcdefghij@example.com>"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert CODE in letter.get_content()
    assert "AUTH" in smtp.verbs


@pytest.mark.parametrize(
    ("verb", "answer", "raised"),
    [
        ("RCPT", "550 no such user", CodeRefused),
        ("RCPT", "451 try later", RetryLater),
        ("DATA", "554 no", CodeRefused),
        (".", "", Unknown),
        (".", "451 later", RetryLater),
        ("EHLO", "", RetryLater),
        ("AUTH", "535 wrong", RetryLater),
    ],
)
async def test_what_a_server_answers_is_understood(
    smtp: SmtpServer, verb: str, answer: str, raised: type[Exception]
) -> None:
    smtp.answers[verb] = answer
    with pytest.raises(raised) as caught:
        await letters(smtp, password="s3cret").send(a_message("anna@example.com"))
    assert "anna" not in str(caught.value)


async def test_a_server_without_tls_gets_neither_password_nor_letter(smtp: SmtpServer) -> None:
    with pytest.raises(RetryLater):
        await letters(smtp, tls="starttls", password="s3cret").send(a_message("anna@example.com"))
    assert "AUTH" not in smtp.verbs
    assert smtp.letters == []


async def test_the_log_says_what_went_wrong_and_nothing_else(
    smtp: SmtpServer, capsys: pytest.CaptureFixture[str]
) -> None:
    smtp.answers["RCPT"] = "550 anna@example.com is unknown"
    with pytest.raises(CodeRefused):
        await Watched("smtp", letters(smtp)).send(a_message("anna@example.com"))
    said = "".join(capsys.readouterr())
    assert "550" in said
    assert "anna" not in said
    assert CODE not in said
