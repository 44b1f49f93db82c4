"""Where a request comes from: a page of ours, this machine, somebody else."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


def is_from_our_page(request: HTTPConnection, allowed: Collection[str]) -> bool:
    """Whether the page that opens a socket is ours.

    A browser sends our cookie for a foreign page too, but says whose page it is.

    Args:
        request: The handshake.
        allowed: Further origins, such as ``https://shop.example``, for a proxy that changes the host.
    """
    origin = request.headers.get("origin", "").lower()
    host = request.headers.get("host", "").lower()
    return origin in allowed or (bool(host) and origin in {f"http://{host}", f"https://{host}"})


def is_on_this_machine(request: HTTPConnection) -> bool:
    """Whether the client is on loopback, asked for a loopback name, and no proxy brought it here.

    The name counts because a foreign page may have its own name resolve to 127.0.0.1.
    """
    client = request.client
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname
    return (
        client is not None
        and _is_loopback(client.host)
        and host is not None
        and _is_loopback(host)
        and not any(name in request.headers for name in _FORWARDED)
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
