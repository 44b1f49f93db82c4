"""Telegram brings what many people press to a shop whose processes die: each press counts once, in its order."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from shop_core.invariants.verify import verify
from tests.process.balancer import Balancer, a_balancer
from tests.process.premises import Hands, Premises, Running, until
from tests.standins.telegram import TelegramStandIn, TelegramUser

PRESSES: Final = 9
"""Each person starts the bot and presses so often: fifty people, 500 updates."""
REPEATED: Final = 10
"""Every so many updates one is told twice."""
KILLED_AT: Final = (2, 5)
"""After so many letters from each, on average, a worker is killed, and another takes its place."""
_ROOT: Final = Path(__file__).parents[2]
_TELEGRAM: Final = """
[channels.tg]
kind = "telegram"
token = "file:bot.key"
api_base_url = "{api}"
mode = "{mode}"
webhook_secret = "file:session.key"
"""


async def a_worker(premises: Premises, balancer: Balancer) -> Running:
    worker = Running(
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.process.impatient", str(premises.config_file)),
            cwd=_ROOT,
            stdout=PIPE,
            stderr=PIPE,
        )
    )
    await worker.wait_until_open()
    balancer.ports.append(worker.port)
    return worker


async def kill(worker: Running, balancer: Balancer) -> None:
    balancer.ports.remove(worker.port)
    await worker.kill()


async def is_handled(hands: Hands, letters: int) -> bool:
    return int(await hands.one("SELECT count(*) FROM inbox WHERE done_at IS NOT NULL")) >= letters


def press_all(people: list[TelegramUser], variant: int, hands: Hands) -> None:
    """Everybody starts, and buys one, then two, then three …, without waiting for an answer."""
    for user in people:
        user.start()
    for quantity in range(1, PRESSES + 1):
        for user in people:
            user.press(f"buy/{variant}/{quantity}/{hands.key()}", message=1, forge=True)


def tell_some_twice(tg: TelegramStandIn) -> None:
    for update in tg.updates()[::REPEATED]:
        tg.repeat_update(update["update_id"])


@pytest.mark.parametrize(
    ("mode", "workers", "crowd"),
    [
        pytest.param("webhook", 4, 50, marks=pytest.mark.postgresql),
        ("polling", 1, 20),
    ],
)
async def test_what_many_people_press_is_done_once_each_and_in_order_whoever_dies(
    mode: str, workers: int, crowd: int, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Brought to four processes on PostgreSQL; asked for by one on SQLite."""
    url = request.getfixturevalue("postgresql_url" if workers > 1 else "sqlite_url")
    with TelegramStandIn(pace=False, webhook_unit_s=0.05) as tg:
        async with a_balancer() as balancer:
            premises = lay(tmp_path, url, tg, balancer, mode)
            async with premises.hands() as hands:
                variant = await hands.stock(crowd * sum(range(PRESSES + 1)))
                running = await asyncio.gather(*(a_worker(premises, balancer) for _ in range(workers)))
                people = [tg.user() for _ in range(crowd)]
                pressing = asyncio.create_task(asyncio.to_thread(press_all, people, variant, hands))
                for place, letters in enumerate(KILLED_AT):
                    await until(partial(is_handled, hands, letters * crowd))
                    await kill(running[place % workers], balancer)
                    running[place % workers] = await a_worker(premises, balancer)
                await pressing
                tell_some_twice(tg)
                await until(partial(is_all_told, tg))
                await until(lambda: is_handled(hands, crowd * (PRESSES + 1)))
                await check_outcome(hands, tg, people)
                for worker in running:
                    await kill(worker, balancer)


async def is_all_told(tg: TelegramStandIn) -> bool:
    return await asyncio.to_thread(tg.pending_updates) == []


def lay(folder: Path, url: str, tg: TelegramStandIn, balancer: Balancer, mode: str) -> Premises:
    premises = Premises.lay(folder, url)
    config = premises.config_file.read_text("utf-8")
    config = config.replace("[http]\n", f'[http]\npublic_url = "{balancer.url}"\n')
    premises.config_file.write_text(config + _TELEGRAM.format(api=tg.base_url, mode=mode), "utf-8")
    (folder / "bot.key").write_text(tg.token, "utf-8")
    return premises


async def check_outcome(hands: Hands, tg: TelegramStandIn, people: list[TelegramUser]) -> None:
    letters = await hands.rows("SELECT id, external_id, lane, done_at FROM inbox ORDER BY id")
    assert sorted(int(letter["external_id"]) for letter in letters) == sorted(
        update["update_id"] for update in tg.updates()
    )
    ordered = await hands.rows(
        "SELECT orders.external_id AS who, quantity FROM orders"
        " JOIN order_lines ON order_lines.order_id = orders.id ORDER BY orders.id"
    )
    assert len(ordered) == len(people) * PRESSES
    for user in people:
        mine = [row["quantity"] for row in ordered if row["who"] == str(user.id)]
        assert mine == list(range(1, PRESSES + 1))
        done = [letter["done_at"] for letter in letters if letter["lane"] == f"tg:{user.id}"]
        assert done == sorted(done)
        assert len(done) == PRESSES + 1
    assert await hands.shop.read(verify) == []
