"""What proves to Reloadly who we are: a bearer token (OAuth 2, client credentials). Pure functions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shop_core.kernel.secret import Secret
from shop_core.wire.reading import Facts, text_of
from suppliers.reading import count_of

EARLY: Final = timedelta(seconds=60)
"""So long before its end a token is not used any more."""
LONGEST_S: Final = 366 * 24 * 3600
"""A production token lives about 60 days; more than this is a mistake, and no reason to keep one for ever."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token, and when it is renewed."""

    text: Secret
    good_until: datetime


def token_request(key: str, secret: Secret, audience: str) -> bytes:
    """What ``/oauth/token`` is asked. ``audience``: the address of the service that the token is for."""
    told = {
        "client_id": key,
        "client_secret": secret.reveal(),
        "grant_type": "client_credentials",
        "audience": audience,
    }
    return json.dumps(told).encode()


def read_token(facts: Facts, now: datetime) -> Token | None:
    """The token of an answer; None: there is none, or it does not say how long it lives."""
    text, lives_s = text_of(facts, "access_token"), count_of(text_of(facts, "expires_in"))
    # Only what may stand in a header: a site in the middle must not write headers of ours.
    if not text.isascii() or not text.isprintable() or not text or lives_s is None:
        return None
    return Token(Secret(text), now + timedelta(seconds=min(lives_s, LONGEST_S)) - EARLY)


def headers(token: Token, accept: str) -> dict[str, str]:
    """What a request carries."""
    return {"Authorization": f"Bearer {token.text.reveal()}", "Accept": accept}
