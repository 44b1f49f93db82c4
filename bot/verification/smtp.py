"""Codes by e-mail, through the owner's own SMTP server."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formataddr, formatdate
from typing import Final, Literal

import aiosmtplib

from shop_core.kernel.clock import Clock
from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.kernel.secret import Secret
from shop_core.verification.sender import CodeMessage, CodeRefused

STEP_S: Final = 8
WHOLE_S: Final = 15
"""Somebody waits for the answer in a chat."""
_FOR_GOOD: Final = 500

Tls = Literal["starttls", "tls", "none"]


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """One account.

    Attributes:
        sender: The address that letters come from.
        tls: ``starttls`` insists on it: a server that does not offer it gets neither password nor letter.
    """

    host: str
    port: int
    sender: str
    sender_name: str
    username: str | None
    password: Secret | None
    tls: Tls


class SmtpLetters:
    """A ``CodeSender``. A connection for each letter: they are few, and servers close idle ones."""

    def __init__(self, settings: SmtpSettings, clock: Clock, certificates: ssl.SSLContext) -> None:
        """Connect nothing yet."""
        self._settings = settings
        self._clock = clock
        self._certificates = certificates

    async def send(self, message: CodeMessage) -> None:
        """Hand a letter over, once.

        Raises:
            CodeRefused: The server sends nothing to this address (5xx).
            RetryLater: No connection, no safe one, not with this password, or not now (4xx): certainly not taken.
            Unknown: The letter was on its way when the connection broke or the time was up.
        """
        letter = self._letter(message)
        client = self._client()
        try:
            async with asyncio.timeout(WHOLE_S):
                await self._open(client)
                await _hand_over(client, letter)
        except TimeoutError as error:
            raise Unknown("SMTP: the time was up") from error
        finally:
            client.close()

    def _client(self) -> aiosmtplib.SMTP:
        settings = self._settings
        return aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            # Else it is looked up in the network, and everybody waits for that.
            local_hostname=settings.sender.rpartition("@")[2],
            timeout=STEP_S,
            use_tls=settings.tls == "tls",
            start_tls=settings.tls == "starttls",
            tls_context=None if settings.tls == "none" else self._certificates,
        )

    async def _open(self, client: aiosmtplib.SMTP) -> None:
        """Up to where a letter may be handed over: until then nothing can have been sent."""
        settings = self._settings
        try:
            await client.connect()
            if settings.username is not None and settings.password is not None:
                await client.login(settings.username, settings.password.reveal())
        except aiosmtplib.SMTPAuthenticationError as error:
            raise RetryLater("the SMTP server does not take the password") from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise RetryLater(f"SMTP: {type(error).__name__}") from error

    def _letter(self, message: CodeMessage) -> EmailMessage:
        letter = EmailMessage()
        letter["From"] = formataddr((self._settings.sender_name, self._settings.sender))
        letter["To"] = message.to.reveal()
        letter["Subject"] = message.subject
        letter["Date"] = formatdate(self._clock.now().timestamp())
        host = self._settings.sender.rpartition("@")[2]
        letter["Message-ID"] = f"<{message.key}@{host}>"
        # Keeps holiday notices from being sent back (RFC 3834).
        letter["Auto-Submitted"] = "auto-generated"
        letter.set_content(message.text.reveal())
        return letter


async def _hand_over(client: aiosmtplib.SMTP, letter: EmailMessage) -> None:
    try:
        await client.send_message(letter)
    except aiosmtplib.SMTPRecipientsRefused as error:
        # The server's own words may name the address: they go nowhere.
        raise _refusal(error.recipients[0].code) from None
    except aiosmtplib.SMTPResponseException as error:
        raise _refusal(error.code) from None
    except (aiosmtplib.SMTPException, OSError) as error:
        raise Unknown(f"SMTP: {type(error).__name__}") from error


def _refusal(code: int) -> CodeRefused | RetryLater:
    is_for_good = code >= _FOR_GOOD
    return CodeRefused(f"SMTP: {code}") if is_for_good else RetryLater(f"SMTP: {code}")
