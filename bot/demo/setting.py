"""Where the demo takes place: a folder that is thrown away, a config in it, a cashier's process beside it."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bot.config import Config, load_config
from shop_core.vault.vault import new_key

OWNER: Final = "staff"
"""The owner's id in the demo's web chat: who opens the staff pane is he."""

_PID: Final = "1001"
_KEY_VARIABLE: Final = "KAPU_SANDBOX_KEY"
_CONFIG: Final = """
[shop]
name = "云卡小铺"
owners = ["web:{owner}"]

[database]
url = "sqlite:///{folder}/kapu.db"

[vault]
active_key = "demo"
[vault.keys]
demo = "file:demo.key"
fingerprint = "file:fingerprint.key"

[http]
host = "127.0.0.1"
port = {port}
public_url = "http://127.0.0.1:{port}"

[log]
level = "warning"

[channels.web]
kind = "webchat"
session_secret = "file:session.key"
gateways = ["sandbox"]

[gateways.sandbox]
kind = "epay"
base_url = "{cashier}"
pid = "{pid}"
key = "file:epay.key"
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """A demo that is ready to open."""

    config: Config
    cashier_url: str


@contextmanager
def demo_setting(port: int) -> Iterator[Setting]:
    """Lay out a folder, start the cashier, and clean up both at the end.

    Args:
        port: Of the shop on 127.0.0.1.
    """
    with TemporaryDirectory(prefix="kapu-demo-") as folder:
        key = secrets.token_hex(16)
        with _cashier(key) as cashier_url:
            files = {
                "demo.key": new_key(),
                "fingerprint.key": new_key(),
                "session.key": secrets.token_urlsafe(32),
                "epay.key": key,
                "config.toml": _CONFIG.format(
                    folder=folder, port=port, cashier=cashier_url, pid=_PID, owner=OWNER
                ),
            }
            for name, text in files.items():
                (Path(folder) / name).write_text(text, encoding="utf-8")
            yield Setting(load_config(Path(folder) / "config.toml"), cashier_url)


def free_port() -> int:
    """A port that nobody uses right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _cashier(key: str) -> Iterator[str]:
    """The sandbox cashier as a process of its own, speaking the real protocol over HTTP."""
    command = [
        sys.executable,
        "-m",
        "bot.sandbox.cashier",
        "--port",
        "0",
        "--pid",
        _PID,
        "--key-env",
        _KEY_VARIABLE,
    ]
    process = subprocess.Popen(  # noqa: S603 - our own module, with words of ours
        [*command, "--merchant-name", "云卡小铺", "--retry-after", "0,2,5,30"],
        env={**os.environ, _KEY_VARIABLE: key},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        if process.stdout is None:
            raise RuntimeError("the cashier has no output")
        yield str(json.loads(process.stdout.readline())["base_url"])
    finally:
        process.terminate()
        process.wait(timeout=10)
        if process.stdout is not None:
            process.stdout.close()
