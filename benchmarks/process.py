"""The running process: how long it takes to be ready, and what it holds when nobody comes."""

from __future__ import annotations

import base64
import compileall
import contextlib
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.figures import print_figure, print_progress, print_skipped
from bot.cli import COMMANDS

_KAPU: Final = (sys.executable, "-c", "from bot.cli import main; main()")
_ROOT: Final = Path(__file__).parent.parent
_READY_WITHIN_S: Final = 30.0
_AT_REST_AFTER_S: Final = 3.0

_CONFIG: Final = """
[shop]
name = "Kapu"
[database]
url = "sqlite:///{folder}/kapu.db"
[vault]
active_key = "k1"
[vault.keys]
k1 = "env:KAPU_BENCH_KEY"
fingerprint = "env:KAPU_BENCH_FINGERPRINT"
[http]
host = "127.0.0.1"
port = {port}
[channels.web]
kind = "webchat"
session_secret = "env:KAPU_BENCH_SESSION"
[log]
level = "warning"
"""


class DidNotStart(Exception):
    """The shop's process ended, or was not ready in time; what it said is in the message."""


def measure_process(*, starts: int) -> None:
    """Print cold start and memory; bytecode is compiled before, as an installation does."""
    print_progress("process")
    for package in ("bot", "admin_cmds", "handlers", "shop_core", "suppliers"):
        compileall.compile_dir(_ROOT / package, quiet=2)
    _measure_help(starts)
    if "run" not in COMMANDS:
        for figure in ("cold_start", "memory_at_rest"):
            print_skipped(figure, "kapu has no command `run`")
        return
    try:
        _measure_run(starts)
    except DidNotStart as error:
        for figure in ("cold_start", "memory_at_rest"):
            print_skipped(figure, str(error))


def _measure_help(starts: int) -> None:
    took = []
    for _ in range(starts):
        began = time.perf_counter()
        subprocess.run([*_KAPU, "--help"], cwd=_ROOT, env=_environment(), check=True, capture_output=True)
        took.append(time.perf_counter() - began)
    print_figure("cold_start", of="kapu --help", value=median(took) * 1000, unit="ms", starts=starts)


def _measure_run(starts: int) -> None:
    """On SQLite. The first start makes the database; it is not counted."""
    ready_s, memory_mib = [], []
    with TemporaryDirectory(prefix="kapu-bench-") as folder:
        for start in range(starts + 1):
            with _running(Path(folder)) as (process, took_s):
                if start:
                    ready_s.append(took_s)
                    time.sleep(_AT_REST_AFTER_S)
                    memory_mib.append(resident_mib(process.pid))
    print_figure(
        "cold_start",
        of="kapu run to /readyz",
        database="sqlite",
        value=median(ready_s) * 1000,
        unit="ms",
        starts=starts,
    )
    print_figure(
        "memory_at_rest", database="sqlite", value=median(memory_mib), unit="MiB resident", starts=starts
    )


@contextlib.contextmanager
def _running(folder: Path) -> Iterator[tuple[subprocess.Popen[str], float]]:
    """A ready shop and the seconds that it took."""
    port = _free_port()
    config = folder / "config.toml"
    config.write_text(_CONFIG.format(folder=folder, port=port))
    began = time.perf_counter()
    process = subprocess.Popen(
        [*_KAPU, "run", "--config", str(config)],
        cwd=_ROOT,
        env=_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        _wait_until_ready(process, f"http://127.0.0.1:{port}/readyz", began)
        yield process, time.perf_counter() - began
    finally:
        process.terminate()
        try:
            process.communicate(timeout=_READY_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def _wait_until_ready(process: subprocess.Popen[str], url: str, began: float) -> None:
    while time.perf_counter() - began < _READY_WITHIN_S:
        if process.poll() is not None:
            said = (process.communicate()[1] or "").strip().splitlines()
            raise DidNotStart(
                f"kapu run ended with {process.returncode}: {said[-1] if said else 'it said nothing'}"
            )
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310 - our own
            return
        time.sleep(0.005)
    raise DidNotStart(f"kapu run was not ready after {_READY_WITHIN_S:.0f} s")


_KEYS: Final = {
    "KAPU_BENCH_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
    "KAPU_BENCH_FINGERPRINT": base64.b64encode(secrets.token_bytes(32)).decode(),
    "KAPU_BENCH_SESSION": secrets.token_hex(32),
}


def _environment() -> dict[str, str]:
    """Ours, with bytecode caches allowed and keys for the shop."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | _KEYS


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def resident_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise ProcessLookupError(pid)
