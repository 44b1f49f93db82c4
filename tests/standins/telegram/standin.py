"""The stand-in beside the test: in a thread of this process, or as a process that outlives the shop's."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from tests.standins.prompt import listen
from tests.standins.telegram.control import Control
from tests.standins.telegram.driver import (
    DEFAULT_TOKEN,
    DEFAULT_USERNAME,
    RemoteTelegram,
    TelegramDriver,
)
from tests.standins.telegram.server import ApiServer
from tests.standins.telegram.world import World

_ROOT = Path(__file__).parents[3]
_ANSWER_S = 60
_STOP_S = 10


class TelegramStandIn(TelegramDriver):
    """The Bot API on a free port of 127.0.0.1, served by a thread between ``with`` and its end.

    Args:
        pace: refuse with 429 what is sent too fast, as the vendor does.
        webhook_unit_s: seconds of one unit of the webhook's waiting between retries; the vendor's is 1.
        port: 0 takes a free one.
    """

    def __init__(self, *, pace: bool = True, webhook_unit_s: float = 1.0, port: int = 0) -> None:
        self._listener = listen(port)
        super().__init__(f"http://127.0.0.1:{self._listener.getsockname()[1]}")
        self._world = World(is_paced=pace)
        self._world.add_bot(DEFAULT_TOKEN, DEFAULT_USERNAME, "Kapu")
        self._control = Control(self._world)
        self._webhook_unit_s = webhook_unit_s
        self._loop = asyncio.new_event_loop()
        self._server: ApiServer | None = None
        self._thread = threading.Thread(target=self._serve, name="telegram-stand-in")

    def __enter__(self) -> Self:
        self._thread.start()
        self.ask("ping")
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._loop.call_soon_threadsafe(self._server.stop)
        self._thread.join(_STOP_S)
        if self._thread.is_alive():
            raise RuntimeError("the Telegram stand-in did not stop")

    def ask(self, action: str, **arguments: Any) -> Any:
        running = asyncio.run_coroutine_threadsafe(self._control.run(action, arguments), self._loop)
        return running.result(_ANSWER_S)

    def _serve(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            self._server = ApiServer(self._world, self._webhook_unit_s)
            runner.run(self._server.run(self._listener))


@contextmanager
def telegram_process(
    *, pace: bool = True, tokens: tuple[str, ...] = (), webhook_unit_s: float = 1.0
) -> Iterator[RemoteTelegram]:
    """The stand-in as a process of its own, so that its state survives the death of the shop's process.

    It ends with this block, and by itself should the test process die.

    Args:
        pace: refuse with 429 what is sent too fast.
        tokens: bots beside the first one.
        webhook_unit_s: as ``TelegramStandIn`` has it.
    """
    command = [sys.executable, "-m", "tests.standins.telegram", "--until-stdin-closes"]
    command += ["--webhook-unit-s", str(webhook_unit_s)]
    command += [] if pace else ["--no-pace"]
    for token in tokens:
        command += ["--token", token]
    with subprocess.Popen(
        command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            if process.stdout is None or process.stdin is None:
                raise RuntimeError("the stand-in has no pipes")
            hello = json.loads(process.stdout.readline())
            with RemoteTelegram(hello["address"]) as telegram:
                yield telegram
            process.stdin.close()
            process.wait(_STOP_S)
        finally:
            process.kill()
