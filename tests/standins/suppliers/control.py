"""The control interface: ``POST /control/ACTION`` with JSON, for tests and for whoever shows the shop."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.standins.suppliers.faults import KINDS, Fault, Faults
from tests.standins.suppliers.vendor import Letter, Vendor
from tests.standins.suppliers.world import Goods, Order

TRIES = 5


class Control:
    """Moves a vendor's world, orders faults, tells shops."""

    def __init__(self, vendor: Vendor, faults: Faults) -> None:
        self._vendor, self._faults = vendor, faults
        self._under_way: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Tell nobody any more."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def route(self) -> Route:
        return Route("/control/{action}", self._act, methods=["POST"])

    async def _act(self, request: Request) -> JSONResponse:
        told = await request.json()
        action = getattr(self, f"do_{request.path_params['action']}")
        return JSONResponse(action(**told) or {})

    def do_state(self) -> dict[str, Any]:
        """The books."""
        return self._vendor.world.as_json()

    def do_reset(self) -> None:
        """Be as freshly started."""
        self._vendor.world.reset()
        self._faults.queue.clear()
        for task in self._under_way:
            task.cancel()

    def do_set(self, **changes: Any) -> None:
        """Change ``balance``, ``clock_offset_s`` or, in ``options``, what the vendor's own folder names."""
        for name, value in changes.items():
            setattr(self._vendor.world, name, value)

    def do_goods(self, id: str, **changes: Any) -> None:  # noqa: A002 - the name on the wire
        """Change goods, or add some."""
        goods = self._vendor.world.goods.setdefault(id, Goods(id, f"goods {id}", 100, codes=["C"]))
        for name, value in changes.items():
            setattr(goods, name, value)

    def do_stock_up(self, first: int, count: int) -> None:
        """Add many goods."""
        for number in range(first, first + count):
            self.do_goods(str(number))

    def do_fault(self, kind: str, path: str = "", times: int = 1) -> None:
        """Have the next calls fail."""
        assert kind in KINDS
        self._faults.queue += [Fault(kind, path)] * times  # type: ignore[arg-type]  # checked above

    def do_finish(self, number: str, state: str = "done", delivered: int | None = None) -> None:
        """End an order, and tell the shop if it gave an address."""
        order = self._order(number)
        self._vendor.world.finish(order, state, delivered)  # type: ignore[arg-type]  # the books' own words
        letter = self._vendor.letter(order, is_forged=False)
        if order.callback_url and letter:
            task = asyncio.get_running_loop().create_task(self._tell(order.callback_url, letter))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    def do_letter(self, number: str, is_forged: bool = False) -> dict[str, Any]:
        """What the vendor would tell about an order now."""
        letter = self._vendor.letter(self._order(number), is_forged=is_forged)
        assert letter is not None
        body = b64encode(letter.body).decode()
        return {"method": letter.method, "headers": letter.headers, "body": body}

    def _order(self, number: str) -> Order:
        order = self._vendor.world.by_number(number)
        assert order is not None
        return order

    async def _tell(self, url: str, letter: Letter) -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
            for again in range(TRIES):
                try:
                    answer = await client.request(
                        letter.method, url, headers=letter.headers, content=letter.body
                    )
                except httpx.TransportError:
                    pass
                else:
                    if self._vendor.is_heard(answer.status_code, answer.content):
                        return
                await asyncio.sleep(0.1 * 2**again)
