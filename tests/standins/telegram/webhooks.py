"""Posting updates to webhooks: one at a time per queue key, again and again until a 2xx."""

from __future__ import annotations

import asyncio

import httpx

from tests.standins.telegram.records import BotAccount, Webhook
from tests.standins.telegram.updates import Update
from tests.standins.telegram.world import World

ANSWER_WITHIN_S = 60
_LONGEST_WAIT = 60
_LONGEST_RETRY_AFTER_S = 3600


class WebhookPoster:
    """Delivers what waits for bots that have a webhook; on loopback, so no certificate is looked at.

    The first retry is immediate, then the wait doubles from two units up to sixty, unless ``Retry-After``
    asks for more.
    A queue key is ``chat:<id>`` or ``user:<id>``: its next update goes out only after the last was taken,
    different keys run side by side.

    Args:
        unit_s: seconds of one unit of waiting; the vendor's is 1, tests may want less.
    """

    def __init__(self, world: World, unit_s: float) -> None:
        self._world = world
        self._unit_s = unit_s
        self._busy: set[tuple[str, str]] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        plain = httpx.AsyncHTTPTransport(verify=False)
        async with httpx.AsyncClient(timeout=ANSWER_WITHIN_S, transport=plain) as client:
            try:
                while True:
                    seen = self._world.pulse.version
                    wait_s = self._start_due(client)
                    await self._world.pulse.wait(seen, wait_s)
            finally:
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start_due(self, client: httpx.AsyncClient) -> float | None:
        """Start every delivery that may start now; return the seconds until the next retry."""
        waits: list[float] = []
        now = self._world.now()
        for bot in self._world.bots.values():
            if bot.webhook is None:
                continue
            bot.queue.drop_expired(now)
            passed: set[str] = set()
            for update in (*bot.queue.repeats, *bot.queue.pending):
                if update.key in passed or (bot.token, update.key) in self._busy:
                    continue
                passed.add(update.key)
                if update.next_try_at > now:
                    waits.append(update.next_try_at - now)
                elif self._in_flight(bot) < bot.webhook.max_connections:
                    self._start(client, bot, bot.webhook, update)
        return min(waits, default=None)

    def _in_flight(self, bot: BotAccount) -> int:
        return sum(token == bot.token for token, _ in self._busy)

    def _start(self, client: httpx.AsyncClient, bot: BotAccount, hook: Webhook, update: Update) -> None:
        self._busy.add((bot.token, update.key))
        task = asyncio.get_running_loop().create_task(self._deliver(client, bot, hook, update))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(
        self,
        client: httpx.AsyncClient,
        bot: BotAccount,
        hook: Webhook,
        update: Update,
    ) -> None:
        headers = {"X-Telegram-Bot-Api-Secret-Token": hook.secret_token} if hook.secret_token else {}
        retry_after_s = 0.0
        try:
            response = await client.post(hook.url, json=update.to_json(), headers=headers)
            fault = "" if response.is_success else f"Wrong response from the webhook: {response.status_code}"
            retry_after_s = _seconds(response.headers.get("retry-after", ""))
        except httpx.HTTPError as error:
            fault = f"Connection failed: {type(error).__name__}"
        finally:
            self._busy.discard((bot.token, update.key))
        if not fault:
            bot.queue.remove(update)
        else:
            self._put_off(hook, update, fault, retry_after_s)
        self._world.pulse.beat()

    def _put_off(self, hook: Webhook, update: Update, fault: str, retry_after_s: float) -> None:
        now = self._world.now()
        update.attempts += 1
        units = 0 if update.attempts == 1 else min(2 ** (update.attempts - 1), _LONGEST_WAIT)
        update.next_try_at = now + max(units * self._unit_s, retry_after_s)
        hook.last_error_at, hook.last_error = now, fault


def _seconds(header: str) -> float:
    return min(float(header), _LONGEST_RETRY_AFTER_S) if header.isdigit() else 0.0
