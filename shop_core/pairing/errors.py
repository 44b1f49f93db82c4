"""Refusals about linking channels. Each leaves everything as it was."""

from __future__ import annotations

from shop_core.kernel.errors import ShopError


class BadPairingCode(ShopError):
    """Unknown, used by somebody else, or too old: which, is not told."""

    code = "pairing.bad_code"


class PairingOver(ShopError):
    """There is nothing to say yes or no to (any more), or not for him."""

    code = "pairing.over"


class AlreadyOne(ShopError):
    """The code is his own: both channels are one person's already."""

    code = "pairing.already_one"


class LentBrowser(ShopError):
    """A browser in which a member of staff is signed in for some hours is no channel of his."""

    code = "pairing.lent"


class NoSuchIdentity(ShopError):
    """Not there, or not his (any more)."""

    code = "pairing.no_identity"


class LastIdentity(ShopError):
    """The only channel that he is on: without it nobody could reach his orders and his balance."""

    code = "pairing.last"
