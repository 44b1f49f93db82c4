"""A person with a Telegram client, in the hand of a test."""

from __future__ import annotations

import asyncio
import time
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from tests.standins.telegram.refusals import ImpossibleError, Json
from tests.standins.telegram.shown import (
    Answer,
    Button,
    CheckoutState,
    ShownFile,
    ShownMessage,
    shown_message,
)
from tests.standins.telegram.transcript import render_messages

Found = TypeVar("Found")
Wanted = str | Callable[[ShownMessage], object]
"""A part of the text, or a predicate."""


class NeverShownError(AssertionError):
    """What a person waited for did not come; says what was there instead."""


class Ask(Protocol):
    """How actions reach the stand-in."""

    def __call__(self, action: str, **arguments: Any) -> Any: ...


@dataclass(frozen=True, slots=True)
class Pressed:
    """What a press did: asked the bot (``callback``), opened an address, copied a text, or sent a text."""

    kind: str
    value: str
    query_ids: tuple[str, ...] = ()


class TelegramUser:
    """One person in a private chat with one bot.

    Writing and pressing are done when the method returns; what the bot does about it is awaited with
    ``wait_for``, which looks only at messages that are new or changed since this person's latest action.
    """

    def __init__(self, ask: Ask, token: str, person_id: int, name: str) -> None:
        self._ask = ask
        self._token = token
        self.id = person_id
        self.name = name
        self._since = 0

    def with_bot(self, token: str) -> TelegramUser:
        """The same person in a chat with another bot."""
        return TelegramUser(self._ask, token, self.id, self.name)

    # ------------------------------------------------------------------------------------------------ writing

    def say(self, text: str, *, chat_id: int | None = None, reply_to: ShownMessage | None = None) -> int:
        """Send a text (to a group with ``chat_id``), perhaps as a reply; the id of the message."""
        return self._message_id("say", text=text, chat_id=chat_id, reply_to=reply_to and reply_to.id)

    def start(self, payload: str = "") -> int:
        """Open the bot by its link, which also takes back a block."""
        return self._message_id("start", payload=payload)

    def send_document(
        self,
        name: str,
        content: bytes,
        *,
        caption: str = "",
        mime_type: str = "application/octet-stream",
        reply_to: ShownMessage | None = None,
    ) -> int:
        """Send a file, perhaps as a reply."""
        body = b64encode(content).decode()
        file = {"kind": "document", "name": name, "mime_type": mime_type, "content": body}
        return self._message_id("send_file", **file, caption=caption, reply_to=reply_to and reply_to.id)

    def send_photo(self, content: bytes, *, caption: str = "", reply_to: ShownMessage | None = None) -> int:
        """Send a picture: PNG, JPEG or GIF; perhaps as a reply."""
        body = b64encode(content).decode()
        file = {"kind": "photo", "name": "photo.jpg", "mime_type": "image/jpeg", "content": body}
        return self._message_id("send_file", **file, caption=caption, reply_to=reply_to and reply_to.id)

    def share_number(self, phone: str) -> int:
        """Press the button below the chat that sends one's own number.

        Raises:
            ImpossibleError: there is no such button.
        """
        if not self.is_asked_for_number:
            raise ImpossibleError("nobody asks for a number")
        return self.send_contact(phone, self.id)

    def send_contact(self, phone: str, user_id: int | None, *, is_passed_on: bool = False) -> int:
        """Send anybody's contact, or pass on somebody's."""
        about = {"phone": phone, "user_id": user_id, "is_passed_on": is_passed_on}
        return self._message_id("send_contact", **about)

    @property
    def is_asked_for_number(self) -> bool:
        """Whether a button to send it hangs below the chat."""
        return bool(self.number_button)

    @property
    def number_button(self) -> str:
        """What is written on it; empty where there is none."""
        keyboard = self._view()["reply_keyboard"]
        buttons = [button for row in (keyboard or {"keyboard": []})["keyboard"] for button in row]
        asking = (button for button in buttons if isinstance(button, dict) and button.get("request_contact"))
        return next((str(button["text"]) for button in asking), "")

    def edit(self, message_id: int, text: str) -> None:
        """Change a text of one's own."""
        self._message_id("edit", message_id=message_id, text=text)

    # ----------------------------------------------------------------------------------------------- pressing

    def press(
        self,
        target: str,
        *,
        message: ShownMessage | int | None = None,
        forge: bool = False,
        times: int = 1,
    ) -> Pressed:
        """Press the button with these words or this callback data; by default on the newest message with one.

        Args:
            target: words on the button, or its callback data, address or text to copy.
            message: the message whose button is meant.
            forge: send ``target`` as callback data though no such button is there, as modified clients can.
            times: presses in a row, before anybody can answer.

        Raises:
            ImpossibleError: where there is no such button.
        """
        if forge:
            return self._send_press(self._forged_on(message), target, times, is_forged=True)
        keyboard_text = self._reply_keyboard_text(target) if message is None else None
        if keyboard_text is not None:
            self.say(keyboard_text)
            return Pressed("text", keyboard_text)
        found, button = self._find(target, message)
        if button.kind != "callback":
            return Pressed(button.kind, button.value)
        return self._send_press(found.id, button.value, times, is_forged=False)

    def press_twice(self, target: str, *, message: ShownMessage | int | None = None) -> Pressed:
        """Press twice in a row, before the first press is answered."""
        return self.press(target, message=message, times=2)

    def pay(
        self,
        *,
        message: ShownMessage | None = None,
        link: str | None = None,
        passed_on_by: TelegramUser | None = None,
        forge: bool = False,
    ) -> str:
        """Pay an invoice in Stars: the newest, the one given, or the one behind a link; the checkout's id.

        Args:
            passed_on_by: whose invoice it is, if not one's own.
            forge: Telegram takes the Stars without asking the bot.
        """
        message_id = message.id if message else None
        if message is None and link is None:
            bills = [shown for shown in self.messages() if "invoice" in shown.raw]
            if not bills:
                raise ImpossibleError("there is no invoice")
            message_id = bills[-1].id
        chat_id = None if passed_on_by is None else passed_on_by.id
        paid = self._act("pay", message_id=message_id, link=link, chat_id=chat_id, is_forged=forge)
        return str(paid["checkout_id"])

    def block(self) -> None:
        """Block the bot."""
        self._ask("set_blocked", token=self._token, person_id=self.id, is_blocked=True)

    def unblock(self) -> None:
        """Take the block back."""
        self._ask("set_blocked", token=self._token, person_id=self.id, is_blocked=False)

    def delete_account(self) -> None:
        """Leave Telegram."""
        self._ask("deactivate", person_id=self.id)

    # ------------------------------------------------------------------------------------------------ looking

    def messages(self) -> tuple[ShownMessage, ...]:
        """The conversation as it stands, after edits and deletions."""
        view = self._view()
        return tuple(shown_message(raw, self.id, view) for raw in view["messages"])

    @property
    def last(self) -> ShownMessage:
        """The newest message of the bot."""
        from_bot = [message for message in self.messages() if not message.is_mine]
        if not from_bot:
            raise ImpossibleError("the bot has written nothing")
        return from_bot[-1]

    @property
    def answers(self) -> tuple[Answer, ...]:
        """The answers to this person's presses, in the order of the presses."""
        return tuple(
            Answer(raw["id"], raw["data"], raw["text"], raw["show_alert"], raw["url"])
            for raw in self._view()["answers"]
        )

    @property
    def spinning(self) -> int:
        """How many presses the bot has not answered; their buttons show a spinner."""
        return int(self._view()["spinning"])

    @property
    def checkouts(self) -> tuple[CheckoutState, ...]:
        """This person's payments in Stars."""
        return tuple(CheckoutState(**raw) for raw in self._view()["checkouts"])

    @property
    def chat_actions(self) -> tuple[str, ...]:
        """What the bot was seen doing: ``typing``, ``upload_document`` …."""
        return tuple(self._view()["actions"])

    def read(self, file: ShownFile | None) -> bytes:
        """The bytes of a photo or document."""
        if file is None:
            raise ImpossibleError("there is no file in this message")
        return b64decode(self._ask("read_file", token=self._token, file_id=file.file_id))

    def transcript(self) -> str:
        """The conversation as text for a terminal."""
        return render_messages(self.messages(), self.name)

    # ------------------------------------------------------------------------------------------------ waiting

    def wait_for(self, wanted: Wanted, timeout: float = 5.0) -> ShownMessage:
        """Wait for a message of the bot, new or changed since this person's latest action.

        Args:
            wanted: a part of its text, or a predicate over it.
            timeout: seconds.

        Returns:
            The newest message that fits.

        Raises:
            NeverShownError: it did not come; the text has the whole conversation.
        """

        def find(view: Json) -> ShownMessage | None:
            for raw in reversed(view["messages"]):
                message = shown_message(raw, self.id, view)
                if not message.is_mine and message.changed_at > self._since and _fits(message, wanted):
                    return message
            return None

        return self._wait(find, timeout, f"{wanted!r} was never shown")

    async def wait_for_async(self, wanted: Wanted, timeout: float = 5.0) -> ShownMessage:  # noqa: ASYNC109
        """``wait_for`` for a test whose own event loop runs the bot."""
        return await asyncio.to_thread(self.wait_for, wanted, timeout)

    def wait_for_checkout(self, checkout_id: str, timeout: float = 5.0) -> CheckoutState:
        """Wait until a payment in Stars is paid, refused or expired: for the last, only time has to pass."""

        def find(_view: Json) -> CheckoutState | None:
            found = [one for one in self.checkouts if one.id == checkout_id]
            return found[0] if found and found[0].state != "waiting" else None

        return self._wait(find, timeout, "a checkout was never answered", look_every_s=0.5)

    def wait_until_answered(self, timeout: float = 5.0) -> tuple[Answer, ...]:
        """Wait until no button spins any more; the answers so far."""
        self._wait(lambda view: view["spinning"] == 0 or None, timeout, "a press was never answered")
        return self.answers

    def _wait(
        self,
        find: Callable[[Json], Found | None],
        timeout: float,
        complaint: str,
        *,
        look_every_s: float = 60.0,
    ) -> Found:
        deadline = time.monotonic() + timeout
        while True:
            view = self._view()
            found = find(view)
            if found is not None:
                return found
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                raise NeverShownError(f"{complaint}. The conversation:\n\n{self.transcript()}")
            self._ask("changed", seen=view["version"], timeout_s=min(left_s, look_every_s))

    # ------------------------------------------------------------------------------------------------ helpers

    def _view(self) -> Json:
        view: Json = self._ask("view", token=self._token, person_id=self.id)
        return view

    def _act(self, action: str, **arguments: Any) -> Json:
        done = self._ask(action, token=self._token, person_id=self.id, **arguments)
        self._since = done["version"]
        result: Json = done["result"]
        return result

    def _message_id(self, action: str, **arguments: Any) -> int:
        return int(self._act(action, **arguments)["message_id"])

    def _send_press(self, message_id: int, data: str, times: int, *, is_forged: bool) -> Pressed:
        done = self._act("press", message_id=message_id, data=data, times=times, is_forged=is_forged)
        return Pressed("callback", data, tuple(done["callback_query_ids"]))

    def _find(self, target: str, message: ShownMessage | int | None) -> tuple[ShownMessage, Button]:
        wanted_id = message.id if isinstance(message, ShownMessage) else message
        labels: list[str] = []
        for shown in reversed(self.messages()):
            if wanted_id in {None, shown.id}:
                button = shown.find_button(target)
                if button is not None:
                    return shown, button
                labels += shown.labels
        raise ImpossibleError(f"there is no button {target!r}; there are {labels}")

    def _forged_on(self, message: ShownMessage | int | None) -> int:
        if message is None:
            return self.last.id
        return message.id if isinstance(message, ShownMessage) else message

    def _reply_keyboard_text(self, target: str) -> str | None:
        keyboard = self._view()["reply_keyboard"]
        for row in keyboard["keyboard"] if keyboard else ():
            for button in row:
                text = button if isinstance(button, str) else button["text"]
                if text == target:
                    return target
        return None


def render_transcript(user: TelegramUser) -> str:
    """A person's conversation as text for a terminal."""
    return user.transcript()


def _fits(message: ShownMessage, wanted: Wanted) -> bool:
    return wanted in message.text if isinstance(wanted, str) else bool(wanted(message))
