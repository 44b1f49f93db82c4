"""What is refused about messages to the shop. Nothing is kept of a message that is refused."""

from __future__ import annotations

from shop_core.kernel.errors import ShopError


class NothingSaid(ShopError):
    """No text and no file."""

    code = "threads.nothing_said"


class TooLong(ShopError):
    """More text than one message holds on every channel."""

    code = "threads.too_long"


class FileTooLarge(ShopError):
    """More than is kept of one file."""

    code = "threads.file_too_large"


class TooFast(ShopError):
    """More messages in a minute than a person writes."""

    code = "threads.too_fast"


class TooManyWaiting(ShopError):
    """So many of his messages wait already that one more is not read any sooner."""

    code = "threads.too_many_waiting"


class NoSuchThread(ShopError):
    """Nobody wrote in it."""

    code = "threads.unknown"


class NoSuchMessage(ShopError):
    """Not there, not his, or without the file that is asked for."""

    code = "threads.no_message"
