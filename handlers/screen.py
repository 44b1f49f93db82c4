"""What a person sees: one screen, the same for every channel, which draws it as well as it can."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from shop_core.kernel.money import Money
from shop_core.kernel.secret import Secret

SCREEN_SLOT: Final = "screen"
"""The one screen that follows a person through the shop, replaced as he walks."""


def order_slot(number: str) -> str:
    """The one message of an order, replaced as the order moves on."""
    return f"order:{number}"


class Style(StrEnum):
    """How much weight a line has. Channels without styles show all of them as they are."""

    PLAIN = "plain"
    TITLE = "title"
    STRONG = "strong"
    MUTED = "muted"
    WARNING = "warning"
    QUOTE = "quote"
    """Somebody's own words: shown as they were written, and apart from ours."""
    DEADLINE = "deadline"
    """Says in words what ``Screen.deadline`` says; a channel that shows the moment itself leaves the line out."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text, as plain characters: nothing in it is markup."""

    text: str
    style: Style = Style.PLAIN


@dataclass(frozen=True, slots=True)
class Code:
    """A code for its owner. Hidden until touched where the channel can; never in a preview."""

    secret: Secret


class Weight(StrEnum):
    """What a button is to the screen."""

    NORMAL = ""
    PRIMARY = "primary"
    DANGER = "danger"


@dataclass(frozen=True, slots=True)
class LinkButton:
    """Goes to a link of ours, at most 64 bytes."""

    text: str
    link: str
    weight: Weight = Weight.NORMAL


@dataclass(frozen=True, slots=True)
class UrlButton:
    """Opens a page outside."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class CopyButton:
    """Puts a text on the person's clipboard."""

    text: str
    secret: Secret


@dataclass(frozen=True, slots=True)
class ShareButton:
    """Hands a public link of ours on to others. A channel without an address for it leaves it out.

    Attributes:
        link: One of ``deep_links.PUBLIC``.
        title: What is said beside the address.
    """

    text: str
    link: str
    title: str


@dataclass(frozen=True, slots=True)
class ContactButton:
    """Sends the person's own phone number, where his channel knows it. Any other leaves it out.

    Attributes:
        hint: Words for beside the button, where it stands apart from the screen.
    """

    text: str
    hint: str


Button = LinkButton | UrlButton | CopyButton | ShareButton | ContactButton


@dataclass(frozen=True, slots=True)
class Qr:
    """A text to draw as a QR code, with words for those who cannot see it."""

    text: str
    alt: str


@dataclass(frozen=True, slots=True)
class Bill:
    """Money that the channel itself takes: what the screen says becomes a message that can be paid.

    Attributes:
        number: Of the payment; the channel repeats it with the money.
        title: What it is for, in a few words.
        amount: In the currency that the channel takes.
        pay: Words of the button that pays.
        link: A public link of ours: where a copy leads that somebody passed on.
    """

    number: str
    title: str
    amount: Money
    pay: str
    link: str


@dataclass(frozen=True, slots=True)
class File:
    """A file for the person. Its content is a secret when codes are in it."""

    name: str
    content: Secret | bytes

    @property
    def is_secret(self) -> bool:
        """Whether nobody but him may have it: a channel that can keeps it from being passed on."""
        return isinstance(self.content, Secret)

    @property
    def bytes(self) -> bytes:
        """What is in it, on its way to him."""
        return self.content.reveal().encode() if isinstance(self.content, Secret) else self.content


@dataclass(frozen=True, slots=True)
class Attachment:
    """A picture or a file that somebody sent, for whoever it was meant for.

    Attributes:
        message_id: The message of a thread that it came with: by it a channel may fetch it later.
    """

    message_id: int
    name: str = field(repr=False)
    content: bytes = field(repr=False)
    is_picture: bool


@dataclass(frozen=True, slots=True)
class Prompt:
    """The person's next free text means ``link/<text>``.

    Attributes:
        is_secret: What he types is nobody else's to read: a channel that can does not show it.
        takes_files: A picture or a file is as good an answer.
    """

    link: str
    placeholder: str
    is_secret: bool = False
    takes_files: bool = False


@dataclass(frozen=True, slots=True)
class Screen:
    """Everything about one message.

    Attributes:
        lines: Text and codes, top to bottom. The first line is what a notification shows: never a code.
        rows: Buttons, row by row.
        slot: Which earlier message of this chat it replaces; None replaces none.
        news: The person waits for it: shown as a new message, not as a silent edit; what it replaces goes away.
        toast: A short notice beside the screen (at most 200 characters).
        deadline: A moment the text speaks of, for channels that can show it live.
        tells: The cause of queued news that this screen tells already; once it is shown, that news is not sent.
        kept: A link that waits beside the chat for what comes next, without asking for anything.
        menu: The person's commands are others from here on: a channel with menus hangs his anew.
        quiet: Only changes the message that shows its slot: where none does, nothing is shown and nobody disturbed.
        bill: Drawn only by a channel whose own gateway it is of.
        clears_upload: The file that it answers holds secrets and is safe with us: its message goes away where it can.
    """

    lines: tuple[Line | Code, ...]
    rows: tuple[tuple[Button, ...], ...] = ()
    slot: str | None = SCREEN_SLOT
    news: bool = False
    qr: Qr | None = None
    bill: Bill | None = None
    file: File | None = None
    attachment: Attachment | None = None
    prompt: Prompt | None = None
    toast: str | None = None
    deadline: datetime | None = None
    tells: str | None = None
    kept: str | None = None
    menu: bool = False
    quiet: bool = False
    clears_upload: bool = False

    @property
    def waits_for(self) -> str | None:
        """What the person's next message belongs to."""
        return self.kept if self.prompt is None else self.prompt.link

    def with_toast(self, text: str) -> Screen:
        """The same screen with a short notice."""
        return replace(self, toast=text)

    def as_news(self) -> Screen:
        """The same screen as a new message."""
        return replace(self, news=True)

    def telling(self, cause: str) -> Screen:
        """The same screen, taking the place of queued news."""
        return replace(self, tells=cause)
