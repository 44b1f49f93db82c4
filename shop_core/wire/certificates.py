"""Whose certificates we believe."""

import ssl
from functools import cache

import httpx


@cache
def certificates() -> ssl.SSLContext:
    """The authorities of the world, or those that ``SSL_CERT_FILE`` or ``SSL_CERT_DIR`` name; for ``httpx``'s ``verify``.

    Read once for all clients of a process: there are many, and each reading costs as much as several purchases.
    """
    return httpx.create_ssl_context()
