"""What goes wrong with sending codes, for whoever runs the shop: the customer is only told that it does."""

from __future__ import annotations

import structlog

from shop_core.kernel.errors import RetryLater, Unknown
from shop_core.verification.sender import CodeMessage, CodeRefused, CodeSender

_log = structlog.get_logger(__name__)


class Watched:
    """A ``CodeSender`` that says what another one could not do: neither where to, nor which code."""

    def __init__(self, way: str, sender: CodeSender) -> None:
        self._way = way
        self._sender = sender

    async def send(self, message: CodeMessage) -> None:
        """Send it. Raises as the other one does."""
        try:
            await self._sender.send(message)
        except (CodeRefused, RetryLater, Unknown) as error:
            _log.warning("verification.not_sent", way=self._way, id=message.key, reason=str(error))
            raise
