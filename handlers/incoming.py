"""What came from a person, whichever channel it came through."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

LONGEST_LINK: Final = 64
"""Bytes of UTF-8: what a Telegram button carries; the narrowest of the channels."""
LONGEST_SAID: Final = 200
"""A free text longer than this is neither a search nor a quantity; the rest of it is not looked at."""


def storable(text: str) -> str:
    """The text without what PostgreSQL or UTF-8 cannot hold: zero characters, halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode("utf-8")


@dataclass(frozen=True, slots=True)
class Link:
    """A pressed button, a deep link, a typed command. A stranger's word, whatever button it came from.

    Attributes:
        is_typed: A command that somebody wrote: it may mean something else to staff than the button of that name.
    """

    path: str
    is_typed: bool = field(default=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", storable(self.path))


@dataclass(frozen=True, slots=True)
class Text:
    """Free text. Not printed: it may be for somebody else's eyes."""

    text: str = field(repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", storable(self.text))


@dataclass(frozen=True, slots=True, repr=False)
class Upload:
    """A picture or file somebody sent, and the words that came under it.

    Its content may be codes: it has no repr, and goes nowhere but into an import or a thread.
    """

    name: str
    content: bytes
    text: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", storable(self.name))
        object.__setattr__(self, "text", storable(self.text))


@dataclass(frozen=True, slots=True)
class Contact:
    """A phone number that somebody sent as a contact, not as a text.

    Attributes:
        is_own: The channel says that it is his own, and that he sent it himself.
    """

    phone: str = field(repr=False)
    is_own: bool

    def __post_init__(self) -> None:
        object.__setattr__(self, "phone", storable(self.phone))


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message of one person.

    Attributes:
        channel: The channel instance's name in the config.
        external_id: The person's id there.
        name: What the channel calls him.
        language: What the channel says he reads, such as ``zh-hans``; may be empty.
        message: The message's own id on the channel, the same when it is answered again; may be empty.
        replies_to: The channel's id of the message of ours that it is a reply to; empty: none.
    """

    channel: str
    external_id: str
    name: str
    language: str
    content: Link | Text | Upload | Contact
    message: str = ""
    replies_to: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", storable(self.name))
        object.__setattr__(self, "language", storable(self.language))
