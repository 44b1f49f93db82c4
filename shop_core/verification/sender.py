"""Whoever brings a code to a number or an address."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from shop_core.kernel.secret import Secret
from shop_core.verification.contacts import Contact, Kind
from shop_core.verification.errors import NoWay


class CodeRefused(Exception):
    """Whoever was to send it certainly did not, and would not the next time either."""


@dataclass(frozen=True, slots=True)
class CodeMessage:
    """One code on its way.

    Attributes:
        key: Ours for it, the same however often it is tried: 10 letters and digits.
        to: The number or address.
        code: Six digits; they are in ``text``, too.
        subject: For a letter.
        language: Of the text: ``zh``, ``en``.
    """

    key: str
    to: Secret
    code: Secret
    subject: str
    text: Secret
    language: str


class CodeSender(Protocol):
    """One way to bring a code."""

    async def send(self, message: CodeMessage) -> None:
        """Hand it over, once.

        Raises:
            CodeRefused: It was not taken, for good.
            RetryLater: It was not taken now.
            Unknown: Nobody knows.
        """
        ...


class CodeSenders:
    """The ways that the owner has set up."""

    def __init__(
        self, senders: Mapping[Kind, CodeSender] | None = None, countries: Collection[str] = ()
    ) -> None:
        """Take them.

        Args:
            countries: Where codes are sent to by phone, two letters each. Far ones are dear, and that is what those earn
                by who make shops send codes.
        """
        self._senders = dict(senders or {})
        self._countries = frozenset(countries)

    def has(self, kind: Kind) -> bool:
        """Whether a code can be sent that way at all."""
        return kind in self._senders

    def get_for(self, contact: Contact) -> CodeSender:
        """Who brings a code there.

        Raises:
            NoWay: Nobody.
        """
        is_near = contact.kind is not Kind.PHONE or contact.country in self._countries
        if not is_near or contact.kind not in self._senders:
            raise NoWay
        return self._senders[contact.kind]
