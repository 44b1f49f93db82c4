"""What may stand in the config as an address."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit


def is_web_address(text: str) -> bool:
    """Tell whether the text is an ``http`` or ``https`` address with a host, and nothing around it."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    is_bare = bool(text) and text == text.strip()
    return is_bare and parts.scheme in {"http", "https"} and bool(parts.hostname)


def keeps_secrets(text: str) -> bool:
    """Tell whether what is sent to this address is read by nobody on the way: HTTPS, or the machine itself."""
    if not is_web_address(text):
        return False
    parts = urlsplit(text)
    return parts.scheme == "https" or _is_loopback(parts.hostname or "")


def is_plain(text: str) -> bool:
    """Tell whether pages may be appended to the address: no query, no fragment, nobody's name in it."""
    parts = urlsplit(text)
    return not (parts.query or parts.fragment or parts.username)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
