"""The server around a vendor, in a thread of the test's process or in a process of its own."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware

from tests.standins.prompt import KEEP_ALIVE_S, PromptServer, listen
from tests.standins.suppliers.control import Control
from tests.standins.suppliers.driver import SupplierControl
from tests.standins.suppliers.faults import CuttableHttp, Faults, FaultyWire
from tests.standins.suppliers.vendor import Vendor


def vendor_of(protocol: str) -> Vendor:
    """A fresh vendor: the ``VENDOR`` that the protocol's folder has."""
    vendor: Vendor = import_module(f"tests.standins.suppliers.{protocol}").VENDOR()
    return vendor


async def serve(protocol: str, listener: socket.socket, stop: asyncio.Event) -> None:
    """Serve until told to stop."""
    vendor, faults = vendor_of(protocol), Faults()
    control = Control(vendor, faults)
    app = Starlette(
        routes=[*vendor.routes(), control.route()],
        middleware=[Middleware(FaultyWire, faults=faults)],
    )
    config = uvicorn.Config(
        app,
        http=CuttableHttp,
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_keep_alive=KEEP_ALIVE_S,
    )
    server = PromptServer(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    told = asyncio.create_task(stop.wait())
    await asyncio.wait({told, running}, return_when=asyncio.FIRST_COMPLETED)
    server.stop()
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
