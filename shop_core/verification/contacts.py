"""Phone numbers and addresses of e-mail, as people type them and as they are kept. Pure."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, PhoneNumberType

from shop_core.kernel.secret import Secret
from shop_core.verification.errors import BadEmail, BadPhone

LONGEST_EMAIL: Final = 120
_ENDS: Final = 4
"""Digits that are shown at the end of a number."""
_TO_A_PERSON: Final = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})


class Kind(StrEnum):
    """What kind of contact."""

    PHONE = "phone"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Contact:
    """One way to reach somebody.

    Attributes:
        value: A number as E.164 has it (``+8613812341234``), or an address in small letters.
        echo: What may be shown: ``138****1234``, ``a***@example.com``.
        country: Two letters, of a number; empty where it belongs to none.
    """

    kind: Kind
    value: Secret
    echo: str
    country: str = ""

    @property
    def known_as(self) -> str:
        """What its fingerprint is made of."""
        return f"contact:{self.kind.value}:{self.value.reveal()}"


def parse_phone(text: str, country: str) -> Contact:
    """A number of somebody's own, however it is written.

    Args:
        country: Whose number it is without a country code.

    Raises:
        BadPhone: There can be no such number, or it is none of a person: of a hotline, or rented without a name.
    """
    try:
        number = phonenumbers.parse(unicodedata.normalize("NFKC", text), country)
    except NumberParseException:
        raise BadPhone from None
    if not phonenumbers.is_valid_number(number) or phonenumbers.number_type(number) not in _TO_A_PERSON:
        raise BadPhone
    value = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    region = phonenumbers.region_code_for_number(number) or ""
    return Contact(Kind.PHONE, Secret(value), _masked_phone(number, is_at_home=region == country), region)


def parse_email(text: str) -> Contact:
    """An address of e-mail. Nobody is asked whether it exists: the code that is sent there is the proof.

    Raises:
        BadEmail: It is none.
    """
    try:
        found = validate_email(
            unicodedata.normalize("NFKC", text).strip(), check_deliverability=False, allow_smtputf8=False
        )
    except EmailNotValidError:
        raise BadEmail from None
    value = (found.ascii_email or "").lower()
    if not 0 < len(value) <= LONGEST_EMAIL:
        raise BadEmail
    name, _, host = value.partition("@")
    return Contact(Kind.EMAIL, Secret(value), f"{name[:1]}***@{host}")


def _masked_phone(number: PhoneNumber, *, is_at_home: bool) -> str:
    digits = phonenumbers.national_significant_number(number)
    shown = digits[: max(0, min(3, len(digits) - 2 * _ENDS))] if is_at_home else ""
    code = "" if is_at_home else f"+{number.country_code} "
    return f"{code}{shown}****{digits[-_ENDS:]}"
