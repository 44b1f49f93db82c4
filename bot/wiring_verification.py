"""The ways on which codes go out, as the config has them."""

from __future__ import annotations

import httpx

from bot.config import Config
from bot.outside import Outside
from bot.verification.sms import SmsWebhook
from bot.verification.smtp import SmtpLetters, SmtpSettings
from bot.verification.watched import Watched
from shop_core.verification.contacts import Kind
from shop_core.verification.sender import CodeSender, CodeSenders
from shop_core.wire.certificates import certificates


def build_senders(config: Config, outside: Outside) -> tuple[CodeSenders, tuple[httpx.AsyncClient, ...]]:
    """Whoever brings codes, and what somebody has to close."""
    rules = config.verification
    senders: dict[Kind, CodeSender] = {}
    clients: list[httpx.AsyncClient] = []
    if rules.sms is not None:
        client = httpx.AsyncClient(transport=outside.transport, timeout=10, verify=certificates())
        clients.append(client)
        sms = SmsWebhook(rules.sms.url, rules.sms.secret, client, outside.clock)
        senders[Kind.PHONE] = Watched("sms", sms)
    if rules.smtp is not None:
        settings = SmtpSettings(
            host=rules.smtp.host,
            port=rules.smtp.port,
            sender=rules.smtp.sender,
            sender_name=config.shop.name,
            username=rules.smtp.username,
            password=rules.smtp.password,
            tls=rules.smtp.tls,
        )
        senders[Kind.EMAIL] = Watched("smtp", SmtpLetters(settings, outside.clock, certificates()))
    countries = None if rules.sms is None else rules.sms.countries
    return CodeSenders(senders, countries or (rules.country,)), tuple(clients)
