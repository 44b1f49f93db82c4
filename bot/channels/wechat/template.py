"""The last way to tell of an order: a template message, where nothing may be pushed and the owner has named a template.

Which fields a template has, and how long each may be, is the template's own affair: the config says what goes where, and
what WeChat does not take waits for the person's next word, as without one.

Source: WeChat, message/template/send, November 2026: verified service accounts, service notices only. That values are at
most 20 characters is documented for subscription messages; templates are said to be alike. ``client_msg_id`` keeps a
repetition from being shown twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog

from bot.channels.tencent.api import Api, NoAllowance, Refused
from bot.channels.tencent.calls import Call
from bot.channels.wechat.settings import Template
from handlers.screen import Line, Screen
from shop_core.customers.people import Address
from shop_core.kernel.numbers import display_number

LONGEST_VALUE: Final = 20
_ORDER: Final = "order:"

_log = structlog.get_logger(__name__)


class Templates:
    """Sends one account's template."""

    def __init__(self, channel: str, template: Template, api: Api, timezone: str) -> None:
        self._channel = channel
        self._template = template
        self._api = api
        self._timezone = ZoneInfo(timezone)

    async def tell(self, address: Address, screen: Screen, now: datetime) -> bool:
        """Tell of an order. False: WeChat did not take it.

        Raises:
            RetryLater, Unknown: Perhaps later; the same news is shown once.
            Unreachable: The person follows the account no more.
        """
        values = self._values(screen, now)
        said = "\n".join((address.external_id, values["state"], values["number"], values["goods"]))
        mark = hashlib.sha256(said.encode()).hexdigest()[:32]
        message: dict[str, Any] = {
            "touser": address.external_id,
            "template_id": self._template.id,
            "client_msg_id": mark,
            "data": {field: {"value": values[what] or "-"} for field, what in self._template.fields.items()},
        }
        try:
            await self._api.ask(Call("/cgi-bin/message/template/send", message))
        except Refused as error:
            _log.error("wechat.template_refused", channel=self._channel, code=error.code)
            return False
        except NoAllowance:
            return False
        return True

    def _values(self, screen: Screen, now: datetime) -> Mapping[str, str]:
        """What may go into a field; never a code."""
        lines = [line.text for line in screen.lines if isinstance(line, Line)]
        slot = screen.slot or ""
        number = display_number(slot.removeprefix(_ORDER)) if slot.startswith(_ORDER) else ""
        title = " ".join((lines[0] if lines else "").replace(number, "").split())
        return {
            "state": _cut(title),
            "goods": _cut(lines[1] if len(lines) > 1 else title),
            "number": number,
            "time": now.astimezone(self._timezone).strftime("%Y-%m-%d %H:%M"),
        }


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
