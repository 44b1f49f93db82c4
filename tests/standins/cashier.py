"""Starts the sandbox cashier as a process of its own, and plays payer, network and site with it."""

import dataclasses
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Self

import httpx

REPOSITORY = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 20.0
STOP_TIMEOUT_S = 10.0
POLL_EVERY_S = 0.02

FaultKind = Literal["error_500", "drop_before", "drop_after", "delay_before", "delay_after", "half_body"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CashierOrder:
    """One order as the vendor has it. ``paid_money`` is what was paid, which may not be what was asked."""

    trade_no: str
    out_trade_no: str
    type: str
    name: str
    money: str
    param: str
    notify_url: str
    return_url: str
    paid: bool
    paid_money: str | None
    refunded_fen: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class NotifyAttempt:
    """One try to notify the merchant.

    ``http_status`` is None where no answer came; ``answer`` then names the error. Tries of one ``letter``
    repeat each other; a repeated notification is a letter of its own.
    """

    letter: int
    number: int
    sent_at: str
    url: str
    params: Mapping[str, str]
    http_status: int | None
    answer: str
    accepted: bool


class CashierControl:
    """The cashier's control panel, for one running process.

    Blocking, and safe to call from threads. A test whose shop runs in its own event loop calls what waits
    through ``asyncio.to_thread``, as the shop has to answer meanwhile.
    """

    def __init__(self, base_url: str, *, pid: str, key: str, process_id: int) -> None:
        self.base_url = base_url
        self.pid = pid
        self.key = key
        self.process_id = process_id
        self._http = httpx.Client(base_url=f"{base_url}/control", trust_env=False, timeout=10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def state(self) -> dict[str, Any]:
        """Settings, and what is still to happen: ``pending_notifies``, ``pending_faults``."""
        return self._get("state")

    def orders(self) -> list[CashierOrder]:
        """All orders, newest first."""
        return [CashierOrder(**order) for order in self._get("orders")["orders"]]

    def order(self, out_trade_no: str) -> CashierOrder:
        """The only order of this number; a second payment makes a second one, see ``orders``."""
        (order,) = [order for order in self.orders() if order.out_trade_no == out_trade_no]
        return order

    def notifies(self) -> list[NotifyAttempt]:
        """Every try to notify so far, oldest first."""
        return [NotifyAttempt(**attempt) for attempt in self._get("notifies")["notifies"]]

    def pay(
        self,
        out_trade_no: str = "",
        *,
        trade_no: str = "",
        amount: str | None = None,
        method: str = "",
        times: int = 1,
        notify: bool = True,
        repeats: int = 1,
        delay_s: float = 0.0,
        status: str = "TRADE_SUCCESS",
        wrong_sign: bool = False,
        wrong_pid: bool = False,
    ) -> list[CashierOrder]:
        """Pay as a payer would, and have the shop told in the background.

        Args:
            out_trade_no: The shop's number; the first order of that number is paid.
            trade_no: Or the vendor's, which wins.
            amount: Yuan text, if not what was asked for.
            method: What the payer chose, where the shop left it open.
            times: How many payments. Each after the first, and any on a paid order, is a new trade with its
                own ``trade_no`` for the same ``out_trade_no``.
            notify: Whether the shop is told at all.
            repeats: How many times each notification is sent, side by side.
            delay_s: Wait before the first try.
            status: Text of ``trade_status``; any other than this one pays nothing and is sent once.
            wrong_sign: Forge the notification; pays nothing and is sent once.
            wrong_pid: Sign it rightly, but for another merchant; pays nothing and is sent once.

        Returns:
            The orders that the money went to.
        """
        command = {
            "out_trade_no": out_trade_no,
            "trade_no": trade_no,
            "method": method,
            "times": times,
            "notify": notify,
            "repeats": repeats,
            "delay_s": delay_s,
            "status": status,
            "wrong_sign": wrong_sign,
            "wrong_pid": wrong_pid,
        }
        if amount is not None:
            command["amount"] = amount
        return [CashierOrder(**order) for order in self._post("pay", command)["orders"]]

    def notify(
        self,
        out_trade_no: str = "",
        *,
        trade_no: str = "",
        repeats: int = 1,
        delay_s: float = 0.0,
        status: str = "TRADE_SUCCESS",
        wrong_sign: bool = False,
        wrong_pid: bool = False,
    ) -> None:
        """Notify about an order as it stands, as a back office can; no money moves, paid or not."""
        command = {
            "out_trade_no": out_trade_no,
            "trade_no": trade_no,
            "repeats": repeats,
            "delay_s": delay_s,
            "status": status,
            "wrong_sign": wrong_sign,
            "wrong_pid": wrong_pid,
        }
        self._post("notify", command)

    def fail_next(
        self,
        kind: FaultKind,
        *,
        target: Literal["mapi", "api"] | None = None,
        times: int = 1,
        delay_s: float = 0.0,
    ) -> None:
        """Have the next calls fail.

        Args:
            kind: ``error_500`` and ``drop_before``: nothing happens at the vendor. ``drop_after`` and
                ``half_body``: it happens, the shop does not learn of it. ``delay_before``: it happens and is
                answered after ``delay_s``, given up or not. ``delay_after``: it happens, answered late.
            target: Only calls of this page; else of either.
            times: How many calls.
            delay_s: For the two delays.
        """
        self._post("faults", {"kind": kind, "target": target, "times": times, "delay_s": delay_s})

    def change(self, **settings: object) -> None:
        """Change quirks until ``reset``: the names in ``state()["settings"]``."""
        self._post("settings", settings)

    def reset(self) -> None:
        """Be as freshly started: no orders, no faults, nothing under way, first settings."""
        self._post("reset", {})

    def wait_for_notifies(
        self,
        count: int = 1,
        *,
        of: Callable[[NotifyAttempt], bool] = lambda attempt: attempt.accepted,
        timeout_s: float = 10.0,
    ) -> list[NotifyAttempt]:
        """Wait until ``count`` tries (accepted ones, unless told otherwise) were made, and return them.

        Raises:
            TimeoutError: They were not; the message has all tries.
        """
        deadline = time.monotonic() + timeout_s
        while len(found := [attempt for attempt in self.notifies() if of(attempt)]) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"{len(found)} of {count} notifications after {timeout_s} s: {self.notifies()}"
                )
            time.sleep(POLL_EVERY_S)
        return found

    def _get(self, path: str) -> dict[str, Any]:
        return _checked(self._http.get(f"/{path}"))

    def _post(self, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        return _checked(self._http.post(f"/{path}", json=body))


@contextmanager
def running_cashier(
    *, pid: str = "1001", key: str = "sandbox-key", port: int = 0, options: tuple[str, ...] = ()
) -> Iterator[CashierControl]:
    """Run a cashier process for the length of the block; it outlives whatever happens to the shop meanwhile.

    Args:
        pid: Merchant number.
        key: Merchant key, handed over in the environment.
        port: 0 takes a free one.
        options: More command line options, such as ``("--answer-mode", "qrcode")``.

    Raises:
        RuntimeError: It did not start.
    """
    command = [sys.executable, "-m", "bot.sandbox.cashier", "--port", str(port), "--pid", pid]
    command += ["--key-env", "CASHIER_KEY", *options]
    process = subprocess.Popen(
        command, cwd=REPOSITORY, env={**os.environ, "CASHIER_KEY": key}, stdout=subprocess.PIPE, text=True
    )
    try:
        with CashierControl(_address(process), pid=pid, key=key, process_id=process.pid) as control:
            _wait_until_ready(control)
            yield control
    finally:
        _stop(process)


def _address(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    ready, _, _ = select.select([process.stdout], [], [], START_TIMEOUT_S)
    line = process.stdout.readline() if ready else ""
    if not line:
        raise RuntimeError(f"the cashier did not start (exit status {process.poll()})")
    return str(json.loads(line)["base_url"])


def _wait_until_ready(control: CashierControl) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            control.state()
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(POLL_EVERY_S)
        else:
            return


def _stop(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _checked(answer: httpx.Response) -> dict[str, Any]:
    """Return the JSON of an answer; a refused command shows its reason."""
    if answer.status_code == httpx.codes.BAD_REQUEST:
        raise ValueError(answer.json()["error"])
    answer.raise_for_status()
    body: dict[str, Any] = answer.json()
    return body
