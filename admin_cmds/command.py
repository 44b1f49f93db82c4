"""What a command is, and what it is given to work with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import click

from admin_cmds.links import GO, HOLD, LONGEST_STORED, link_to
from handlers.incoming import Upload
from handlers.screen import Line, LinkButton, Screen, Weight
from handlers.words import Phrases
from shop_core.customers.people import Address
from shop_core.db.shop import Shop
from shop_core.kernel.errors import ShopError
from shop_core.kernel.money import Money
from shop_core.messaging.tell_staff import address_of
from shop_core.staff.roles import RIGHTS, Right, Role

_HALF_A_DAY: Final = timedelta(hours=12)


class NoSuchCommand(ShopError):
    """No command begins with these words, or it is not for this role: both are answered alike."""

    code = "admin.no_command"


class Misused(ShopError):
    """The command is known and its words are not as it is written. Nothing was run."""

    code = "admin.misused"


class Unfinished(Misused):
    """So far so good, but something is missing: in the chat it is asked for."""

    code = "admin.unfinished"


class ShellOnly(ShopError):
    """Too much work for a process that has customers to answer."""

    code = "admin.shell_only"


class TooLong(ShopError):
    """More words than can wait for a confirmation."""

    code = "admin.too_long"


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a command is carried out.

    Attributes:
        actor: Who does it, for the audit log: ``channel:id`` or ``shell:user``.
        role: What he was when his message came.
        upload: The file that came with the command.
        message: The message's own id on its channel: the same when it is answered again.
        text: What came with the command to be passed on as it was written.
        on_progress: Told how many lines of a file are done.
        is_shell: Nobody presses buttons here: questions are asked and answered on the terminal.
        browser: The browser that the actor is signed in with, if it is one.
    """

    shop: Shop
    say: Phrases
    language: str
    actor: str
    role: Role
    upload: Upload | None = None
    message: str = ""
    text: str = field(default="", repr=False)
    on_progress: Callable[[int], None] | None = None
    is_shell: bool = False
    browser: Address | None = None

    def money(self, amount: Money) -> str:
        """An amount as the reader writes it."""
        return self.say.money(amount)

    def moment(self, at: datetime) -> str:
        """A moment that has passed; what is less than half a day ago needs no date."""
        is_long_ago = self.shop.clock.now() - at > _HALF_A_DAY
        return self.say.day(at) if is_long_ago else self.say.clock(at)

    def named(self, words: Sequence[str], en: str | None = None) -> dict[str, str]:
        """What was typed is in the shop's first language; ``--en`` adds the English."""
        names = {self.shop.policy.languages[0]: " ".join(words).strip()}
        return names if en is None else {**names, "en": en.strip()}

    def may(self, right: Right) -> bool:
        """Whether who is here has a right."""
        return right in RIGHTS[self.role]

    @property
    def where(self) -> Address:
        """The chat that this is: a browser, or somebody's own."""
        return self.browser or address_of(self.actor)

    @property
    def only_types(self) -> bool:
        """Whether this chat has nothing to touch, and takes no file."""
        return not self.is_shell and self.where.channel in self.shop.policy.textual_channels

    def button(
        self, key: str, *words: str, weight: Weight = Weight.NORMAL, **values: str | int
    ) -> LinkButton:
        """A button that runs a command."""
        return LinkButton(self.say(key, **values), link_to(*words), weight)

    def home_button(self) -> LinkButton:
        """Back to the first screen."""
        return LinkButton(self.say("admin.button.home"), link_to())


@dataclass(frozen=True, slots=True)
class Question(Screen):
    """A screen that asks whether to go on. ``held`` is the command that "yes" runs.

    It waits beside the chat, because it does not fit into a button. The button names the key, so it never runs
    anything but what stood above it.
    """

    held: tuple[str, ...] = ()


def ask_first(lines: tuple[Line, ...], yes: str, held: tuple[str, ...], key: str, no: LinkButton) -> Question:
    """Ask before doing something that is not taken back.

    Args:
        yes: What the button says it will do.
        held: The command to run then.
        key: A fresh one-time key: the button's, and that of a command which would do harm if done twice.
        no: The way out.

    Raises:
        TooLong: The command does not fit where it has to wait.
    """
    rows = ((LinkButton(yes, link_to(GO, key), Weight.DANGER),), (no,))
    kept = link_to(HOLD, key, *held)
    if len(kept) > LONGEST_STORED:
        raise TooLong
    return Question(lines, rows, kept=kept, held=held)


Run = Callable[..., Awaitable[Screen]]
Guide = Callable[[Desk, tuple[str, ...]], Awaitable[Screen | None]]


@dataclass(frozen=True, slots=True)
class Command:
    """One command: a button, a typed line and a shell command at once.

    ``click`` only parses here: it writes nothing, asks nothing and opens no file.

    Attributes:
        name: One or two words.
        run: Called with the desk and the parameters by name.
        example: A line that works as it stands, without a slash.
        needs: The right that it takes.
        params: In click's declarations.
        takes_sign: An argument may begin with a minus, so ``-5`` is no option.
        takes_file: The shell's last argument names a file, or ``-`` for standard input; the chat is sent one.
        guide: In the chat, asks for what is missing in its own way; given the words after the name, it may decline.
        is_step: Only buttons have it: nobody has to know how it is written.
    """

    name: str
    run: Run
    example: str
    needs: Right
    params: tuple[click.Parameter, ...] = ()
    takes_sign: bool = False
    takes_file: bool = False
    guide: Guide | None = None
    is_step: bool = False
    parser: click.Command = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        settings = {"ignore_unknown_options": self.takes_sign}
        parser = click.Command(
            self.name, params=list(self.params), add_help_option=False, context_settings=settings
        )
        object.__setattr__(self, "parser", parser)

    @property
    def word(self) -> str:
        """Its part of a catalogue's keys: ``variant_add``."""
        return self.name.replace(" ", "_")

    def is_for(self, role: Role) -> bool:
        """Whether somebody of this role may run it."""
        return self.needs in RIGHTS[role]
