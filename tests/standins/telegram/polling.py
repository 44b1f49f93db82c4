"""Taking updates: getUpdates as a real long poll, and the webhook's settings."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from tests.standins.telegram.params import Params
from tests.standins.telegram.records import BotAccount, Webhook
from tests.standins.telegram.refusals import Json, bad_request, conflict
from tests.standins.telegram.updates import UPDATE_KINDS
from tests.standins.telegram.world import World

MAX_BATCH = 100
MAX_POLL_S = 50
WEBHOOK_PORTS = {443, 80, 88, 8443}
_LOOK_S = 0.5
"""How often a waiting poll looks whether its client is still there."""
_SECRET = re.compile(r"[A-Za-z0-9_-]{0,256}")


async def get_updates(
    world: World,
    bot: BotAccount,
    params: Params,
    is_gone: Callable[[], Awaitable[bool]],
) -> list[Json]:
    """``getUpdates``: what lies below the offset is confirmed and forgotten; a newer poll ends an older one.

    Raises:
        RefusedError: 409 beside a webhook, and for the older of two polls.
    """
    if bot.webhook is not None:
        raise conflict(
            "can't use getUpdates method while webhook is active; "
            "use deleteWebhook to delete the webhook first",
        )
    _allow(bot, params)
    limit = params.integer("limit", MAX_BATCH)
    limit = limit if 1 <= limit <= MAX_BATCH else MAX_BATCH
    bot.queue.confirm(params.integer("offset"))
    bot.polls += 1
    turn = bot.polls
    world.pulse.beat()
    loop = asyncio.get_running_loop()
    deadline = loop.time() + max(0, min(params.integer("timeout"), MAX_POLL_S))
    while True:
        seen = world.pulse.version
        if bot.polls != turn:
            raise conflict(
                "terminated by other getUpdates request; make sure that only one bot instance is running",
            )
        if bot.webhook is not None:
            raise conflict("terminated by setWebhook request")
        if await is_gone():
            return []
        bot.queue.drop_expired(world.now())
        batch = bot.queue.batch(limit)
        left_s = deadline - loop.time()
        if batch or left_s <= 0 or world.is_closing:
            return batch
        await world.pulse.wait(seen, min(left_s, _LOOK_S))


def set_webhook(world: World, bot: BotAccount, params: Params) -> bool:
    """``setWebhook``: https on the vendor's ports, or plain http to loopback, as a local server allows."""
    url = params.text("url")
    if not url:
        return delete_webhook(world, bot, params)
    _check_webhook_url(url)
    secret = params.text("secret_token")
    if not _SECRET.fullmatch(secret):
        too_long = len(secret) > 256
        raise bad_request(f"secret token {'is too long' if too_long else 'contains unallowed characters'}")
    _allow(bot, params)
    if params.flag("drop_pending_updates"):
        bot.queue.clear()
    bot.webhook = Webhook(url, secret, params.integer("max_connections", 40))
    world.pulse.beat()
    return True


def delete_webhook(world: World, bot: BotAccount, params: Params) -> bool:
    """``deleteWebhook``."""
    if params.flag("drop_pending_updates"):
        bot.queue.clear()
    bot.webhook = None
    world.pulse.beat()
    return True


def get_webhook_info(_world: World, bot: BotAccount, _params: Params) -> Json:
    """``getWebhookInfo``."""
    hook = bot.webhook
    info: Json = {
        "url": hook.url if hook else "",
        "has_custom_certificate": False,
        "pending_update_count": len(bot.queue.pending) + len(bot.queue.repeats),
    }
    if hook is not None:
        info["max_connections"] = hook.max_connections
        if hook.last_error_at is not None:
            info["last_error_date"] = int(hook.last_error_at)
            info["last_error_message"] = hook.last_error
    if bot.queue.allowed:
        info["allowed_updates"] = list(bot.queue.allowed)
    return info


def _allow(bot: BotAccount, params: Params) -> None:
    """Take the list of wanted kinds; left out, the earlier one stays; unknown kinds are passed over."""
    kinds = params.nested("allowed_updates")
    if isinstance(kinds, list):
        bot.queue.allowed = tuple(kind for kind in kinds if kind in UPDATE_KINDS)


def _check_webhook_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise bad_request("invalid webhook URL specified") from error
    if host in {"127.0.0.1", "localhost", "::1"} and parts.scheme in {"http", "https"}:
        return
    if parts.scheme != "https" or not host:
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if (port or 443) not in WEBHOOK_PORTS:
        raise bad_request("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
