"""``python -m benchmarks.upstream``: a dujiao-next site with endless goods and a delay, in a process of its own.

Speaks the site's Open API over HTTP as its document has it and imports nothing of the shop's. Beside the signed pages it has
``/bare``: the same answers after the same delay for whoever does not sign, which is what the floor asks.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

import httpx
import uvicorn

KEY: Final = "bench-key"
SECRET: Final = "bench-secret-of-the-site"  # noqa: S105 - of a stand-in
FIRST_GOODS: Final = 1001
"""The number of the first product; its only SKU has the same."""
_BASE: Final = "/api/v1/upstream"
_BARE: Final = "/bare"
_ROOT: Final = Path(__file__).parent.parent
_STOP_S: Final = 10


@dataclass
class Site:
    """Endless stock of many goods. ``raised_percent``: by how much everything has become dearer since it opened."""

    goods: int
    delay_s: float
    raised_percent: int = 0
    changed: int | None = None
    numbers: Iterator[int] = field(default_factory=lambda: count(7_000_001))
    orders: dict[str, bytes] = field(default_factory=dict)

    def page(self, page: int, size: int, *, since: bool) -> bytes:
        """A page of the list; of the changed goods only, where somebody asks for changes and there are fewer."""
        total = self.changed if since and self.changed is not None else self.goods
        first = (page - 1) * size
        items = [self._product(FIRST_GOODS + place) for place in range(first, min(first + size, total))]
        return _json(ok=True, items=items, total=total, page=page, page_size=size)

    def one(self, number: int) -> bytes:
        return _json(ok=True, product=self._product(number))

    def sell(self, number: str, quantity: int) -> bytes:
        """Sold and delivered at once; told again to whoever repeats."""
        if number not in self.orders:
            ref = next(self.numbers)
            self.orders[number] = _json(
                ok=True,
                order_id=ref,
                order_no=f"DJ{ref}",
                status="delivered",
                amount=_yuan(self._price(FIRST_GOODS) * quantity),
                currency="CNY",
                fulfillment={
                    "type": "auto",
                    "payload": "\n".join(f"BENCH-{ref}-{place}" for place in range(quantity)),
                },
            )
        return self.orders[number]

    def _price(self, number: int) -> int:
        return (500 + number % 1000) * (100 + self.raised_percent) // 100

    def _product(self, number: int) -> dict[str, Any]:
        price = _yuan(self._price(number))
        sku = {
            "id": number,
            "sku_code": f"S{number}",
            "spec_values": {},
            "price_amount": price,
            "stock_status": "unlimited",
            "stock_quantity": -1,
            "is_active": True,
        }
        return {
            "id": number,
            "slug": f"goods-{number}",
            "title": {"zh-CN": f"黄金会员 {number}", "en": f"Gold member {number}"},
            "description": {"zh-CN": "<p>一张激活码，手机、平板、电视通用。</p>"},
            "price_amount": price,
            "fulfillment_type": "auto",
            "manual_form_schema": {},
            "is_active": True,
            "category_id": 1,
            "skus": [sku],
            "updated_at": "2026-11-01T00:00:00Z",
        }

    # -------------------------------------------------------------------------------------------------- over HTTP

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        status, said = await self._answer(scope, body)
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(said)).encode()),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": said})

    async def _answer(self, scope: Any, body: bytes) -> tuple[int, bytes]:  # noqa: ANN401 - ASGI
        path: str = scope["path"]
        if path == "/set":
            for name, value in json.loads(body).items():
                setattr(self, name, value)
            return 200, b"{}"
        if path.startswith(_BASE) and not _is_signed(scope, body):
            return 401, _json(ok=False, error_code="invalid_signature")
        await asyncio.sleep(self.delay_s)
        page = path.removeprefix(_BASE).removeprefix(_BARE)
        if page == "/products":
            asked = parse_qs(scope["query_string"].decode())
            number, size = int(asked["page"][0]), int(asked["page_size"][0])
            return 200, self.page(number, size, since="updated_after" in asked)
        if page.startswith("/products/"):
            return 200, self.one(int(page.rpartition("/")[2]))
        if page == "/orders":
            told = json.loads(body)
            return 200, self.sell(told["downstream_order_no"], told["quantity"])
        return 404, _json(ok=False, error_code="not_found")


def _is_signed(scope: Any, body: bytes) -> bool:  # noqa: ANN401 - ASGI
    headers = dict(scope["headers"])
    given = headers.get(b"dujiao-next-signature", b"").decode()
    moment = headers.get(b"dujiao-next-timestamp", b"").decode()
    digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
    text = f"{scope['method']}\n{scope['path']}\n{moment}\n{digest}"
    right = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
    return headers.get(b"dujiao-next-api-key") == KEY.encode() and hmac.compare_digest(right, given)


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02}"


def _json(**told: Any) -> bytes:  # noqa: ANN401 - whatever JSON holds
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


# -------------------------------------------------------------------------------------------------- as a process


@dataclass(frozen=True, slots=True)
class RemoteSite:
    """The site in its process, as its owner reaches it."""

    base_url: str

    @property
    def bare_url(self) -> str:
        """Where the same is answered to whoever does not sign."""
        return f"{self.base_url}{_BARE}"

    def set(self, **changes: object) -> None:
        """Change ``delay_s``, ``raised_percent``, ``changed`` or ``goods``."""
        httpx.post(f"{self.base_url}/set", json=changes, trust_env=False).raise_for_status()


@contextmanager
def upstream_process(*, goods: int = 1, delay_s: float = 0.0) -> Iterator[RemoteSite]:
    """Run a site for the length of the block. It ends by itself, too, should this process die."""
    command = [sys.executable, "-m", "benchmarks.upstream", "--goods", str(goods), "--delay-s", str(delay_s)]
    with subprocess.Popen(
        command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            if process.stdout is None or process.stdin is None:
                raise RuntimeError("the site has no pipes")
            yield RemoteSite(json.loads(process.stdout.readline())["base_url"])
            process.stdin.close()
            process.wait(_STOP_S)
        finally:
            process.kill()


def main() -> None:
    """Serve until standard input is closed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.upstream")
    parser.add_argument("--goods", type=int, default=1)
    parser.add_argument("--delay-s", type=float, default=0.0)
    options = parser.parse_args()
    uvicorn_config = uvicorn.Config(
        Site(options.goods, options.delay_s),
        http="httptools",
        loop="uvloop",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        timeout_keep_alive=60,
    )
    server = uvicorn.Server(uvicorn_config)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(1024)
        sys.stdout.write(json.dumps({"base_url": f"http://127.0.0.1:{listener.getsockname()[1]}"}) + "\n")
        sys.stdout.flush()
        asyncio.run(_serve(server, listener))


async def _serve(server: uvicorn.Server, listener: socket.socket) -> None:
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    await asyncio.to_thread(sys.stdin.read)
    server.should_exit = True
    await serving


if __name__ == "__main__":
    main()
