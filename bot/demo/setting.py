"""Where the demo takes place: a folder that is thrown away, a config in it, a cashier and two wholesalers beside it."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
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
_SHOP_KEY: Final = "demo"
"""What the wholesalers know the shop by."""
WHOLESALERS: Final = ("bargain", "steady")
"""Their names in the config, and their manners: the first is cheaper, slow, and refuses now and then."""
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
_SUPPLIER: Final = """
[suppliers.{name}]
protocol = "dujiao_next"
base_url = "{url}"
key = "{key}"
secret = "file:wholesaler.key"
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """A demo that is ready to open."""

    config: Config
    cashier_url: str
    wholesaler_urls: Mapping[str, str]


@contextmanager
def demo_setting(port: int) -> Iterator[Setting]:
    """Lay out a folder, start the sandbox, and clean up both at the end.

    Args:
        port: Of the shop on 127.0.0.1.
    """
    with TemporaryDirectory(prefix="kapu-demo-") as folder, ExitStack() as sandbox:
        key, secret = secrets.token_hex(16), secrets.token_hex(16)
        # All at once: each takes a moment to start.
        cashier = sandbox.enter_context(_cashier(key))
        wholesalers = {name: sandbox.enter_context(_wholesaler(name, secret)) for name in WHOLESALERS}
        cashier_url = _address_of(cashier)
        urls = {name: _address_of(process) for name, process in wholesalers.items()}
        config = _CONFIG.format(folder=folder, port=port, cashier=cashier_url, pid=_PID, owner=OWNER)
        for name, url in urls.items():
            config += _SUPPLIER.format(name=name, url=url, key=_SHOP_KEY)
        files = {
            "demo.key": new_key(),
            "fingerprint.key": new_key(),
            "session.key": secrets.token_urlsafe(32),
            "epay.key": key,
            "wholesaler.key": secret,
            "config.toml": config,
        }
        for name, text in files.items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        yield Setting(load_config(Path(folder) / "config.toml"), cashier_url, urls)


def free_port() -> int:
    """A port that nobody uses right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _cashier(key: str) -> AbstractContextManager[subprocess.Popen[str]]:
    """The sandbox cashier, speaking the real protocol over HTTP."""
    options = ["--port", "0", "--pid", _PID, "--merchant-name", "云卡小铺", "--retry-after", "0,2,5,30"]
    return _process("cashier", *options, "--key-env", _KEY_VARIABLE, secret=key)


def _wholesaler(manner: str, secret: str) -> AbstractContextManager[subprocess.Popen[str]]:
    """A sandbox wholesaler, likewise."""
    return _process(
        "wholesaler", "--manner", manner, "--key", _SHOP_KEY, "--secret-env", _KEY_VARIABLE, secret=secret
    )


@contextmanager
def _process(name: str, *options: str, secret: str) -> Iterator[subprocess.Popen[str]]:
    """One of the sandbox as a process of its own; its secret is nobody's to read on the command line."""
    process = subprocess.Popen(  # noqa: S603 - our own module, with words of ours
        [sys.executable, "-m", f"bot.sandbox.{name}", *options],
        env={**os.environ, _KEY_VARIABLE: secret},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(timeout=10)
        if process.stdout is not None:
            process.stdout.close()


def _address_of(process: subprocess.Popen[str]) -> str:
    """Where it listens: its first line says so."""
    if process.stdout is None:
        raise RuntimeError("a process of the sandbox has no output")
    return str(json.loads(process.stdout.readline())["base_url"])
