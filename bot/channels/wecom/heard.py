"""What WeCom has for us, in our words: who said or did what.

Source: WeCom, kf/sync_msg, November 2026. That ``origin`` is 4 for events and 5 for what an agent wrote is what third
parties say: an event is known by its type, and what is neither a customer's nor an agent's is left alone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel

LONGEST_TEXT: Final = 4000
_CUSTOMER, _AGENT = 3, 5
_FILES: Final = frozenset({"image", "voice", "video", "file"})
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")
_TAKEN: Final = frozenset({1, 2, 4})
"""An agent took the conversation out of the pool, got it from another one, or opened it again."""
_ENDED: Final = 3


class What(StrEnum):
    """What happened."""

    SAID = "said"
    SENT = "sent"
    """A picture, a voice, a video, a file."""
    UNREADABLE = "unreadable"
    """Something that has no words and is no file: a card, a mini program."""
    ENTERED = "entered"
    """Opened the chat."""
    TAKEN = "taken"
    """An agent has the conversation."""
    GIVEN_BACK = "given_back"
    """He has ended it."""
    LOST = "lost"
    """A message of ours did not arrive."""


class Heard(BaseModel):
    """One message or event as it lies in the inbox, sealed.

    Attributes:
        message: WeCom's own id of it, or a hash of that.
        person: The customer (``external_userid``).
        at: When it happened, in seconds since 1970, by WeCom's clock.
        text: What was said; where somebody came from, as a payload; why something was lost.
        media: What a file is fetched by.
        agent: Who of the company; empty: the customer.
        code: Lets us say one thing about the event, within seconds of it.
        parcel: Our own id of what was lost.
    """

    message: str
    person: str
    at: int
    what: What
    text: str = ""
    media: str = ""
    kind: str = ""
    agent: str = ""
    code: str = ""
    parcel: str = ""


def hear(raw: Mapping[str, Any], open_kfid: str) -> Heard | None:
    """Read one entry; None for what concerns nobody, another account, or is not as it should be."""
    event = raw.get("event") if raw.get("msgtype") == "event" else None
    about = event if isinstance(event, dict) else raw
    msgid, person, at = raw.get("msgid"), about.get("external_userid"), raw.get("send_time")
    if not isinstance(msgid, str) or not msgid or not isinstance(at, int):
        return None
    if not isinstance(person, str) or not _NAME.fullmatch(person) or about.get("open_kfid") != open_kfid:
        return None
    message = msgid if _NAME.fullmatch(msgid) else "h" + hashlib.sha256(msgid.encode()).hexdigest()
    heard = Heard(message=message, person=person, at=at, what=What.SAID)
    return _event(heard, about) if isinstance(event, dict) else _message(heard, raw)


def _message(heard: Heard, raw: Mapping[str, Any]) -> Heard | None:
    origin, kind = raw.get("origin"), str(raw.get("msgtype"))
    if origin not in {_CUSTOMER, _AGENT}:
        return None
    agent = (_text(raw, "servicer_userid")[:64] or "-") if origin == _AGENT else ""
    said = raw.get(kind)
    said = said if isinstance(said, dict) else {}
    heard = heard.model_copy(update={"agent": agent, "kind": kind})
    if kind in _FILES and _text(said, "media_id"):
        return heard.model_copy(update={"what": What.SENT, "media": _text(said, "media_id")[:300]})
    text = _words(kind, said)
    if not text:
        return heard.model_copy(update={"what": What.UNREADABLE})
    return heard.model_copy(update={"text": text[:LONGEST_TEXT]})


def _words(kind: str, said: Mapping[str, Any]) -> str:
    match kind:
        case "text":
            return _text(said, "content")
        case "location":
            return " ".join(part for part in (_text(said, "name"), _text(said, "address")) if part)
        case "link":
            return " ".join(part for part in (_text(said, "title"), _text(said, "url")) if part)
        case _:
            return ""


def _event(heard: Heard, event: Mapping[str, Any]) -> Heard | None:
    match event.get("event_type"):
        case "enter_session":
            came = {"text": _text(event, "scene_param")[:128], "code": _text(event, "welcome_code")}
            return heard.model_copy(update={"what": What.ENTERED, **came})
        case "session_status_change" if event.get("change_type") in _TAKEN:
            agent = _text(event, "new_servicer_userid")[:64]
            return heard.model_copy(update={"what": What.TAKEN, "agent": agent})
        case "session_status_change" if event.get("change_type") == _ENDED:
            return heard.model_copy(update={"what": What.GIVEN_BACK, "code": _text(event, "msg_code")})
        case "msg_send_fail":
            lost = {"parcel": _text(event, "fail_msgid")[:32], "text": str(event.get("fail_type"))[:20]}
            return heard.model_copy(update={"what": What.LOST, **lost})
        case _:
            return None


def _text(said: Mapping[str, Any], key: str) -> str:
    value = said.get(key)
    return value if isinstance(value, str) else ""
