"""Calls to addresses that somebody else named: to the world only, never to a machine of our own network."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

import httpx

from shop_core.wire.certificates import certificates
from shop_core.wire.site import Limits, Site

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

LIMITS: Final = Limits(whole_call_s=15)
_NAT64: Final = IPv6Network("64:ff9b::/96")


class Outlet:
    """Sites by addresses that a stranger named."""

    def __init__(self, transport: Callable[[], httpx.AsyncBaseTransport]) -> None:
        """Take what makes the transport of one call."""
        self._transport = transport

    @asynccontextmanager
    async def to(self, url: str) -> AsyncIterator[Site]:
        """The site at exactly this address, for the length of the block."""
        async with httpx.AsyncClient(transport=self._transport(), timeout=LIMITS.whole_call_s) as client:
            yield Site("callback", url, client, LIMITS)


class PrivateAddress(httpx.ConnectError):
    """The name leads into a network of our own. Nothing was sent."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """All addresses of a name."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class WorldOnly(httpx.AsyncBaseTransport):
    """Looks a name up once, refuses it if any of its addresses is not the world's, and connects to what it looked up.

    To look it up again for connecting would let the name's owner answer otherwise the second time.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport, look_up: Resolve = resolve) -> None:
        """Take what really sends."""
        self._inner = inner
        self._look_up = look_up

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request whose host is the world's.

        Raises:
            PrivateAddress: It is not.
            httpx.ConnectError: The name has no address.
        """
        host = request.url.host
        try:
            addresses = await self._look_up(host, request.url.port or 443)
        except OSError as error:
            raise httpx.ConnectError("no address", request=request) from error
        if not addresses or not all(is_the_worlds(address) for address in addresses):
            raise PrivateAddress("not an address of the world", request=request)
        # The certificate is checked for the name, and the headers keep it.
        pinned = httpx.Request(
            request.method,
            request.url.copy_with(host=addresses[0]),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": host},
        )
        return await self._inner.handle_async_request(pinned)

    async def aclose(self) -> None:
        """Close what really sends."""
        await self._inner.aclose()


def is_the_worlds(text: str) -> bool:
    """Tell whether an address is reachable by everybody, and does not stand for one that is not."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    match address:
        case IPv4Address():
            return address.is_global and not address.is_multicast
        case IPv6Address():
            stands_for_another = (
                address.ipv4_mapped or address.sixtofour or address.teredo or address in _NAT64
            )
            return address.is_global and not address.is_multicast and not stands_for_another


def to_the_world() -> httpx.AsyncBaseTransport:
    """The transport of a running shop."""
    return WorldOnly(httpx.AsyncHTTPTransport(verify=certificates(), trust_env=False))
