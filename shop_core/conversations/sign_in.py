"""Staff in a browser: signed in by a one-time link from their chat, or by password and TOTP (RFC 6238).

A browser that is signed in acts as the member of staff it was signed in as: what he may do is looked up for him, with
every message anew.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import pyotp
from sqlalchemy import bindparam, delete, or_, select, update

from shop_core.conversations.models import SignInLink, StaffLogin, StaffSession
from shop_core.customers.models import Identity
from shop_core.customers.passwords import NOBODYS, Digest, count_try, digest_of, forget_tries, is_right
from shop_core.customers.people import Address, lock_survivor, meet
from shop_core.db.shop import Shop
from shop_core.db.tx import Tx, View
from shop_core.db.upsert import insert_or
from shop_core.kernel.errors import ShopError
from shop_core.kernel.secret import Secret
from shop_core.staff import audit
from shop_core.vault.vault import Vault

LINK_LASTS: Final = timedelta(minutes=10)
SESSION_LASTS: Final = timedelta(hours=12)
SHORTEST_PASSWORD: Final = 10
STAFF_BROWSER: Final = "s"
"""What the ids of browsers on the staff's page begin with. No customer's does: those are hexadecimal or digits."""

_TOKEN_BYTES: Final = 24
_TOKEN: Final = re.compile(r"[0-9A-Za-z_-]{32}")
_CODE: Final = re.compile(r"[0-9]{6}")
_STEPS_OFF: Final = (0, -1, 1)
"""A clock may be half a minute wrong, and a code may be typed slowly."""
_ACTING: Final = select(StaffSession.actor).where(
    StaffSession.channel == bindparam("on"),
    StaffSession.external_id == bindparam("who"),
    StaffSession.until > bindparam("now"),
)


class BadSignIn(ShopError):
    """Not a link that works, or not a name, password and code that belong together: which, is not told."""

    code = "conversations.bad_sign_in"


class BadCode(ShopError):
    """The six digits are not those of this half minute, or were used before."""

    code = "conversations.bad_code"


@dataclass(frozen=True, slots=True)
class StaffDoor:
    """Where the staff's page is.

    Attributes:
        url: Its address, such as ``https://shop.example.com/staff``; None: this shop has no web chat.
    """

    url: str | None

    def link(self, token: str) -> str:
        """The address that a one-time token opens."""
        return f"{self.url}/enter/{token}"


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a member of staff types into the sign-in page."""

    name: str
    password: Secret
    code: str


