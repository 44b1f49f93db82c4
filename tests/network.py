"""Keeps tests off the network: whatever leaves this machine is a mistake, and a slow and shaky one.

It holds for sockets of this process that Python opens. A subprocess, and a connection opened by uvloop (which
calls the system without asking Python), go past it.
"""

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock


class NetworkRefused(RuntimeError):
    """A test tried to leave the machine.

    Not an OSError: that would look like trouble outside, which the product knows how to live with.
    """


@contextmanager
def only_loopback() -> Iterator[None]:
    """Refuse to connect, send or resolve beyond loopback while this is entered."""
    connect, connect_ex, sendto = socket.socket.connect, socket.socket.connect_ex, socket.socket.sendto
    getaddrinfo = socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        _require_loopback(self, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        _require_loopback(self, address)
        return connect_ex(self, address)

    def guarded_sendto(self: socket.socket, data: bytes, *flags_and_address: Any) -> int:
        _require_loopback(self, flags_and_address[-1])
        return sendto(self, data, *flags_and_address)

    def guarded_getaddrinfo(host: str | bytes | None, *rest: Any, **named: Any) -> object:
        if not _resolves_here(host):
            message = f"a test asked for the address of {host!r}"
            raise NetworkRefused(message)
        return getaddrinfo(host, *rest, **named)

    with (
        mock.patch.object(socket.socket, "connect", guarded_connect),
        mock.patch.object(socket.socket, "connect_ex", guarded_connect_ex),
        mock.patch.object(socket.socket, "sendto", guarded_sendto),
        mock.patch.object(socket, "getaddrinfo", guarded_getaddrinfo),
    ):
        yield


def _require_loopback(channel: socket.socket, address: object) -> None:
    if channel.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    host = address[0] if isinstance(address, tuple) else None
    if not (isinstance(host, str) and (host == "localhost" or _is_loopback(host))):
        message = f"a test tried to reach {address!r}"
        raise NetworkRefused(message)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _resolves_here(host: str | bytes | None) -> bool:
    """Tell whether no name server is asked: for no host, the local one, or an address in figures."""
    name = host.decode() if isinstance(host, bytes) else host
    if not name or name == "localhost":
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
