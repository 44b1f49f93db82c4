"""What a person sees, as values: messages, buttons, files, answers; and what the bot called."""

from __future__ import annotations

from dataclasses import dataclass

from tests.standins.telegram.entities import utf16_slice
from tests.standins.telegram.refusals import Json

_BUTTON_KINDS = {"callback_data": "callback", "url": "url", "copy_text": "copy", "pay": "pay"}


@dataclass(frozen=True, slots=True)
class Button:
    """A button; ``value`` is its callback data, address or text to copy."""

    text: str
    kind: str
    value: str
    style: str | None = None


@dataclass(frozen=True, slots=True)
class ShownFile:
    """A photo or document in a message."""

    file_id: str
    unique_id: str
    name: str
    mime_type: str
    size: int
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """One message as it stands now; ``text`` is also the caption of a photo or document, or what a bill says."""

    id: int
    is_mine: bool
    text: str
    entities: tuple[Json, ...]
    rows: tuple[tuple[Button, ...], ...]
    photo: ShownFile | None
    document: ShownFile | None
    changed_at: int
    is_silent: bool
    raw: Json

    @property
    def buttons(self) -> tuple[Button, ...]:
        """All buttons, row by row."""
        return tuple(button for row in self.rows for button in row)

    @property
    def labels(self) -> tuple[str, ...]:
        """The words on the buttons."""
        return tuple(button.text for button in self.buttons)

    @property
    def spoilers(self) -> tuple[str, ...]:
        """The texts that are hidden until tapped."""
        return self.marked("spoiler")

    @property
    def is_edited(self) -> bool:
        return "edit_date" in self.raw

    @property
    def is_protected(self) -> bool:
        return bool(self.raw.get("has_protected_content"))

    def marked(self, kind: str) -> tuple[str, ...]:
        """The parts of the text under entities of one kind, such as ``code`` or ``spoiler``."""
        return tuple(
            utf16_slice(self.text, entity["offset"], entity["length"])
            for entity in self.entities
            if entity["type"] == kind
        )

    def find_button(self, wanted: str) -> Button | None:
        """The button with these words, or this value."""
        for button in self.buttons:
            if wanted in {button.text, button.value}:
                return button
        return None


@dataclass(frozen=True, slots=True)
class Answer:
    """The toast (or alert) that answered a press; the text may be empty."""

    query_id: str
    data: str
    text: str
    is_alert: bool
    url: str


@dataclass(frozen=True, slots=True)
class CheckoutState:
    """A payment in Stars: waiting, paid, refused or expired."""

    id: str
    state: str
    error: str
    charge_id: str


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the bot; ``unknown`` names arguments that the Bot API does not have for this method.

    ``result`` is None where the call had no effect: refused, or dropped before.
    """

    token: str
    method: str
    params: Json
    result: object
    error_code: int | None
    description: str | None
    fault: str | None
    unknown: tuple[str, ...]
    at: float


def shown_message(raw: Json, person_id: int, view: Json) -> ShownMessage:
    """A Message object as its reader sees it."""
    message_id = raw["message_id"]
    photo = raw["photo"][-1] if "photo" in raw else None
    return ShownMessage(
        id=message_id,
        is_mine=raw["from"]["id"] == person_id,
        text=str(raw.get("text") or raw.get("caption") or _bill_text(raw) or ""),
        entities=tuple(raw.get("entities") or raw.get("caption_entities") or ()),
        rows=tuple(
            tuple(_button(button) for button in row)
            for row in raw.get("reply_markup", {}).get("inline_keyboard", ())
        ),
        photo=_file(photo) if photo else None,
        document=_file(raw["document"]) if "document" in raw else None,
        changed_at=view["changed"].get(str(message_id), 0),
        is_silent=message_id in view["silent"],
        raw=raw,
    )


def _bill_text(raw: Json) -> str:
    """What a reader sees of an invoice: its title, and what is written under it."""
    bill = raw.get("invoice")
    return "" if bill is None else f"{bill['title']}\n{bill['description']}"


def shown_call(raw: Json) -> Call:
    """A record of the log."""
    return Call(**{**raw, "unknown": tuple(raw["unknown"])})


def _button(raw: Json) -> Button:
    for name, kind in _BUTTON_KINDS.items():
        if name in raw:
            value = raw[name]["text"] if kind == "copy" else "" if kind == "pay" else raw[name]
            return Button(raw["text"], kind, value, raw.get("style"))
    return Button(raw["text"], "other", "", raw.get("style"))


def _file(raw: Json) -> ShownFile:
    return ShownFile(
        file_id=raw["file_id"],
        unique_id=raw["file_unique_id"],
        name=raw.get("file_name", ""),
        mime_type=raw.get("mime_type", "image/*"),
        size=raw["file_size"],
        width=raw.get("width", 0),
        height=raw.get("height", 0),
    )
