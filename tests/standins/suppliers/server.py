"""The server around a vendor, in a thread of the test's process or in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware

from tests.standins.suppliers.control import Control
from tests.standins.suppliers.driver import SupplierControl
from tests.standins.suppliers.faults import CuttableHttp, Faults, FaultyWire
from tests.standins.suppliers.vendor import Vendor

_LOOK_S = 0.1


class _PromptServer(uvicorn.Server):
    """uvicorn that stops at once: the original looks up only every tenth of a second, several times over."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_told = asyncio.Event()

    async def main_loop(self) -> None:
        while not self.should_exit:
            await self.on_tick(0)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.is_told.wait(), _LOOK_S)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for listener in sockets or ():
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        for task in self.server_state.tasks:
            task.cancel()
        await asyncio.gather(*self.server_state.tasks, return_exceptions=True)


def vendor_of(protocol: str) -> Vendor:
    """A fresh vendor: the ``VENDOR`` that the protocol's folder has."""
    vendor: Vendor = import_module(f"tests.standins.suppliers.{protocol}").VENDOR()
    return vendor


def listen(port: int) -> socket.socket:
    """A listening socket on loopback; asyncio turns Nagle's algorithm off only where the protocol is named."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(128)
    return listener


async def serve(protocol: str, listener: socket.socket, stop: asyncio.Event) -> None:
    """Serve until told to stop."""
    vendor, faults = vendor_of(protocol), Faults()
    control = Control(vendor, faults)
    app = Starlette(
        routes=[*vendor.routes(), control.route()],
        middleware=[Middleware(FaultyWire, faults=faults)],
    )
    config = uvicorn.Config(
        app, http=CuttableHttp, loop="asyncio", ws="none", lifespan="off", log_config=None, access_log=False
    )
    server = _PromptServer(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    told = asyncio.create_task(stop.wait())
    await asyncio.wait({told, running}, return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    server.is_told.set()
    told.cancel()
    await running
    await control.close()


@contextmanager
def running_supplier(protocol: str) -> Iterator[SupplierControl]:
    """Run a vendor in a thread for the length of the block."""
    listener = listen(0)
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    def run() -> None:
        # uvicorn installs signal handlers in the main thread only.
        loop.run_until_complete(serve(protocol, listener, stop))
        loop.close()

    thread = threading.Thread(target=run, name=f"{protocol} stand-in")
    thread.start()
    try:
        with SupplierControl(f"http://127.0.0.1:{listener.getsockname()[1]}") as control:
            yield control
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        listener.close()
