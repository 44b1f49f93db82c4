"""Where the codes of a journey arrive, a phone and a mailbox, and what the shop is told of the way there."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email import message_from_string, policy
from typing import Final

from tests.standins.sms import SmsReceiver, an_sms_receiver
from tests.standins.smtp import SmtpServer, an_smtp_server

SECRET: Final = "sms-secret-of-the-journeys-0123456789"
"""In ``sms.key``."""
_CODE: Final = re.compile(r"(?<!\d)\d{6}(?!\d)")
_TABLES: Final = """
[verification]
{first_contact}
[verification.sms]
url = "{sms}"
secret = "file:sms.key"

[verification.smtp]
host = "127.0.0.1"
port = {smtp}
tls = "none"
sender = "shop@example.com"
"""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The customer's phone and mailbox."""

    sms: SmsReceiver
    smtp: SmtpServer

    def tables(self, first_contact: str) -> str:
        """What the shop's config says of them.

        Args:
            first_contact: What everybody is asked for; empty: nothing.
        """
        asks = f'first_contact = "{first_contact}"' if first_contact else ""
        return _TABLES.format(first_contact=asks, sms=self.sms.url, smtp=self.smtp.port)

    def newest_sms(self) -> tuple[str, str]:
        """The code that came last by SMS, and the message around it with the code hidden."""
        return _hidden(str([*self.sms.sent.values()][-1]["text"]))

    def newest_letter(self) -> tuple[str, str]:
        """The same by e-mail, with the subject before it."""
        raw = self.smtp.letters[-1].removesuffix("\r\n.\r\n")
        letter = message_from_string(raw, policy=policy.default)
        body = letter.get_body()
        assert body is not None
        return _hidden(f"{letter['Subject']}\n{body.get_content().strip()}")


@asynccontextmanager
async def a_phone_and_a_mailbox(now: Callable[[], float]) -> AsyncIterator[Arrivals]:
    """They take what comes while the block runs; ``now``: the shop's time in seconds."""
    async with an_sms_receiver(SECRET, now) as sms, an_smtp_server() as smtp:
        yield Arrivals(sms, smtp)


def _hidden(text: str) -> tuple[str, str]:
    [code] = _CODE.findall(text)
    return code, text.replace(code, "••••••")
