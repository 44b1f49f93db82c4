"""Kinds of values in the config: each checks itself and says what it expects."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, PlainValidator, StringConstraints, ValidationInfo
from pydantic_core import PydanticCustomError

from admin_cmds.words import STAFF_WORDS
from bot.config_report import OUR_ERROR, show
from handlers.own_texts import find_mistakes
from handlers.words import CUSTOMER_WORDS
from shop_core.db.connect import BadDatabaseUrl, backend_of
from shop_core.kernel.money import BadAmount, minor_digits
from shop_core.kernel.secret import Secret
from shop_core.vault.vault import FINGERPRINT_KEY, BadVaultKeys, Vault, new_key

SESSION_SECRET_LENGTH: Final = 32
"""Characters that a secret of our own making has at least."""

_RATE: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")
_REFERENCE: Final = re.compile(r"(env|file):(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Sources:
    """Where secrets come from: the environment, and files, relative to the config's folder."""

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    folder: Path = Path()


def wrong(found: str, expected: str) -> PydanticCustomError:
    """An error in our words. ``found`` never holds the value of a secret."""
    return PydanticCustomError(
        OUR_ERROR, "found {found}; expected {expected}", {"found": found, "expected": expected}
    )


# ---------------------------------------------------------------------------------------------------- secrets


def resolve_secret(value: object, info: ValidationInfo) -> Secret:
    """Fetch a secret from where the config says that it is. One that was fetched already stays as it is."""
    if isinstance(value, Secret):
        return value
    reference = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
    if reference is None:
        raise wrong(
            "a value (not shown)", "env:NAME or file:PATH in quotes: no secret stands in the config itself"
        )
    sources = info.context if isinstance(info.context, Sources) else Sources()
    return (
        _from_environment(reference[2], sources)
        if reference[1] == "env"
        else _from_file(reference[2], sources)
    )


def _from_environment(name: str, sources: Sources) -> Secret:
    text = sources.environ.get(name, "").strip()
    if not text:
        raise wrong(f"no environment variable {name}", f"{name} to be set, and not empty")
    return Secret(text)


def _from_file(name: str, sources: Sources) -> Secret:
    path = sources.folder / name
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise wrong(f"no readable file {path} ({reason})", "a text file with the secret in it") from None
    if not text:
        raise wrong(f"an empty file {path}", "a text file with the secret in it")
    return Secret(text)


def _check_vault_key(key: Secret) -> Secret:
    """Try a key in a vault of its own, so that each bad key is named, not only the first."""
    try:
        Vault("tried", {"tried": key, FINGERPRINT_KEY: Secret(new_key())})
    except BadVaultKeys:
        raise wrong(
            "something else (not shown)", "32 bytes in base64, as `kapu vault new-key` makes them"
        ) from None
    return key


def _check_keys_differ(keys: Mapping[str, Secret]) -> Mapping[str, Secret]:
    if len(set(keys.values())) != len(keys):
        raise wrong("the same key under two names", "a key of its own for each name")
    return keys


def _check_session_secret(secret: Secret) -> Secret:
    if len(secret.reveal()) < SESSION_SECRET_LENGTH:
        expected = f"at least {SESSION_SECRET_LENGTH} characters; `kapu vault new-key` makes good ones"
        raise wrong("a shorter text (not shown)", expected)
    return secret


def _resolve_database_url(value: object, info: ValidationInfo) -> Secret:
    """A URL may stand in the config itself as long as it has no password in it."""
    if isinstance(value, str) and not _REFERENCE.fullmatch(value):
        if re.search(r"//[^/@]*:[^/@]*@|[?&]password=", value):
            raise wrong(
                "a URL with a password (not shown)", "env:NAME or file:PATH: the URL is a secret then"
            )
        value = Secret(value)
    url = resolve_secret(value, info)
    try:
        backend_of(url.reveal())
    except BadDatabaseUrl:
        raise wrong("a URL of nothing we know", "sqlite:///FILE or postgresql://USER@HOST/NAME") from None
    return url


SecretText = Annotated[Secret, PlainValidator(resolve_secret)]
SessionSecret = Annotated[Secret, PlainValidator(resolve_secret), AfterValidator(_check_session_secret)]
DatabaseUrl = Annotated[Secret, PlainValidator(_resolve_database_url)]

# ------------------------------------------------------------------------------------------- numbers and files


def _read_rate(value: object) -> Decimal:
    """An exact number: a float of TOML would be another one."""
    if isinstance(value, Decimal):
        return value
    if not isinstance(value, str) or not _RATE.fullmatch(value) or not Decimal(value):
        raise wrong(show(value), 'a number above zero, in quotes: "7.2"')
    return Decimal(value)


