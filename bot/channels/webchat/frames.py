"""What a page says: the frames of the wire protocol, checked, and as they wait in the inbox.

The page's side is ``page/connection.js``. Every message of a person has an id that the page made; under it
the page repeats the message until it is told that we have it.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

from handlers.incoming import LONGEST_LINK, Link, Text, Upload

LONGEST_TEXT: Final = 4_000
"""Characters a person may say at once."""

LARGEST_FILE: Final = 2 * 1024 * 1024
"""Bytes of a file, as the page promises."""

_LONGEST_FILE_NAME: Final = 255


class BadFrame(Exception):
    """No page of ours would say that."""


class TooLong(Exception):
    """A person may have meant it, but it is more than we take."""


def _is_short_link(link: str) -> str:
    if len(link.encode()) > LONGEST_LINK:
        raise ValueError("too long")
    return link


def _is_storable(text: str) -> str:
    # PostgreSQL's text holds every character but this one.
    if "\0" in text:
        raise ValueError("has a zero byte")
    return text


MessageId = Annotated[str, StringConstraints(pattern=r"^c-[0-9a-f-]{1,60}$")]
ShortLink = Annotated[str, AfterValidator(_is_short_link), AfterValidator(_is_storable), Field(repr=False)]
Said = Annotated[str, AfterValidator(_is_storable), Field(repr=False)]
FileName = Annotated[
    str, StringConstraints(max_length=_LONGEST_FILE_NAME), AfterValidator(_is_storable), Field(repr=False)
]


class _Frame(BaseModel):
    # Whatever is refused or printed: what a person said is not in it.
    model_config = ConfigDict(frozen=True, strict=True, hide_input_in_errors=True)


class Hello(_Frame):
    """The first frame of a socket; ``resume`` when the page already shows a conversation."""

    type: Literal["hello"]
    resume: bool = False


class Press(_Frame):
    """A pressed button."""

    type: Literal["press"]
    id: MessageId
    link: ShortLink


class Say(_Frame):
    """Typed text."""

    type: Literal["say"]
    id: MessageId
    text: Said


class SendFile(_Frame):
    """A chosen file, its content in base64."""

    type: Literal["file"]
    id: MessageId
    name: FileName
    content: Annotated[str, Field(repr=False)]

    def decoded(self) -> bytes:
        """The file's bytes.

        Raises:
            BadFrame: Not base64.
        """
        try:
            return base64.b64decode(self.content, validate=True)
        except (binascii.Error, ValueError):
            raise BadFrame from None


class Seen(_Frame):
    """News is on the screen."""

    type: Literal["seen"]
    id: Annotated[str, StringConstraints(max_length=64)]


class Later(_Frame):
    """News came, but nobody can see the page: it is in the closed corner of another site's page."""

    type: Literal["later"]
    id: Annotated[str, StringConstraints(max_length=64)]


class Ping(_Frame):
    """A page that has heard nothing for a while asks whether its line still leads here."""

    type: Literal["ping"]


Message = Press | Say | SendFile
"""What a person does: kept in the inbox, worked off in order."""


class Stored(_Frame):
    """A message, or the wish for a home screen, as it waits in the inbox.

    Attributes:
        language: What the browser says the person reads, such as ``zh-cn``; may be empty.
    """

    language: str
    frame: Annotated[Hello | Message, Field(discriminator="type")]


Frame = Hello | Message | Seen | Later | Ping
"""Whatever a page says."""

_FRAMES: Final = TypeAdapter[Frame](
    Annotated[Frame, Field(discriminator="type")],
    config=ConfigDict(hide_input_in_errors=True),
)


def read_frame(text: str) -> Frame:
    """Check what came over the wire.

    Raises:
        BadFrame: Not of the protocol.
    """
    try:
        frame = _FRAMES.validate_json(text)
    except ValidationError:
        raise BadFrame from None
    return frame


def require_moderate(message: Message) -> None:
    """Insist that a message is not more than we take.

    Raises:
        TooLong: It is.
        BadFrame: A file that is not base64.
    """
    if isinstance(message, Say) and len(message.text) > LONGEST_TEXT:
        raise TooLong
    if isinstance(message, SendFile) and len(message.decoded()) > LARGEST_FILE:
        raise TooLong


def content_of(frame: Hello | Message) -> Link | Text | Upload:
    """What the shop is asked; who opens the page anew asks for its front."""
    match frame:
        case Hello():
            return Link("")
        case Press():
            return Link(frame.link)
        case Say():
            return Text(frame.text)
        case SendFile():
            return Upload(frame.name, frame.decoded())