def make_link(tx: Tx, actor: str) -> str:
    """A token that signs somebody in as ``actor`` (``channel:id``), once, within ten minutes."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    tx.execute(
        insert_or(tx, SignInLink).values(digest=_hashed(token), actor=actor, until=tx.now + LINK_LASTS)
    )
    audit.record(tx, actor=actor, command="web link", details={})
    return token


def enter(tx: Tx, browser: Address, token: str) -> str:
    """Sign a browser in by a one-time link, which is used up.

    Returns:
        As whom.

    Raises:
        BadSignIn: Unknown, used, or too old.
    """
    if _TOKEN.fullmatch(token) is None:
        raise BadSignIn
    actor = tx.execute(
        delete(SignInLink)
        .where(SignInLink.digest == _hashed(token), SignInLink.until > tx.now)
        .returning(SignInLink.actor)
    ).scalar()
    if actor is None:
        raise BadSignIn
    _open_session(tx, browser, actor)
    return str(actor)


async def sign_in(shop: Shop, browser: Address, typed: SignIn) -> None:
    """Sign a browser in by name, password and code.

    Raises:
        BadSignIn: They do not belong together.
        TooManyTries: For this name.
    """
    subject = f"staff:{typed.name[:120]}"
    login = await shop.write(_count_and_find, typed.name, subject)
    is_known = await is_right(typed.password, NOBODYS if login is None else login.digest)
    if login is None or not is_known:
        raise BadSignIn
    step = _step_of(shop, login.totp, typed)
    if step is None:
        raise BadSignIn
    await shop.write(_finish, browser, typed.name, step, subject)


async def set_login(shop: Shop, actor: str, password: Secret) -> Secret:
    """Give a member of staff a password and a fresh TOTP secret; usable after ``confirm_login``.

    Returns:
        The ``otpauth://`` address for his authenticator, to be shown once.

    Raises:
        WeakPassword: Shorter than 10 characters.
    """
    digest = await digest_of(password, shortest=SHORTEST_PASSWORD)
    secret = pyotp.random_base32()
    sealed = shop.get(Vault).seal_bytes(secret.encode(), place=_place(actor))
    await shop.write(_keep_login, actor, digest, sealed)
    return Secret(pyotp.TOTP(secret).provisioning_uri(name=actor, issuer_name=shop.policy.name))


async def confirm_login(shop: Shop, actor: str, code: str) -> None:
    """The authenticator shows the right code: from now on password and code sign in.

    Raises:
        BadCode: It does not, or nothing was set.
    """
    login = await shop.read(_find_login, actor)
    step = None if login is None else _step_of(shop, login.totp, SignIn(actor, Secret(""), code))
    if step is None:
        raise BadCode
    await shop.write(_confirm, actor, step)


def acting_as(view: View, channel: str, external_id: str) -> str | None:
    """As whom a browser is signed in, or None: it is not, or not any more."""
    actor = view.execute(_ACTING, {"on": channel, "who": external_id, "now": view.now}).scalar()
    return None if actor is None else str(actor)


def sign_out(tx: Tx, browser: Address) -> None:
    """End a browser's session; it is nobody's from then on."""
    _close_sessions(tx, [browser])


def sign_out_everywhere(tx: Tx, actor: str) -> int:
    """End every session of a member of staff, and void his links. Returns how many sessions."""
    tx.execute(delete(SignInLink).where(SignInLink.actor == actor))
    rows = tx.execute(
        select(StaffSession.channel, StaffSession.external_id).where(StaffSession.actor == actor)
    ).all()
    _close_sessions(tx, [Address(row.channel, row.external_id) for row in rows])
    return len(rows)


def shut_out(tx: Tx, actor: str) -> None:
    """End every session of somebody who is staff no more, and forget his password."""
    sign_out_everywhere(tx, actor)
    tx.execute(delete(StaffLogin).where(StaffLogin.actor == actor))


def purge(tx: Tx) -> int:
    """Forget what is over: links, and sessions with the identities they lent. Returns how many."""
    links = tx.execute(delete(SignInLink).where(SignInLink.until <= tx.now)).rowcount
    rows = tx.execute(
        select(StaffSession.channel, StaffSession.external_id).where(StaffSession.until <= tx.now)
    ).all()
    _close_sessions(tx, [Address(row.channel, row.external_id) for row in rows])
    return links + len(rows)


@dataclass(frozen=True, slots=True)
class _Login:
    digest: Digest
    totp: bytes
    last_step: int | None


def _open_session(tx: Tx, browser: Address, actor: str) -> None:
    channel, _, external_id = actor.partition(":")
    person = meet(tx, channel=channel, external_id=external_id, name="", language="")
    person_id = lock_survivor(tx, person.person_id)
    # The browser is another place where this person is: what he is told reaches him there, too.
    where = {"channel": browser.channel, "external_id": browser.external_id}
    tx.execute(
        delete(Identity).where(
            Identity.channel == browser.channel, Identity.external_id == browser.external_id
        )
    )
    tx.execute(insert_or(tx, Identity).values(person_id=person_id, **where))
    lasts = {"actor": actor, "until": tx.now + SESSION_LASTS}
    tx.execute(
        insert_or(tx, StaffSession)
        .values(**where, **lasts)
        .on_conflict_do_update(index_elements=[StaffSession.channel, StaffSession.external_id], set_=lasts)
    )
    audit.record(tx, actor=actor, command="web enter", details={})


def _close_sessions(tx: Tx, browsers: list[Address]) -> None:
    for browser in browsers:
        for table in (StaffSession, Identity):
            tx.execute(
                delete(table).where(
                    table.channel == browser.channel, table.external_id == browser.external_id
                )
            )


def _count_and_find(tx: Tx, name: str, subject: str) -> _Login | None:
    count_try(tx, subject)
    login = _find_login(tx, name)
    return None if login is None or login.last_step is None else login


def _find_login(view: View, name: str) -> _Login | None:
    row = view.execute(
        select(StaffLogin.salt, StaffLogin.value, StaffLogin.totp, StaffLogin.last_step).where(
            StaffLogin.actor == name
        )
    ).first()
    return None if row is None else _Login(Digest(row.salt, row.value), row.totp, row.last_step)


def _step_of(shop: Shop, sealed: bytes, typed: SignIn) -> int | None:
    """Which half minute a code belongs to, or None: none that counts now."""
    if _CODE.fullmatch(typed.code) is None:
        return None
    secret = shop.get(Vault).open_bytes(sealed, place=_place(typed.name)).decode()
    totp, now = pyotp.TOTP(secret), shop.clock.now()
    steps = (totp.timecode(now) + off for off in _STEPS_OFF)
    return next((step for step in steps if hmac.compare_digest(totp.generate_otp(step), typed.code)), None)


def _finish(tx: Tx, browser: Address, name: str, step: int, subject: str) -> None:
    _use_step(tx, name, step, BadSignIn())
    forget_tries(tx, subject)
    _open_session(tx, browser, name)


def _confirm(tx: Tx, actor: str, step: int) -> None:
    _use_step(tx, actor, step, BadCode())
    audit.record(tx, actor=actor, command="web password", details={})


def _use_step(tx: Tx, actor: str, step: int, refusal: ShopError) -> None:
    """A code works once, however often it is sent."""
    is_new = or_(StaffLogin.last_step.is_(None), StaffLogin.last_step < step)
    used = tx.execute(update(StaffLogin).where(StaffLogin.actor == actor, is_new).values(last_step=step))
    if used.rowcount != 1:
        raise refusal


def _keep_login(tx: Tx, actor: str, digest: Digest, sealed: bytes) -> None:
    kept = {
        "salt": digest.salt,
        "value": digest.value,
        "totp": sealed,
        "last_step": None,
        "set_at": tx.now,
    }
    tx.execute(
        insert_or(tx, StaffLogin)
        .values(actor=actor, **kept)
        .on_conflict_do_update(index_elements=[StaffLogin.actor], set_=kept)
    )


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _place(actor: str) -> str:
    return f"staff_logins:{actor}"
