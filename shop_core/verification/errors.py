"""Refusals about verified contacts. Each leaves everything as it was, but for a try that is counted."""

from __future__ import annotations

from shop_core.kernel.errors import ShopError


class VerificationNeeded(ShopError):
    """Not before he has shown that a phone number, or an e-mail address, is his; ``ask`` says which."""

    code = "verification.needed"


class BadPhone(ShopError):
    """Not a number that a person can be called by."""

    code = "verification.bad_phone"


class BadEmail(ShopError):
    """Not an address of e-mail."""

    code = "verification.bad_email"


class NoWay(ShopError):
    """The shop sends no codes of that kind, or not to that country."""

    code = "verification.no_way"


class NotHisOwn(ShopError):
    """What the channel told is somebody else's contact, or one that was passed on."""

    code = "verification.not_his_own"


class ContactTaken(ShopError):
    """It verifies somebody else already. Told only to who has shown that it is his."""

    code = "verification.taken"


class TooManyCodes(ShopError):
    """Enough was sent for now."""

    code = "verification.too_many"


class NotACode(ShopError):
    """Not six digits. Not counted as a try."""

    code = "verification.not_a_code"


class WrongCode(ShopError):
    """Not the one that was sent; ``left`` says how often may be tried again."""

    code = "verification.wrong_code"


class CodeOver(ShopError):
    """None was sent, it is too old, or was tried too often."""

    code = "verification.code_over"


class StillNeeded(ShopError):
    """Without it he could not use the shop: it can be changed, not removed."""

    code = "verification.still_needed"
