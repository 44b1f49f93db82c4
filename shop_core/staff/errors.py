"""Refusals about staff."""

from __future__ import annotations

from shop_core.kernel.errors import ShopError


class NoSuchMember(ShopError):
    """Nobody of the staff, or not any more."""

    code = "staff.no_member"


class MayNotGrant(ShopError):
    """A role that is not his to give, change or take. Nothing changed."""

    code = "staff.may_not_grant"


class IsOwner(ShopError):
    """Owners are named in the config, and only there."""

    code = "staff.is_owner"


class BadActor(ShopError):
    """Not ``channel:id``."""

    code = "staff.bad_actor"


class BadInvitation(ShopError):
    """Unknown, used, too old, taken back, or of somebody who may not invite any more: which, is not told."""

    code = "staff.bad_invitation"


class AlreadyStaff(ShopError):
    """Whoever brings the invitation is staff already. It can still be used."""

    code = "staff.already"
