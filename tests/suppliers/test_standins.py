"""The stand-ins themselves: as processes of their own, and telling shops until they hear."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shop_core.kernel.secret import Secret
from suppliers.kasushou.signing import is_genuine
from tests.standins.suppliers.driver import SupplierControl
from tests.standins.suppliers.kasushou.site import APIKEY
from tests.suppliers.contract import TLS, MovedClock
from tests.suppliers.drivers.kasushou import DRIVER
from tests.web.stage import serving

ROOT = Path(__file__).parents[2]


@pytest.fixture
def vendor() -> Iterator[SupplierControl]:
    command = [sys.executable, "-m", "tests.standins.suppliers", "kasushou"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        with SupplierControl(json.loads(process.stdout.readline())["base_url"]) as control:
            yield control
        process.send_signal(signal.SIGTERM)
    assert process.returncode == -signal.SIGTERM


async def test_a_vendor_in_a_process_of_its_own_tells_a_shop_until_it_hears(vendor: SupplierControl) -> None:
    heard: list[bytes] = []
    is_enough = asyncio.Event()

    async def hear(request: Request) -> Response:
        heard.append(await request.body())
        if len(heard) < 3:
            return Response("busy", 503)
        is_enough.set()
        return Response("ok")

    async with (
        serving(Starlette(routes=[Route("/heard", hear, methods=["POST"])])) as shop,
        httpx.AsyncClient(verify=TLS, trust_env=False) as client,
    ):
        url = f"http://127.0.0.1:{shop.port}/heard"
        await DRIVER.supplier(vendor.base_url, client, MovedClock()).place(DRIVER.later(callback_url=url))
        vendor.finish("K7M29QXD")
        await asyncio.wait_for(is_enough.wait(), 30)
    assert len(heard) == 3
    assert is_genuine(heard[0], Secret(APIKEY))
