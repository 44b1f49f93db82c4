"""What a form is made of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from admin_cmds.command import Desk
from admin_cmds.links import link_to
from handlers.screen import Button, Line, LinkButton, Weight
from shop_core.conversations.forms import FormState

Answers = Mapping[str, Any]

SAY: Final = "say"
"""The action of a typed answer."""
BACK: Final = "back"
DROP: Final = "drop"
MAKE: Final = "make"


@dataclass(frozen=True, slots=True)
class Here:
    """Somebody at a step of a form."""

    desk: Desk
    state: FormState

    @property
    def answers(self) -> Answers:
        """What he has answered so far."""
        return self.state.answers

    def link(self, action: str, *value: str) -> str:
        """Where a button of this step leads. It names the step, so that it does nothing once the form is further."""
        return link_to("form", self.state.key, self.state.step, action, *value)

    def button(
        self, key: str, action: str, *value: str, weight: Weight = Weight.NORMAL, **values: str | int
    ) -> LinkButton:
        """A button of this step."""
        return LinkButton(self.desk.say(key, **values), self.link(action, *value), weight)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a step says below its title.

    Attributes:
        rows: Its own buttons; the way back and the way out come below them.
        placeholder: What to type; empty: nothing is typed here.
    """

    lines: tuple[Line, ...]
    rows: tuple[tuple[Button, ...], ...] = ()
    placeholder: str = ""


@dataclass(frozen=True, slots=True)
class Next:
    """Where an answer leads."""

    step: str
    answers: Answers


Act = Callable[[Here, str], Awaitable[Next]]


@dataclass(frozen=True, slots=True)
class Step:
    """One question.

    Attributes:
        place: Which of the form's questions it is, from 1; 0 is the preview.
        acts: What its buttons, and typing (``SAY``), lead to. Raises a refusal, and the question is asked again.
    """

    place: int
    ask: Callable[[Here], Awaitable[Asked]]
    acts: Mapping[str, Act] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Form:
    """A form.

    Attributes:
        first: The step it begins with.
        length: How many questions it says it has.
        make: Does what the preview says, in one transaction with the form's end; what it returns is kept as answers. May
            raise a refusal: then nothing was done.
        done: The screen afterwards, also for whoever presses again.
    """

    first: str
    length: int
    steps: Mapping[str, Step]
    make: Callable[[Here, str], Awaitable[None]]
    done: Callable[[Here], Awaitable[Any]]