def find_file(value: object, info: ValidationInfo) -> Path:
    """A file beside the config."""
    if isinstance(value, Path):
        return value
    sources = info.context if isinstance(info.context, Sources) else Sources()
    path = sources.folder / value if isinstance(value, str) else None
    if path is None or not path.is_file():
        raise wrong("no file there", "the name of a file; a relative path starts at the config's folder")
    return path


Rate = Annotated[Decimal, PlainValidator(_read_rate)]


def _find_texts(value: object, info: ValidationInfo) -> Path:
    """The folder of an owner's own texts, every text of it checked."""
    if isinstance(value, Path):
        return value
    sources = info.context if isinstance(info.context, Sources) else Sources()
    folder = sources.folder / value if isinstance(value, str) else None
    if folder is None or not folder.is_dir():
        raise wrong("no folder there", "the name of a folder; a relative path starts at the config's folder")
    mistakes = find_mistakes(folder, (CUSTOMER_WORDS, STAFF_WORDS))
    if mistakes:
        more = f" (and {len(mistakes) - 1} more)" if len(mistakes) > 1 else ""
        raise wrong(f"{mistakes[0]}{more}", "texts as docs/texts.md has them")
    return folder


TextsFolder = Annotated[Path, PlainValidator(_find_texts)]
"""A folder of texts."""

FilePath = Annotated[Path, PlainValidator(find_file)]

# ------------------------------------------------------------------------------------------------------ names

Yes = Annotated[bool, Field(strict=True)]
InstanceName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,19}$")]
"""The name of a channel or a gateway: short, because it is part of links and of callback addresses."""

KeyId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,19}$")]
"""The name of a vault key: it stands in every text sealed under it."""

VaultKey = Annotated[Secret, PlainValidator(resolve_secret), AfterValidator(_check_vault_key)]
VaultKeys = Annotated[
    Mapping[KeyId, VaultKey], AfterValidator(_check_keys_differ), AfterValidator(MappingProxyType)
]

Owner = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,19}:\S{1,64}$")]


EPAY_FIELDS: Final = (
    "pid",
    "trade_no",
    "out_trade_no",
    "money",
    "trade_status",
    "status",
    "sign",
    "sign_type",
)
"""What the shop reads of an epay site's callbacks and answers, by the usual names."""


def _check_epay_field(name: str) -> str:
    if name not in EPAY_FIELDS:
        raise wrong("a key nobody knows", f"one of {', '.join(EPAY_FIELDS)}")
    return name


EpayField = Annotated[str, AfterValidator(_check_epay_field)]


def _check_currency(currency: str) -> str:
    try:
        minor_digits(currency)
    except BadAmount:
        raise wrong(
            show(currency), "the code of a currency that the shop knows: CNY, USD, EUR, HKD, …"
        ) from None
    return currency


def _check_timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder of zones
        raise wrong(show(name), "the name of a time zone: Asia/Shanghai, Europe/Berlin, …") from None
    return name


Currency = Annotated[str, AfterValidator(_check_currency)]


def _check_languages(languages: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(languages)) != len(languages):
        raise wrong("a language twice", "each language once")
    return languages


Timezone = Annotated[str, AfterValidator(_check_timezone)]
Languages = Annotated[tuple[Literal["zh", "en"], ...], AfterValidator(_check_languages)]

# -------------------------------------------------------------------------------------------------- addresses


def _check_address(address: str) -> str:
    """Insist on https, or on http to this machine itself: anything else can be read on the way."""
    try:
        parts = urlsplit(address)
        port_is_readable = parts.port is None or parts.port >= 0
    except ValueError:
        raise wrong("an address that cannot be read", "https://HOST/PATH") from None
    if parts.username or parts.password:
        raise wrong("an address with a password (not shown)", "https://HOST/PATH")
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port_is_readable:
        raise wrong(show(address), "https://HOST/PATH")
    if parts.query or parts.fragment:
        raise wrong(show(address), "an address without ? and #")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise wrong(
            show(address), "https:// (http:// only to this machine itself: anybody on the way could read it)"
        )
    return address


def _check_web_address(address: str) -> str:
    """An address whose owner has said elsewhere that others may read along."""
    secure = address.replace("http://", "https://", 1) if address.startswith("http://") else address
    _check_address(secure)
    return address


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _without_slash(address: str) -> str:
    return address.rstrip("/")


SafeAddress = Annotated[str, AfterValidator(_check_address)]
"""An https address, or http to loopback."""

AnyAddress = Annotated[str, AfterValidator(_check_web_address), AfterValidator(_without_slash)]
"""An address that need not be safe; whoever uses it insists on that."""

BaseAddress = Annotated[str, AfterValidator(_check_address), AfterValidator(_without_slash)]
"""A safe address that paths are added to; it ends without a slash."""
