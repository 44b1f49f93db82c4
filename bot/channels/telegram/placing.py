"""Where a screen goes, into a message that is there or below all others, and what it makes stale. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from handlers.screen import SCREEN_SLOT, Screen
from shop_core.messaging.shown import Shown


@dataclass(frozen=True, slots=True)
class Placing:
    """What becomes of the messages that are there.

    Attributes:
        edit: This one becomes the screen; None: a new message does.
        stale: These go away.
    """

    edit: Shown | None = None
    stale: tuple[Shown, ...] = ()


def after_press(
    screen: Screen, *, pressed: Shown | None, existing: Shown | None, asked_at: datetime
) -> Placing:
    """Place the answer to a button.

    The pressed message turns into the answer if it shows the same thing, or is the screen that follows the
    person. The message of an order stays when its buttons lead elsewhere: what it shows is worth keeping.

    Args:
        pressed: The message with the button; None if we do not know it any more.
        existing: The message that the answer replaces, wherever it is.
        asked_at: When the press reached us. A message newer than that is the answer to an earlier press of
            the same button: it takes this answer too, instead of getting a twin.
    """
    if screen.slot is None:
        return Placing()
    if screen.news:
        return Placing(stale=_known(existing))
    if pressed is not None and pressed.place.slot in {screen.slot, SCREEN_SLOT}:
        is_same = existing is not None and existing.place.message_ref == pressed.place.message_ref
        return Placing(edit=pressed, stale=() if is_same else _known(existing))
    if existing is not None and existing.shown_at >= asked_at:
        return Placing(edit=existing)
    return Placing(stale=_known(existing))


def after_words(screen: Screen, *, existing: Shown | None, walked: Shown | None) -> Placing:
    """Place the answer to something written: below it, and the screen that was above goes away.

    Args:
        existing: The message that the answer replaces.
        walked: The screen that follows the person.
    """
    if screen.slot is None:
        return Placing()
    return Placing(stale=tuple(dict.fromkeys((*_known(existing), *_known(walked)))))


def as_news(screen: Screen, *, existing: Shown | None) -> Placing:
    """Place what nobody asked for just now: news below, where it is noticed; a quiet change where it was."""
    if screen.news:
        return Placing(stale=_known(existing))
    return Placing(edit=existing)


def _known(shown: Shown | None) -> tuple[Shown, ...]:
    return () if shown is None else (shown,)
