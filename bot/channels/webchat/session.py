"""Who is looking at the page: a random device id in a signed cookie that no script can read."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from starlette.responses import Response

from shop_core.kernel.secret import Secret

LIFETIME: Final = timedelta(days=400)
"""As long as browsers keep a cookie at all; each look at the page begins it anew."""

_DEVICE_BYTES: Final = 16
_COOKIE = re.compile(r"([0-9a-z]{1,32})\.([0-9a-f]{64})")


class Sessions:
    """Makes and checks the cookies of one page. Another page's or shop's cookie is worth nothing here."""

    def __init__(self, page: str, secret: Secret, *, is_secure: bool) -> None:
        """Prepare the key.

        Args:
            page: Name of the page, part of the cookie's name and of what is signed.
            secret: Whoever has it can be anybody.
            is_secure: Whether the page is served by https only; its cookie then never leaves without it.
        """
        self._key = hmac.digest(secret.reveal().encode(), f"kapu web chat: {page}".encode(), hashlib.sha256)
        # With this prefix a browser refuses the cookie from anybody but this very host, over https.
        self.cookie_name = f"__Host-kapu-{page}" if is_secure else f"kapu-{page}"
        self.inside_cookie_name = f"{self.cookie_name}-inside"
        self._is_secure = is_secure

    def new_device(self) -> str:
        """An id that nobody can guess and nobody has: 128 random bits."""
        return secrets.token_hex(_DEVICE_BYTES)

    def device_of(self, cookies: Mapping[str, str]) -> str | None:
        """The device that a cookie proves, or None: no cookie, or not ours. Compared in constant time.

        Inside a page of the shop's own site a browser sends both; who he is there, he is on the shop's page.
        """
        found = (self._proven(cookies.get(name, "")) for name in (self.cookie_name, self.inside_cookie_name))
        return next((device for device in found if device is not None), None)

    def _proven(self, cookie: str) -> str | None:
        match = _COOKIE.fullmatch(cookie)
        if match is None or not hmac.compare_digest(match[2], self._signature(match[1])):
            return None
        return match[1]

    def remember(self, response: Response, device: str) -> None:
        """Have the browser keep the device's cookie."""
        response.set_cookie(
            self.cookie_name,
            f"{device}.{self._signature(device)}",
            max_age=int(LIFETIME.total_seconds()),
            path="/",
            secure=self._is_secure,
            httponly=True,
            samesite="lax",
        )

    def remember_inside(self, response: Response, device: str) -> None:
        """Have the browser keep the device's cookie for a page that is shown inside another site's.

        Browsers keep such a cookie only if it says that it is for this pair of sites (CHIPS,
        draft-ietf-httpbis-rfc6265bis with ``Partitioned``) and secure; to loopback they count http as that. Python's
        own cookies know the word from 3.14 on.
        """
        response.headers.append(
            "set-cookie",
            f"{self.inside_cookie_name}={device}.{self._signature(device)}; "
            f"Max-Age={int(LIFETIME.total_seconds())}; Path=/; HttpOnly; Secure; SameSite=None; Partitioned",
        )

    def _signature(self, device: str) -> str:
        return hmac.digest(self._key, device.encode(), hashlib.sha256).hex()
