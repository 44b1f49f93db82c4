"""What a test, the demo or a benchmark puts in the place of the world."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from limits import RateLimitItem

from bot.channels.telegram.pace import Rates
from bot.channels.telegram.settings import Pauses
from bot.channels.webchat.socket import MOST_MESSAGES
from bot.timing import Timing
from shop_core.kernel.clock import Clock, SystemClock
from shop_core.wire.outlet import to_the_world


@dataclass(frozen=True, slots=True)
class Outside:
    """What a test or the demo puts in the place of the world.

    Attributes:
        transport: Carries requests to gateways; None for the network.
        telegram: Arguments for the HTTP client of Telegram bots.
        rates: How fast Telegram bots send.
        pauses: How long Telegram bots wait.
        wechat: Arguments for the HTTP client of WeChat accounts, and of WeCom's.
        wechat_patience_s: How long WeChat's requests wait for their answer.
        wechat_call_s: How long a call to WeChat or WeCom may take.
        wecom_poll_s: How often WeCom is asked for messages that it told us nothing of.
        outlet: Carries callbacks to addresses that other shops named; a test's shops are all on this machine.
        most: How much one page of the web chat may say.
        staff_pane: The identity that ``/staff`` gives to whoever opens it on this machine: the demo's, never a shop's.
    """

    clock: Clock = field(default_factory=SystemClock)
    timing: Timing = field(default_factory=Timing)
    transport: httpx.AsyncBaseTransport | None = None
    telegram: Mapping[str, Any] = field(default_factory=dict)
    rates: Rates = field(default_factory=Rates)
    pauses: Pauses = field(default_factory=Pauses)
    wechat: Mapping[str, Any] = field(default_factory=dict)
    wechat_patience_s: float = 4.3
    wechat_call_s: float = 10.0
    wecom_poll_s: float = 180.0
    outlet: Callable[[], httpx.AsyncBaseTransport] = to_the_world
    most: RateLimitItem = MOST_MESSAGES
    staff_pane: str | None = None
