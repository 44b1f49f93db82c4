"""Who may open a socket."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import structlog
from starlette.requests import HTTPConnection

from bot.channels.webchat.origin import is_from_our_page
from bot.channels.webchat.session import Sessions

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Gate:
    """Who may open a socket.

    Attributes:
        sessions: What knows the page's cookie.
        origins: Origins of our pages besides the host that the socket is asked from.
        admits: A further condition on the handshake.
    """

    sessions: Sessions
    origins: Collection[str]
    admits: Callable[[HTTPConnection], bool]

    def device_of(self, handshake: HTTPConnection) -> str | None:
        """The device behind a handshake, or None: it is to be refused."""
        if not is_from_our_page(handshake, self.origins):
            _log.warning("webchat.refused", reason="origin")
            return None
        if not self.admits(handshake):
            _log.warning("webchat.refused", reason="not_on_this_machine")
            return None
        return self.sessions.device_of(handshake.cookies)
